divert(-1)
dnl # FEATURE(virtusertable, map): a table says who user@virtual.domain is.
dnl # Class VirtHost and class w are looked up.
dnl #	map	the rest of the K line, or LDAP; else virtusertable in MAIL_SETTINGS_DIR
dnl # Example: FEATURE(`virtusertable', `hash -o /etc/mail/virtusertable')
define(`_VIRTUSER_TABLE_', `')
LOCAL_CONFIG
_TABLE_MAP(`virtuser', `virtusertable', `virtuser')dnl
divert(0)dnl
VERSIONID(`feature virtusertable')
