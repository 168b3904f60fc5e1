divert(-1)
dnl # OSTYPE(svr4): System V Release 4. No argument.
dnl # Sets in any case: LOCAL_MAILER_PATH, LOCAL_SHELL_FLAGS, UUCP_MAILER_ARGS,
dnl # confEBINDIR.
define(`LOCAL_MAILER_PATH', `/usr/ucblib/binmail')
define(`LOCAL_SHELL_FLAGS', `ehuP')
define(`UUCP_MAILER_ARGS', `uux - -r -a$g -gmedium $h!rmail ($u)')
define(`confEBINDIR', `/usr/ucblib')
divert(0)dnl
VERSIONID(`ostype svr4')
