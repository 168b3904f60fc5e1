divert(-1)
dnl # OSTYPE(unixware7): UnixWare 7. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR, LOCAL_MAILER_PATH,
dnl # LOCAL_MAILER_FLAGS, LOCAL_MAILER_ARGS, LOCAL_SHELL_FLAGS.
dnl # Sets in any case: confEBINDIR, confTIME_ZONE.
_DEFIFNOT(`QUEUE_DIR', `/var/spool/mqueue')
define(`confEBINDIR', `/usr/lib')
define(`confTIME_ZONE', `USE_TZ')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/etc/mail/slocal')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `Puho9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `slocal -user $u')
_DEFIFNOT(`LOCAL_SHELL_FLAGS', `Peu')
divert(0)dnl
VERSIONID(`ostype unixware7')
