divert(-1)
dnl # FEATURE(domainmap, domain, map): every domain has a table of its own users: the local
dnl # part (without +detail) is looked up, the answer takes the place of the address
dnl # (and gets the detail, if it has a domain); who is not found is refused. May be
dnl # used several times, once for each domain.
dnl #	domain	the domain; its map is called domain_ and the name with - and . as _
dnl #	map	the rest of the K line
dnl # DOMAINMAP_NO_REGEX, defined before: do without a regex map (no - in domains).
dnl # Example: FEATURE(`domainmap', `example.com', `hash /etc/mail/users.example.com')
ifdef(`_DOMAIN_MAP_', `', `define(`_DOMAIN_MAP_', `1')
LOCAL_CONFIG
ifdef(`DOMAINMAP_NO_REGEX', `', `Kdomainmap_regex regex -a.:NOTDONE: -s1,2 -d_ (.*)[-\.]([^-\.]*)$
')dnl
LOCAL_RULE_0
# domainmap: domains with a table of their own
R$* $=O $* < @ $={MappedDomain} . >	$@ $>Recurse $1 $2 $3
R$+ < @ $={MappedDomain} . >	$: $>DomainMapLookup $1 < @ $2 . >
LOCAL_RULESETS
# DomainMapLookup: u < @ d . > -> triple; nobody asks for the sender of an envelope.
# Called by ParseLocal.
#	u < @ d > < name of the map >, then < answer > < +detail > u < @ d >
SDomainMapLookup
R$+ < @ $+ . >		$1 < @ $2 >
R$+ < @ $+ >		$: < $&{addr_type} > $1 < @ $2 >
R< e s > $+ < @ $+ >	$#smtp $@ $2 . $: $1 @ $2 .
R< $* > $+ < @ $+ >	$: $2 < @ $3 > < $3 >
ifdef(`DOMAINMAP_NO_REGEX', `R$+ < @ $+ > < $- . $- $* >	$1 < @ $2 > < $(dequote "" $3 "_" $4 $) $5 >
', `R$+ < @ $+ > < $+ >	$: $1 < @ $2 > < $(domainmap_regex $3 $) >
R$+ < @ $+ > < $+ . : NOTDONE : >	$1 < @ $2 > < $(domainmap_regex $3 $) >
')dnl
R$+ < @ $+ > < $- >	$: $1 < @ $2 > < $(dequote "domain_" $3 $) >
R$+ + $* < @ $+ > < $- >	$: < $($4 $1 $: ? $) > < + $2 > $1 + $2 < @ $3 >
R$+ < @ $+ > < $- >	$: < $($3 $1 $: ? $) > < > $1 < @ $2 >
R< $* <TEMP> > < $* > $+ < @ $+ >	$#dsmtp $@ localhost $: $3 @ $4 .
R< ? > < $* > $*	$#error $@ 5.1.1 $: "550 email address lookup in domain map failed"
R< $+ @ $+ > < + $* > $*	$: < $1 + $3 @ $2 > < > $4
R< $+ > < $* > $*	$@ $>Recurse $1
divert(-1)')
LOCAL_CONFIG
C{MappedDomain} _ARG_
Kdomain_`'translit(_ARG_, `.-', `__') _ARG2_ -T<TEMP>
divert(0)dnl
VERSIONID(`feature domainmap')
