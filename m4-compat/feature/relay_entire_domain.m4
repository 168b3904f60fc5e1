divert(-1)
dnl # FEATURE(relay_entire_domain): hosts of our own domain ($m) may relay, and mail
dnl # to them is relayed.
dnl # Example: FEATURE(`relay_entire_domain')
define(`_RELAY_ENTIRE_DOMAIN_', `')
divert(0)dnl
VERSIONID(`feature relay_entire_domain')
