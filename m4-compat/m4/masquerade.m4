
######## whose name mail bears ########

# MasqHdr: u < @ d . > or u < @ *LOCAL* > -> the sender as the world shall see it
#	u < @ *LOCAL* >		-> u < @ masquerade . >, or < @ $j . > without one
#	u < @ ourname. >	-> u < @ masquerade . >
#	u < @ other. >		-> unchanged
SMasqHdr=93
ifdef(`_GENERICS_TABLE_', `
# genericstable: < u@d > u < @ focus > @ is to be looked up; < @ u@d > has not been
# found so far, < > not at all
#	u+x@d asks u+x@d, u+*@d, u@d, @d, u+x, u+*, u	u@d asks u@d, @d, u
# *LOCAL* has no @d. An address that begins a comment finds one that is empty.
R$+ < @ *LOCAL* >	$: < $1@$j > $1 < @ *LOCAL* > @
ifdef(`_GENERICS_ENTIRE_DOMAIN_', `R$+ < @ $* $=G . >	$: < $1@$2$3 > $1 < @ $2 $3 . > @
', `R$+ < @ $=G . >	$: < $1@$2 > $1 < @ $2 . > @
')dnl
R< $+ > $+ < $* > @	$: < $(generics $1 $: @ $1 $) > $2 < $3 >
R< @ $+ + $* @ $+ > $+ < @ $+ >	$: < $(generics $1+*@$3 $@ $2 $: @ $1+$2@$3 $) > $4 < @ $5 >
R< @ $+ + $* @ $+ > $+ < @ $+ >	$: < $(generics $1@$3 $: $) > $4 < @ $5 >
R< @ $+ > $+ < @ $+ >	$: < > $2 < @ $3 >
R< > $+ < @ $+ . >	$: < $(generics @$2 $@ $1 $: $) > $1 < @ $2 . >
R< > $+ < @ $+ >	$: < $(generics $1 $: $) > $1 < @ $2 >
R< > $+ + $* < @ $+ >	$: < $(generics $1+* $@ $2 $: $) > $1 + $2 < @ $3 >
R< > $+ + $* < @ $+ >	$: < $(generics $1 $: $) > $1 + $2 < @ $3 >
R< $* @ $* > $* < $* >	$@ $>canonify $1 @ $2
R< $+ > $* < $* >	$: $>canonify $1 @ *LOCAL*
R< > $*			$: $1
')dnl
ifdef(`MASQUERADE_NAME', `
# domains of class N and users of class E are seen as they are
R$* < @ $* $=N . >	$@ $1 < @ $2 $3 . >
R$=E < @ *LOCAL* >	$@ $1 < @ $j . >
ifdef(`_MASQUERADE_ENTIRE_DOMAIN_', `R$=E < @ $* $=M . >	$@ $1 < @ $2 $3 . >
', `R$=E < @ $=M . >	$@ $1 < @ $2 . >
')dnl
ifdef(`_LIMITED_MASQUERADE_', `', `R$=E < @ $=w . >	$@ $1 < @ $2 . >
')dnl

# all others of ours: u < @ d . @ masquerade >
R$* < @ *LOCAL* > $*	$: $1 < @ $j . @ $M > $2
ifdef(`_MASQUERADE_ENTIRE_DOMAIN_', `R$* < @ $* $=M . > $*	$: $1 < @ $2 $3 . @ $M > $4
', `R$* < @ $=M . > $*	$: $1 < @ $2 . @ $M > $3
')dnl
ifdef(`_LIMITED_MASQUERADE_', `', `R$* < @ $=w . > $*	$: $1 < @ $2 . @ $M > $3
')dnl
R$* < @ $+ @ > $*	$: $1 < @ $2 > $3
R$* < @ $+ @ $+ > $*	$: $1 < @ $3 . > $4
', `R$* < @ *LOCAL* >	$: $1 < @ $j . >
')dnl

# MasqEnv: the same for the envelope; unless that is masqueraded too, only our
# own host gets its name
SMasqEnv=94
ifdef(`_MASQUERADE_ENVELOPE_', `R$+			$: $>MasqHdr $1
', `R$* < @ *LOCAL* > $*	$: $1 < @ $j . > $2
')dnl

# ParseLocal: u < @ d . > -> unchanged or a triple: first rules of the site
SParseLocal=98
undivert(3)dnl
