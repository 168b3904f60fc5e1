
######## whose name mail bears ########

# MasqHdr: u < @ d . > or u < @ *LOCAL* > -> the sender as the world shall see it
SMasqHdr=93
R$* < @ *LOCAL* >	$@ $1 < @ $j . >

# MasqEnv: the same for the envelope; only our own host gets its name
SMasqEnv=94
R$* < @ *LOCAL* > $*	$: $1 < @ $j . > $2

# ParseLocal: u < @ d . > -> unchanged or a triple: LOCAL_RULE_0 of the site
SParseLocal=98
undivert(3)dnl
