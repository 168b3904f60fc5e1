ifdef(`_RATE_CONTROL_', `
# RateControl: -> $#error if the client connects too often, else OK
SRateControl
R$*			$: $>SearchList < ! ClientRate > $| < A:$&{client_addr} > < E: > < >
R< ? >			$@ OK
R< 0 >			$@ OK
R< $* _ATMPF_ >		$#error $@ 4.3.0 $: _TMPFMSG_
R< $+ >			$: < $1 > $| $(arith l $@ $1 $@ $&{client_rate} $)
R< $+ > $| TRUE		$#error $@ 4.3.2 $: _RATE_CONTROL_REPLY Connection rate limit exceeded.
')dnl
ifdef(`_CONN_CONTROL_', `
# ConnControl: -> $#error if the client has too many connections, else OK
SConnControl
R$*			$: $>SearchList < ! ClientConn > $| < A:$&{client_addr} > < E: > < >
R< ? >			$@ OK
R< 0 >			$@ OK
R< $* _ATMPF_ >		$#error $@ 4.3.0 $: _TMPFMSG_
R< $+ >			$: < $1 > $| $(arith l $@ $1 $@ $&{client_connections} $)
R< $+ > $| TRUE		$#error $@ 4.3.2 $: _CONN_CONTROL_REPLY Too many open connections.
')dnl
