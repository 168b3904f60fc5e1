divert(-1)
dnl # FEATURE(check_other, pattern): a client that sends a command which is none and looks
dnl # like something else, a header for instance, is hung up on (421).
dnl #	pattern	regular expression for such commands; else a word, blanks and a colon
dnl # Example: FEATURE(`check_other', `^(GET|POST) ')
define(`CHKORX', ifelse(defn(`_ARG_'), `', ``^[[:print:]]+ *:'', `_ARG_'))
LOCAL_CONFIG
Kbadcmd regex -m -a<BADCMD> CHKORX
LOCAL_RULESETS
# check_other: command $| first digit of its answer -> $#error to hang up.
# Called by the daemon for what is no command.
Scheck_other
R$* $| 5		$: $(badcmd $1 $)
R$* <BADCMD>		$#error $@ 4.7.0 $: 421 bad command
R$* $| 2		$@ ok
divert(0)dnl
VERSIONID(`feature check_other')
