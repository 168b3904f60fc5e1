divert(-1)
dnl # FEATURE(compat_check): the access table may keep a sender and a recipient apart: key
dnl # Compat:sender<@>recipient, value DISCARD, DISCARD:text, TEMP:text or ERROR:text.
dnl # Needs FEATURE(access_db) before it.
dnl # Example: FEATURE(`compat_check')
ifdef(`_ACCESS_TABLE_', `', `errprint(`FEATURE(`compat_check') requires FEATURE(`access_db')
')')
LOCAL_RULESETS
# check_compat: sender $| recipient -> $#error, $#discard, or anything to
# deliver. Called for each recipient just before delivery.
Scheck_compat
R$* $| < $+ >		$: $1 $| $2
R< $+ > $| $*		$: $1 $| $2
R$+ $| $+		$: < $(access Compat:$1<@>$2 $: OK $) >
R$* $| $*		$@ ok
R< DISCARD : $+ >	$#discard $: $1 " - discarded by check_compat"
R< DISCARD $* >		$#discard $: $1 " - discarded by check_compat"
R< TEMP : $* >		$#error $@ TEMPFAIL $: $1 " error from check_compat. Try again later"
R< ERROR : $* >		$#error $@ UNAVAILABLE $: $1 " error from check_compat"
divert(0)dnl
VERSIONID(`feature compat_check')
