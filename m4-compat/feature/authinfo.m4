divert(-1)
dnl # FEATURE(authinfo, map): a table holds names and secrets for logging in elsewhere.
dnl #	map	the rest of the K line, or LDAP; else authinfo in MAIL_SETTINGS_DIR
dnl # Example: FEATURE(`authinfo', `hash -o /etc/mail/authinfo')
define(`_AUTHINFO_TABLE_', `')
LOCAL_CONFIG
_TABLE_MAP(`authinfo', `authinfo', `authinfo')dnl
divert(0)dnl
VERSIONID(`feature authinfo')
