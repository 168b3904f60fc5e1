
######## what comes in over SMTP ########

# CanonAddr: an address as given to SMTP -> as parse sees it, without errors
# being final
SCanonAddr
R$*			$: $>Parse0 $>canonify $1
ifdef(`_USE_DEPRECATED_ROUTE_ADDR_', `# a route becomes percent signs	< @ a > : @b:u@d -> u%d%b < @ a >
R< @ $+ > : $* @ $*	< @ $1 > : $2 % $3
R< @ $+ > : $* : $* : $*	< @ $1 > : $3 $2 : $4
R< @ $+ > : $* : $*	< @ $1 > : $3 $2
R< @ $+ > : $*		$: $2 < @ $1 >
')dnl

# ParseRecipient: a recipient as given -> u < @ d >, the domain being the last
# one that is not ours to relay for
#	u%d@ours	-> u < @ d >
SParseRecipient
R$*			$: < ? > $>CanonAddr $1
R< ? > $* < @ $* . >	< ? > $1 < @ $2 >
R< ? > $- < @ $* >	$: < ? > $(dequote $1 $) < @ $2 >
R< ? > $* $=O $* < @ $* >	$: < NO > $1 $2 $3 < @ $4 >
R< ? > $*		$@ $1

# an operator is hidden in u: is d one that we relay for?
ifdef(`_RELAY_ENTIRE_DOMAIN_', `R< NO > $* < @ $* $=m >	$: < RELAY > $1 < @ $2 $3 >
')dnl
ifdef(`_RELAY_HOSTS_ONLY_', `R< NO > $* < @ $=R >	$: < RELAY > $1 < @ $2 >
ifdef(`_ACCESS_TABLE_', `R< NO > $* < @ $+ >	$: < $(access To:$2 $: NO $) > $1 < @ $2 >
R< NO > $* < @ $+ >	$: < $(access $2 $: NO $) > $1 < @ $2 >
')', `R< NO > $* < @ $* $=R >	$: < RELAY > $1 < @ $2 $3 >
ifdef(`_ACCESS_TABLE_', `R< NO > $* < @ $+ >	$: $>D < $2 > < NO > < + To > < $1 < @ $2 > >
R< $+ > < $+ >		$: < $1 > $2
')')dnl
ifdef(`_RELAY_MX_SERVED_', `_IF_MX_SERVED(`< NO > ^*', `< MX > ', `^: < RELAY > ^4', `^: < NO > ^2')
')dnl
R< RELAY > $* < @ $* >	$@ $>ParseRecipient $1
R< $+ > $*		$@ $2

ifdef(`_CONTROL_IMMEDIATE_', `
# check_relay: only the limits that are not to wait for a recipient
Scheck_relay
ifdef(`_RATE_CONTROL_IMMEDIATE_', `R$*			$: $>"RateControl" dummy
')dnl
ifdef(`_CONN_CONTROL_IMMEDIATE_', `R$*			$: $>"ConnControl" dummy
')')dnl
# check_relay: client name $| client address -> $#error, $#discard, or anything
# to let the connection in. The site is asked first.
SLocal_check_relay
S`'ifdef(`_DELAY_CHECKS_', `checkrelay', `check_relay')
ifdef(`_USE_CLIENT_PTR_', `R$* $| $*		$: $&{client_ptr} $| $2
')dnl
_ASK(`"Local_check_relay" ^1', `^1 ^|', `^* ^| ^* ^|', `3', `^@ ^>"Basic_check_relay" ^1 ^| ^2')

# Basic_check_relay: client name $| client address -> the same, when the site had nothing to say.
# Called by check_relay (by checkrelay where checks are delayed).
SBasic_check_relay
_UNLESS_DEFERRED
ifdef(`_ACCESS_TABLE_', `
# Connect: by name, then by address	< verdict > < address to ask next >
R$+ $| $+		$: $>D < $1 > < ? > < + Connect > < $2 >
R  $| $+		$: $>A < $1 > < ? > < + Connect > < >
R< ? > < $+ >		$: $>A < $1 > < ? > < + Connect > < >
R< ? > < $* >		$: OK
R< $={Accept} > < $* >	$@ $1
R< REJECT > < $* >	ifdef(`confREJECT_MSG', `$#error $: confREJECT_MSG', `$#error $@ 5.7.1 $: "550 Access denied"')
R< DISCARD > < $* >	$#discard $: discard
R< QUARANTINE : $+ > < $* >	$#error $@ quarantine $: $1
R< ERROR : $- . $- . $- : $+ > < $* >	$#error $@ $1.$2.$3 $: $4
R< ERROR : $+ > < $* >	$#error $: $1
R< $* _ATMPF_ > < $* >	$#error $@ 4.3.0 $: _TMPFMSG_
R< $+ > < $* >		$#error $: $1
')dnl
ifdef(`_RBL_', `
# is the client listed at _RBL_?
_ASK_DNS_LIST(`host', `_RBL_')
R< ? > $+		$#error $@ 5.7.1 $: "550 Rejected: " $&{client_addr} " listed at _RBL_"
')dnl
ifdef(`_RATE_CONTROL_', `ifdef(`_RATE_CONTROL_IMMEDIATE_', `', `R$*			$: $>"RateControl" dummy
')')dnl
ifdef(`_CONN_CONTROL_', `ifdef(`_CONN_CONTROL_IMMEDIATE_', `', `R$*			$: $>"ConnControl" dummy
')')dnl
undivert(8)dnl
ifdef(`_REQUIRE_RDNS_', `R$*			$: $&{client_addr} $| $&{client_resolve}
R$=R $* $| $*		$@ RELAY
R$* $| OK		$@ OK
R$* $| FAIL		$#error $@ 5.7.1 $: 550 Fix reverse DNS for $1
R$* $| TEMP		$#error $@ 4.1.8 $: 451 Client IP address $1 does not resolve
R$* $| FORGED		$#error $@ 4.1.8 $: 451 Possibly forged hostname for $1
')dnl

# check_mail: the argument of MAIL -> $#error, $#discard, or anything to go on
SLocal_check_mail
S`'ifdef(`_DELAY_CHECKS_', `checkmail', `check_mail')
_ASK_APART(`"Local_check_mail" ^1', `^@ ^>"Basic_check_mail" ^1')

# Basic_check_mail: the argument of MAIL -> the same, when the site had nothing to say.
# Called by check_mail (by checkmail where checks are delayed).
SBasic_check_mail
_UNLESS_DEFERRED

# is the channel good enough?
_ASK_APART(`"tls_client" ^&{verify} ^| MAIL')

# bounces come from nobody
R<>			$@ <OK>
ifdef(`_ACCEPT_UNQUALIFIED_SENDERS_', `', `R< $+ >			$: $1

# flag f wants a domain of two labels, flag u lets pass what else is refused
# here; only this host calls itself localhost	< ? client > < address >
R$*			$: $&{daemon_flags} $| < $1 >
R$* f $* $| < $* @ $- >	$: < ? $&{client_name} > < $3 @ $4 >
R$* u $* $| $*		$: < ? > $3
R$* $| $*		$: < ! > $2
R< ! > < $* @ localhost >	$: < ? $&{client_name} > < $1 @ localhost >
R< ! > < $* @ localhost . $m >	$: < ? $&{client_name} > < $1 @ localhost . $m >
ifdef(`_NO_UUCP_', `', `R< ! > < $* @ localhost .UUCP >	$: < ? $&{client_name} > < $1 @ localhost .UUCP >
')dnl
R< ! > < $* @ [ 127.0.0.1 ] >	$: < ? $&{client_name} > < $1 @ [127.0.0.1] >
R< ! > < $* @ [ IPv6:0:0:0:0:0:0:0:1 ] >	$: < ? $&{client_name} > < $1 @ [IPv6:0:0:0:0:0:0:0:1] >
R< ! > < $* @ [ IPv6:::1 ] >	$: < ? $&{client_name} > < $1 @ [IPv6:::1] >
R< ! > $*		$: $1
R< ? $=w > < $* >	$: < $2 >
R< ? $+ > < $+ >	$#error $@ 5.5.4 $: "553 Real domain name required for sender address"
R< ? > < $* >		$: < $1 >
')dnl

# does its domain exist? < OKR > u < @ d > and < PERM >, < TEMP >; < ? > u
R$*			$: < ? > $>CanonAddr $1
R< ? > $* < @ $+ . > $*	$: < ? > $1 < @ $2 > $3
R< ? > $* < @ $* $=P > $*	$: < _RES_OK_ > $1 < @ $2 $3 > $4
R< ? > $* < @ $j > $*	$: < _RES_OK_ > $1 < @ $j > $2
ifdef(`_ACCEPT_UNRESOLVABLE_DOMAINS_', `R< ? > $* < @ $+ > $*	$: < _RES_OK_ > $1 < @ $2 > $3
', `R< ? > $* < @ $+ > $*	$: < ? $(resolve $2 $: $2 <PERM> $) > $1 < @ $2 > $3
R< ? $* <$->> $* < @ $+ > $*	$: < $2 > $3 < @ $4 > $5
')dnl
ifdef(`_ACCESS_TABLE_', `
# From: by address, by user, by domain; a verdict takes the place of what is known of
# the domain, and what is none is the end of the rules below
R< $* > $+ < @ $+ > $*	$: @ < $1 > < $2 < @ $3 > $4 > $| < F:$2@$3 > < U:$2@ > < D:$3 >
R< ? > $+			$: @ < ? > < $1 > $| < U:$1@ >
R@ < $+ > < $* > $| < $+ >	$: @ < $1 > < $2 > $| $>SearchList < + From > $| < $3 > < >
R@ < $+ > < $* > $| < $* >	$: < $3 > < $1 > < $2 >
R< ? > < $+ > < $* >	$: < $1 > $2
R< $* _ATMPF_ > < $* >	$#error $@ 4.3.0 $: _TMPFMSG_
R< $+ > < $+ > < $* >	$: < $1 > $3
')dnl
ifdef(`_ACCEPT_UNQUALIFIED_SENDERS_', `R< ? > $*			$@ @ $1
', `R< ? > $*			$: < ? $&{client_addr} > $&{daemon_flags} $| $1
R< ? $* > $* u $* $| $*	$@ @ $4
R< ? > $* $| $*		$@ < _RES_OK_ >
R< ? $* > $*		$#error $@ 5.5.4 $: "553 Domain name required for sender address " $&f
')dnl
R< PERM > $*		$#error $@ 5.1.8 $: "553 Domain of sender address " $&f " does not exist"
R< TEMP > $*		$#error $@ 4.1.8 $: "451 Domain of sender address " $&f " does not resolve"
ifdef(`_BADMX_CHK_', `R< _RES_OK_ > $* < @ $+ >	$: $1 < @ $2 > $| $>BadMX $2
R$* $| $#$*		$#$2
')dnl
R< $={ResOk} > $*	$: @ $2
ifdef(`_ACCESS_TABLE_', `R< $={Accept} > $*	$# $1
R< REJECT > $*		ifdef(`confREJECT_MSG', `$#error $: confREJECT_MSG', `$#error $@ 5.7.1 $: "550 Access denied"')
R< DISCARD > $*		$#discard $: discard
R< QUARANTINE : $+ > $*	$#error $@ quarantine $: $1
R< ERROR : $- . $- . $- : $+ > $*	$#error $@ $1.$2.$3 $: $4
R< ERROR : $+ > $*	$#error $: $1
R< $+ > $*		$#error $: $1
')dnl

ifdef(`_BADMX_CHK_', `# BadMX: domain -> $#error if one of its mail exchangers cannot be one. Called
# by Basic_check_mail.	< MX > < domain > < : to look at : > < : looked at : >
SBadMX
R$+			$: < MX > < $1 > < : $(mxlist $1 $) : > < : >
R< MX > < $+ > < : $* <TEMP> : > < : >	$#error $@ 4.1.2 $: "450 MX lookup failure for " $1
R< MX > < $+ > < : $+ : $* > < : $* >	< MX > < $1 > < : $3 > < : $4 $(badmx $2 $) : >
R< MX > < $+ > < : > < : $* <BADMX> : $* >	$#error $@ 5.1.2 $: "550 Illegal MX record for host " $1
R< MX > < $+ > < : > < : $+ >	$: < MX > < $1 > < : $2 > < : >
R< MX > < $+ > < : $+ : $* > < : $* >	< MX > < $1 > < : $3 > < : $4 $(dnsA $2 $) : >
R< MX > < $+ > < : > < : $+ >	$: < MX > < $1 > < : $2 > < : >
R< MX > < $+ > < : $+ : $* > < : $* >	< MX > < $1 > < : $3 > < : $4 $(BadMXIP $2 $) : >
R< MX > < $+ > < : > < : $* <BADMXIP> : $* >	$#error $@ 5.1.2 $: "550 Invalid MX record for host " $1

')dnl
# check_rcpt: the argument of RCPT -> $#error, $#discard, or anything to accept
SLocal_check_rcpt
S`'ifdef(`_DELAY_CHECKS_', `checkrcpt', `check_rcpt')
_ASK_APART(`"Local_check_rcpt" ^1', `^@ ^>"Basic_check_rcpt" ^1')

# Basic_check_rcpt: the argument of RCPT -> the same, when the site had nothing to say.
# Called by check_rcpt (by checkrcpt where checks are delayed).
SBasic_check_rcpt
R<>			$#error $@ nouser $: "553 User address required"
R$@			$#error $@ nouser $: "553 User address required"
_UNLESS_DEFERRED
ifdef(`_REQUIRE_QUAL_RCPT_', `
# flag r: a recipient has a domain, unless it is the postmaster or the client is
# this host
R< $+ >			$: $1
R$*			$: $1 $| $&{daemon_flags}
Rpostmaster $| $*	$: postmaster
R@ $+ . $+ $| $*	$: < @ $1 . $2 >
R$+ @ $+ $| $* r $*	$: < $1 @ $2 >
R$* $| $* r $*		$: < ? $&{client_name} > < $1 >
R$* $| $*		$: < $1 >
R< ? > < $* >		$: < $1 >
R< ? $=w > < $* >	$: < $1 >
R< ? $+ > < $* >	$#error $@ 5.5.4 $: "553 Fully qualified domain name required"
')dnl

# one of ours, or may the client send through us?
R$*			$: < $1 > $| $>"Rcpt_ok" $1
ifdef(`_PROMISCUOUS_RELAY_', `R< $* > $| $#TEMP $+	$@ $1 $| T $2
R< $* > $| $#$*		$#$2
R< $* > $| $*		$@ $1 $| @ $2
', `R< $* > $| $#TEMP $+	$: $2 $| < $1 >
R< $* > $| RELAY	$@ RELAY
R< $* > $| $#$*		$#$2
R< $* > $| $*		$: $| < $1 >
R$* $| < $* >		$: < $1 > $| $>"Relay_ok" $2
R< $* > $| $#TEMP $+	$: < $2 > $| T
R< $* > $| $#$*		$#$2
R< $* > $| RELAY	$@ RELAY
R< $+ > $| $*		$#error $1
R$*			$#error $@ 5.7.1 $: ifdef(`confRELAY_MSG', `confRELAY_MSG', `"550 Relaying denied`'ifdef(`_USE_AUTH_', `. Proper authentication required.')"')
')dnl
