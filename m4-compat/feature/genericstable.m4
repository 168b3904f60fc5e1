divert(-1)
dnl # FEATURE(genericstable, map): a table says how senders look from outside.
dnl # Names without a domain and those of class G are looked up.
dnl #	map	the rest of the K line, or LDAP; else genericstable in MAIL_SETTINGS_DIR
dnl # Example: FEATURE(`genericstable', `hash -o /etc/mail/genericstable')
define(`_GENERICS_TABLE_', `')
LOCAL_CONFIG
_TABLE_MAP(`generics', `genericstable', `generics')dnl
divert(0)dnl
VERSIONID(`feature genericstable')
