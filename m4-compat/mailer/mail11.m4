divert(-1)
dnl # MAILER(mail11): mailer mail11 for hosts of DECnet, node::user or
dnl # user@node.DECNET. Makes node::user known as an address.
dnl # Defines: MAIL11_MAILER_PATH, _ARGS, _FLAGS (all of F=), _QGRP;
dnl # MODIFY_MAILER_FLAGS of MAIL11. DECNET_RELAY counts no more for such hosts.
_DEFIFNOT(`MAIL11_MAILER_PATH', `/usr/etc/mail11')
_DEFIFNOT(`MAIL11_MAILER_FLAGS', `nsFx')
_DEFIFNOT(`MAIL11_MAILER_ARGS', `mail11 $g $x $h $u')
_MAY_QUEUE(`MAIL11', `MAIL11_MAILER_QGRP')
define(`_USE_DECNET_SYNTAX_', `1')
define(`_LOCAL_', ifdef(`confLOCAL_MAILER', `confLOCAL_MAILER', `local'))

PUSHDIVERT(3)
# DECnet: u < @ n .DECNET. > -> $#mail11 $@ n $: u; other nodes by their areas
R$+ < @ $+ .DECNET. >	$#mail11 $@ $2 $: $1
POPDIVERT
PUSHDIVERT(6)
# names in DECNET need no name server
CPDECNET
POPDIVERT
divert(7)

######## mailer mail11 ########
VERSIONID(`mailer mail11')

# Mail11To: recipient, envelope and header: names of ours go
#	u < @ ours. > -> u	ours::u -> u	u < @ h .UUCP > -> h!u
SMail11To
R$+ < @ $- .UUCP >	$: $2 ! $1
R$+ < @ $=w . >		$: $1
R$=w :: $+		$2

# Mail11From: sender, likewise
SMail11From
R$*			$: $>Mail11To $1

_MAILER(`mail11', `MAIL11_MAILER_PATH', `_MODMF_(MAIL11_MAILER_FLAGS, `MAIL11')', `S=Mail11From, R=Mail11To,', `', `DNS/X-DECnet/X-Unix,_MAIL11_QGRP', `MAIL11_MAILER_ARGS')
