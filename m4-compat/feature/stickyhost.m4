divert(-1)
dnl # FEATURE(stickyhost): user@ours is not the same as user: it goes to MAIL_HUB with
dnl # its domain, or is delivered without aliases.
dnl # Example: FEATURE(`stickyhost')
define(`_STICKY_LOCAL_DOMAIN_', `')
divert(0)dnl
VERSIONID(`feature stickyhost')
