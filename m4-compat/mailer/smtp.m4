divert(-1)
dnl # MAILER(smtp): mailers smtp, esmtp, smtp8 (8 bits whatever the other side
dnl # says), dsmtp (held for selected queue runs) and relay, with the rulesets
dnl # that give outgoing mail its addresses. One table row makes one mailer.
dnl # Defines, all read here: SMTP_MAILER_FLAGS, _ARGS, _MAX, _MAXMSGS,
dnl # _MAXRCPTS, _CHARSET, _LL, _QGRP; ESMTP_, SMTP8_ and DSMTP_MAILER_ARGS and
dnl # _QGRP; RELAY_MAILER_FLAGS, _ARGS, _MAXMSGS, _CHARSET, _LL, _QGRP;
dnl # MODIFY_MAILER_FLAGS of SMTP, ESMTP, SMTP8, DSMTP, RELAY.
_DEFIFNOT(`_DEF_SMTP_MAILER_FLAGS', `mDFMuX')
_DEFIFNOT(`SMTP_MAILER_FLAGS', `')
_DEFIFNOT(`SMTP_MAILER_ARGS', `TCP $h')
_DEFIFNOT(`ESMTP_MAILER_ARGS', `TCP $h')
_DEFIFNOT(`SMTP8_MAILER_ARGS', `TCP $h')
_DEFIFNOT(`DSMTP_MAILER_ARGS', `TCP $h')
_DEFIFNOT(`SMTP_MAILER_LL', `990')
_DEFIFNOT(`RELAY_MAILER_FLAGS', `SMTP_MAILER_FLAGS')
_DEFIFNOT(`RELAY_MAILER_ARGS', `TCP $h')
_DEFIFNOT(`RELAY_MAILER_LL', `2040')
_MAY_QUEUE(`SMTP', `SMTP_MAILER_QGRP')
_MAY_QUEUE(`ESMTP', `ESMTP_MAILER_QGRP')
_MAY_QUEUE(`SMTP8', `SMTP8_MAILER_QGRP')
_MAY_QUEUE(`DSMTP', `DSMTP_MAILER_QGRP')
_MAY_QUEUE(`RELAY', `RELAY_MAILER_QGRP')

dnl # _SMTP_MAILER(name, prefix, flags, recipient rulesets, prefix of L=, limits): all of
dnl # them send by TCP and name senders alike
define(`_SMTP_MAILER', `_MAILER(`$1', `[IPC]', `_FLAGS(`$2', `_DEF_SMTP_MAILER_FLAGS, $3')', `S=EnvFromSMTP/HdrFromSMTP, R=$4, E=\r\n, L=$5_MAILER_LL,',
`$6', `DNS/RFC822/SMTP,_$2_QGRP', `$2_MAILER_ARGS')
')
define(`_SMTP_MAILERS', `ifelse(`$1', `', `', `_SMTP_MAILER(lower(`$1'), `$1', ``$2', SMTP_MAILER_FLAGS', `_TO_SMTP_', `SMTP', `_LIMITS(`SMTP', `MmrC')')_SMTP_MAILERS(shift(shift($@)))')')
divert(7)

######## mailers smtp, esmtp, smtp8, dsmtp and relay ########
VERSIONID(`mailer smtp')

# MasqSMTP: u -> u < @ *LOCAL* >; what has a domain keeps it
SMasqSMTP
R$* < @ $* > $*		$@ $1 < @ $2 > $3
R$+			$@ $1 < @ *LOCAL* >

# PseudoToReal: a domain that only we understand is hidden behind a real one
#	u < @ h .UUCP. >	-> h!u < @ relay > if UUCP_RELAY names one, or < @ *LOCAL* >
#	h itself, macro h, gets it unchanged, and a!u < @ h .UUCP. > as u < @ a .UUCP. >
#	u < @ h .BITNET. >	-> u%h.BITNET < @ relay >, with BITNET_RELAY
#	< h ! > u	< @@ mailer:relay >
SPseudoToReal
R< @ $+ > $*		$@ < @ $1 > $2
ifdef(`_NO_UUCP_', `', `R$+ < @ $+ .UUCP. >	$: < $2 ! > $1
')dnl
ifdef(`BITNET_RELAY', `R$+ < @ $+ .BITNET. >	$: $1 % $2 .BITNET < @@ $B >
R$* < @@ $- : $+ >	$: $1 < @@ $3 >
R$* < @@ $+ >		$@ $1 < @ $2 >
')dnl
R$* < @ $* > $*		$@ $1 < @ $2 > $3
ifdef(`_NO_UUCP_', `', `R< $&h ! > $- ! $+	$@ $2 < @ $1 .UUCP. >
R< $&h ! > $- . $+ ! $+	$@ $3 < @ $1.$2 >
R< $&h ! > $+		$@ $1 < @ $&h .UUCP. >
R< $+ ! > $+		$: $1 ! $2 < @@ $Y >
R$* < @@ $- : $+ >	$@ $1 < @ $3 >
R$* < @@ >		$@ $1 < @ *LOCAL* >
R$* < @@ $+ >		$@ $1 < @ $2 >
')dnl

# EnvFromSMTP: envelope sender
SEnvFromSMTP
R$+			$: $>MasqSMTP $>PseudoToReal $1
R$* :; < @ >		$@
R$*			$: $>MasqEnv $1

# EnvToSMTP: envelope recipient, and header recipient too
SEnvToSMTP
R$+			$: $>MasqSMTP $>PseudoToReal $1
_OUR_NAME

# HdrFromSMTP: header sender; header recipient with allmasquerade
SHdrFromSMTP
R$+			$: $>PseudoToReal $1
R:; < @ >		$@
R$* < @ > $*		$@ $1 < @ > $2
R< @ $* > $*		$@ < @ $1 > $2
R$+			$: $>MasqHdr $>MasqSMTP $1

# MasqRelay: header recipient for the relay, with allmasquerade
SMasqRelay
R$+			$: $>MasqHdr $>MasqSMTP $1

_SMTP_MAILERS(`SMTP', `', `ESMTP', `a', `SMTP8', `8', `DSMTP', `a%')dnl
_SMTP_MAILER(`relay', `RELAY', ``a8', RELAY_MAILER_FLAGS', `ifdef(`_ALL_MASQUERADE_', `MasqSMTP/MasqRelay', `MasqSMTP')', `RELAY', `_LIMITS(`RELAY', `Cm')_LIMITS(`SMTP', `r')')dnl
