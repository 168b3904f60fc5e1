divert(-1)
dnl # FEATURE(rhsbl, zone, answer, later): senders whose domain a DNS list knows are
dnl # refused. May be used several times. With FEATURE(access_db), a sender with OK or
dnl # RELAY under the tag rhs (by address or by domain) is not looked up.
dnl #	zone	the domain of the list
dnl #	answer	the error with its code, quoted as in a rule; else 550 and a text
dnl #	later	what to say while the list cannot be asked: t for 451 and a text, or an
dnl #		error with its code; else such a sender is let in
dnl # Example: FEATURE(`rhsbl', `rhsbl.example', `', `t')
ifdef(`_RHSBL_R_', `', `define(`_RHSBL_R_', `')ifdef(`_DNSBL_R_', `', `
LOCAL_CONFIG
Kdnsbl host -T<TMP>
divert(-1)')')
define(`_RHSBL_SRV_', `_ARG_')
define(`_RHSBL_MSG_', ifelse(len(X`'_ARG2_), `1', ``"550 Mail from " $&{RHS} " refused by blackhole site '_ARG_`"'', `_ARG2_'))
define(`_RHSBL_MSG_TMP_', ifelse(_ARG3_, `t', ``"451 Temporary lookup failure of " $&{RHS} " at '_ARG_`"'', `_ARG3_'))
LOCAL_DNSBL

# is the domain of the sender listed at _RHSBL_SRV_?
R$+			$: < ? > $>CanonAddr $&f
R< ? > $+ < @ $+ . >	$: < ? > $1 < @ $2 > $| $>SearchList < + rhs > $| < F:$1@$2 > < D:$2 > < >
R< ? > $+ $| < $={Accept} >	$: OKSOFAR
R< ? > $* < @ $+ > $| $*	$: < ? > $2 $| $(dnsbl $2._RHSBL_SRV_. $: OK $) $(macro {RHS} $@ $2 $)
R< ? > $+ $| OK		$: OKSOFAR
ifelse(len(X`'_ARG3_), `1', `R< ? > $+ $| $+ <TMP>	$: TMPOK
', `R< ? > $+ $| $* <TMP>	$#error $@ 4.7.1 $: _RHSBL_MSG_TMP_
')dnl
R< ? > $+ $| $+		$#error $@ 5.7.1 $: _RHSBL_MSG_
R< ? > $*		$: OKSOFAR
divert(0)dnl
VERSIONID(`feature rhsbl')
