divert(-1)
dnl # OSTYPE(riscos4.5): MIPS RISC/os 4.5. No argument.
dnl # Keeps what the site has set before: LOCAL_MAILER_ARGS, QUEUE_DIR.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`LOCAL_MAILER_ARGS', `rmail -d $u')
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype riscos4.5')
