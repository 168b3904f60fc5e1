ifdef(`_MTA_STS_', `
# Set_SNI: server name -> what TLS is to do by the policy of the domain of macro
# rcpt_addr: sts=secure; and which name to ask for; "" if there is no policy.
# Macro sts_sni keeps macro server_name if the policy names one. Called by
# tls_clt_features.
SSet_SNI
R$*			$: $1 $| $&{rcpt_addr}
R$* $| $* @ $+		$: $1 $| $3
R$* $| $+ .		$1 $| $2
R$* $| $+		$: $1 $| < $(sts $2 $: NONE $) >
R$* $| < $* <TMPF> >	$#error $@ 4.7.0 $: 450 STS lookup temp fail
R$* $| < secure $* >	$: $1 $| $2 $| $(stsxsni $2 $: : $) $| $(stsxsni2 $2 $: : $)
R$* $| $* $| $+ : $| $* :	$@ $(macro {sts_sni} $@ $&{server_name} $) sts=secure; $4
R$* $| $* $| $* $| $*	$@ sts=secure; $4
R$*			$@ ""
')dnl
ifdef(`_TLS_SESSION_FEATURES_', `
# tls_srv_features: client name $| address -> options of TLS for it, or ""
Stls_srv_features
ifdef(`_ACCESS_TABLE_', `R$* $| $*		$: $>D < $1 > < ? > < ! TLS_Srv_Features > < $2 >
R< ? > < $* >		$: $>A < $1 > < ? > < ! TLS_Srv_Features > < $1 >
R< ? > < $* >		$@ ""
R< $+ > < $* >		$@ $1
', `R$*			$@ ""
')')dnl
ifdef(`_ACCESS_TABLE_', `
# tls_clt_feat_acc: server name $| address -> options of TLS for it, or "".
# Called by tls_clt_features.
Stls_clt_feat_acc
R$* $| $*		$: $>D < $1 > < ? > < ! TLS_Clt_Features > < $2 >
R< ? > < $* >		$: $>A < $1 > < ? > < ! TLS_Clt_Features > < $1 >
R< ? > < $* >		$@ ""
R< $+ > < $* >		$@ $1
')dnl

# DANE_disabled: options -> < DANE > if DANE decided the name of the server and
# flag d is not among them, else < >. Called by tls_clt_features.
SDANE_disabled
R$*			$: < $(stsxnodaneflag $1 $: $) > < $&{sts_sni} >
R< > < $+ >		$@ < DANE >
R$*			$@ < >

# STS_disabled: -> < STS > if there is a recipient whose policy counts, else < >.
# Called by tls_clt_features.
SSTS_disabled
R$*			$: < $&{rcpt_addr} >
R< >			$@ < >
R$*			$@ < STS >

# tls_clt_features: server name $| address -> options of TLS for it, or ""
#	server $| options, the brackets of which stay
Stls_clt_features
ifdef(`_ACCESS_TABLE_', `R$* $| $*		$: $1 $| $>tls_clt_feat_acc $1 $| $2
', `R$* $| $*		$: $1 $|
')dnl
ifdef(`_MTA_STS_', `R$* $| $*		$: $1 $| $2 $| $>STS_disabled sts
R$* $| $* $| < >	$@ $2
R$* $| $* $| < STS >	$: $1 $| $2 $| $>DANE_disabled $2
R$* $| $| < DANE >	$@ ""
R$* $| $* $| < DANE >	$@ $2
R$* $| $* $| < >	$: $2 $| $>Set_SNI $1
R$* $| $#$*		$#$2
R$| $+			$@ $1
R"" $| $+		$@ $1
R$* ; $| $+		$@ $1; $2
R$+ $| $+		$@ $1; $2
', `R$* $| $+		$@ $2
')dnl
R$*			$@ ""
