divert(-1)
dnl # OSTYPE(irix4): IRIX 4. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_FLAGS, QUEUE_DIR.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `Ehm9')
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype irix4')
