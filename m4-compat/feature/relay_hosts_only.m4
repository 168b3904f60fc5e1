divert(-1)
dnl # FEATURE(relay_hosts_only): names that may relay are hosts, not whole domains.
dnl # Example: FEATURE(`relay_hosts_only')
define(`_RELAY_HOSTS_ONLY_', `')
divert(0)dnl
VERSIONID(`feature relay_hosts_only')
