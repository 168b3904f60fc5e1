
# the end of check_rcpt: the name in HELO is a real one and not ours, unless the
# client logged in, speaks over -bs (address 0), or may relay
R$*			$: $1 $| < $&{auth_authen} >
R$* $| < $+ >		$: $1
R$* $| < >		$: $1 $| < $&{client_addr} > [ $&s ]
R$* $| < 0 > $*		$: $1
R$* $| < $=R $* > $*	$: $1
R$* $| < $* > $=w	$#error $@ 5.7.1 $: "550 bogus HELO name used: " $&s
R$* $| < $* > [ $=w ]	$#error $@ 5.7.1 $: "550 bogus HELO name used: " $&s
R$* $| < $* > [ $+ . $+ ]	$: $1
R$* $| < $* > $*	$#error $@ 5.7.1 $: "550 bogus HELO name used: " $&s
