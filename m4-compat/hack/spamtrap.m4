divert(-1)
dnl # HACK(spamtrap): addresses that only spammers write to. An entry To:address
dnl # with POISON in the access table makes a whole message refused that has such
dnl # an address among its recipients (after its header) or in its To: header.
dnl # A hack of Debian; FEATURE(access_db) must come before. Writes the map macro
dnl # again, and opens Local_check_rcpt and check_eoh, in LOCAL_RULESETS.
divert(6)
Kmacro macro
divert(0)dnl
VERSIONID(`hack spamtrap')
divert(9)

# Local_check_rcpt: remembers that a recipient is poison
SLocal_check_rcpt
R$*			$: ? $1
R? < $+ >		$: < $1 > $| $>SearchList < ! To > $| < E:$1 > < >
R? $*			$: $1 $| $>SearchList < ! To > $| < E:$1 > < >
R$* $| < POISON >	$: $1 $| < $(macro {PoisonRecipient} $@ POISON $) >
R$* $| $*		$: $1

# check_eoh: at the end of the header, what was remembered counts
Scheck_eoh
R$*			$: < $&{PoisonRecipient} >
R< >			$@
R$*			$#error $@ 5.7.1 $: 550 Mail sent to spam lists is not accepted here

# CheckTo: the To: header
HTo: $>CheckTo
SCheckTo
R$*			$: $1 $| $>SearchList < ! To > $| < E:$1 > < >
R$* $| < POISON >	$#error $@ 5.7.1 $: 550 Mail sent by spamware is not accepted here
R$* $| $*		$: $1
