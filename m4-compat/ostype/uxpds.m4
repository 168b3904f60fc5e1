divert(-1)
dnl # OSTYPE(uxpds): Fujitsu UXP/DS. No argument.
dnl # Sets in any case: confDEF_GROUP_ID, LOCAL_MAILER_PATH, LOCAL_SHELL_FLAGS,
dnl # UUCP_MAILER_ARGS, confEBINDIR.
dnl # Its group id is of the old kind, so that the end of the .mc says what to write
dnl # now.
define(`confDEF_GROUP_ID', `6')
define(`LOCAL_MAILER_PATH', `/usr/ucblib/binmail')
define(`LOCAL_SHELL_FLAGS', `ehuP')
define(`UUCP_MAILER_ARGS', `uux - -r -a$f -gmedium $h!rmail ($u)')
define(`confEBINDIR', `/usr/ucblib')
divert(0)dnl
VERSIONID(`ostype uxpds')
