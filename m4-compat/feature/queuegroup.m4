divert(-1)
dnl # FEATURE(queuegroup, group): the access table (tag QGRP) says in which queue group the
dnl # mail for a recipient waits. Needs FEATURE(access_db) before it.
dnl #	group	for those whom the table does not know
dnl # Example: FEATURE(`queuegroup', `slow')
ifdef(`_ACCESS_TABLE_', `', `errprint(`*** ERROR: FEATURE(`queuegroup') requires FEATURE(`access_db')
')')
LOCAL_RULESETS
# queuegroup: recipient -> $# name of a queue group. Called for each recipient.
Squeuegroup
R< $+ >			$1
R$+ @ $+		$: $>SearchList < ! qgrp > $| < F:$1@$2 > < D:$2 > < >
ifelse(len(X`'_ARG_), `1', `R< ? >			$@
', `R< ? >			$# _ARG_
')dnl
R< $+ >			$# $1
divert(0)dnl
VERSIONID(`feature queuegroup')
