divert(-1)
dnl # FEATURE(masquerade_entire_domain): hosts below a MASQUERADE_DOMAIN are
dnl # masqueraded too.
dnl # Example: FEATURE(`masquerade_entire_domain')
define(`_MASQUERADE_ENTIRE_DOMAIN_', `')
divert(0)dnl
VERSIONID(`feature masquerade_entire_domain')
