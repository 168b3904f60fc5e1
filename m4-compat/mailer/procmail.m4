divert(-1)
dnl # MAILER(procmail): mailer procmail, which runs procmail with a rc file named
dnl # by the host part of the triple: $#procmail $@ /etc/procmailrcs/x $: address.
dnl # Defines: PROCMAIL_MAILER_PATH (or PROCMAIL_PATH), _ARGS, _FLAGS, _MAX, _QGRP;
dnl # MODIFY_MAILER_FLAGS of PROCMAIL. Its rulesets come with MAILER(smtp).
_DEFIFNOT(`PROCMAIL_MAILER_PATH', ifdef(`PROCMAIL_PATH', `PROCMAIL_PATH', `/usr/local/bin/procmail'))
_DEFIFNOT(`PROCMAIL_MAILER_FLAGS', `SPhnu9')
_DEFIFNOT(`PROCMAIL_MAILER_ARGS', `procmail -Y -m $h $f $u')
_MAY_QUEUE(`PROCMAIL', `PROCMAIL_MAILER_QGRP')
divert(7)

######## mailer procmail ########
VERSIONID(`mailer procmail')

_MAILER(`procmail', `PROCMAIL_MAILER_PATH', `_FLAGS(`PROCMAIL', ``DFM', PROCMAIL_MAILER_FLAGS')', `S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP/HdrFromSMTP,',
`_LIMITS(`PROCMAIL', `M')', `DNS/RFC822/X-Unix,_PROCMAIL_QGRP', `PROCMAIL_MAILER_ARGS')
