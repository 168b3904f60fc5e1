divert(-1)
dnl # MAILER(local): mailers local (mailboxes) and prog (programs), with the
dnl # rulesets that give local mail its addresses.
dnl # Defines, all read here: LOCAL_MAILER_PATH, _ARGS, _FLAGS, _MAX, _MAXMSGS,
dnl # _MAXRCPTS, _CHARSET, _EOL, _DSN_DIAGNOSTIC_CODE, _QGRP; LOCAL_SHELL_PATH,
dnl # _ARGS, _FLAGS, _DIR; LOCAL_PROG_QGRP; MODIFY_MAILER_FLAGS of LOCAL, SHELL.
_DEFIFNOT(`_DEF_LOCAL_MAILER_FLAGS', `lsDFMAw5:/|@q')
_DEFIFNOT(`LOCAL_MAILER_FLAGS', `Prmn9')
_DEFIFNOT(`LOCAL_MAILER_PATH', `/bin/mail')
_DEFIFNOT(`LOCAL_MAILER_ARGS', `mail -d $u')
_DEFIFNOT(`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE', `X-Unix')
_DEFIFNOT(`_DEF_LOCAL_SHELL_FLAGS', `lsDFMoq')
_DEFIFNOT(`LOCAL_SHELL_FLAGS', `eu9')
_DEFIFNOT(`LOCAL_SHELL_PATH', `/bin/sh')
_DEFIFNOT(`LOCAL_SHELL_ARGS', `sh -c $u')
_DEFIFNOT(`LOCAL_SHELL_DIR', `$z:/')
define(`LOCAL_RWR', `ifdef(`_LOCAL_LMTP_', `S=EnvFromSMTP/HdrFromL, R=EnvToL/HdrToL', `S=EnvFromL/HdrFromL, R=EnvToL/HdrToL')')
define(`_LOCAL_QGRP', `ifelse(defn(`LOCAL_MAILER_QGRP'), `', `', ` Q=LOCAL_MAILER_QGRP,')')
define(`_PROG_QGRP', `ifelse(defn(`LOCAL_PROG_QGRP'), `', `', ` Q=LOCAL_PROG_QGRP,')')
divert(7)

######## mailers local and prog ########
VERSIONID(`mailer local')

# EnvFromL: envelope sender for local mailers; the null sender becomes $n
SEnvFromL
R< @ >			$n
R@ < @ $* >		$n
R$*			$: $>AddDomain $1
ifdef(`_LOCAL_NO_MASQUERADE_', `', `R$*			$: $>MasqEnv $1
')dnl

# EnvToL: envelope recipient for local mailers: the name alone
SEnvToL
R$+ < @ $* >		$: $1
ifdef(`confUSERDB_SPEC', `', `# in a sender +detail goes, so that it is found
R$+ + $*		$: < $&{addr_type} > $1 + $2
R< e s > $+ + $*	$: $1
R< $* > $+		$: $2
')dnl

# HdrFromL: header sender for local mailers
SHdrFromL
R< @ >			$n
R@ < @ $* >		$n
R$*			$: $>AddDomain $1
ifdef(`_LOCAL_NO_MASQUERADE_', `', `R$*			$: $>MasqHdr $1
')dnl

# HdrToL: header recipient for local mailers
SHdrToL
R$*			$: $>AddDomain $1
ifdef(`_ALL_MASQUERADE_', `ifdef(`_LOCAL_NO_MASQUERADE_', `', `R$*			$: $>MasqHdr $1
')', `R$* < @ *LOCAL* > $*	$: $1 < @ $j . > $2
')dnl

# AddDomain: a name without a domain gets one, with always_add_domain
SAddDomain
ifdef(`_ALWAYS_ADD_DOMAIN_', `R$* < @ $* > $*	$@ $1 < @ $2 > $3
R$+			$@ $1 < @ ifelse(len(X`'_ALWAYS_ADD_DOMAIN_), `1', `*LOCAL*', `_ALWAYS_ADD_DOMAIN_') >
')dnl

Mlocal,		P=LOCAL_MAILER_PATH, F=_MODMF_(CONCAT(_DEF_LOCAL_MAILER_FLAGS, LOCAL_MAILER_FLAGS), `LOCAL'), LOCAL_RWR,_OPTINS(`LOCAL_MAILER_EOL', ` E=', `, ')
		_OPTINS(`LOCAL_MAILER_MAX', `M=', `, ')_OPTINS(`LOCAL_MAILER_MAXMSGS', `m=', `, ')_OPTINS(`LOCAL_MAILER_MAXRCPTS', `r=', `, ')_OPTINS(`LOCAL_MAILER_CHARSET', `C=', `, ')T=DNS/RFC822/LOCAL_MAILER_DSN_DIAGNOSTIC_CODE,_LOCAL_QGRP
		A=LOCAL_MAILER_ARGS
Mprog,		P=LOCAL_SHELL_PATH, F=_MODMF_(CONCAT(_DEF_LOCAL_SHELL_FLAGS, LOCAL_SHELL_FLAGS), `SHELL'), S=EnvFromL/HdrFromL, R=EnvToL/HdrToL, D=LOCAL_SHELL_DIR,
		_OPTINS(`LOCAL_MAILER_MAX', `M=', `, ')T=X-Unix/X-Unix/X-Unix,_PROG_QGRP
		A=LOCAL_SHELL_ARGS
