divert(-1)
dnl # FEATURE(bitdomain, map): a table says what name a host of BITNET has in the Internet.
dnl #	map	the rest of the K line, or LDAP; else bitdomain in MAIL_SETTINGS_DIR
dnl # Example: FEATURE(`bitdomain', `hash -o /etc/mail/bitdomain')
define(`_BITDOMAIN_TABLE_', `')
LOCAL_CONFIG
_TABLE_MAP(`bitdomain', `bitdomain', `bitdomain')dnl
divert(0)dnl
VERSIONID(`feature bitdomain')
