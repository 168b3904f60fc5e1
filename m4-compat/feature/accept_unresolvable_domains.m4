divert(-1)
dnl # FEATURE(accept_unresolvable_domains): the domain of a sender need not exist.
dnl # Example: FEATURE(`accept_unresolvable_domains')
define(`_ACCEPT_UNRESOLVABLE_DOMAINS_', `')
divert(0)dnl
VERSIONID(`feature accept_unresolvable_domains')
