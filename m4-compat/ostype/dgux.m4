divert(-1)
dnl # OSTYPE(dgux): Data General DG/UX. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS.
dnl # Sets in any case: confTIME_ZONE, confEBINDIR.
dnl # Puts into the environment of all mailers that /bin/mail may deliver.
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `m9')
define(`confTIME_ZONE', `USE_TZ')
define(`confEBINDIR', `/usr/lib')
LOCAL_CONFIG
E_FORCE_MAIL_LOCAL_=yes
divert(-1)
divert(0)dnl
VERSIONID(`ostype dgux')
