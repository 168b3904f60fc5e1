divert(-1)
dnl # FEATURE(bestmx_is_local, domains): a domain whose best mail exchanger is this host is
dnl # local, without being named in class w. Costs a look-up for each address.
dnl #	domains	class B: look up these and what is below them only
dnl # Example: FEATURE(`bestmx_is_local', `example.com')
define(`_BESTMX_IS_LOCAL_', _ARG_)
LOCAL_CONFIG
Kbestmx bestmx
ifelse(len(X`'_ARG_), `1', `', `CB`'_ARG_
')dnl
LOCAL_NET_CONFIG
# bestmx_is_local: best exchanger of d $| u < @ d >
ifelse(len(X`'_ARG_), `1', `R$* < @ $* > $*		$: $(bestmx $2 $) $| $1 < @ $2 > $3
', `R$* < @ $* $=B . > $*	$: $(bestmx $2 $3 . $) $| $1 < @ $2 $3 . > $4
')dnl
R$=w . $| $* $=O $* < @ $* > $*	$@ $>Recurse $2 $3 $4
R$=w . $| $* < @ $* > $*	$@ $>CanonLocal < $2 >
# of a domain with an @ only what precedes it is kept
R$* $| $* < @ $* @@ $* > $*	$: $2 < @ $3 > $5
R$* $| $* < @ $* @ > $*	$: $2 < @ $3 > $4
R$* $| $* < @ $* > $*	$: $2 < @ $3 > $4
divert(0)dnl
VERSIONID(`feature bestmx_is_local')
