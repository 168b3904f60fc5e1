divert(-1)
dnl # FEATURE(accept_unqualified_senders): MAIL FROM:<user>, without a domain, is
dnl # taken from anybody.
dnl # Example: FEATURE(`accept_unqualified_senders')
define(`_ACCEPT_UNQUALIFIED_SENDERS_', `')
divert(0)dnl
VERSIONID(`feature accept_unqualified_senders')
