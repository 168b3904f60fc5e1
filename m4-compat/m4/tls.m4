
######## TLS and what a peer is offered ########

ifdef(`_ACCESS_TABLE_', `define(`_FULL_TLS_CONNECTION_CHECK_', `1')')dnl
ifdef(`_MTA_STS_', `define(`_FULL_TLS_CONNECTION_CHECK_', `1')')dnl
# srv_features: client name -> $# letters of what the server offers it
Ssrv_features
ifdef(`_LOCAL_SRV_FEATURES_', `_ASK_BESIDE(`"Local_srv_features" ^1')
')dnl
ifdef(`_ACCESS_TABLE_', `R$*			$: $>D < $&{client_name} > < ? > < ! SRV_FEAT_TAG > < >
R< ? > $*		$: $>A < $&{client_addr} > < ? > < ! SRV_FEAT_TAG > < >
R< ? > $*		$: < $(access SRV_FEAT_TAG`'_TAG_DELIM_ $: ? $) >
R< ? > $*		$@ OK
R< $* _ATMPF_ > $*	$# temp
R< $+ > $*		$# $1
')dnl

# clt_features: server name -> $# letters of what the client does with it
Sclt_features
ifdef(`_LOCAL_CLT_FEATURES_', `_ASK_BESIDE(`"Local_clt_features" ^1')
')dnl
ifdef(`_ACCESS_TABLE_', `R$*			$: $>D < $&{client_name} > < ? > < ! CLT_FEAT_TAG > < >
R< ? > $*		$: $>A < $&{client_addr} > < ? > < ! CLT_FEAT_TAG > < >
R< ? > $*		$: < $(access CLT_FEAT_TAG`'_TAG_DELIM_ $: ? $) >
R< ? > $*		$@ OK
R< $* _ATMPF_ > $*	$# temp
R< $+ > $*		$# $1
')dnl

# try_tls: server name -> $#error to talk in the clear
Stry_tls
ifdef(`_LOCAL_TRY_TLS_', `_ASK_BESIDE(`"Local_try_tls" ^1')
')dnl
ifdef(`_ACCESS_TABLE_', `R$*			$: $>D < $&{server_name} > < ? > < ! TLS_TRY_TAG > < >
R< ? > $*		$: $>A < $&{server_addr} > < ? > < ! TLS_TRY_TAG > < >
R< ? > $*		$: < $(access TLS_TRY_TAG`'_TAG_DELIM_ $: ? $) >
R< ? > $*		$@ OK
R< $* _ATMPF_ > $*	$#error $@ 4.3.0 $: _TMPFMSG_
R< NO > $*		$#error $@ 5.7.1 $: "550 do not try TLS with " $&{server_name} " ["$&{server_addr}"]"
')dnl

ifdef(`_MTA_STS_', `include(_CF_DIR_`m4/sts.m4')
')dnl
# tls_rcpt: recipient -> $#error to keep it from this server
Stls_rcpt
ifdef(`_LOCAL_TLS_RCPT_', `_ASK_BESIDE(`"Local_tls_rcpt" ^1')
')dnl
ifdef(`_MTA_STS_', `_ASK_BESIDE(`"STS_Check" ^1')
')dnl
ifdef(`_ACCESS_TABLE_', `R$*			$: $(macro {TLS_Name} $@ $&{server_name} $) $1
R$*			$: < ? > $>CanonAddr $1
R< ? > $* < @ $+ . >	< ? > $1 < @ $2 >
R< ? > $+ < @ $+ >	$: $1 < @ $2 > $| < F:$1@$2 > < U:$1@ > < D:$2 > < E: >
R< ? > $+		$: $1 $| < U:$1@ > < E: >
R$* $| $+		$: $1 $| $>SearchList < ! TLS_RCPT_TAG > $| $2 < >
R$* $| < ? >		$@ OK
R$* $| < $* _ATMPF_ >	$#error $@ 4.3.0 $: _TMPFMSG_
R$* $| < $+ >		$@ $>"TLS_connection" $&{verify} $| < $2 >
')dnl

# tls_client: verify $| MAIL or STARTTLS -> $#error if the client is not good enough
Stls_client
ifdef(`_LOCAL_TLS_CLIENT_', `_ASK(`"Local_tls_client" ^1', `^1 <?>', `^* <?>', `2', `^: ^1')
')dnl
ifdef(`_ACCESS_TABLE_', `R$* $| $*		$: $1 $| $(macro {TLS_Name} $@ $&{client_name} $)
R$* $| $*		$: $1 $| $>D < $&{client_name} > < ? > < ! TLS_CLT_TAG > < >
R$* $| < ? > $*		$: $1 $| $>A < $&{client_addr} > < ? > < ! TLS_CLT_TAG > < >
R$* $| < ? > $*		$: $1 $| < $(access TLS_CLT_TAG`'_TAG_DELIM_ $: ? $) >
R$* $| < $* _ATMPF_ >	$#error $@ 4.3.0 $: _TMPFMSG_
R$*			$@ $>"TLS_connection" $1
', `R$* $| $*		$@ $>"TLS_connection" $1
')dnl

# tls_server: verify -> $#error if the server is not good enough
Stls_server
ifdef(`_LOCAL_TLS_SERVER_', `_ASK_BESIDE(`"Local_tls_server" ^1')
')dnl
ifdef(`_TLS_FAILURES_', `R$*			$: $(macro {saved_verify} $@ $1 $) $1
')dnl
ifdef(`_MTA_STS_', `_ASK_BESIDE(`"STS_secure" ^1')
')dnl
ifdef(`_ACCESS_TABLE_', `R$*			$: $(macro {TLS_Name} $@ $&{server_name} $) $1
R$*			$: $1 $| $>D < $&{server_name} > < ? > < ! TLS_SRV_TAG > < >
R$* $| < ? > $*		$: $1 $| $>A < $&{server_addr} > < ? > < ! TLS_SRV_TAG > < >
R$* $| < ? > $*		$: $1 $| < $(access TLS_SRV_TAG`'_TAG_DELIM_ $: ? $) >
R$* $| < $* _ATMPF_ >	$#error $@ 4.3.0 $: _TMPFMSG_
')dnl
R$*			$@ $>"TLS_connection" $1

ifdef(`_FULL_TLS_CONNECTION_CHECK_', `# TLS_connection: verify $| < requirement > -> $#error, or OK
#	[PERM+|TEMP+]VERIFY[:bits] or ENCR:bits, then +extension++extension
#	< verify > $# < code:dsn > < requirement >	no argument holds a $#
STLS_connection
R$* $| < PERM + $={Tls} $* > $*	$: < $1 > $# < 503:5.7.0 > < $2 $3 >
R$* $| < TEMP + $={Tls} $* > $*	$: < $1 > $# < 403:4.7.0 > < $2 $3 >
R$* $| < $={Tls} $* > $*	$: < $1 > $# < TLS_ERRCODE:TLS_DSNCODE > < $2 $3 >

# no TLS at all although it was tried; a value of the form code:dsn says with which
# error, any other one leaves that to us
RSOFTWARE $| < $- : $+ > $*	$#error $@ $2 $: $1 " TLS handshake failed."
RPROTOCOL $| < $- : $+ > $*	$#error $@ $2 $: $1 " STARTTLS failed."
RCONFIG $| < $- : $+ > $*	$#error $@ $2 $: $1 " STARTTLS temporarily not possible."
RDANE_FAIL $| < $- : $+ > $*	$#error $@ $2 $: $1 " DANE check failed."
RSOFTWARE $| $*		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE TLS handshake failed."
RPROTOCOL $| $*		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE STARTTLS failed."
RCONFIG $| $*		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE STARTTLS temporarily not possible."
RDANE_FAIL $| $*	$#error $@ TLS_DSNCODE $: "TLS_ERRCODE DANE check failed."
R$* $| $*		$@ OK
R< SOFTWARE > $# < $- : $+ > $*	$#error $@ $2 $: $1 " TLS handshake failed."
R< PROTOCOL > $# < $- : $+ > $*	$#error $@ $2 $: $1 " STARTTLS failed."
R< CONFIG > $# < $- : $+ > $*	$#error $@ $2 $: $1 " STARTTLS temporarily not possible."
R< DANE_FAIL > $# < $- : $+ > $*	$#error $@ $2 $: $1 " DANE check failed."

# < verify > $# $# < code:dsn > < VERIFY :bits > < extensions >
R< $* > $# < $+ > < VERIFY + $+ >	$: < $1 > $# $# < $2 > < VERIFY : 0 > < $3 >
R< $* > $# < $+ > < $={Tls} : $- + $+ >	$: < $1 > $# $# < $2 > < $3 : $4 > < $5 >
R< $* > $# < $+ > < VERIFY >	$: < $1 > $# $# < $2 > < VERIFY > < >
R< $* > $# < $+ > < $={Tls} : $- >	$: < $1 > $# $# < $2 > < $3 : $4 > < >
R< $* > $# < $+ > < $* >	$@ OK

# a proven certificate, or any, if only the bits count: < :bits > < code:dsn > < extensions >
R< $={TlsVerified} > $# $# < $+ > < VERIFY > $*	$@ OK
R< $={TlsVerified} > $# $# < $+ > < VERIFY : $- > < $* >	$: < : $3 > < $2 > < $4 >
R< $* > $# $# < $+ > < ENCR : $- > < $* >	$: < : $3 > < $2 > < $4 >
R< > $# $# < $- : $+ > $*	$#error $@ $2 $: $1 " authentication required"
# a bracket at its end makes it none
R< $* > > $# $# < $- : $+ > $*	$#error $@ $3 $: $2 " authentication required"
R< FAIL > $# $# < $- : $+ > $*	$#error $@ $2 $: $1 " authentication failed"
R< NO > $# $# < $- : $+ > $*	$#error $@ $2 $: $1 " not authenticated"
R< NOT > $# $# < $- : $+ > $*	$#error $@ $2 $: $1 " no authentication requested"
R< NONE > $# $# < $- : $+ > $*	$#error $@ $2 $: $1 " other side does not support STARTTLS"
R< CLEAR > $# $# < $- : $+ > $*	$#error $@ $2 $: $1 " STARTTLS disabled locally"
R< $+ > $# $# < $- : $+ > < $+ > < $* >	$#error $@ $3 $: $2 " authentication failure " $5

# enough bits? then the extensions, each in brackets of its own
R< : $- > < $- : $+ > < $* >	$: < : $1 > < $2:$3 > < $4 > $| $>max $&{cipher_bits} : $&{auth_ssf}
R< : $- > < $- : $+ > < $* > $| $-	$: < $(arith l $@ $5 $@ $1 $) > < $5:$1 > < $2:$3 > < $4 >
R< TRUE > < $- : $- > < $- : $+ > $*	$#error $@ $4 $: $3 " encryption too weak " $1 " less than " $2
R< $- > < $- : $- > < $+ > < >	$@ OK
R< $- > < $- : $- > < $+ > < $+ >	$: < $4 > < $5 >
R< $- : $+ > $* < $+ _TLS_ARS_ $+ >	< $1:$2 > $3 < $4 > < $5 >
R< $- : $+ > $+		$@ $>TLS_req $3 $| < $1:$2 >

# TLS_req: < extension > < extension > $| < code:dsn > -> $#error, or OK
STLS_req
R$| $+			$@ OK
ifdef(`_FFR_TLS_ALTNAMES', `R< CN $* > $* $| < $+ >	$: < CN:$&{TLS_Name} > $2 $| < $3 >
', `R< CN > $* $| < $+ >	$: < CN:$&{TLS_Name} > $1 $| < $2 >
')dnl
R< CN : $&{cn_subject} > $* $| < $+ >	$@ $>TLS_req $1 $| < $2 >
ifdef(`_FFR_TLS_ALTNAMES', `R< CN : $={cert_altnames} > $* $| $*	$@ $>TLS_req $2 $| $3
R< CN : $- . $+ > $* $| $*	$: < CN : $1.$2 > < *.$2 > $3 $| $4
R< CN : $+ > < $={cert_altnames} > $* $| $*	$@ $>TLS_req $3 $| $4
R< CN : $+ > < *.$+ > $* $| $*	$: < CN : $1 > $3 $| $4
')dnl
R< CN : $+ > $* $| < $- : $+ >	$#error $@ $4 $: $3 " CN " $&{cn_subject} " does not match " $1
R< CS : $&{cert_subject} > $* $| < $+ >	$@ $>TLS_req $1 $| < $2 >
R< CS : $+ > $* $| < $- : $+ >	$#error $@ $4 $: $3 " Cert Subject " $&{cert_subject} " does not match " $1
R< CI : $&{cert_issuer} > $* $| < $+ >	$@ $>TLS_req $1 $| < $2 >
R< CI : $+ > $* $| < $- : $+ >	$#error $@ $4 $: $3 " Cert Issuer " $&{cert_issuer} " does not match " $1
R< CITag : $- > $* $| < $+ >	$: < $(access $1`'ifdef(`_TAG_DELIM_', `_TAG_DELIM_', `:')`'$&{cert_issuer} $: ? $) > $2 $| < $3 >
R< OK > $* $| < $+ >	$@ $>TLS_req $1 $| < $2 >
R< ? > $* $| < $- : $+ >	$#error $@ $3 $: $2 " Cert Issuer " $&{cert_issuer} " not acceptable"

# max: a : b -> the larger number; none counts as 0
Smax
R:			0
R: $-			$1
R$- :			$1
R$- : $-		$: $(arith l $@ $1 $@ $2 $) : $1 : $2
RTRUE : $- : $-		$@ $2
R$- : $- : $-		$@ $2
', `# TLS_connection: verify -> $#error, or anything to go on
STLS_connection
RSOFTWARE		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE TLS handshake failed."
RPROTOCOL		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE STARTTLS failed."
RCONFIG			$#error $@ TLS_DSNCODE $: "TLS_ERRCODE STARTTLS temporarily not possible."
RDANE_FAIL		$#error $@ TLS_DSNCODE $: "TLS_ERRCODE DANE check failed."
')dnl

ifdef(`_TLS_SESSION_FEATURES_', `define(`_NEED_TLS_CLT_FEATURES')')dnl
ifdef(`_MTA_STS_', `define(`_NEED_TLS_CLT_FEATURES')')dnl
ifdef(`_NEED_TLS_CLT_FEATURES', `include(_CF_DIR_`m4/session.m4')')dnl
# RelayTLS: may the certificate of the client relay? -> $#RELAY or NO
SRelayTLS
ifdef(`_ACCESS_TABLE_', `R$*			$: < $&{verify} >
R< $={TlsVerified} >	$: < ? > < ifdef(`_CERT_REGEX_ISSUER_', `$(CERTIssuer $&{cert_issuer} $)', `$&{cert_issuer}') >
R< ? > < $+ >		$: < ? > < $(access CERTISSUER:$1 $: ? $) >
R< ? > < RELAY >	$# RELAY
R< ? > < SUBJECT >	$: < @ > < ifdef(`_CERT_REGEX_SUBJECT_', `$(CERTSubject $&{cert_subject} $)', `$&{cert_subject}') >
R< @ > < $+ >		$: < @ > < $(access CERTSUBJECT:$1 $: ? $) >
R< @ > < RELAY >	$# RELAY
R$*			$@ NO
')dnl

# authinfo: server name $| address -> $# how to log in there, or no
Sauthinfo
ifdef(`_AUTHINFO_TABLE_', `R$*			$: < $(authinfo AuthInfo:$&{server_name} $: ? $) >
R< ? >			$: < $(authinfo AuthInfo:$&{server_addr} $: ? $) >
R< ? >			$: < $(authinfo AuthInfo: $: ? $) >
R< ? >			$@ no
R< $* >			$# $1
', `ifdef(`_ACCESS_TABLE_', `R$*			$: $1 $| $>D < $&{server_name} > < ? > < ! AuthInfo > < >
R$* $| < ? > $*		$: $1 $| $>A < $&{server_addr} > < ? > < ! AuthInfo > < >
R$* $| < ? > $*		$: $1 $| < $(access AuthInfo`'_TAG_DELIM_ $: ? $) >
R$* $| < ? > $*		$@ no
R$* $| < $* > < >	$# $2
R$* $| < $* >		$# $2
')')dnl
