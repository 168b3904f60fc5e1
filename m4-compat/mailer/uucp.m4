divert(-1)
dnl # MAILER(uucp): mail to neighbours by uux. Mailers uucp-old (alias uucp: bang
dnl # paths, one recipient at a time), uucp-new (alias suucp: several at a time)
dnl # and, if MAILER(smtp) came before, uucp-dom and uucp-uudom, which write
dnl # domains instead of bang paths (uucp-uudom: not in the envelope sender).
dnl # Neighbours are named by SITECONFIG and SITE: class U gets uucp-old, class Y
dnl # uucp-new, class Z uucp-uudom; other .UUCP hosts get confUUCP_MAILER.
dnl # Defines, all read here: UUCP_MAILER_PATH, _ARGS, _FLAGS, _MAX (or
dnl # UUCP_MAX_SIZE), _CHARSET, _QGRP; MODIFY_MAILER_FLAGS of UUCP.
_DEFIFNOT(`UUCP_MAILER_PATH', `/usr/bin/uux')
_DEFIFNOT(`UUCP_MAILER_ARGS', `uux - -r -a$g -gC $h!rmail ($u)')
_DEFIFNOT(`UUCP_MAILER_FLAGS', `')
_DEFIFNOT(`UUCP_MAILER_MAX', `ifdef(`UUCP_MAX_SIZE', `UUCP_MAX_SIZE', `100000')')
_MAY_QUEUE(`UUCP', `UUCP_MAILER_QGRP')

dnl # _UUCP_MAILER(name, flags, sender rulesets, recipient rulesets)
define(`_UUCP_MAILER', `_MAILER(`$1', `UUCP_MAILER_PATH', `_FLAGS(`UUCP', ``$2', UUCP_MAILER_FLAGS')', `S=$3, R=$4,',
`_LIMITS(`UUCP', `MC')', `X-UUCP/X-UUCP/X-Unix,_UUCP_QGRP', `UUCP_MAILER_ARGS')')
dnl # _UUCP_NEIGHBOURS(class, mailer)
define(`_UUCP_NEIGHBOURS', `_RULES(`R^* < @ ^=$1 . UUCP. > ^*	^#$2 ^@ ^2 ^: ^1 < @ ^2 .UUCP. > ^3')')
ifdef(`_MAILER_smtp_', `',
`errprint(`*** MAILER(`smtp') must appear before MAILER(`uucp')
    if uucp-dom should be included.')')

PUSHDIVERT(4)
# neighbours, by what their software understands
_UUCP_NEIGHBOURS(`Z', `uucp-uudom')
_UUCP_NEIGHBOURS(`Y', `uucp-new')
_UUCP_NEIGHBOURS(`U', `uucp-old')
POPDIVERT
divert(7)

######## mailers of UUCP ########
VERSIONID(`mailer uucp')

# FromU: sender, envelope and header: the way back to here
#	u < @ h .UUCP. > -> ourname!h!u		u < @ ours. > -> ourname!u
SFromU
R< @ >			$n
R$*			$@ $>HdrToU $1

# EnvToU: envelope recipient: the way there
#	u < @ h .UUCP. > -> h!u			u < @ ours. > -> u
#	< @ h . > : u@d -> h!u@d
SEnvToU
R:; < @ >		$@
R$* < @ $* . > $*	$1 < @ $2 > $3
R$* < @ $=w >		$: $1
R< @ $- .UUCP > : $+	$: $1 ! $2
R< @ $+ > : $+		$: $1 ! $2
R$* < @ $- .UUCP >	$2 ! $1
R$* < @ $+ >		$2 ! $1

# HdrToU: header recipient: the way there by way of us, since a reply starts
# at the neighbour. We are U, our name in UUCP, or else the name of the machine;
# what begins with the neighbour, macro h, needs no way to it.
SHdrToU
R:; < @ >		$@
R$*			$: $>EnvToU $1
R$&h ! $+ ! $+		$@ $1 ! $2
R$&h ! $+		$@ $&h ! $1
R$+			$: $U ! $1
R! $+			$: $k ! $1
ifdef(`_MAILER_smtp_', `
# EnvFromUD: envelope sender for uucp-dom: as for SMTP
SEnvFromUD
R< @ >			$n
R$+			$@ $>EnvFromSMTP $1

# EnvFromUUD: envelope sender for uucp-uudom: the same, but u < @ d . > -> d!u
SEnvFromUUD
R$*			$: $>EnvFromUD $1
R$* < @ $* . > $*	$1 < @ $2 > $3
R< @ $- .UUCP > : $+	$@ $1 ! $2
R< @ $+ > : $+		$@ $1 ! $2
R$* < @ $- .UUCP >	$@ $2 ! $1
R$* < @ $+ >		$@ $2 ! $1
')dnl

_UUCP_MAILER(`uucp', `DFMhuUd', `FromU', `EnvToU/HdrToU')
_UUCP_MAILER(`uucp-old', `DFMhuUd', `FromU', `EnvToU/HdrToU')
_UUCP_MAILER(`suucp', `mDFMhuUd', `FromU', `EnvToU/HdrToU')
_UUCP_MAILER(`uucp-new', `mDFMhuUd', `FromU', `EnvToU/HdrToU')
ifdef(`_MAILER_smtp_', `_UUCP_MAILER(`uucp-dom', `mDFMhud', `EnvFromUD/HdrFromSMTP', _TO_SMTP_)
_UUCP_MAILER(`uucp-uudom', `mDFMhud', `EnvFromUUD/HdrFromSMTP', _TO_SMTP_)
')dnl
