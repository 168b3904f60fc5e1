divert(-1)
dnl # FEATURE(virtuser_entire_domain): hosts below a VIRTUSER_DOMAIN are looked up too.
dnl # Example: FEATURE(`virtuser_entire_domain')
define(`_VIRTUSER_ENTIRE_DOMAIN_', `')
divert(0)dnl
VERSIONID(`feature virtuser_entire_domain')
