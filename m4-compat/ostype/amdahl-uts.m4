divert(-1)
dnl # OSTYPE(amdahl-uts): Amdahl UTS 2. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `fSn9')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype amdahl-uts')
