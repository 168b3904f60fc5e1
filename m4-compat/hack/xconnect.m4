divert(-1)
dnl # HACK(xconnect): which clients (proxies) may use XCONNECT: those with an entry
dnl # XConnect: in the access table, by name, then by address, whatever it says.
dnl # FEATURE(access_db) must come before. Opens x_connect, in LOCAL_RULESETS.
ifdef(`_ACCESS_TABLE_', `', `errprint(`*** ERROR: HACK(xconnect) requires FEATURE(access_db)
')')
divert(0)dnl
VERSIONID(`hack xconnect')
divert(ifdef(`_ACCESS_TABLE_', `9', `-1'))

# x_connect: client name $| client address -> yes, or $# no
Sx_connect
R$| $+			$: ? < ? > < $1 >
R$+ $| $+		$: ? $>D < $1 > < ? > < ! XConnect > < $2 >
R? < ? > < $+ >		$: ? $>A < $1 > < ? > < ! XConnect > < >
R? < ? > $*		$# no
R? < $+ > $*		$@ yes
