divert(-1)
dnl # OSTYPE(dynix3.2): Sequent DYNIX 3.2. No argument.
dnl # Keeps what the site has set before: QUEUE_DIR.
dnl # Sets in any case: confEBINDIR.
_DEFIFNOT(`QUEUE_DIR', `/usr/spool/mqueue')
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype dynix3.2')
