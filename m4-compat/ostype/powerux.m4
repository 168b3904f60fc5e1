divert(-1)
dnl # OSTYPE(powerux): Harris PowerUX. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS.
dnl # Sets in any case: LOCAL_MAILER_PATH, LOCAL_MAILER_ARGS, LOCAL_SHELL_FLAGS,
dnl # UUCP_MAILER_ARGS, confEBINDIR.
define(`LOCAL_MAILER_PATH', `/usr/bin/rmail')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `mn9')
define(`LOCAL_MAILER_ARGS', `rmail $u')
define(`LOCAL_SHELL_FLAGS', `ehuP')
define(`UUCP_MAILER_ARGS', `uux - -r -a$g -gmedium $h!rmail ($u)')
define(`confEBINDIR', `/usr/local/lib')
divert(0)dnl
VERSIONID(`ostype powerux')
