divert(-1)
dnl # FEATURE(domaintable, map): a table says what other name a domain has.
dnl #	map	the rest of the K line, or LDAP; else domaintable in MAIL_SETTINGS_DIR
dnl # Example: FEATURE(`domaintable', `hash -o /etc/mail/domaintable')
define(`_DOMAIN_TABLE_', `')
LOCAL_CONFIG
_TABLE_MAP(`domaintable', `domaintable', `domain')dnl
divert(0)dnl
VERSIONID(`feature domaintable')
