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
_MAY_QUEUE(`LOCAL', `LOCAL_MAILER_QGRP')
_MAY_QUEUE(`PROG', `LOCAL_PROG_QGRP')
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
')', `_OUR_NAME
')dnl

# AddDomain: a name without a domain gets one, with always_add_domain
SAddDomain
ifdef(`_ALWAYS_ADD_DOMAIN_', `R$* < @ $* > $*	$@ $1 < @ $2 > $3
R$+			$@ $1 < @ ifelse(len(X`'_ALWAYS_ADD_DOMAIN_), `1', `*LOCAL*', `_ALWAYS_ADD_DOMAIN_') >
')dnl

_MAILER(`local', `LOCAL_MAILER_PATH', `_FLAGS(`LOCAL', `_DEF_LOCAL_MAILER_FLAGS, LOCAL_MAILER_FLAGS')', `LOCAL_RWR,_OPTINS(`LOCAL_MAILER_EOL', ` E=', `, ')',
`_LIMITS(`LOCAL', `MmrC')', `DNS/RFC822/LOCAL_MAILER_DSN_DIAGNOSTIC_CODE,_LOCAL_QGRP', `LOCAL_MAILER_ARGS')
_MAILER(`prog', `LOCAL_SHELL_PATH', `_FLAGS(`SHELL', `_DEF_LOCAL_SHELL_FLAGS, LOCAL_SHELL_FLAGS')', `S=EnvFromL/HdrFromL, R=EnvToL/HdrToL, D=LOCAL_SHELL_DIR,',
`_LIMITS(`LOCAL', `M')', `X-Unix/X-Unix/X-Unix,_PROG_QGRP', `LOCAL_SHELL_ARGS')
