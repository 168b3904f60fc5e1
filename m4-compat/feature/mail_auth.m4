divert(-1)
dnl # FEATURE(mail_auth, name): SPF, DKIM, DMARC and ARC of what strangers send: macros for rules,
dnl # a field Authentication-Results, and, with FEATURE(access_db) before it, entries of the
dnl # table that act on them. canonify only: sendmail does not know the options.
dnl #	name	under which the field speaks; else $j
dnl # Example: FEATURE(`mail_auth')
dnl #	DMARC:reject		REJECT
dnl #	DMARC:quarantine	QUARANTINE:the author is not who it says
dnl #	DMARC:lists.example	OK
LOCAL_CONFIG
# who has a message come from?
O MailAuthentication=True
ifelse(len(X`'_ARG_), `1', `', `O AuthservID=_ARG_
')dnl
LOCAL_RULESETS
ifdef(`_ACCESS_TABLE_', `
# mail_auth: DMARC:result $| domain (or SPF, DKIM, ARC) -> $#error, $#discard, or OK
Smail_auth
R$- : $- $| $+		$: < $(access $1`'_TAG_DELIM_`'$3 $: ? $) > $1`'_TAG_DELIM_`'$2
R$- : $- $| $*		$: < ? > $1`'_TAG_DELIM_`'$2
R< ? > $+		$: < $(access $1 $: ? $) > $1
R< ? > $*		$@ OK
R< $* _ATMPF_ > $*	$@ OK
R< OK > $*		$@ OK
R< RELAY > $*		$@ OK
R< SKIP > $*		$@ OK
R< REJECT > $*		$#error $@ 5.7.1 $: "550 Rejected by policy: " $1
R< DISCARD > $*		$#discard $: discard
R< QUARANTINE:$+ > $*	$#error $@ quarantine $: $1
R< ERROR:$-.$-.$-:$+ > $*	$#error $@ $1.$2.$3 $: $4
R< ERROR:$+ > $*		$#error $: $1
R< $+ > $*		$#error $: $1
')dnl
divert(0)dnl
VERSIONID(`feature mail_auth')
divert(-1)
