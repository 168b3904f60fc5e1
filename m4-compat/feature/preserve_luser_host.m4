divert(-1)
dnl # FEATURE(preserve_luser_host): where LUSER_RELAY sends unknown names to, they arrive with
dnl # the domain that they were written with. LUSER_RELAY must be defined before.
dnl # Example: FEATURE(`preserve_luser_host')
ifdef(`LUSER_RELAY', `', `errprint(`*** LUSER_RELAY should be defined before FEATURE(`preserve_luser_host')
    ')')
define(`_PRESERVE_LUSER_HOST_', `1')
define(`_NEED_MACRO_MAP_', `1')
divert(0)dnl
VERSIONID(`feature preserve_luser_host')
