divert(-1)
dnl # FEATURE(greet_pause, milliseconds): wait before the greeting: who talks first is
dnl # refused. With FEATURE(access_db) before it, the table (tag GreetPause) may say
dnl # how long.
dnl #	milliseconds	for those whom the table does not know
dnl # Example: FEATURE(`greet_pause', `5000')
ifelse(len(X`'_ARG_), `1', `ifdef(`_ACCESS_TABLE_', `', `errprint(`*** ERROR: FEATURE(`greet_pause') requires FEATURE(`access_db')
')')')
define(`_GREET_PAUSE_', `')
LOCAL_RULESETS
# greet_pause: client name $| address -> $# milliseconds, or nothing
SLocal_greet_pause
Sgreet_pause
_ASK_APART(`"Local_greet_pause" ^1')
ifdef(`_ACCESS_TABLE_', `R$+ $| $+		$: $>D < $1 > < ? > < ! GreetPause > < $2 >
R  $| $+		$: $>A < $1 > < ? > < ! GreetPause > < >
R< ? > < $+ >		$: $>A < $1 > < ? > < ! GreetPause > < >
R< ? > < $* >		ifelse(len(X`'_ARG_), `1', `$@', `$# _ARG_')
R< $* _ATMPF_ > < $* >	$@
R< $+ > < $* >		$# $1
', `R$*			$# _ARG_
')dnl
divert(0)dnl
VERSIONID(`feature greet_pause')
