divert(-1)
dnl # FEATURE(generics_entire_domain): hosts below a GENERICS_DOMAIN are looked up too.
dnl # Example: FEATURE(`generics_entire_domain')
define(`_GENERICS_ENTIRE_DOMAIN_', `')
divert(0)dnl
VERSIONID(`feature generics_entire_domain')
