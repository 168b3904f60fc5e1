divert(-1)
dnl # OSTYPE(ptx2): Sequent DYNIX/ptx 2. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR, LOCAL_MAILER_FLAGS.
dnl # Sets in any case: LOCAL_MAILER_PATH, LOCAL_SHELL_FLAGS, confEBINDIR.
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
define(`LOCAL_MAILER_PATH', `/bin/mail')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `fmn9')
define(`LOCAL_SHELL_FLAGS', `eu')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype ptx2')
