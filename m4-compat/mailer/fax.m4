divert(-1)
dnl # MAILER(fax): mailer fax hands mail for user@number.FAX to HylaFAX's faxmail.
dnl # FAX_RELAY counts no more. Defines: FAX_MAILER_PATH, _ARGS, _MAX, _QGRP;
dnl # the flags are fixed. S=14 and R=24 are rulesets that nobody writes: they are
dnl # empty, unless the site opens them.
_DEFIFNOT(`FAX_MAILER_PATH', `/usr/bin/faxmail')
_DEFIFNOT(`FAX_MAILER_ARGS', `faxmail -d $u@$h $f')
_DEFIFNOT(`FAX_MAILER_MAX', `100000')
_MAY_QUEUE(`FAX', `FAX_MAILER_QGRP')
PUSHDIVERT(6)
# numbers in FAX need no name server
CPFAX
POPDIVERT
divert(7)

######## mailer fax ########
VERSIONID(`mailer fax')

_MAILER(`fax', `FAX_MAILER_PATH', `DFMhu', `S=14, R=24,', `_LIMITS(`FAX', `M')', `X-Phone/X-FAX/X-Unix,_FAX_QGRP', `FAX_MAILER_ARGS')
