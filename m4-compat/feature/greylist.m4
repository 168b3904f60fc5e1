divert(-1)
dnl # FEATURE(greylist, delay, lifetime): a stranger who sends to somebody for the first time is asked to
dnl # come again. With FEATURE(access_db) before it, the table (tag Greylist) has hosts, domains
dnl # and networks that need not. canonify only: sendmail does not know the options.
dnl #	delay	how long he waits; else 5m
dnl #	lifetime	how long he is known without coming; else 36d
dnl # Example: FEATURE(`greylist', `10m')
dnl #	Greylist:192.0.2	OK
dnl #	Greylist:partner.example	OK
LOCAL_CONFIG
# strangers come twice
O GreylistDelay=ifelse(len(X`'_ARG_), `1', `5m', `_ARG_')
ifelse(len(X`'_ARG2_), `1', `', `O GreylistLifetime=_ARG2_
')dnl
LOCAL_RULESETS
# greylist: client name $| address -> $#error, or OK
Sgreylist
ifdef(`_ACCESS_TABLE_', `R$+ $| $+		$: $>D < $1 > < ? > < ! Greylist > < $2 >
R  $| $+		$: $>A < $1 > < ? > < ! Greylist > < >
R< ? > < $+ >		$: $>A < $1 > < ? > < ! Greylist > < >
R< ? > < $* >		$#error $@ 4.7.1 $: "451 Greylisted, please try again later"
R< NO > < $* >		$#error $@ 4.7.1 $: "451 Greylisted, please try again later"
R$*			$@ OK
', `R$*			$#error $@ 4.7.1 $: "451 Greylisted, please try again later"
')dnl
divert(0)dnl
VERSIONID(`feature greylist')
divert(-1)
