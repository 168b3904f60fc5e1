divert(-1)
dnl # OSTYPE(qnx): QNX. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS.
dnl # Sets in any case: QUEUE_DIR, LOCAL_MAILER_ARGS, LOCAL_MAILER_PATH,
dnl # UUCP_MAILER_ARGS.
define(`QUEUE_DIR', `/usr/spool/mqueue')
define(`LOCAL_MAILER_ARGS', `mail $u')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `Sh')
define(`LOCAL_MAILER_PATH', `/usr/bin/mailx')
define(`UUCP_MAILER_ARGS', `uux - -r -z -a$f $h!rmail ($u)')
divert(0)dnl
VERSIONID(`ostype qnx')
