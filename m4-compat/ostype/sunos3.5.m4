divert(-1)
dnl # OSTYPE(sunos3.5): SunOS 3.5. No argument.
dnl # Sets in any case: confEBINDIR.
define(`confEBINDIR', `/usr/lib')
divert(0)dnl
VERSIONID(`ostype sunos3.5')
