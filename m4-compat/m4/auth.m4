
######## users who proved to be one ########

# trust_auth: the AUTH= parameter of MAIL -> $#error if it is not believed
SLocal_trust_auth
Strust_auth
R$*			$: < $&{auth_type} > $1
R< > $*			$#error $@ 5.7.1 $: "550 not authenticated"
R< $+ > $&{auth_authen}	$@ identical
R< $+ > <$&{auth_authen}>	$@ identical
R< $+ > $*		$: < $1 > $| $>"Local_trust_auth" $2
R< $* > $| $#$*		$#$2
R$*			$#error $@ 5.7.1 $: "550 " $&{auth_authen} " not allowed to act as " $&{auth_author}

# Local_Relay_Auth: mechanism -> $#RELAY, NO, or anything to go by the class
SLocal_Relay_Auth
