divert(-1)
dnl # FEATURE(drac, map): a client that a table knows by its address may relay: it has
dnl # fetched mail lately (POP before SMTP).
dnl #	map	the rest of the K line; else drac in MAIL_SETTINGS_DIR
dnl # Example: FEATURE(`drac', `btree /var/lib/drac')
define(`_DRAC_', `')
LOCAL_CONFIG
Kdrac ifelse(defn(`_ARG_'), `', `DATABASE_MAP_TYPE MAIL_SETTINGS_DIR`'drac', `_ARG_')
divert(0)dnl
