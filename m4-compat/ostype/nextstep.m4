divert(-1)
dnl # OSTYPE(nextstep): NeXTSTEP. No argument.
dnl # Keeps what the site has set before: UUCP_MAILER_PATH, QUEUE_DIR,
dnl # LOCAL_SHELL_FLAGS.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`UUCP_MAILER_PATH', `/usr/bin/uux')
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
_DEFIFNOT(`LOCAL_SHELL_FLAGS', `euP')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype nextstep')
