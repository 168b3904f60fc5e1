divert(-1)
dnl # OSTYPE(sunos4.1): SunOS 4.1. No argument.
dnl # Sets in any case: confEBINDIR.
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype sunos4.1')
