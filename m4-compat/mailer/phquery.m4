divert(-1)
dnl # MAILER(phquery): mailer ph looks names up in a CCSO nameserver, with phquery.
dnl # Defines: PH_MAILER_PATH, _ARGS, _FLAGS, _QGRP; MODIFY_MAILER_FLAGS of PH.
dnl # Its rulesets come with MAILER(local).
_DEFIFNOT(`PH_MAILER_PATH', `/usr/local/etc/phquery')
_DEFIFNOT(`PH_MAILER_FLAGS', `ehmu')
_DEFIFNOT(`PH_MAILER_ARGS', `phquery -- $u')
_MAY_QUEUE(`PH', `PH_MAILER_QGRP')
divert(7)

######## mailer ph ########
VERSIONID(`mailer phquery')

_MAILER(`ph', `PH_MAILER_PATH', `_FLAGS(`PH', ``nrDFM', PH_MAILER_FLAGS')', `S=EnvFromL, R=EnvToL/HdrToL,', `', `DNS/RFC822/X-Unix,_PH_QGRP', `PH_MAILER_ARGS')
