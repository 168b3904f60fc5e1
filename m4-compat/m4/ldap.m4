
# LDAPExpand: < address > < key > < +detail > -> the address, another one, or a
# triple. The key is u@d, then u@d without detail, then @d. Called by Parse1.
#	< new address > < host > < address > < key > < +detail >
SLDAPExpand
R< $* > < $+ > < $* >	$: < $(ldapmra $2 $: $) > < $(ldapmh $2 $: $) > < $1 > < $2 > < $3 >

# no answer for now
ifelse(defn(`_LDAP_ROUTE_MAPTEMP_'), `_TEMPFAIL_', `R< $* <TMPF> > < $* > < $+ > < $+ > < $* >	$: $&{opMode} $| TMPF < $&{addr_type} > $| $3
R< $* > < $* <TMPF> > < $+ > < $+ > < $* >	$: $&{opMode} $| TMPF < $&{addr_type} > $| $3
R$={SMTPOpModes} $| TMPF < e r > $| $+	$#error $@ 4.3.0 $: _TMPFMSG_
R$* $| TMPF < $* > $| $+	$@ $3
', `R< $* <TMPF> > < $* > < $+ > < $+ > < $* >	$@ $3
R< $* > < $* <TMPF> > < $+ > < $+ > < $* >	$@ $3
')dnl

# it is known here, or there, or by another name, or both
R< > < $=w > < $+ > < $+ > < $* >	$@ $2
R< > < $+ > < $+ > < $+ > < $* >	ifdef(`_MAILER_TABLE_', `$@ $>LDAPMailertable < $1 > $2', `$#_RELAY_ $@ $1 $: $2')
ifelse(defn(`_LDAP_ROUTE_DETAIL_'), `_PRESERVE_', `R< $+ @ $+ > < $* > < $+ > < $+ > < + $* >	$: < $1 + $6 @ $2 > < $3 > < $4 > < $5 > < >
')dnl
R< $+ > < > < $+ > < $+ > < $* >	$@ $>Parse0 $>canonify $1
R< $+ > < $=w > < $+ > < $+ > < $* >	$@ $>Parse0 $>canonify $1
R< $+ > < $+ > < $+ > < $+ > < $* >	ifdef(`_MAILER_TABLE_', `$@ $>LDAPMailertable < $2 > $>canonify $1', `$#_RELAY_ $@ $2 $: $>canonify $1')

# unknown: without detail, then the domain
ifdef(`_LDAP_ROUTE_DETAIL_', `R< > < > < $+ > < $+ + $* @ $+ > < $* >	$@ $>LDAPExpand < $1 > < $2 @ $4 > < + $3 >
')dnl
ifdef(`_LDAP_ROUTE_NODOMAIN_', `', `R< > < > < $+ > < $+ @ $+ > < $* >	$@ $>LDAPExpand < $1 > < @ $3 > < $4 >
')dnl
ifelse(defn(`_LDAP_ROUTING_'), `_MUST_EXIST_', `R< > < > < $+ > < $* @ $+ > < $* >	$: @ < $&{addr_type} > < $1 >
R@ < e r > < $+ >		$#error $@ nouser $: "550 User unknown"
ifdef(`_LDAP_SENDER_MUST_EXIST_', `R@ < e s > < $+ >		$#error $@ nouser $: "550 User unknown"
')dnl
R@ < $* > < $+ >	$@ $2
', `R< > < > < $+ > < $* @ $+ > < $* >	$@ $1
')dnl
