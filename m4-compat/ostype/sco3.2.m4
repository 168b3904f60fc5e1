divert(-1)
dnl # OSTYPE(sco3.2): SCO Unix 3.2. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR, UUCP_MAILER_PATH,
dnl # LOCAL_MAILER_PATH, LOCAL_MAILER_FLAGS, LOCAL_MAILER_ARGS, LOCAL_SHELL_FLAGS.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
_DEFIFNOT(`UUCP_MAILER_PATH', `/usr/bin/uux')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/usr/bin/lmail')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `PuhCE9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `lmail $u')
_DEFIFNOT(`LOCAL_SHELL_FLAGS', `Peu')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype sco3.2')
