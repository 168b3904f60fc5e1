divert(-1)
dnl # OSTYPE(isc4.1): Interactive Unix 4.1. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_ARGS, LOCAL_MAILER_FLAGS,
dnl # LOCAL_MAILER_PATH, QUEUE_DIR, UUCP_MAILER_ARGS, UUCP_MAILER_PATH.
dnl # Sets in any case: confTIME_ZONE, confEBINDIR.
_DEFIFNOT(`LOCAL_MAILER_ARGS', `lmail -s $u')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `humS9')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/bin/lmail')
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -gC $h!rmail ($u)')
_DEFIFNOT(`UUCP_MAILER_PATH', `/usr/bin/uux')
define(`confTIME_ZONE', `USE_TZ')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype isc4.1')
