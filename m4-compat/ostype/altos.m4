divert(-1)
dnl # OSTYPE(altos): Altos System V. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR, UUCP_MAILER_PATH,
dnl # LOCAL_MAILER_PATH, LOCAL_MAILER_FLAGS, LOCAL_MAILER_ARGS, LOCAL_SHELL_FLAGS,
dnl # UUCP_MAILER_ARGS.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
_DEFIFNOT(`UUCP_MAILER_PATH', `/usr/bin/uux')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/usr/bin/lmail')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `mPuhCE9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `lmail $u')
_DEFIFNOT(`LOCAL_SHELL_FLAGS', `Peu')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -a$g $h!rmail ($u)')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype altos')
