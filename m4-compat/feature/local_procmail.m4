divert(-1)
dnl # FEATURE(local_procmail, path, arguments, flags): procmail delivers local mail.
dnl # 	path		PROCMAIL_MAILER_PATH, else /usr/local/bin/procmail
dnl # 	arguments	procmail -a $h -d $u
dnl # 	flags		SPfhn9
dnl # Example: FEATURE(`local_procmail', `/usr/bin/maildrop', `maildrop -d $u')
ifdef(`_MAILER_local_', `errprint(`*** FEATURE(local_procmail) must occur before MAILER(local)
')')
define(`LOCAL_MAILER_PATH', ifelse(defn(`_ARG_'), `', `ifdef(`PROCMAIL_MAILER_PATH', `PROCMAIL_MAILER_PATH', `/usr/local/bin/procmail')', `_ARG_'))
define(`LOCAL_MAILER_ARGS', ifelse(len(X`'_ARG2_), `1', ``procmail -a $h -d $u'', `_ARG2_'))
define(`LOCAL_MAILER_FLAGS', ifelse(len(X`'_ARG3_), `1', ``SPfhn9'', `_ARG3_'))
undefine(`_LOCAL_LMTP_')
undefine(`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE')
divert(0)dnl
VERSIONID(`feature local_procmail')
