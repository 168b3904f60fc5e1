divert(-1)
dnl # OSTYPE(irix6): IRIX 6. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS, LOCAL_MAILER_ARGS,
dnl # QUEUE_DIR, STATUS_FILE.
dnl # Sets in any case: LOCAL_MAILER_CHARSET, confDEF_USER_ID, confTIME_ZONE, confEBINDIR.
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `Ehmu9')
define(`LOCAL_MAILER_CHARSET', `iso-8859-1')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail -s -d $u')
_DEFIFNOT(`QUEUE_DIR', `/var/spool/mqueue')
_DEFIFNOT(`STATUS_FILE', `/var/sendmail.st')
define(`confDEF_USER_ID', `998:998')
define(`confTIME_ZONE', `USE_TZ')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype irix6')
