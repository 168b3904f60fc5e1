ifdef(`_ACCESS_TABLE_', `
######## the access table ########

# D, A, F, E, U: < key > < default > < mark tag > < rest > -> < value > < rest >
# Look up tag:key, and with mark + (not with !) the key alone. Not found: the
# key gets shorter as far as its kind allows, then the default is the value.
# The table failing for now: < _ATMPF_ > < rest >

# D: a domain	a.b.c, b.c, c	an address in brackets loses its last part
SD
R< $* > < $+ > < $- $- > < $* >	$: < $(access $4`'_TAG_DELIM_`'$1 $: ? $) > < $1 > < $2 > < $3 $4 > < $5 >
R< ? > < $+ > < $+ > < + $- > < $* >	$: < $(access $1 $: ? $) > < $1 > < $2 > < + $3 > < $4 >
ifdef(`_LOOKUPDOTDOMAIN_', `R< ? > < $+ . $+ > < $+ > < $- $- > < $* >	$: < $(access $5`'_TAG_DELIM_`'.$2 $: ? $) > < $1.$2 > < $3 > < $4 $5 > < $6 >
R< ? > < $+ . $+ > < $+ > < + $- > < $* >	$: < $(access .$2 $: ? $) > < $1.$2 > < $3 > < + $4 > < $5 >
')dnl
ifdef(`_ACCESS_SKIP_', `R< SKIP > < $+ > < $+ > < $- $- > < $* >	$@ < $2 > < $5 >
')dnl
R< ? > < [ $+ . $- ] > < $+ > < $- $- > < $* >	$@ $>D < [ $1 ] > < $3 > < $4 $5 > < $6 >
ifdef(`NO_NETINET6', `', `R< ? > < [ $+ :: $- ] > < $+ > < $- $- > < $* >	$@ $>D < [ $1 ] > < $3 > < $4 $5 > < $6 >
ifdef(`NO_NETINET6', `', `R< ? > < [ $+ : $- ] > < $+ > < $- $- > < $* >	$@ $>D < [ $1 ] > < $3 > < $4 $5 > < $6 >
')dnl
')dnl
R< ? > < $+ . $+ > < $+ > < $- $- > < $* >	$@ $>D < $2 > < $3 > < $4 $5 > < $6 >
ifdef(`_FFR_LOOKUPTAG_', `R< ? > < $+ > < $+ > < ! $- > < $* >	$: < $(access $3`'_TAG_DELIM_ $: ? $) > < $1 > < $2 > < ! $3 > < $4 >
')dnl
R< ? > < $+ > < $+ > < $- $- > < $* >	$@ < $2 > < $5 >
R< $* _ATMPF_ > < $+ > < $+ > < $- $- > < $* >	$@ < _ATMPF_ > < $6 >
R< $+ > < $+ > < $+ > < $- $- > < $* >	$@ < $1 > < $6 >

# A: an address	1.2.3.4, 1.2.3, 1.2, 1	the same for IPv6 by its colons
SA
R< $+ > < $+ > < $- $- > < $* >	$: < $(access $4`'_TAG_DELIM_`'$1 $: ? $) > < $1 > < $2 > < $3 $4 > < $5 >
R< ? > < $+ > < $+ > < + $- > < $* >	$: < $(access $1 $: ? $) > < $1 > < $2 > < + $3 > < $4 >
ifdef(`_ACCESS_SKIP_', `R< SKIP > < $+ > < $+ > < $- $- > < $* >	$@ < $2 > < $5 >
')dnl
R< ? > < $+ . $- > < $+ > < $- $- > < $* >	$@ $>A < $1 > < $3 > < $4 $5 > < $6 >
ifdef(`NO_NETINET6', `', `R< ? > < $+ :: $- > < $+ > < $- $- > < $* >	$@ $>A < $1 > < $3 > < $4 $5 > < $6 >
ifdef(`NO_NETINET6', `', `R< ? > < $+ : $- > < $+ > < $- $- > < $* >	$@ $>A < $1 > < $3 > < $4 $5 > < $6 >
')dnl
')dnl
R< ? > < $+ > < $+ > < $- $- > < $* >	$@ < $2 > < $5 >
R< $* _ATMPF_ > < $+ > < $+ > < $- $- > < $* >	$@ < _ATMPF_ > < $6 >
R< $+ > < $+ > < $+ > < $- $- > < $* >	$@ < $1 > < $6 >
')dnl
