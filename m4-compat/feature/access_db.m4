divert(-1)
dnl # FEATURE(access_db, map, option, option, option): a table says who may do what: tags
dnl # Connect, From, To and many more.
dnl #	map	the rest of the K line, or LDAP; else access in MAIL_SETTINGS_DIR
dnl #	option	skip, lookupdotdomain, relaytofulladdress
dnl # Example: FEATURE(`access_db', `hash -T<TMPF> -o /etc/mail/access', `skip')
define(`_ACCESS_TABLE_', `')
define(`_TAG_DELIM_', `:')
define(`_ATMPF_', `<TMPF>')
define(`_ACCESS_OPTION', `ifelse(lower(`$1'), `skip', `define(`_ACCESS_SKIP_', `1')',
lower(`$1'), `lookupdotdomain', `define(`_LOOKUPDOTDOMAIN_', `1')',
lower(`$1'), `relaytofulladdress', `define(`_RELAY_FULL_ADDR_', `1')')')
_ACCESS_OPTION(_ARG2_)_ACCESS_OPTION(_ARG3_)_ACCESS_OPTION(_ARG4_)
ifdef(`_GREET_PAUSE_', `errprint(`*** WARNING: FEATURE(`greet_pause') before FEATURE(`access_db')
	greet_pause will not use access_db!')')
define(`_NARG_', ifelse(defn(`_ARG_'), `', ``DATABASE_MAP_TYPE -T<TMPF> MAIL_SETTINGS_DIR`'access'',
defn(`_ARG_'), `LDAP', ``ldap -T<TMPF> _LDAP_MAP(`access')'', index(defn(`_ARG_'), `sequence '), `0', `defn(`_ARG_')',
index(defn(`_ARG_'), `<TMPF>'), `-1', `errprint(`*** WARNING: missing -T<TMPF> in argument of FEATURE(`access_db', 'defn(`_ARG_')`)
')ifelse(index(defn(`_ARG_'), ` '), `-1', ` -T<TMPF> ', `substr(defn(`_ARG_'), 0, index(defn(`_ARG_'), ` '))` -T<TMPF>  'substr(defn(`_ARG_'), incr(index(defn(`_ARG_'), ` ')))')', `defn(`_ARG_')'))
LOCAL_CONFIG
Kaccess _NARG_
divert(0)dnl
VERSIONID(`feature access_db')
