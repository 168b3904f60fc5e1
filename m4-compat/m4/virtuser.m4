
# virtusertable: <!> u < @ d . > is one of ours to look up; %1 to %3 of what is found
# are the user, the detail, and that with its +, but all of u if u@d itself is found
#	u+x@d asks u+x@d, u++@d, u+*@d, u@d, ++@d, +*@d, @d	u@d asks u@d, @d
ifdef(`_VIRTUSER_STOP_ONE_LEVEL_RECURSION_', `# (macro RecipientAddress: who is looked up, without a dot at the end)
R$+ < @ $+ >	$: $(macro {RecipientAddress} $) $1 < @ $2 > $(macro {RecipientAddress} $@ $1@$2 $)
R$+ < @ $+ . >	$: $1 < @ $2 . > $(macro {RecipientAddress} $@ $1@$2 $)
')dnl
R$+ < @ $+ >		$: < ? > $1 < @ $2 >
ifdef(`_VIRTUSER_ENTIRE_DOMAIN_', `R< ? > $+ < @ $* $={VirtHost} . >	$: < ! > $1 < @ $2 $3 . >
', `R< ? > $+ < @ $={VirtHost} . >	$: < ! > $1 < @ $2 . >
')dnl
R< ? > $+ < @ $=w . >	$: < ! > $1 < @ $2 . >
_TRY(`virtuser', `!', `^1@^2 ^@ ^1', `^+ < @ ^+ . >', `^1 < @ ^2 . >')
_TRY(`virtuser', `!', `^1++@^3 ^@ ^1 ^@ ^2 ^@ +^2', `^+ + ^+ < @ ^* . >', `^1 + ^2 < @ ^3 . >')
_TRY(`virtuser', `!', `^1+*@^3 ^@ ^1 ^@ ^2 ^@ +^2', `^+ + ^* < @ ^* . >', `^1 + ^2 < @ ^3 . >')
_TRY(`virtuser', `!', `^1@^3 ^@ ^1 ^@ ^2 ^@ +^2', `^+ + ^* < @ ^* . >', `^1 + ^2 < @ ^3 . >')
_TRY(`virtuser', `!', `++@^3 ^@ ^1 ^@ ^2 ^@ +^2', `^+ + ^+ < @ ^+ . >', `^1 + ^2 < @ ^3 . >')
_TRY(`virtuser', `!', `+*@^3 ^@ ^1 ^@ ^2 ^@ +^2', `^+ + ^* < @ ^+ . >', `^1 + ^2 < @ ^3 . >')
_TRY(`virtuser', `!', `@^3 ^@ ^1 ^@ ^2 ^@ +^2', `^+ + ^* < @ ^+ . >', `^1 + ^2 < @ ^3 . >', `?')
_TRY(`virtuser', `!', `@^2 ^@ ^1', `^+ < @ ^+ . >', `^1 < @ ^2 . >', `?')
R< ! > $+ < @ $+ >	$: $1 < @ $2 >
R< ? > $+ < @ $+ >	$: $1 < @ $2 >
R< error : $- . $- . $- : $+ > $*	$#error $@ $1.$2.$3 $: $4
R< error : $- $+ > $*	$#error $@ $1 $: $2
ifdef(`_VIRTUSER_STOP_ONE_LEVEL_RECURSION_', `# (an entry that gives the address itself ends the search)
R< $&{RecipientAddress} > $+ < @ $+ >	$: $1 < @ $2 >
')dnl
ifdef(`_NO_VIRTUSER_RECURSION_', `R< $+ > $+ < @ $+ >	$: $>ParseLocal $>Parse0 $>canonify $1
', `R< $+ > $+ < @ $+ >	$: $>Recurse $1
')dnl
