divert(-1)
dnl # FEATURE(local_lmtp, path, arguments): the local mailer speaks LMTP.
dnl #	path		confEBINDIR/mail.local, or /usr/libexec/mail.local
dnl #	arguments	mail.local -l
dnl # Example: FEATURE(`local_lmtp', `/usr/lib/dovecot/lmtp', `lmtp')
ifdef(`_MAILER_local_', `errprint(`*** FEATURE(local_lmtp) must occur before MAILER(local)
')')
define(`LOCAL_MAILER_PATH', ifelse(defn(`_ARG_'), `', ifdef(`confEBINDIR', `confEBINDIR', `/usr/libexec')`/mail.local', `_ARG_'))
define(`LOCAL_MAILER_FLAGS', `PSXmnz9')
define(`LOCAL_MAILER_ARGS', ifelse(len(X`'_ARG2_), `1', ``mail.local -l'', `_ARG2_'))
define(`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE', `SMTP')
define(`_LOCAL_LMTP_', `1')
divert(0)dnl
VERSIONID(`feature local_lmtp')
