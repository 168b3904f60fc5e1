divert(-1)
dnl # _TO_LOCAL(user, name without a domain, name, domain, user delivered to): the first
dnl # two are patterns
define(`_TO_LOCAL', `_RULES(`R< $1 > ^* < @ ^* . >	^#_LOCAL_ ^@ $3 @ $4 ^: $5
R< $1 > ^* < @ ^* > ^*	^#_LOCAL_ ^@ $3 @ $4 ^: $5
R< $1 > $2	^#_LOCAL_ ^@ $3 ^: $5')')
divert(0)dnl

######## local delivery and tables ########

# Local_localaddr: rules of the site; $#ok keeps the name, another triple
# takes its place.
SLocal_localaddr

# localaddr: a local name that is no alias -> triple, or unchanged to be
# delivered here. Asked by mailers with flag 5.
#	u+detail	-> $#local $@ +detail $: u+*, then $#local $: u
Slocaladdr=5
_ASK_BESIDE(`"Local_localaddr" ^1', `', `^#ok	^@ ^1')
ifdef(`_FFR_5_', `# a domain at the name is put aside, macro LocalAddrHost: @domain, or nothing
R$+			$: $(macro {LocalAddrHost} $) $1
R$+ @ $+		$: $(macro {LocalAddrHost} $@ @$2 $) $1
')dnl
ifdef(`_PRESERVE_LOCAL_PLUS_DETAIL_', `', `R$+ + *		$#_LOCAL_ $@ $&h $: $1`'_LOCAL_HOST
R$+ + $*		$#_LOCAL_ $@ + $2 $: $1 + *`'_LOCAL_HOST
')dnl

ifdef(`_PRESERVE_LUSER_HOST_', `
# macro Host: the domain that the name was written with, if the mailer knows
R$+			$: $1 $| $&h
R$+ $| $* @ $+		$: $1 $(macro {Host} $@ @$3 $)
R$+ $| + $*		$: $1
R$+ $| $+		$: $1 $(macro {Host} $@ @$2 $)
R$+ $|			$: $1
')dnl

# who else may know the name: < relay > u
R$+			$: < > $1
ifdef(`LUSER_RELAY', `ifdef(`_PRESERVE_LOCAL_PLUS_DETAIL_', `R< > $+ + $*		$: < $L > $(user $1 $) < + $2 >
')dnl
R< > $+			$: < $L > $(user $1 $)
ifdef(`_PRESERVE_LOCAL_PLUS_DETAIL_', `R< $* > $+ < + $* > $*	$: < $1 > $4 $2 + $3
')dnl
R< $* > $+ < > $*	$: < > $2 $3
')dnl
R< $* > $+ < > $*	$: < > $2
ifdef(`MAIL_HUB', `R< > $+		$: < $H > $1
')dnl
ifdef(`LOCAL_RELAY', `R< > $+		$: < $R > $1
')dnl
ifdef(`_PRESERVE_LOCAL_PLUS_DETAIL_', `', `R< $* > $+		$: < $1 > $2 $| $&h
R< > $+ $| + $*		$#_LOCAL_ $@ $2 $: @ $1`'_LOCAL_HOST
ifdef(`_PRESERVE_LUSER_HOST_', `R< $- : $+ @ $+ > $+ $| + $*	$: < $1 : $2 + $5 @ $3 > $4
R< $* > $+ @ $* $| + $*	$: < $1 > $2 + $4 @ $3
')dnl
R< $* > $+ $| + $*	$: < $1 > $2 + $3
R< $* > $+ $| $*	$: < $1 > $2
')dnl
R< $+ > < >		$: < $1 >
R< > $+			$@ $1
ifdef(`_PRESERVE_LUSER_HOST_', `R< $+ > $+		$: < $1 > $2 $&{Host}
')dnl
R< local : $* > $*	$: $>MailerToTriple < local : $1 > $2
R< error : $* > $*	$: $>MailerToTriple < error : $1 > $2
ifdef(`_PRESERVE_LUSER_HOST_', `R< $+ > $+ @ $+		$: $>MailerToTriple < $1 > $2 < @ $3 >
')dnl
R< $- : $+ > $+		$: $>MailerToTriple < $1 : $2 > $3 < @ $2 >
R< $+ > $+		$: $>MailerToTriple < $1 > $2 < @ $1 >

ifdef(`_LDAP_ROUTING_', `ifdef(`_MAILER_TABLE_', `# LDAPMailertable: < host > address -> triple: by the table, else the relay mailer
SLDAPMailertable
R< $+ > $*		$: < $(mailertable $1 $) > $2
R< $~[ : $* > $*	$@ $>MailerToTriple < $1 : $2 > $3
R< $+ > $*		$: < $1 > $>Mailertable < $1 > $2
R< $+ > $#$*		$#$2
R< $+ > $*		$#_RELAY_ $@ $1 $: $2

')')dnl
ifdef(`_MAILER_TABLE_', `# Mailertable: left < right > address -> triple, or the address. Looks right
# up, then .right without its first label, and so on, at last a lone dot.
#	< > < h.b.c > u < @ h.b.c . >	asks h.b.c, .b.c, .c and .
SMailertable=90
R$* < $- . $+ > $*	$: $1$2 < $(mailertable .$3 $@ $1$2 $@ $2 $) > $4
R$* < $~[ : $* > $*	$>MailerToTriple < $2 : $3 > $4
R$* < . $+ > $*		$@ $>Mailertable $1 . < $2 > $3
R$* < $* > $*		$: < $(mailertable . $@ $1$2 $) > $3
R< $~[ : $* > $*	$>MailerToTriple < $1 : $2 > $3
R< $* > $*		$@ $2

')dnl
# MailerToTriple: < [mailer:]host > address -> triple, as tables and relays
# are written.
#	< > a				-> a
#	< error:5.1.1:text > a		-> $#error $@ 5.1.1 $: text
#	< local:u > a			-> $#local $@ a $: u
#	< smtp:u@h > a			-> $#smtp $@ h $: u < @ h >
#	< h > a				-> $#relay mailer $@ h $: a
SMailerToTriple=95
R< > $*			$@ $1
R< error : $- . $- . $- : $+ > $*	$#error $@ $1.$2.$3 $: $4
R< error : $- : $+ > $*	$#error $@ $1 $: $2
R< error : $+ > $*	$#error $: $1
R< local : $* > $*	$@ $>CanonLocal < $1 > $2
R< $~[ : $+ @ $+ > $* < $* > $*	$# $1 $@ $3 $: $2 < @ $3 >
R< $~[ : $+ > $*	$# $1 $@ $2 $: $3
R< $=w > $*		$@ $2
R< $+ > $*		$#_RELAY_ $@ $1 $: $2

# CanonLocal: < user > u < @ d . > -> $#local $@ u@d $: user, or u without one;
# a route, and an operator hidden in u, are looked at again as if there were no d.
SCanonLocal
R< $* > < @ $+ > : $+	$@ $>Recurse $3
R< $* > $+ $=O $+ < @ $+ >	$@ $>Recurse $2 $3 $4
_TO_LOCAL(`', `^+', `^1', `^2', `^1')
R< $+ @ $+ > $* < @ $* >	$: < $1 > $3 < @ $4 >
_TO_LOCAL(`^+', `^*', `^2', `^3', `^1')
