divert(-1)
dnl # MAILER(usenet): mailer usenet posts what is sent to group.USENET with inews.
dnl # Defines: USENET_MAILER_PATH, _ARGS ($u is put behind), _FLAGS (all of F=),
dnl # _MAX, _QGRP; MODIFY_MAILER_FLAGS of USENET. Its rulesets come with
dnl # MAILER(local); the rules that recognize .USENET stand in Parse1.
_DEFIFNOT(`USENET_MAILER_PATH', `/usr/lib/news/inews')
_DEFIFNOT(`USENET_MAILER_FLAGS', `rsDFMmn')
_DEFIFNOT(`USENET_MAILER_ARGS', `inews -m -h -n')
_MAY_QUEUE(`USENET', `USENET_MAILER_QGRP')
divert(7)

######## mailer usenet ########
VERSIONID(`mailer usenet')

_MAILER(`usenet', `USENET_MAILER_PATH', `_MODMF_(USENET_MAILER_FLAGS, `USENET')', `S=EnvFromL, R=EnvToL,', `_LIMITS(`USENET', `M')', `X-Usenet/X-Usenet/X-Unix,_USENET_QGRP', `USENET_MAILER_ARGS $u')
