divert(-1)
dnl # OSTYPE(generic): no system in particular: programs where the FHS has them,
dnl # local mail into Maildirs by canonify itself.
_DEFIFNOT(`confEBINDIR', `/usr/sbin')
FEATURE(`local_maildir')
divert(0)dnl
VERSIONID(`ostype generic')
