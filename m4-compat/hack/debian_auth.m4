divert(-1)
dnl # HACK(debian_auth): trusted users (class t) who have authenticated may give
dnl # any AUTH= with MAIL. A file of Debian: names its default-auth-info, makes
dnl # sendmail a trusted user. With DEBIAN_DEBUG, who asks goes to the map log
dnl # (which the site declares), and no one is let in.
dnl # Opens Local_trust_auth: its rules go behind, in LOCAL_RULESETS.
define(`confDEF_AUTH_INFO', `MAIL_SETTINGS_DIR`'default-auth-info')
define(`confTRUSTED_USERS', ifdef(`confTRUSTED_USERS', `defn(`confTRUSTED_USERS')`,'')`sendmail')
divert(0)dnl
VERSIONID(`hack debian_auth')
divert(9)

# Local_trust_auth: AUTH= of a trusted user is believed
SLocal_trust_auth
R$*			$: $&{auth_authen}
ifdef(`DEBIAN_DEBUG', `R$*			$: $(log authauthor: $&{auth_author} authauthen: $&{auth_authen} authtype: $&{auth_type} $) $1
')dnl
R$=t			$# ok Trusted users...Allow trusted users to auth= as anyone
