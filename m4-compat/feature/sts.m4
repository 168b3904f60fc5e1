divert(-1)
dnl # FEATURE(sts, map, NO_SAN_TST): MTA-STS (RFC 8461): the policy of a recipient's domain
dnl # decides which servers may take its mail, and that they prove who they are.
dnl #	map	the rest of the K line of the map that knows policies: domain ->
dnl #		secure match=server servername=name; else a socket map at port 5461
dnl #	NO_SAN_TST	do not ask for the server's name in its certificate
dnl # Example: FEATURE(`sts', `socket -d5 -T<TMPF> inet:8461@127.0.0.1')
define(`_MTA_STS_', `')
define(`_NEED_MACRO_MAP_', `1')
ifelse(_ARG2_, `NO_SAN_TST', `', `define(`_STS_SAN', `1')')
LOCAL_CONFIG
O StrictTransportSecurity=true
ifelse(_ARG2_, `NO_SAN_TST', `', `O SetCertAltnames=true
')dnl
Ksts ifelse(defn(`_ARG_'), `', `socket -d5 -T<TMPF> inet:5461@127.0.0.1', `_ARG_')
divert(0)dnl
