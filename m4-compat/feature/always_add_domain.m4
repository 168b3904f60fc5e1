divert(-1)
dnl # FEATURE(always_add_domain, domain): names without a domain get one
dnl # in mail that stays here.
dnl #	domain	the one of this host if empty
dnl # Example: FEATURE(`always_add_domain', `example.com')
ifdef(`_MAILER_local_', `errprint(`*** MAILER(`local') must appear after FEATURE(`always_add_domain')')')
define(`_ALWAYS_ADD_DOMAIN_', ifelse(len(X`'_ARG_), `1', `', `_ARG_'))
divert(0)dnl
VERSIONID(`feature always_add_domain')
