divert(-1)
dnl # OSTYPE(unicosmp): Cray UNICOS/mp. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS, LOCAL_MAILER_ARGS,
dnl # QUEUE_DIR, STATUS_FILE.
dnl # Sets in any case: LOCAL_MAILER_PATH, confTIME_ZONE, confEBINDIR.
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `Ehm9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail -s -d $u')
_DEFIFNOT(`QUEUE_DIR', `/var/spool/mqueue')
_DEFIFNOT(`STATUS_FILE', `/var/log/sendmail.st')
define(`LOCAL_MAILER_PATH', `/usr/bin/mail')
define(`confTIME_ZONE', `USE_TZ')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype unicosmp')
