ifdef(`_ACCESS_TABLE_', `
######## helpers of the rulesets above ########

# AccessVerdict: < value > of Connect: and the word connect, or < value > of From:
# and the address -> what a check answers. A value of From: that lacks its text
# takes the address for it.
#	OK, RELAY	-> < OK >	REJECT	-> $#error	?	-> < ? >
SAccessVerdict
R< $* _ATMPF_ > $*	$#error $@ 4.3.0 $: _TMPFMSG_
R< REJECT > $*		ifdef(`confREJECT_MSG', `$#error $: confREJECT_MSG', `$#error $@ 5.7.1 $: "550 Access denied"')
R< DISCARD > $*		$#discard $: discard
R< QUARANTINE : $+ > $*	$#error $@ quarantine $: $1
R< ERROR : $- . $- . $- : $+ > $*	$#error $@ $1.$2.$3 $: $4
R< ERROR : $+ > $*	$#error $: $1
R< ? > $*		$@ < ? >
R< $={Accept} > $*	$@ < $1 >
R< $+ > connect	$#error $: $1
R< $+ > $*		$#error $: $1
')dnl
