divert(-1)
dnl # OSTYPE(aix5): AIX 5 and later. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_PATH, LOCAL_MAILER_ARGS,
dnl # LOCAL_MAILER_FLAGS.
dnl # Sets in any case: confEBINDIR, confTIME_ZONE.
_DEFIFNOT(`LOCAL_MAILER_PATH', `/bin/bellmail')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail -F $g $u')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `mn9')
define(`confEBINDIR', `/usr/lib')
define(`confTIME_ZONE', `USE_TZ')
divert(0)dnl
VERSIONID(`ostype aix5')
