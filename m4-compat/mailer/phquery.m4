divert(-1)
dnl # MAILER(phquery): mailer ph looks names up in a CCSO nameserver, with phquery.
dnl # Defines: PH_MAILER_PATH, _ARGS, _FLAGS, _QGRP; MODIFY_MAILER_FLAGS of PH.
dnl # Its rulesets come with MAILER(local).
_DEFIFNOT(`PH_MAILER_PATH', `/usr/local/etc/phquery')
_DEFIFNOT(`PH_MAILER_FLAGS', `ehmu')
_DEFIFNOT(`PH_MAILER_ARGS', `phquery -- $u')
define(`_PH_QGRP', `ifelse(defn(`PH_MAILER_QGRP'), `', `', ` Q=PH_MAILER_QGRP,')')
divert(7)

######## mailer ph ########
VERSIONID(`mailer phquery')

Mph,		P=PH_MAILER_PATH, F=_MODMF_(CONCAT(`nrDFM', PH_MAILER_FLAGS), `PH'), S=EnvFromL, R=EnvToL/HdrToL,
		T=DNS/RFC822/X-Unix,_PH_QGRP
		A=PH_MAILER_ARGS
