divert(-1)
dnl # OSTYPE(sco-uw-2.1): SCO UnixWare 2.1. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS.
dnl # Sets in any case: LOCAL_MAILER_PATH, LOCAL_SHELL_FLAGS, UUCP_MAILER_ARGS,
dnl # LOCAL_MAILER_ARGS, confEBINDIR, confTIME_ZONE.
define(`LOCAL_MAILER_PATH', `/usr/bin/rmail')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `fhCEn9')
define(`LOCAL_SHELL_FLAGS', `ehuP')
define(`UUCP_MAILER_ARGS', `uux - -r -a$g -gmedium $h!rmail ($u)')
define(`LOCAL_MAILER_ARGS', `rmail $u')
define(`confEBINDIR', `/usr/lib')
define(`confTIME_ZONE', `USE_TZ')
divert(0)dnl
VERSIONID(`ostype sco-uw-2.1')
