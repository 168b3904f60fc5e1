divert(-1)
dnl # FEATURE(relay_local_from): whoever claims a sender address of ours may relay; so
dnl # anybody may.
dnl # Example: FEATURE(`relay_local_from')
define(`_RELAY_LOCAL_FROM_', `1')
errprint(`*** WARNING: FEATURE(`relay_local_from') may cause your system to act as open
	relay.  Use SMTP AUTH or STARTTLS instead. If you cannot use those,
	try FEATURE(`relay_mail_from').
')
divert(0)dnl
VERSIONID(`feature relay_local_from')
