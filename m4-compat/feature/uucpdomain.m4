divert(-1)
dnl # FEATURE(uucpdomain, map): a table says what name a host of UUCP has in the Internet.
dnl #	map	the rest of the K line, or LDAP; else uudomain in MAIL_SETTINGS_DIR
dnl # Example: FEATURE(`uucpdomain', `hash -o /etc/mail/uudomain')
define(`_UUDOMAIN_TABLE_', `')
LOCAL_CONFIG
_TABLE_MAP(`uudomain', `uudomain', `uucpdomain')dnl
divert(0)dnl
VERSIONID(`feature uucpdomain')
