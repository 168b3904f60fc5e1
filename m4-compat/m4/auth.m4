
######## users who proved to be one ########

# trust_auth: the AUTH= parameter of MAIL -> $#error if it is not believed
SLocal_trust_auth
Strust_auth
R$*			$: $&{auth_type} $| $1
R$| $*			$#error $@ 5.7.1 $: "550 not authenticated"
R$* $| $&{auth_authen}	$@ identical
R$* $| <$&{auth_authen}>	$@ identical
R$* $| $*		$: $1 $| $>"Local_trust_auth" $2
R$* $| $#$*		$#$2
R$*			$#error $@ 5.7.1 $: "550 " $&{auth_authen} " not allowed to act as " $&{auth_author}

# Local_Relay_Auth: mechanism -> $#RELAY, NO, or anything to go by the class
SLocal_Relay_Auth

# RelayTLS: may the certificate of the client relay? -> $#RELAY or NO
SRelayTLS
ifdef(`_ACCESS_TABLE_', `R$*			$: < $&{verify} >
R< $={TlsVerified} >	$: < ? > < $(access CERTISSUER:ifdef(`_CERT_REGEX_ISSUER_', `$(CERTIssuer $&{cert_issuer} $)', `$&{cert_issuer}') $: ? $) >
R< ? > < RELAY >	$# RELAY
R< ? > < SUBJECT >	$: < @ > < $(access CERTSUBJECT:ifdef(`_CERT_REGEX_SUBJECT_', `$(CERTSubject $&{cert_subject} $)', `$&{cert_subject}') $: ? $) >
R< @ > < RELAY >	$# RELAY
R$*			$@ NO
')dnl
