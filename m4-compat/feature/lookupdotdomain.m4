divert(-1)
dnl # FEATURE(lookupdotdomain): the access table is also asked for .domain when a host
dnl # below it is looked up. Needs FEATURE(access_db) before it.
dnl # Example: FEATURE(`lookupdotdomain')
ifdef(`_ACCESS_TABLE_', `define(`_LOOKUPDOTDOMAIN_', `1')', `errprint(`*** ERROR: FEATURE(`lookupdotdomain') requires FEATURE(`access_db')
')')
ifdef(`_RELAY_HOSTS_ONLY_', `errprint(`*** WARNING: FEATURE(`lookupdotdomain') does not work well with FEATURE(`relay_hosts_only')
')')
divert(0)dnl
VERSIONID(`feature lookupdotdomain')
