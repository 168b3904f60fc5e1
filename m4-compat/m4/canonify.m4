divert(-1)
dnl # _CLASS_NEIGHBOUR(letter): names of neighbours that SITECONFIG knows are not
dnl # looked up
define(`_CLASS_NEIGHBOUR', `ifdef(`_CLASS_$1_', `R$'`* < @ $=$1 .UUCP > $'`*	$: $'`1 < @ $'`2 .UUCP . > $'`3
')')
divert(0)dnl

######## addresses: to the canonical form and back ########

# canonify: an address as written -> u < @ d . >, focused on the domain that
# decides where it goes; u alone if it has none. First for every address.
#	Joe <u@d> x	-> u < @ d >
#	h!u		-> u < @ h .UUCP >
#	nothing, <>	-> < @ >
Scanonify=3
R$@			$@ < @ >

# < @ > at the end: the first colon may end the name of a list; no more when one has
# gone, from a literal, or from what has both angle brackets
R$*			$: $1 < @ >
R$* : $* [ $* ] < @ >	$: $2 [ $3 ]
R$* < $+ :; > $*	$@ $2 :; < @ >
R$* < $* > $* < @ >	$: $1 < $2 > $3
R$* [ IPv6 : $+ ] < @ >	$: $1 [ IPv6 : $2 ]

# no colon goes from a route, a file of addresses, host::user
#	list:u@d -> u@d		list:; -> :; < @ >
R@ $* < @ >		$: @ $1
R: include : $* < @ >	$: : include : $1
R$* :: $* < @ >		$: $1 :: $2
R$* : $* < @ >		$: $2
R$* < @ >		$: $1
R$* ;			$1
R$* < $* ; >		$1 < $2 >
R$@			$@ :; < @ >

# the last pair of angle brackets, or what one bracket leaves, is the address
R$* < $*		$2
R$* > $*		$: $1
R$@			$@ < @ >

ifdef(`_USE_DEPRECATED_ROUTE_ADDR_', `# a route goes as a whole to its first host	@a,@b:u@d -> < @ a > , @b:u@d
R@ $+ , $+		@ $1 : $2
ifdef(`NO_NETINET6', `', `R@ [ $+ ] : $+		$@ $>Canonify2 < @ [ $1 ] > : $2
')dnl
R@ $+ : $+		$@ $>Canonify2 < @ $1 > : $2
', `# a route is left out	@a,@b:u@d -> u@d
R@ $+ , @ $+		@ $2
R@ $+ , $+		$2
ifdef(`NO_NETINET6', `', `R@ [ $* ] : $+		$2
')dnl
R@ $+ : $+		$2
')dnl

# a list that kept its colon, in brackets for example, is focused on what follows
# its end, or not at all	a:b;@c -> a:b; < @ c >	a:b@c; -> a:b@c;
R$+ : $* ; @ $+		$@ $>Canonify2 $1 : $2 ; < @ $3 >
R$+ : $* ;		$@ $1 : $2 ;

# the focus is the last @	a@b@c -> a@b < @ c >
R$+ @ $+		$: $1 < @ $2 >
R$+ < @ $* @ $+ >	$1 @ $2 < @ $3 >
R$* < @ $* >		$@ $>Canonify2 $1 < @ $2 >

ifdef(`_NO_UUCP_', `', `# without one: the first !	h!u -> u < @ h .UUCP >	d.e!u -> u < @ d.e >
R$- ! $+		$@ $>Canonify2 $2 < @ $1 .UUCP >
R$+ . $- ! $+		$@ $>Canonify2 $3 < @ $1 . $2 >
R$+ ! $+		$@ $>Canonify2 $2 < @ $1 .UUCP >
')dnl
ifdef(`_USE_DECNET_SYNTAX_', `# n::u -> u < @ n .DECNET >
R$- :: $+		$@ $>Canonify2 $2 < @ $1 .DECNET >
R$- . $- :: $+		$@ $>Canonify2 $3 < @ $1 . $2 .DECNET >
')dnl
ifdef(`_NO_PERCENTHACK_', `', `# then the last %	u%a%b -> u%a < @ b >
R$* % $*		$1 @ $2
R$* @ $* @ $*		$1 % $2 @ $3
')dnl
R$* @ $*		$@ $>Canonify2 $1 < @ $2 >
R$+			$@ $>Canonify2 $1

# Canonify2: u < @ d > -> u < @ d . >, d being a name that needs no more
# looking up; u < @ d > if it was looked up and not found. Called by canonify.
#	u < @ localhost >	-> u < @ $j . >
#	u < @ known >		-> u < @ known.example. >
#	u < @ nowhere >		-> u < @ nowhere >
SCanonify2=96

# this host by its standing names
R$* < @ localhost > $*		$: $1 < @ $j . > $2
R$* < @ localhost . $m > $*	$: $1 < @ $j . > $2
ifdef(`_NO_UUCP_', `', `R$* < @ localhost .UUCP > $*	$: $1 < @ $j . > $2
')dnl

# a literal is either one of ours or stays what it is
R$* < @ [ $+ ] > $*		$: $1 < @@ [ $2 ] > $3
R$* < @@ $=w > $*		$: $1 < @ $j . > $3
R$* < @@ $+ > $*		$@ $1 < @ $2 > $3
ifdef(`_DOMAIN_TABLE_', `
# domaintable: other names for the same domain
R$* < @ $+ > $*			$: $1 < @ $(domaintable $2 $) > $3
')dnl
undivert(2)dnl
ifdef(`_BITDOMAIN_TABLE_', `
# bitdomain: hosts of BITNET with a name in the Internet
R$* < @ $+ .BITNET > $*		$: $1 < @ $(bitdomain $2 $: $2 .BITNET $) > $3
')dnl
ifdef(`_UUDOMAIN_TABLE_', `
# uucpdomain: hosts of UUCP with a name in the Internet
R$* < @ $+ .UUCP > $*		$: $1 < @ $(uudomain $2 $: $2 .UUCP $) > $3
')dnl
ifdef(`_NO_UUCP_', `', `ifdef(`UUCP_RELAY', `
# UUCP: hosts keep their names
R$* < @ $+ .UUCP > $*	$: $1 < @ $2 .UUCP . > $3
', `_CLASS_NEIGHBOUR(`U')_CLASS_NEIGHBOUR(`V')_CLASS_NEIGHBOUR(`W')_CLASS_NEIGHBOUR(`X')_CLASS_NEIGHBOUR(`Y')dnl
ifdef(`_NO_CANONIFY_', `', `
# UUCP: a host whose name the name server knows, or that ends in a dot, needs no
# .UUCP
R$* < @ $+ .UUCP > $*	$: $1 < @ $[ $2 $] .UUCP. > $3
R$* < @ $+ . .UUCP. > $*	$@ $1 < @ $2 . > $3
')')')dnl

# P: last parts that no name server knows
_CANONICAL_BELOW(`P')

# all others: ask, unless the site or the listener says otherwise (flags c and C)
#	u < @ d > $| flags
R$* < @ $* $~P > $*		$: $1 < @ $2 $3 > $4 $| $&{daemon_flags}
ifdef(`_NO_CANONIFY_', `R$* < @ $* $={Canonify} > $* $| $*	$: $1 < @ $[ $2 $3 $] > $4
R$* < @ $* > $* $| $* c $*	$: $1 < @ $[ $2 $] > $3
R$* < @ $+ . $+ > $* $| $*	$: $1 < @ $2 . $3 . > $4
ifdef(`_CANONIFY_HOSTS_', `R$* < @ $* > $* $| $*	$: $1 < @ $[ $2 $] > $3
')dnl
R$* $| $*			$: $1
', `ifdef(`_FFR_NOCANONIFY_HEADERS', `# (names in headers are left as they are)
R$* $| $*			$: $1 $| $2 $| $&{addr_type}
R$* < @ $+ . $+ > $* $| $* $| $* h $*	$: $1 < @ $2 . $3 . > $4
R$* $| $* $| $* h $*		$: $1
R$* $| $* $| $*			$: $1 $| $2
')dnl
R$* < @ $+ . $+ > $* $| $* CC $*	$: $1 < @ $2 . $3 . > $4
R$* $| $* CC $*			$: $1
R$* < @ $* > $* $| $*		$: $1 < @ $[ $2 $] > $3
')dnl

# our own domains are canonical by definition
_CANONICAL(`w')
_CANONICAL_IF(`_MASQUERADE_ENTIRE_DOMAIN_', `M')
ifdef(`_VIRTUSER_TABLE_', `_CANONICAL_IF(`_VIRTUSER_ENTIRE_DOMAIN_', `{VirtHost}')
')dnl
ifdef(`_GENERICS_TABLE_', `_CANONICAL_IF(`_GENERICS_ENTIRE_DOMAIN_', `G')
')dnl
R$* < @ $* . . > $*		$1 < @ $2 . > $3

# final: canonical form -> text for the outside. Last for every address.
#	u < @ d . >		-> u@d
#	u < @ *LOCAL* >		-> u@$j
#	u < @ h .UUCP. >	-> h!u
Sfinal=4
R$+ :; < @ >		$@ $1 :
R$* < @ >			$@
R$* < @ $+ . > $*		$1 < @ $2 > $3
R$* < @ *LOCAL* > $*		$1 @ $j $2
R$* < $+ > $*			$1 $2 $3
R@ $+ : @ $+ : $+	@ $1 , @ $2 : $3
R@ $*			$@ @ $1
ifdef(`_NO_UUCP_', `', `R$+ @ $- .UUCP		$2 ! $1
')dnl
ifdef(`_USE_DECNET_SYNTAX_', `R$+ @ $+ .DECNET		$2 :: $1
')dnl
R$* % $=w @ $=w			$1 @ $2
