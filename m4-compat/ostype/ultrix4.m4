divert(-1)
dnl # OSTYPE(ultrix4): Ultrix 4. No argument.
dnl # Sets in any case: confEBINDIR.
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype ultrix4')
