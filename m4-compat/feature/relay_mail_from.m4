divert(-1)
dnl # FEATURE(relay_mail_from, option): a sender that the access table lists with RELAY
dnl # (tag From) may relay. Needs FEATURE(access_db) before it.
dnl #	option	domain: its domain may be listed instead
dnl # Example: FEATURE(`relay_mail_from', `domain')
ifdef(`_ACCESS_TABLE_', `define(`_RELAY_DB_FROM_', `1')ifelse(defn(`_ARG_'), `domain', `define(`_RELAY_DB_FROM_DOMAIN_', `1')')', `errprint(`*** ERROR: FEATURE(`relay_mail_from') requires FEATURE(`access_db')
')')
errprint(`*** WARNING: FEATURE(`relay_mail_from') may cause your system to act as open
	relay.  Use SMTP AUTH or STARTTLS instead.
')
divert(0)dnl
VERSIONID(`feature relay_mail_from')
