
# TLS_NameInList: : name : name : -> ok if macro TLS_Name is one of them, else
# unchanged. Called by STS_Check.
STLS_NameInList
R$* : $&{TLS_Name} : $*	$@ ok

# STS_SAN: -> ok if the certificate bears the name of the server, else $#error
# (no rules if the site does not want that asked). Called by STS_Check.
SSTS_SAN
ifdef(`_STS_SAN', `R$*			$: < $&{server_name} >
R< $={cert_altnames} >	$@ ok
R$*			$#error $@ 4.7.0 $: 450 $&{server_name} not listed in SANs
')dnl

# STS_secure: verify -> $#error if the policy of the domain of macro rcpt_addr
# wants a proven certificate and this is none. Called by tls_server.
#	verify $| < policy >
SSTS_secure
R$*			$: $1 $| $&{rcpt_addr}
R$* $|			$@ ok
R$* $| $* @ $+		$1 $| $3
R$* $| $+ .		$1 $| $2
R$* $| $+		$: $1 $| < $(sts $2 $: NONE $) >
R$* $| < $* <TMPF> >	$#error $@ 4.7.0 $: 450 STS lookup temp fail
R$* $| < secure $* >	$@ $>"TLS_connection" $1 $| <TEMP+VERIFY:128>
R$* $| $*		$: $1

# STS_Check: recipient -> $#error if the policy of its domain does not name this
# server, else ok. Called by tls_rcpt.
#	: name : name : $| server $| : names : or ok	after a dot for .domain; a server
#	without a domain that is not listed is let pass
SSTS_Check
R$*			$: $1 $| < $&{rcpt_addr} >
R$* $| < >		$@ ok
R$* $| < $* >		$: $1
R$* @ $+		$2
R$+ .			$1
R$+			$: < $(sts $1 $: NONE $) >
R< $* <TMPF> >		$#error $@ 4.7.0 $: 450 STS lookup temp fail
R< secure $* servername=hostname >	$: < secure $1 >
R< secure >		$@ $>STS_SAN
R< secure $+ >		$: : $(stsxmatch $1 $: : $)
R< $* >			$@ ok
R: $* :			$: : $1 : $| $&{server_name}
R: $* : $| $+		$: : $1 : $| $2 $| $(macro {TLS_Name} $@ $2 $) $>TLS_NameInList : $1 :
R: $* : $| $- . $+ $| : $+	$: : $1 : $| $2.$3 $| . $(macro {TLS_Name} $@ .$3 $) $>TLS_NameInList : $1 :
R: $* : $| $+ $| : $+	$@ : $1 : $| $2
R: $* : $| $+ $| . $+	$: : $1 : $| $2 $| $3
R: $* : $| $+ $| ok	$@ ifdef(`_STS_SAN', `$>STS_SAN', `ok')
R: $* : $| $+ $| $+	$#error $@ 4.7.0 $: 450 $2 not found in " " $1
