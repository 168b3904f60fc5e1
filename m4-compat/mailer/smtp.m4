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
define(`_SMTP_QUEUE', `define(`_$1_QGRP', `ifelse(defn(`$1_MAILER_QGRP'), `', `', ` Q=$1_MAILER_QGRP,')')')
_SMTP_QUEUE(`SMTP')_SMTP_QUEUE(`ESMTP')_SMTP_QUEUE(`SMTP8')_SMTP_QUEUE(`DSMTP')_SMTP_QUEUE(`RELAY')

dnl # _SMTP_MAILER(name, prefix of its defines, more flags)
define(`_SMTP_MAILER', `M$1,		P=[IPC], F=_MODMF_(CONCAT(_DEF_SMTP_MAILER_FLAGS, `$3', SMTP_MAILER_FLAGS), `$2'), S=EnvFromSMTP/HdrFromSMTP, R=ifdef(`_ALL_MASQUERADE_', `EnvToSMTP/HdrFromSMTP', `EnvToSMTP'), E=\r\n, L=SMTP_MAILER_LL,
		_OPTINS(`SMTP_MAILER_MAX', `M=', `, ')_OPTINS(`SMTP_MAILER_MAXMSGS', `m=', `, ')_OPTINS(`SMTP_MAILER_MAXRCPTS', `r=', `, ')_OPTINS(`SMTP_MAILER_CHARSET', `C=', `, ')T=DNS/RFC822/SMTP,_$2_QGRP
		A=$2_MAILER_ARGS')
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
R$+			$: $>PseudoToReal $1
R$+			$: $>MasqSMTP $1
R$* :; < @ >		$@
R$*			$: $>MasqEnv $1

# EnvToSMTP: envelope recipient, and header recipient too
SEnvToSMTP
R$+			$: $>PseudoToReal $1
R$+			$: $>MasqSMTP $1
R$* < @ *LOCAL* > $*	$: $1 < @ $j . > $2

# HdrFromSMTP: header sender; header recipient with allmasquerade
SHdrFromSMTP
R$+			$: $>PseudoToReal $1
R:; < @ >		$@
R$* < @ > $*		$@ $1 < @ > $2
R< @ $* > $*		$@ < @ $1 > $2
R$+			$: $>MasqSMTP $1
R$+			$: $>MasqHdr $1

# MasqRelay: header recipient for the relay, with allmasquerade
SMasqRelay
R$+			$: $>MasqSMTP $1
R$+			$: $>MasqHdr $1

_SMTP_MAILER(`smtp', `SMTP', `')
_SMTP_MAILER(`esmtp', `ESMTP', `a')
_SMTP_MAILER(`smtp8', `SMTP8', `8')
_SMTP_MAILER(`dsmtp', `DSMTP', `a%')
Mrelay,		P=[IPC], F=_MODMF_(CONCAT(_DEF_SMTP_MAILER_FLAGS, `a8', RELAY_MAILER_FLAGS), `RELAY'), S=EnvFromSMTP/HdrFromSMTP, R=ifdef(`_ALL_MASQUERADE_', `MasqSMTP/MasqRelay', `MasqSMTP'), E=\r\n, L=RELAY_MAILER_LL,
		_OPTINS(`RELAY_MAILER_CHARSET', `C=', `, ')_OPTINS(`RELAY_MAILER_MAXMSGS', `m=', `, ')_OPTINS(`SMTP_MAILER_MAXRCPTS', `r=', `, ')T=DNS/RFC822/SMTP,_RELAY_QGRP
		A=RELAY_MAILER_ARGS
