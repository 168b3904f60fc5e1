ifdef(`_RELAY_DB_FROM_DOMAIN_', `ifdef(`_RELAY_DB_FROM_', `', `ifdef(`_RELAY_LOCAL_FROM_', `errprint(`*** ERROR: _RELAY_DB_FROM_DOMAIN_ requires _RELAY_DB_FROM_
')')')')dnl
ifdef(`_SPAM_FH_', `ifdef(`_ACCESS_TABLE_', `', `errprint(`*** ERROR: FEATURE(`delay_checks', `argument') requires FEATURE(`access_db')
')')')dnl
ifdef(`_SPAM_FRIEND_', `ifdef(`_SPAM_HATER_', `errprint(`*** ERROR: define either Hater or Friend -- not both.
')')')dnl
ifdef(`_DELAY_CHECKS_', `
# FullAddr: u < @ d . > -> u < @ d >; u -> u < @ $j >
SFullAddr
R$* < @ $+ . >		$1 < @ $2 >
R$* < @ $* >		$@ $1 < @ $2 >
R$+			$@ $1 < @ $j >

# Delay_TLS_Clt: a word -> it as a verdict, if TLS is good enough
SDelay_TLS_Clt
_ASK_BESIDE(`"tls_client" ^&{verify} ^| MAIL', `^# ^1')

# Delay_TLS_Clt2: the same, as a plain word
SDelay_TLS_Clt2
_ASK_BESIDE(`"tls_client" ^&{verify} ^| MAIL', `^@ ^1')

# check_rcpt: all checks at last: recipient, then sender, then client
Scheck_rcpt
_AT_ONCE(`^+', `checkrcpt ^1', `', `^@ ^>"Delay_TLS_Clt" ^2')
R$+ $| $*		$: < ? > $>FullAddr $>CanonAddr $1
ifdef(`_SPAM_FH_', `
# a recipient who wants all mail, or who wants none of this
R< ? > $+ < @ $=w >	$: < > $1 < @ $2 > $| < F:$1@$2 > < D:$2 > < U:$1@ >
R< ? > $+ < @ $+ >	$: < > $1 < @ $2 > $| < F:$1@$2 > < D:$2 >
R< > $* $| < $+ >	$: < @ > $1 $| $>SearchList < ! Spam > $| < $2 > < >
R< @ > $* $| $*		$: $2 $1
ifdef(`_SPAM_FRIEND_', `R< FRIEND > $+		$@ $>"Delay_TLS_Clt2" SPAMFRIEND
R< $* > $+		$: $2
', `R< HATER > $+		$: $1
R< $* > $+		$@ $>"Delay_TLS_Clt2" NOSPAMHATER
')')dnl
_AT_ONCE(`^*', `checkmail ifdef(`_FFR_MAIL_MACRO', `^&{mail_from}', `< ^&f >')', `', `^@ ^>"Delay_TLS_Clt" ^2')
_AT_ONCE(`^*', `checkrelay ^&{client_name} ^| ^&{client_addr}', ` ^| ^*', `^#^2')
R$* $| $*		$: $1
')dnl
