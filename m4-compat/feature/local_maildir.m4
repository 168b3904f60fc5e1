divert(-1)
dnl # FEATURE(local_maildir, path): local mail goes into a Maildir, delivered by canonify
dnl # itself under the id of the recipient; no program is run.
dnl #	path	where, with macros of the cf; $z/Maildir ($z: home of the recipient)
dnl # Example: FEATURE(`local_maildir', `/srv/mail/$u')
ifdef(`_MAILER_local_', `errprint(`*** FEATURE(local_maildir) must occur before MAILER(local)
')')
define(`LOCAL_MAILER_PATH', `[MAILDIR]')
define(`LOCAL_MAILER_ARGS', ifelse(len(X`'_ARG_), `1', ``MAILDIR $z/Maildir'', ``MAILDIR '_ARG_'))
define(`LOCAL_MAILER_FLAGS', `PSn9')
undefine(`_LOCAL_LMTP_')
undefine(`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE')
divert(0)dnl
VERSIONID(`feature local_maildir')
