divert(-1)
dnl # FEATURE(bcc, map, host, address, canonical): mail to domains that a table names is also
dnl # sent to an archive.
dnl #	map	the rest of the K line, or access: the access table, tag bcc (needs
dnl #		FEATURE(access_db) before this); else bcctable in MAIL_SETTINGS_DIR
dnl #	host	[mailer:]host that takes the copies; else by their address
dnl #	address	where all copies go; else to the recipient itself
dnl #	canonical	the rest of a K line: a map that the copy's address goes through; what
dnl #		it does not know gets no copy
dnl # Example: FEATURE(`bcc', `access', `smtp:archive.example', `all@archive.example')
define(`_ADD_BCC_', `1')
ifelse(lower(_ARG_), `access', `define(`_BCC_ACCESS_', `1')ifdef(`_ACCESS_TABLE_', `', `errprint(`*** ERROR: FEATURE(`bcc') requires FEATURE(`access_db')
')')')
ifelse(len(X`'_ARG4_), `1', `', `define(`_CANONIFY_BCC_', `1')define(`_NEED_SMTPOPMODES_', `1')')
LOCAL_CONFIG
O AddBcc=true
ifdef(`_BCC_ACCESS_', `', `Kbcctable ifelse(len(X`'_ARG_), `1', `DATABASE_MAP_TYPE MAIL_SETTINGS_DIR`'bcctable', `_ARG_')
')dnl
ifelse(len(X`'_ARG2_), `1', `', `DA`'_ARG2_
')dnl
ifdef(`_CANONIFY_BCC_', `KcanonicalRcpt _ARG4_
')dnl
LOCAL_RULESETS
# bcc: recipient -> who gets a copy, or nothing. Called for each recipient.
Sbcc
R< $+ >			$1
ifdef(`_BCC_ACCESS_', `R$+ @ $+		$: $1@$2 $| $>SearchList < ! bcc > $| < D:$2 > < >
', `R$+ @ $+		$: $1@$2 $| $>BCC $2
')dnl
R$* $| < ? >		$@
R$* $| $*		$: ifelse(len(X`'_ARG3_), `1', `$1', `_ARG3_')
ifdef(`_CANONIFY_BCC_', `R$+ @ $+		$: $(canonicalRcpt $1@$2 $: $)
')dnl
ifdef(`_BCC_ACCESS_', `', `
# BCC: domain -> < value >, or < ? >. Asks domain, and .domain without its first
# label, for it and all above.	domain < value >
SBCC
R$+			$: $1 < $(bcctable $1 $: ? $) >
R$- . $+ < ? >		$: $1.$2 < $(bcctable .$2 $: ? $) >
R$- . $- . $+ < ? >	$@ $>BCC $3
R$* < $* >		$@ < $2 >
')dnl
divert(0)dnl
