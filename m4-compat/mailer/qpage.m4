divert(-1)
dnl # MAILER(qpage): mailer qpage sends mail to pagers, with QuickPage.
dnl # Defines: QPAGE_MAILER_PATH, _ARGS, _FLAGS (all of F=), _MAX, _QGRP;
dnl # MODIFY_MAILER_FLAGS of QPAGE. No rulesets: addresses go as they are.
_DEFIFNOT(`QPAGE_MAILER_PATH', `/usr/local/bin/qpage')
_DEFIFNOT(`QPAGE_MAILER_FLAGS', `mDFMs')
_DEFIFNOT(`QPAGE_MAILER_ARGS', `qpage -l0 -m -P$u')
_DEFIFNOT(`QPAGE_MAILER_MAX', `4096')
_MAY_QUEUE(`QPAGE', `QPAGE_MAILER_QGRP')
divert(7)

######## mailer qpage ########
VERSIONID(`mailer qpage')

_MAILER(`qpage', `QPAGE_MAILER_PATH', `_MODMF_(QPAGE_MAILER_FLAGS, `QPAGE')', `', `_LIMITS(`QPAGE', `M')', `DNS/RFC822/X-Unix,_QPAGE_QGRP', `QPAGE_MAILER_ARGS')
