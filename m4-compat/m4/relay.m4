
######## who may send through us ########

# Rcpt_ok: a recipient -> RELAY if it is ours or trusted, $#error, or itself
SRcpt_ok
R$*			$: $>`'ifdef(`_LOOSE_RELAY_CHECK_', `CanonAddr', `ParseRecipient') $1
R$* < @ $* . >		$1 < @ $2 >
ifdef(`_BESTMX_IS_LOCAL_', `ifelse(len(X`'_BESTMX_IS_LOCAL_), `1', `R$* < @ $+ >		$: $1 < @ $2 @@ $(bestmx $2 $) >
', `R$* < @ $* $=B >	$: $1 < @ $2 $3 @@ $(bestmx $2 $3 $) >
')dnl
R$* $=O $* < @ $* @@ $=w . >	$@ $>"Rcpt_ok" $1 $2 $3
R$* < @ $* @@ $=w . >	$: $1 < @ $3 >
R$* < @ $* @@ $* >	$: $1 < @ $2 >
')dnl
ifdef(`_BLOCKLIST_RCPT_', `ifdef(`_ACCESS_TABLE_', `
# To: recipients that get no mail
R$*			$: < ? > $1
R< ? > $+ < @ $=w >	$: < > < $1 < @ $2 > > $| < F:$1@$2 > < U:$1@ > < D:$2 >
R< ? > $+ < @ $+ >	$: < > < $1 < @ $2 > > $| < F:$1@$2 > < D:$2 >
R< ? > $+		$: < > < $1 > $| < U:$1@ >
R< > < $* > $| < $+ >	$: < @ > < $1 > $| $>SearchList < + To > $| < $2 > < >
R< @ > < $* > $| $*	$: $2 < $1 >
ifdef(`_DELAY_COMPAT_8_10_', `R< $={SpamTag} > < $* >	$: @ $2
')dnl
R< REJECT > $*		$#error $@ 5.2.1 $: ifdef(`confRCPTREJ_MSG', `confRCPTREJ_MSG', `"550 Mailbox disabled for this recipient"')
R< DISCARD > $*		$#discard $: discard
R< QUARANTINE : $+ > $*	$#error $@ quarantine $: $1
R< ERROR : $- . $- . $- : $+ > $*	$#error $@ $1.$2.$3 $: $4
R< ERROR : $+ > $*	$#error $: $1
R< $* _ATMPF_ > < $* >	$#error $@ 4.3.0 $: _TMPFMSG_
R< $={Accept} > < $* >	$: @ $2
R< ? > < $* >		$: @ $1
ifdef(`_ACCESS_SKIP_', `R< SKIP > < $* >	$: @ $1
')dnl
R< $+ > $*		$#error $: $1
R@ $*			$1
')')dnl
ifdef(`_PROMISCUOUS_RELAY_', `', `
# a certificate that may relay
_ASK_APART(`RelayTLS')

# a user who proved to be one; the site is asked first
_ASK_APART(`"Local_Relay_Auth" ^&{auth_type}', `^: < ^1 > ^| ^&{auth_type}', `NO	^: ^1')
R< $* > $| $={TrustAuthMech}	$# RELAY
R< $* > $| $*		$: $1
ifelse(defn(`_NO_UUCP_'), `r', `# no way out by operators in the local part
R$* ! $* < @ $* >	$: < REMOTE > $2 < @ BANG_PATH >
R$* ! $*		$: < REMOTE > $2 < @ BANG_PATH >
')dnl
ifelse(defn(`_NO_PERCENTHACK_'), `r', `R$* % $* < @ $* >	$: < REMOTE > $1 < @ PERCENT_HACK >
R$* % $*		$: < REMOTE > $1 < @ PERCENT_HACK >
')dnl

# ours
_RELAYED(`^+ < @', ` >')
ifdef(`_RELAY_HOSTS_ONLY_', `ifdef(`_ACCESS_TABLE_', `R$+ < @ $+ >		$: < $(access To:$2 $: ? $) > < $1 < @ $2 > >
R< ? > < $+ < @ $+ > >	$: < $(access $2 $: ? $) > < $1 < @ $2 > >
')', `ifdef(`_ACCESS_TABLE_', `ifdef(`_RELAY_FULL_ADDR_', `R$+ < @ $+ >		$: $1 < @ $2 > $| $>SearchList < + To > $| < F:$1@$2 > < D:$2 > < F:$1@ > < >
R$+ < @ $+ > $| < $* >	$: < $3 > < $1 < @ $2 > >
R$+ < @ $+ > $| $*	$: < $3 > < $1 < @ $2 > >
', `R$+ < @ $+ >		$: $>D < $2 > < ? > < + To > < $1 < @ $2 > >
')')')dnl
ifdef(`_ACCESS_TABLE_', `R< RELAY > $*		$@ RELAY
R< $* _ATMPF_ > $*	$#TEMP $@ 4.3.0 $: _TMPFMSG_
R< $* > < $* >		$: $2
')dnl
ifdef(`_RELAY_MX_SERVED_', `
# domains whose mail exchanger we are
_IF_MX_SERVED(`^+', `', `^@ RELAY', `^: ^2')
')dnl

# no domain at all
R$#$*			$#$1
R$* < @ $+ >		$@ $1 < @ $2 >
ifdef(`_REQUIRE_QUAL_RCPT_', `# not with flag r, except from this host; the postmaster needs none, nor a way
Rpostmaster		$@ OK
R$+			$: $&{daemon_flags} $| $1
R$* r $* $| $*		$: < ? $&{client_name} >
R< ? >			$@ RELAY
R< ? $=w >		$@ RELAY
R< ? $+ >		$#error $@ 5.5.4 $: "553 Domain name required"
')dnl
R$+			$@ RELAY

# Relay_ok: may this client relay? -> RELAY, $#error, or anything for no
SRelay_ok
_CLIENT_ADDRESS
R$@			$@ RELAY
R0			$@ RELAY
R127.0.0.1		$@ RELAY
R IPv6:0:0:0:0:0:0:0:1	$@ RELAY
R IPv6:::1		$@ RELAY
R$=R $*			$@ RELAY
ifdef(`_DRAC_', `R$*			$: < $(drac $1 $: ? $) > $1
R< ? > $*		$: $1
R< $+ > $*		$@ RELAY
')dnl
ifdef(`_ACCESS_TABLE_', `R$*			$: $>A < $1 > < ? > < + Connect > < $1 >
R< RELAY > $*		$@ RELAY
ifdef(`_FFR_REJECT_IP_IN_CHECK_RCPT_', `R< REJECT > $*		$@ REJECT
')dnl
R< $* _ATMPF_ > < $* >	$#TEMP $@ 4.3.0 $: _TMPFMSG_
R< $* > < $* >		$: $2
')dnl
R$*			$: [ $1 ]
R$=w			$@ RELAY
ifdef(`_RELAY_LOCAL_FROM_', `
# a sender of ours
R$*			$: < ? > $>CanonAddr $&f
R< ? > $* < @ $=w . >	$@ RELAY
')dnl
ifdef(`_RELAY_DB_FROM_', `
# From: a sender of the table
R$*			$: < ? > $>CanonAddr $&f
R< ? > $* < @ $* . >	< ? > $1 < @ $2 >
R< ? > $+ < @ $+ >	$: $>SearchList < ! From > $| < F:$1@$2 >`'ifdef(`_RELAY_DB_FROM_DOMAIN_', `ifdef(`_RELAY_HOSTS_ONLY_', ` < E:$2 >', ` < D:$2 >')') < >
R< RELAY >		$@ RELAY
R< $* _ATMPF_ >		$#TEMP $@ 4.3.0 $: _TMPFMSG_
')dnl

# its name counts only if name and address agree
R$*			$: $&{client_resolve}
RTEMP			$#TEMP $@ 4.4.0 $: "450 Relaying temporarily denied. Cannot resolve PTR record for " $&{client_addr}
RFORGED			$#error $@ 5.7.1 $: "550 Relaying denied. IP name possibly forged " $&{client_name}
RFAIL			$#error $@ 5.7.1 $: "550 Relaying denied. IP name lookup failed " $&{client_name}
R$*			$: < @ > $&{client_name}
R< @ > $* $=P		$: < ? > $1 $2
R< @ > $+		$: < ? > $[ $1 $]
R< ? > $+ .		$: < ? > $1
_RELAYED(`< ? >', `')
ifdef(`_RELAY_HOSTS_ONLY_', `ifdef(`_ACCESS_TABLE_', `R< ? > $+		$: < $(access Connect:$1 $: ? $) > < $1 >
R< ? > < $+ >		$: < $(access $1 $: ? $) > < $1 >
')', `ifdef(`_ACCESS_TABLE_', `R< ? > $+		$: $>D < $1 > < ? > < + Connect > < $1 >
')')dnl
ifdef(`_ACCESS_TABLE_', `R< RELAY > $*		$@ RELAY
R< $* _ATMPF_ > $*	$#TEMP $@ 4.3.0 $: _TMPFMSG_
R< $* > < $* >		$: $2
')')dnl
