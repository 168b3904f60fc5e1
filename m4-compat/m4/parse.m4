divert(-1)
dnl # _CLASS_RELAY(letter): what SITECONFIG with that letter asks for in Parse1:
dnl # the hosts of class V, W or X are reached by way of the host that is macro V...
define(`_CLASS_RELAY', `ifdef(`_CLASS_$1_', `R$'`* < @ $=$1 .UUCP. > $'`*	$: $>MailerToTriple < $$1 > $'`1 < @ $'`2 .UUCP. > $'`3
')')
dnl # The rule for news groups, before local names and again for what has no host of ours
define(`_USENET_RULE', `ifdef(`_MAILER_usenet_', `$1
')')
divert(0)dnl

######## addresses: to a mailer ########

# Recurse: any address -> triple; for addresses that came out of a table.
SRecurse=97
R$*			$: $>canonify $1
R$+			$@ $>parse $1

# parse: u < @ d . > -> $#mailer $@ host $: user. How mail is routed.
Sparse=0
R$*			$: $>Parse0 $1
R< @ >			$#_LOCAL_ $: < @ >
R$*			$: $>ParseLocal $1
R$*			$: $>Parse1 $1

# Parse0: what cannot be delivered is refused here; what is ours is reduced.
#	u < @ >			-> error
#	u%d < @ ourname. >	-> u < @ d . >
#	"u" < @ ourname. >	-> u < @ ourname. >
# Sites call it after canonify to see the address as parse will.
SParse0
R< @ >			$@ < @ >
R@ < @ >		$@ < @ >
R$* : $* ; < @ >	$#error $@ 5.1.3 $: "_CODE553 List:; syntax illegal for recipient addresses"
R< @ $+ >		$#error $@ 5.1.3 $: "_CODE553 User address required"
R@ < @ $* >		$#error $@ 5.1.3 $: "_CODE553 User address required"
R$+ < @ >		$#error $@ 5.1.3 $: "_CODE553 Hostname required"

# a literal is put between bars while colons are looked for
R$* < @ [ $* ] : $+ > $*	$: $1 $| [ $2 ] : $3 $| $4
R$* < @ [ $* ] , $+ > $*	$: $1 $| [ $2 ] , $3 $| $4
R$* < @ [ $* ] $+ > $*	$#error $@ 5.1.2 $: "_CODE553 Invalid address"
R$* < @ [ $+ ] > $*	$: $1 $| [ $2 ] $| $3
R$* < $* : $* > $*	$#error $@ 5.1.3 $: "_CODE553 Colon illegal in host name part"
R$* $| [ $* $| $*	$: $1 < @ [ $2 > $3

R$* < @ . $* > $*	$#error $@ 5.1.2 $: "_CODE553 Invalid host name"
R$* < @ $* .. $* > $*	$#error $@ 5.1.2 $: "_CODE553 Invalid host name"
R$* < @ $* @ > $*	$#error $@ 5.1.2 $: "_CODE553 Invalid route address"
R$* @ $* < @ $* > $*	$#error $@ 5.1.3 $: "_CODE553 Invalid route address"
R$* , $~O $*		$#error $@ 5.1.3 $: "_CODE553 Invalid route address"
R< > $*			$@ $>Parse0 $1
R$* < @ > $*		$@ $>Parse0 $>canonify $1
R< @ $=w . > : $*	$@ $>Parse0 $>canonify $2
ifdef(`_STRICT_RFC821_', `
# neither the first nor the last byte of a local part is a dot
R$* . < @ $* > $*	$#error $@ 5.1.2 $: "_CODE553 Local part must not end with a dot"
R. $* < @ $* > $*	$#error $@ 5.1.2 $: "_CODE553 Local part must not begin with a dot"
')dnl

# ours: take the quotes off, and look again if that shows an operator
R$-			$: $(dequote $1 $) < @ *LOCAL* >
R$- < @ $=w . >		$: $(dequote $1 $) < @ $2 . >
R< @ *LOCAL* >		$#error $@ 5.1.3 $: "_CODE553 User address required"
R< @ $=w . >		$#error $@ 5.1.3 $: "_CODE553 User address required"
R$* $=O $* < @ *LOCAL* >	$@ $>Parse0 $>canonify $1 $2 $3
R$* $=O $* < @ $=w . >	$@ $>Parse0 $>canonify $1 $2 $3
R$* < @ *LOCAL* >	$: $1
ifdef(`_ADD_BCC_', `R$+			$: $>ParseBcc $1
')dnl
ifdef(`_PREFIX_MOD_', `
# a prefix of the local part sets flags of the recipient
R`'_PREFIX_MOD_ $+	$: $(macro {rcpt_flags} $@ _PREFIX_FLAGS_ $) $1
')dnl

# Parse1: the routing itself, for parse and for nobody else.
#	u < @ [1.2.3.4] >	-> $#smtp mailer $@ [1.2.3.4] $: address
#	u < @ ourname. >	-> $#local $: u
#	u < @ d . >		-> table, relay, smart host or the mailer for d
SParse1
ifdef(`_LDAP_ROUTING_', `
# class LDAPRoute: the directory knows better
R$+ < @ $={LDAPRoute} . >	$: $>LDAPExpand < $1 < @ $2 . > > < $1 @ $2 > < >
R$+ < @ $={LDAPRouteEquiv} . >	$: $>LDAPExpand < $1 < @ $2 . > > < $1 @ $M > < >
')dnl

ifdef(`_MAILER_smtp_', `# literals: the site first, then the smart host, then straight there
R$* < @ [ $+ ] > $*	$: $>ParseLocal $1 < @ [ $2 ] > $3
R$* < @ [ $+ ] > $*	$: $1 < @ [ $2 ] : $S > $3
R$* < @ [ $+ ] : > $*	$#_SMTP_ $@ [ $2 ] $: $1 < @ [ $2 ] > $3
R$* < @ [ $+ ] : $- : $* > $*	$#$3 $@ $4 $: $1 < @ [ $2 ] > $5
R$* < @ [ $+ ] : $+ > $*	$#_SMTP_ $@ $3 $: $1 < @ [ $2 ] > $4
')dnl
ifdef(`_VIRTUSER_TABLE_', `include(_CF_DIR_`m4/virtuser.m4')')dnl

_USENET_RULE(`R$+ .USENET < @ $=w . >	$#usenet $@ usenet $: $'`1')dnl
# local names; names of class L and of no one else are never aliases
ifdef(`_STICKY_LOCAL_DOMAIN_', `R$+ < @ $=w . >	$: < $H > $1 < @ $2 . >
R< $+ > $+ < $+ >	$>MailerToTriple < $1 > $2 < $3 >
R< > $+ + $* < $+ >	$#_LOCAL_ $: $1 + $2
R< > $+ < $+ >	$#_LOCAL_ $: @ $1
', `R$=L < @ $=w . >	$#_LOCAL_ $: @ $1
R$+ < @ $=w . >		$#_LOCAL_ $: $1
')dnl
ifdef(`_MAILER_TABLE_', `
# mailertable: the site knows better than the name server
R$* < @ $+ > $*		$: < $2 > $1 < @ $2 > $3
R< $+ . > $*		$: < $1 > $2
R< $+ > $*		$: < $(mailertable $1 $) > $2
R< $~[ : $* > $*	$: $>MailerToTriple < $1 : $2 > $3
R< $+ > $*		$: $>Mailertable < $1 > $2
')dnl
undivert(4)dnl
ifdef(`_NO_UUCP_', `', `_CLASS_RELAY(`V')_CLASS_RELAY(`W')_CLASS_RELAY(`X')')dnl
ifdef(`BITNET_RELAY', `R$* < @ $+ .BITNET. > $*	$: $>MailerToTriple < $B > $1 < @ $2 .BITNET. > $3
')dnl
ifdef(`DECNET_RELAY', `R$* < @ $+ .DECNET. > $*	$: $>MailerToTriple < $C > $1 < @ $2 .DECNET. > $3
')dnl
ifdef(`_MAILER_pop_', `R$+ < @ POP. >		$#pop $: $1
')dnl
ifdef(`_MAILER_fax_', `R$+ < @ $+ .FAX. >	$#fax $@ $2 $: $1
', `ifdef(`FAX_RELAY', `R$* < @ $+ .FAX. > $*	$: $>MailerToTriple < $F > $1 < @ $2 .FAX. > $3
')')dnl
ifdef(`UUCP_RELAY', `R$* < @ $+ .UUCP. > $*	$: $>MailerToTriple < $Y > $1 < @ $2 .UUCP. > $3
', `ifdef(`_MAILER_uucp_', `R$* < @ $+ .UUCP. > $*	$#_UUCP_ $@ $2 $: $1 < @ $2 .UUCP. > $3
')')dnl
_USENET_RULE(`R$+ .USENET		$#usenet $@ usenet $: $'`1')dnl
ifdef(`_LOCAL_RULES_', `
# rules of the site for names from other networks
undivert(1)')dnl

# everything else: the smart host if there is one, else the domain itself
R$* < @ $* > $*		$: $>MailerToTriple < $S > $1 < @ $2 > $3
ifdef(`_MAILER_smtp_', `R$* < @ $* > $*	$#_SMTP_ $@ $2 $: $1 < @ $2 > $3
', `R$* < @ $* > $*	$#error $@ 5.1.2 $: "_CODE553 Unrecognized host name " $2
')dnl

# names without a domain
R$=L			$#_LOCAL_ $: @ $1
R$+			$#_LOCAL_ $: $1

ifdef(`_ADD_BCC_', `# ParseBcc: address -> triple to the host of macro A, if it is that of a copy
# (macro addr_type is e b); else unchanged.
SParseBcc
R$+			$: $&{addr_type} $| $1
R e b $| $+		$: $>MailerToTriple < $A > $1
R$* $| $+		$: $2

')dnl
