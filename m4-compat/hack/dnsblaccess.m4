divert(-1)
dnl # HACK(dnsblaccess, zone, answer, later, tag): as FEATURE(enhdnsbl), but the
dnl # access table decides what the answer of the list means: tag:127.0.0.2, then
dnl # tag:127.0.0 and so on, then tag: alone. OK and RELAY let the client in,
dnl # DISCARD and ERROR are as in the table, all else refuses.
dnl #	zone	the domain of the list; else blackholes.mail-abuse.org
dnl #	answer	an error with its code, quoted as in a rule; else 550 and a text
dnl #		with the address and the zone
dnl #	later	t for 451 and a text, or an error with its code; else let in
dnl #	tag	dnsblaccess if empty
dnl # A hack of Debian; FEATURE(access_db) must come before.
ifdef(`_ACCESS_TABLE_', `', `errprint(`*** ERROR: dnsblaccess requires FEATURE(`access_db')
')')
ifdef(`_EDNSBL_R_', `', `define(`_EDNSBL_R_', `')
PUSHDIVERT(6)
Kednsbl dns -R A -a. -T<TMP> -r`'ifdef(`EDNSBL_TO', `EDNSBL_TO', `5')
POPDIVERT')
define(`_EDNSBL_SRV_', ifelse(len(X`'_ARG_), `1', `blackholes.mail-abuse.org', `_ARG_'))
define(`_EDNSBL_KEY_', ifelse(len(X`'_ARG4_), `1', `dnsblaccess', `_ARG4_'))
define(`_EDNSBL_MSG_', ifelse(len(X`'_ARG2_), `1', ``#error $`'@ 5.7.1 $: "550 Rejected: " $&{client_addr} " listed at '_EDNSBL_SRV_`"'',
``#error $`'@ 5.7.1 $: '_ARG2_'))
define(`_EDNSBL_MSG_TMP_', ifelse(_ARG3_, `t', ``"451 Temporary lookup failure of " $&{client_addr} " at '_EDNSBL_SRV_`"'', `_ARG3_'))
divert(8)

# is the client listed at _EDNSBL_SRV_, and what do we think of that?
_ASK_DNS_LIST(`ednsbl', `_EDNSBL_SRV_')
ifelse(len(X`'_ARG3_), `1', `R< ? > $* <TMP>		$: TMPOK
', `R< ? > $* <TMP>		$#error $@ 4.4.3 $: _EDNSBL_MSG_TMP_
')dnl
R< ? > $+ .		$: < ! > $>A < $1 > < ? > < ! _EDNSBL_KEY_ > < >
R< ! > < ? > $*		$: < ! > < $(access _EDNSBL_KEY_: $: ? $) >
ifelse(len(X`'_ARG3_), `1', `R< ! > < $* _ATMPF_ > $*	$: TMPOK
', `R< ! > < $* _ATMPF_ > $*	$#error $@ 4.4.3 $: _EDNSBL_MSG_TMP_
')dnl
R< ! > < $={Accept} > $*	$: OKSOFAR
R< ! > < DISCARD > $*	$#discard $: discard
R< ! > < ERROR : $- . $- . $- : $+ > $*	$#error $@ $1.$2.$3 $: $4
R< ! > < ERROR : $+ > $*	$#error $: $1
R< ! > $*		$`'_EDNSBL_MSG_
divert(0)dnl
VERSIONID(`hack dnsblaccess')
