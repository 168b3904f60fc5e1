dnl # Groups of rules that are needed in more than one place. In their text ^ stands for
dnl # the $ of the cf: to m4, $1 is an argument.
define(`_RULES', `translit(`$1', `^', `$')')

dnl # _ASK(call, held, pattern, number, end, before): another ruleset is asked. If it
dnl # answers with a triple, that is the answer here too; else all goes on at the end.
dnl #	held	the workspace as it stands before the answer
dnl #	pattern	the same as a pattern
dnl #	number	of the answer: $2 after a pattern with one $*
dnl #	before	an answer that counts more than a triple, and what comes of it
define(`_ASK', `_RULES(`R^*	^: $2 ^>$1
ifelse(`$6', `', `', `R$3 $6
')R$3 ^#^*	^#^$4
R$3 ^*	$5')')
dnl # _ASK_BESIDE(call, end, before): workspace $| answer
define(`_ASK_BESIDE', `_ASK(`$1', `^1 ^|', `^* ^|', `2', ifelse(`$2', `', ``^: ^1'', ``$2''), `$3')')
dnl # _ASK_APART(call, end, before): < workspace > $| answer
define(`_ASK_APART', `_ASK(`$1', `< ^1 > ^|', `< ^* > ^|', `2', ifelse(`$2', `', ``^: ^1'', ``$2''), `$3')')

dnl # _AT_ONCE(pattern, call, tail, verdict): a check that refuses or discards ends all of
dnl # them; what comes of its other triples
dnl #	tail	what an earlier check has left behind the pattern
define(`_AT_ONCE', `_RULES(`R$1$3	^: ^1 ^| ^>$2
R$1 ^| ^#error ^*	^#error ^2
R$1 ^| ^#discard ^*	^#discard ^2
R$1 ^| ^#^*	$4')')

dnl # _UNLESS_DEFERRED: no checks where mail is only taken in
define(`_UNLESS_DEFERRED', `_RULES(`R^*	^: < ^&{deliveryMode} > ^1
R< d > ^*	^@ deferred
R< ^* > ^*	^: ^2')')

dnl # _CANONICAL(class): domains of a class are canonical; _CANONICAL_BELOW: also what is
dnl # below them; _CANONICAL_IF(flag, class): below, if the flag is defined
define(`_CANONICAL', `_RULES(`R^* < @ ^=$1 > ^*	^: ^1 < @ ^2 . > ^3')')
define(`_CANONICAL_BELOW', `_RULES(`R^* < @ ^* ^=$1 > ^*	^: ^1 < @ ^2 ^3 . > ^4')')
define(`_CANONICAL_IF', `ifdef(`$1', `_CANONICAL_BELOW(`$2')', `_CANONICAL(`$2')')')

dnl # _RELAYED(before, behind): a domain that we relay for, between these two -> RELAY
define(`_RELAYED', `_RULES(`ifdef(`_RELAY_ENTIRE_DOMAIN_', `R$1 ^* ^=m$2	^@ RELAY
')R$1 ^=w$2	^@ RELAY
R$1 ifdef(`_RELAY_HOSTS_ONLY_', `', `^* ')^=R$2	^@ RELAY')')

dnl # _CLIENT_ADDRESS: whatever is asked, it is asked of the address of the client
define(`_CLIENT_ADDRESS', `_RULES(`R^*	^: ^&{client_addr}')')

dnl # _ASK_BACKWARDS(map, before, behind): the address of the client, backwards between
dnl # these two -> < ? > what the map says, or OK
define(`_ASK_BACKWARDS', `_CLIENT_ADDRESS
_RULES(`R^- . ^- . ^- . ^-	^: < ? > ^($1 $2^4.^3.^2.^1.$3. ^: OK ^)')')
dnl # _ASK_DNS_LIST(map, zone): the same for a DNS list; OK ends the rules
define(`_ASK_DNS_LIST', `_ASK_BACKWARDS(`$1', `', `$2')
_RULES(`R< ? > OK	^: OKSOFAR')')

dnl # _OUR_NAME: what has no domain gets the name of this host
define(`_OUR_NAME', `_RULES(`R^* < @ *LOCAL* > ^*	^: ^1 < @ ^j . > ^2')')

dnl # _TRY(map, mark, key, pattern, text, mark if that is unknown too): < mark > address,
dnl # nothing known so far -> < value > address, or < mark > address
define(`_TRY', `_RULES(`R< $2 > $4	^: < ^($1 $3 ^: ifelse(`$#', `5', `$2', `$6') ^) > $5')')

dnl # _IF_MX_SERVED(address, mark, yes, no): is this host a mail exchanger of the domain?
dnl #	mark < : exchanger : exchanger : > address
define(`_IF_MX_SERVED', `_RULES(`R$1 < @ ^+ >	^: $2< : ^(mxserved ^2 ^) : > ^1 < @ ^2 >
R$2< : ^* <TEMP> : > ^*	^#TEMP ^@ 4.4.0 ^: "450 Can not check MX records for recipient host " ^1
R$2< ^* : ^=w . : ^* > ^*	$3
R$2< : ^* : > ^*	$4')')
