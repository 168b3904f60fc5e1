divert(-1)
dnl # OSTYPE(mpeix): HP MPE/iX. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_PATH, LOCAL_MAILER_FLAGS,
dnl # LOCAL_MAILER_ARGS, LOCAL_SHELL_PATH, confDEF_USER_ID, confTRUSTED_USER.
dnl # Sets in any case: confTIME_ZONE, confDONT_BLAME_SENDMAIL.
_DEFIFNOT(`LOCAL_MAILER_PATH', `/bin/tsmail')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `mu9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `tsmail $u')
_DEFIFNOT(`LOCAL_SHELL_PATH', `/bin/sh')
_DEFIFNOT(`confDEF_USER_ID', `SERVER.SENDMAIL')
_DEFIFNOT(`confTRUSTED_USER', `SERVER.SENDMAIL')
define(`confTIME_ZONE', `USE_TZ')
define(`confDONT_BLAME_SENDMAIL', `ForwardFileInGroupWritableDirPath')
divert(0)dnl
VERSIONID(`ostype mpeix')
