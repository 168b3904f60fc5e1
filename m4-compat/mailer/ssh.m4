divert(-1)
dnl # MAILER(ssh): mailer ssh speaks SMTP with a sendmail on the other host, which
dnl # it starts there by ssh. A Debian mailer.
dnl # SSH_MAILER_USER and SSH_MAILER_DIR must be defined: whose keys are used, and
dnl # where. May be defined: SSH_MAILER_PATH (or SSH_PATH), _ARGS or its parts
dnl # _HOST and SSH_REMOTE_COMMAND, _FLAGS, _MAX, _MAXMSGS, _MAXRCPTS, _CHARSET,
dnl # _QGRP; MODIFY_MAILER_FLAGS of SSH. Its rulesets come with MAILER(smtp).
ifdef(`SSH_MAILER_USER', `', `errprint(`*** SSH_MAILER_USER must be defined before MAILER(`ssh').
')')
ifdef(`SSH_MAILER_DIR', `', `errprint(`*** SSH_MAILER_DIR must be defined before MAILER(`ssh').
')')
_DEFIFNOT(`SSH_MAILER_PATH', ifdef(`SSH_PATH', `SSH_PATH', `/usr/bin/ssh'))
_DEFIFNOT(`_DEF_SSH_MAILER_FLAGS', `mDFMuX')
_DEFIFNOT(`SSH_MAILER_FLAGS', `')
_DEFIFNOT(`SSH_MAILER_HOST', `$h')
_DEFIFNOT(`SSH_REMOTE_COMMAND', `/usr/sbin/sendmail -bs')
_DEFIFNOT(`SSH_MAILER_ARGS', `ssh -o BatchMode=yes -o EscapeChar=none -- SSH_MAILER_HOST SSH_REMOTE_COMMAND')
_MAY_QUEUE(`SSH', `SSH_MAILER_QGRP')
divert(7)

######## mailer ssh ########
VERSIONID(`mailer ssh')

_MAILER(`ssh', `SSH_MAILER_PATH', `_FLAGS(`SSH', `_DEF_SSH_MAILER_FLAGS, SSH_MAILER_FLAGS')', `S=EnvFromSMTP/HdrFromSMTP, R=_TO_SMTP_, E=\r\n, L=990,',
`_LIMITS(`SSH', `MmrC')', `DNS/RFC822/SMTP,_SSH_QGRP
		U=SSH_MAILER_USER, D=SSH_MAILER_DIR,', `SSH_MAILER_ARGS')
