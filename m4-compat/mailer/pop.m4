divert(-1)
dnl # MAILER(pop): mailer pop delivers mail for user@POP with MH's spop, to people
dnl # who have a mailbox and no account.
dnl # Defines: POP_MAILER_PATH, _ARGS, _FLAGS, _QGRP; MODIFY_MAILER_FLAGS of POP.
dnl # Its rulesets come with MAILER(local); the rule for @POP stands in Parse1.
_DEFIFNOT(`POP_MAILER_PATH', `/usr/lib/mh/spop')
_DEFIFNOT(`POP_MAILER_FLAGS', `Penu')
_DEFIFNOT(`POP_MAILER_ARGS', `pop $u')
_MAY_QUEUE(`POP', `POP_MAILER_QGRP')
PUSHDIVERT(6)
# the domain POP needs no name server
CPPOP
POPDIVERT
divert(7)

######## mailer pop ########
VERSIONID(`mailer pop')

_MAILER(`pop', `POP_MAILER_PATH', `_FLAGS(`POP', ``lsDFMq', POP_MAILER_FLAGS')', `S=EnvFromL, R=EnvToL/HdrToL,', `', `DNS/RFC822/X-Unix,_POP_QGRP', `POP_MAILER_ARGS')
