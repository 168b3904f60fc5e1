divert(-1)
dnl # MAILER(cyrusv2): mailer cyrusv2 hands mail to Cyrus IMAP by LMTP over a
dnl # socket in the file system.
dnl # Defines: CYRUSV2_MAILER_ARGS, _FLAGS, _MAXMSGS, _MAXRCPTS, _CHARSET, _QGRP;
dnl # MODIFY_MAILER_FLAGS of CYRUSV2. Its rulesets come with MAILER(local) and
dnl # MAILER(smtp).
_DEFIFNOT(`_DEF_CYRUSV2_MAILER_FLAGS', `lsDFMnqXz')
_DEFIFNOT(`CYRUSV2_MAILER_FLAGS', `A@/:|m')
_DEFIFNOT(`CYRUSV2_MAILER_ARGS', `FILE /var/run/cyrus/socket/lmtp')
_MAY_QUEUE(`CYRUSV2', `CYRUSV2_MAILER_QGRP')
divert(7)

######## mailer cyrusv2 ########
VERSIONID(`mailer cyrusv2')

_MAILER(`cyrusv2', `[IPC]', `_FLAGS(`CYRUSV2', `_DEF_CYRUSV2_MAILER_FLAGS, CYRUSV2_MAILER_FLAGS')', `S=EnvFromSMTP/HdrFromL, R=EnvToL/HdrToL, E=\r\n,',
`_LIMITS(`CYRUSV2', `mrC')', `DNS/RFC822/SMTP,_CYRUSV2_QGRP', `CYRUSV2_MAILER_ARGS')
