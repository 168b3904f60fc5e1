divert(-1)
dnl # OSTYPE(bsdi): BSD/OS of BSDi. No argument. The same as OSTYPE(bsd4.4).
divert(0)dnl
VERSIONID(`ostype bsdi')
include(_CF_DIR_`ostype/bsd4.4.m4')dnl
