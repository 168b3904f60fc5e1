divert(-1)
dnl # HACK(virthost_by_ip): a host with a name for each of its addresses greets,
dnl # and writes Received:, with the name of the address that was called. A hack
dnl # of Debian.
define(`confSMTP_LOGIN_MSG', `$?{if_name}${if_name}$|$j$. Sendmail $v/$Z; $b; (No UCE/UBE) $?{client_addr}logging access from: ${client_name}(${client_resolve})-$_$.')
define(`confRECEIVED_HEADER', `_REC_HDR_
	_REC_FULL_AUTH_
	$.by $?{if_name}${if_name}$|$j$. ($v/$Z)$?r with $r$. id $i$?{tls_version}
	_REC_TLS_
	_REC_END_')
divert(0)dnl
VERSIONID(`hack virthost_by_ip')
