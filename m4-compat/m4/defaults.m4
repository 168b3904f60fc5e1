dnl # What is set before the site speaks. Any of these may be defined anew, or
dnl # undefined, anywhere in the .mc.

_DEFIFNOT(`MAIL_SETTINGS_DIR', `/etc/mail/')
_DEFIFNOT(`DATABASE_MAP_TYPE', `hash')
define(`ALIAS_FILE', `MAIL_SETTINGS_DIR`'aliases')
define(`confCW_FILE', `MAIL_SETTINGS_DIR`'local-host-names')
define(`confCT_FILE', `MAIL_SETTINGS_DIR`'trusted-users')
define(`confCR_FILE', `-o MAIL_SETTINGS_DIR`'relay-domains')
define(`confMAILER_NAME', ``MAILER-DAEMON'')
define(`confLOCAL_MAILER', `local')
define(`confSMTP_MAILER', `esmtp')

dnl # options
define(`confSEVEN_BIT_INPUT', `False')
define(`confALIAS_WAIT', `10')
define(`confMIN_FREE_BLOCKS', `100')
define(`confBLANK_SUB', `.')
define(`confCON_EXPENSIVE', `False')
define(`confDELIVERY_MODE', `background')
define(`confTEMP_FILE_MODE', `0600')
define(`confMIME_FORMAT_ERRORS', `True')
define(`confFORWARD_PATH', `$z/.forward.$w:$z/.forward')
define(`confMCI_CACHE_SIZE', `2')
define(`confMCI_CACHE_TIMEOUT', `5m')
define(`confUSE_ERRORS_TO', `False')
define(`confLOG_LEVEL', `9')
define(`confCHECK_ALIASES', `False')
define(`confOLD_STYLE_HEADERS', `True')
define(`confPRIVACY_FLAGS', `authwarnings')
define(`confTO_QUEUERETURN', `5d')
define(`confTO_QUEUEWARN', `4h')
define(`confSAFE_QUEUE', `True')
define(`confSMTP_LOGIN_MSG', `$j Sendmail $v/$Z; $b')
define(`confFROM_LINE', `From $g $d')
define(`confOPERATORS', `.:%@!^/[]+')
define(`confMILTER_MACROS_CONNECT', ``j, _, {daemon_name}, {if_name}, {if_addr}'')
define(`confMILTER_MACROS_HELO', ``{tls_version}, {cipher}, {cipher_bits}, {cert_subject}, {cert_issuer}'')
define(`confMILTER_MACROS_ENVFROM', ``i, {auth_type}, {auth_authen}, {auth_ssf}, {auth_author}, {mail_mailer}, {mail_host}, {mail_addr}'')
define(`confMILTER_MACROS_ENVRCPT', ``{rcpt_mailer}, {rcpt_host}, {rcpt_addr}'')
define(`confMILTER_MACROS_EOM', `{msg_id}')
define(`confTIME_ZONE', `USE_SYSTEM')

dnl # The template of Received:, in pieces that a site may redefine.
define(`_REC_HDR_', `$?sfrom $s $.$?_($?s$|from $.$_)')
define(`_REC_AUTH_', `$.$?{auth_type}(authenticated$?{auth_ssf} bits=${auth_ssf}$.)')
define(`_REC_FULL_AUTH_', `$.$?{auth_type}(user=${auth_authen} $?{auth_author}author=${auth_author} $.mech=${auth_type}$?{auth_ssf} bits=${auth_ssf}$.)')
define(`_REC_BY_', `$.by $j ($v/$Z)$?r with $r$. id $i$?{tls_version}')
define(`_REC_TLS_', `(version=${tls_version} cipher=${cipher} bits=${cipher_bits} verify=${verify})$.$?u')
define(`_REC_END_', `for $u; $|;
	$.$b')
define(`confRECEIVED_HEADER', `_REC_HDR_
	_REC_AUTH_
	_REC_BY_
	_REC_TLS_
	_REC_END_')

dnl # Texts and codes that rules share.
define(`_TMPFMSG_', `"451 Temporary system failure. Please try again later."')
define(`_CODE553', `553')
define(`_RES_OK_', `OKR')
define(`_TLS_ARS_', `++')
