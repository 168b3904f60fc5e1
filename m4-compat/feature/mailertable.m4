divert(-1)
dnl # FEATURE(mailertable, map): a table says which mailer and host serve a domain.
dnl #	map	the rest of the K line, or LDAP; else mailertable in MAIL_SETTINGS_DIR
dnl # Example: FEATURE(`mailertable', `hash -o /etc/mail/mailertable')
define(`_MAILER_TABLE_', `')
LOCAL_CONFIG
_TABLE_MAP(`mailertable', `mailertable', `mailer')dnl
divert(0)dnl
VERSIONID(`feature mailertable')
