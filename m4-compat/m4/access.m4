ifdef(`_ACCESS_TABLE_', `
######## the access table ########

# D, A, F, E, U: < key > < default > < mark tag > < rest > -> < value > < rest >
# Look up tag:key, and with mark + (not with !) the key alone. Not found: the
# key gets shorter as far as its kind allows, then the default is the value.
# The table failing for now: < _ATMPF_ > < rest >

# D: a domain	a.b.c, b.c, c	an address in brackets loses its last part
SD
R< > < $+ > < $- $- > < $* >	$@ < $1 > < $4 >
R< $* > < $+ > < $- $- > < $* >	$: < $(access $4`'_TAG_DELIM_`'$1 $: ? $) > < $1 > < $2 > < $3 $4 > < $5 >
R< ? > < $+ > < $+ > < + $- > < $* >	$: < $(access $1 $: ? $) > < $1 > < $2 > < + $3 > < $4 >
ifdef(`_LOOKUPDOTDOMAIN_', `R< ? > < $- . $+ > < $+ > < $- $- > < $* >	$: < $(access $5`'_TAG_DELIM_`'.$2 $: ? $) > < $1.$2 > < $3 > < $4 $5 > < $6 >
R< ? > < $- . $+ > < $+ > < + $- > < $* >	$: < $(access .$2 $: ? $) > < $1.$2 > < $3 > < + $4 > < $5 >
')dnl
ifdef(`_ACCESS_SKIP_', `R< SKIP > < $+ > < $+ > < $- $- > < $* >	$@ < $2 > < $5 >
')dnl
R< ? > < [ $+ . $- ] > < $+ > < $- $- > < $* >	$@ $>D < [ $1 ] > < $3 > < $4 $5 > < $6 >
R< ? > < [ $+ :: $- ] > < $+ > < $- $- > < $* >	$@ $>D < [ $1 ] > < $3 > < $4 $5 > < $6 >
R< ? > < [ $+ : $- ] > < $+ > < $- $- > < $* >	$@ $>D < [ $1 ] > < $3 > < $4 $5 > < $6 >
R< ? > < $+ . $+ > < $+ > < $- $- > < $* >	$@ $>D < $2 > < $3 > < $4 $5 > < $6 >
R< ? > < $+ > < $+ > < $- $- > < $* >	$@ < $2 > < $5 >
R< $* _ATMPF_ > < $+ > < $+ > < $- $- > < $* >	$@ < _ATMPF_ > < $6 >
R< $+ > < $+ > < $+ > < $- $- > < $* >	$@ < $1 > < $6 >

# A: an address	1.2.3.4, 1.2.3, 1.2, 1	the same for IPv6 by its colons
SA
R< > < $+ > < $- $- > < $* >	$@ < $1 > < $4 >
R< $* > < $+ > < $- $- > < $* >	$: < $(access $4`'_TAG_DELIM_`'$1 $: ? $) > < $1 > < $2 > < $3 $4 > < $5 >
R< ? > < $+ > < $+ > < + $- > < $* >	$: < $(access $1 $: ? $) > < $1 > < $2 > < + $3 > < $4 >
ifdef(`_ACCESS_SKIP_', `R< SKIP > < $+ > < $+ > < $- $- > < $* >	$@ < $2 > < $5 >
')dnl
R< ? > < $+ . $- > < $+ > < $- $- > < $* >	$@ $>A < $1 > < $3 > < $4 $5 > < $6 >
R< ? > < $+ :: $- > < $+ > < $- $- > < $* >	$@ $>A < $1 > < $3 > < $4 $5 > < $6 >
R< ? > < $+ : $- > < $+ > < $- $- > < $* >	$@ $>A < $1 > < $3 > < $4 $5 > < $6 >
R< ? > < $+ > < $+ > < $- $- > < $* >	$@ < $2 > < $5 >
R< $* _ATMPF_ > < $+ > < $+ > < $- $- > < $* >	$@ < _ATMPF_ > < $6 >
R< $+ > < $+ > < $+ > < $- $- > < $* >	$@ < $1 > < $6 >

# F: a full address	u+d@dom, u+*@dom, u@dom
SF
R< $+ > < $* > < $- $- > < $* >	$: < $(access $4`'_TAG_DELIM_`'$1 $: ? $) > < $1 > < $2 > < $3 $4 > < $5 >
R< ? > < $+ > < $* > < + $- > < $* >	$: < $(access $1 $: ? $) > < $1 > < $2 > < + $3 > < $4 >
R< ? > < $+ + $* @ $+ > < $* > < $- $- > < $* >	$: < $(access $6`'_TAG_DELIM_`'$1+*@$3 $: ? $) > < $1+$2@$3 > < $4 > < $5 $6 > < $7 >
R< ? > < $+ + $* @ $+ > < $* > < + $- > < $* >	$: < $(access $1+*@$3 $: ? $) > < $1+$2@$3 > < $4 > < + $5 > < $6 >
R< ? > < $+ + $* @ $+ > < $* > < $- $- > < $* >	$: < $(access $6`'_TAG_DELIM_`'$1@$3 $: ? $) > < $1+$2@$3 > < $4 > < $5 $6 > < $7 >
R< ? > < $+ + $* @ $+ > < $* > < + $- > < $* >	$: < $(access $1@$3 $: ? $) > < $1+$2@$3 > < $4 > < + $5 > < $6 >
R< ? > < $+ > < $* > < $- $- > < $* >	$@ < $2 > < $5 >
R< $* _ATMPF_ > < $+ > < $* > < $- $- > < $* >	$@ < _ATMPF_ > < $6 >
R< $+ > < $+ > < $* > < $- $- > < $* >	$@ < $1 > < $6 >

# E: as it is
SE
R< $* > < $* > < $- $- > < $* >	$: < $(access $4`'_TAG_DELIM_`'$1 $: ? $) > < $1 > < $2 > < $3 $4 > < $5 >
R< ? > < $* > < $* > < + $- > < $* >	$: < $(access $1 $: ? $) > < $1 > < $2 > < + $3 > < $4 >
R< ? > < $* > < $* > < $- $- > < $* >	$@ < $2 > < $5 >
R< $* _ATMPF_ > < $* > < $* > < $- $- > < $* >	$@ < _ATMPF_ > < $6 >
R< $+ > < $* > < $* > < $- $- > < $* >	$@ < $1 > < $6 >

# U: a user of whatever domain	u+d@, u+*@, u@
SU
R< $+ > < $* > < $- $- > < $* >	$: < $(access $4`'_TAG_DELIM_`'$1 $: ? $) > < $1 > < $2 > < $3 $4 > < $5 >
R< ? > < $+ > < $* > < + $- > < $* >	$: < $(access $1 $: ? $) > < $1 > < $2 > < + $3 > < $4 >
R< ? > < $+ + $* @ > < $* > < $- $- > < $* >	$: < $(access $5`'_TAG_DELIM_`'$1+*@ $: ? $) > < $1+$2@ > < $3 > < $4 $5 > < $6 >
R< ? > < $+ + $* @ > < $* > < + $- > < $* >	$: < $(access $1+*@ $: ? $) > < $1+$2@ > < $3 > < + $4 > < $5 >
R< ? > < $+ + $* @ > < $* > < $- $- > < $* >	$: < $(access $5`'_TAG_DELIM_`'$1@ $: ? $) > < $1+$2@ > < $3 > < $4 $5 > < $6 >
R< ? > < $+ + $* @ > < $* > < + $- > < $* >	$: < $(access $1@ $: ? $) > < $1+$2@ > < $3 > < + $4 > < $5 >
R< ? > < $+ > < $* > < $- $- > < $* >	$@ < $2 > < $5 >
R< $* _ATMPF_ > < $+ > < $* > < $- $- > < $* >	$@ < _ATMPF_ > < $6 >
R< $+ > < $+ > < $* > < $- $- > < $* >	$@ < $1 > < $6 >

# SearchList: < mark tag > $| < X:key > < Y:key > ... < > -> < value > or < ? >
# Asks X, Y and so on (rulesets of class Src) until one knows an answer.
C{Src}E F D U`'ifdef(`_FFR_SRCHLIST_A', ` A')
SSearchList
R< $+ > $| < $={Src} : $* > < $* >	$: < $1 > $| $>$2 < $3 > < ? > < $1 > < $4 >
R< $+ > $| < ? > < $+ >	$@ $>SearchList < $1 > $| < $2 >
R< $+ > $| < ? > < >	$@ < ? >
R< $+ > $| < $~{Src} : $* > < $* > $*	$@ < $2 : $3 > < $4 > $5
R< $+ > $| < $+ > < $* >	$@ < $2 >

# AccessVerdict: < value > of Connect: or From: -> what a check answers
#	OK, RELAY	-> < OK >	REJECT	-> $#error	?, SKIP	-> < ? >
SAccessVerdict
R< $* _ATMPF_ >		$#error $@ 4.3.0 $: _TMPFMSG_
R< REJECT >		ifdef(`confREJECT_MSG', `$#error $: confREJECT_MSG', `$#error $@ 5.7.1 $: "550 Access denied"')
R< DISCARD >		$#discard $: discard
R< QUARANTINE : $+ >	$#error $@ quarantine $: $1
R< ERROR : $- . $- . $- : $+ >	$#error $@ $1.$2.$3 $: $4
R< ERROR : $+ >		$#error $: $1
R< ? >			$@ < ? >
ifdef(`_ACCESS_SKIP_', `R< SKIP >		$@ < ? >
')dnl
R< $={Accept} >		$@ < $1 >
R< $+ >			$#error $: $1
')dnl
