divert(-1)
dnl # FEATURE(delay_checks, kind, n): check_mail and check_relay are run when a recipient is
dnl # known, after the check of the recipient.
dnl #	kind	friend: recipients with Spam:FRIEND in the access table get all mail;
dnl #		hater: only recipients with Spam:HATER are protected
dnl #	n	forget what 8.10 and 8.11 wrote for the same (SPAMFRIEND, SPAMHATER)
dnl # Example: FEATURE(`delay_checks', `friend', `n')
define(`_DELAY_CHECKS_', `1')
ifelse(len(X`'_ARG2_), `1', `define(`_DELAY_COMPAT_8_10_', `1')')
define(`_SPAM_KIND', lower(substr(defn(`_ARG_'), 0, 1)))
ifelse(_SPAM_KIND, `', `', _SPAM_KIND, `f', `define(`_SPAM_FRIEND_', `1')define(`_SPAM_FH_', `1')', _SPAM_KIND, `h', `define(`_SPAM_HATER_', `1')define(`_SPAM_FH_', `1')',
`errprint(`*** ERROR: illegal argument _ARG_ for FEATURE(delay_checks)
')')
divert(0)dnl
VERSIONID(`feature delay_checks')
