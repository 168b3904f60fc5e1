divert(-1)
dnl # FEATURE(relay_based_on_MX): mail is relayed to domains that name this host
dnl # as a mail exchanger; anybody may name it.
dnl # Example: FEATURE(`relay_based_on_MX')
define(`_RELAY_MX_SERVED_', `1')
LOCAL_CONFIG
Kmxserved bestmx -z: -T<TEMP>
divert(0)dnl
VERSIONID(`feature relay_based_on_MX')
