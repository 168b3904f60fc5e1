divert(-1)
dnl # OSTYPE(hpux9): HP-UX 9. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR, LOCAL_MAILER_PATH,
dnl # LOCAL_MAILER_FLAGS, LOCAL_MAILER_ARGS, UUCP_MAILER_ARGS.
dnl # Sets in any case: confTIME_ZONE, confEBINDIR.
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/bin/rmail')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `m9')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `rmail -d $u')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -a$g -gC $h!rmail ($u)')
define(`confTIME_ZONE', `USE_TZ')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype hpux9')
