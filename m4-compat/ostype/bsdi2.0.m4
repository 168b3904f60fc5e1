divert(-1)
dnl # OSTYPE(bsdi2.0): the old name of OSTYPE(bsdi); says so.
errprint(`NOTE: OSTYPE(bsdi2.0) is deprecated.  Use OSTYPE(bsdi) instead.')
divert(0)dnl
include(_CF_DIR_`ostype/bsdi.m4')dnl
