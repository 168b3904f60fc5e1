divert(-1)
dnl # OSTYPE(hpux11): HP-UX 11. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_PATH, LOCAL_MAILER_FLAGS,
dnl # LOCAL_MAILER_ARGS, LOCAL_SHELL_PATH, UUCP_MAILER_ARGS.
dnl # Sets in any case: confTIME_ZONE.
_DEFIFNOT(`LOCAL_MAILER_PATH', `/usr/bin/rmail')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `m9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `rmail -d $u')
_DEFIFNOT(`LOCAL_SHELL_PATH', `/usr/bin/sh')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -a$g -gC $h!rmail ($u)')
define(`confTIME_ZONE', `USE_TZ')
divert(0)dnl
VERSIONID(`ostype hpux11')
