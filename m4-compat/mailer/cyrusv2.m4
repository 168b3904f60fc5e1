divert(-1)
dnl # MAILER(cyrusv2): mailer cyrusv2 hands mail to Cyrus IMAP by LMTP over a
dnl # socket in the file system.
dnl # Defines: CYRUSV2_MAILER_ARGS, _FLAGS, _MAXMSGS, _MAXRCPTS, _CHARSET, _QGRP;
dnl # MODIFY_MAILER_FLAGS of CYRUSV2. Its rulesets come with MAILER(local) and
dnl # MAILER(smtp).
_DEFIFNOT(`_DEF_CYRUSV2_MAILER_FLAGS', `lsDFMnqXz')
_DEFIFNOT(`CYRUSV2_MAILER_FLAGS', `A@/:|m')
_DEFIFNOT(`CYRUSV2_MAILER_ARGS', `FILE /var/run/cyrus/socket/lmtp')
define(`_CYRUSV2_QGRP', `ifelse(defn(`CYRUSV2_MAILER_QGRP'), `', `', ` Q=CYRUSV2_MAILER_QGRP,')')
divert(7)

######## mailer cyrusv2 ########
VERSIONID(`mailer cyrusv2')

Mcyrusv2,	P=[IPC], F=_MODMF_(CONCAT(_DEF_CYRUSV2_MAILER_FLAGS, CYRUSV2_MAILER_FLAGS), `CYRUSV2'), S=EnvFromSMTP/HdrFromL, R=EnvToL/HdrToL, E=\r\n,
		_OPTINS(`CYRUSV2_MAILER_MAXMSGS', `m=', `, ')_OPTINS(`CYRUSV2_MAILER_MAXRCPTS', `r=', `, ')_OPTINS(`CYRUSV2_MAILER_CHARSET', `C=', `, ')T=DNS/RFC822/SMTP,_CYRUSV2_QGRP
		A=CYRUSV2_MAILER_ARGS
