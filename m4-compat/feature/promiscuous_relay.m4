divert(-1)
dnl # FEATURE(promiscuous_relay): anybody may send anything anywhere through this host.
dnl # Example: FEATURE(`promiscuous_relay')
errprint(`*** WARNING: FEATURE(`promiscuous_relay') configures your system as open
	relay.  Do NOT use it on a server that is connected to the Internet!
')
define(`_PROMISCUOUS_RELAY_', `')
divert(0)dnl
VERSIONID(`feature promiscuous_relay')
