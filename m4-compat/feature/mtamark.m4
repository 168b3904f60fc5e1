divert(-1)
dnl # FEATURE(mtamark, answer, later, prefix): who runs an address may say by a TXT record
dnl # below its name in in-addr.arpa whether mail may come from there: 1 yes, 0 no.
dnl #	answer	the error with its code, quoted as in a rule; else 550 and a text
dnl #	later	what to say while the record cannot be asked for: t for 451 and a text,
dnl #		or an error with its code; else such a client is let in
dnl #	prefix	the name of the record; else _perm._smtp._srv
dnl # Example: FEATURE(`mtamark', `', `t')
ifdef(`_MTAMARK_R', `', `define(`_MTAMARK_R', `')
LOCAL_CONFIG
Kmtamark dns -R TXT -a. -T<TMP> -r`'ifdef(`MTAMARK_TO', `MTAMARK_TO', `5')
divert(-1)')
define(`_MTAMARK_RR_', ifelse(len(X`'_ARG3_), `1', `_perm._smtp._srv', `_ARG3_'))
define(`_MTAMARK_MSG_', ifelse(defn(`_ARG_'), `', ``"550 Rejected: " $&{client_addr} " not listed as MTA"'', `_ARG_'))
define(`_MTAMARK_MSG_TMP_', ifelse(_ARG2_, `t', ``"451 Temporary lookup failure of " '_MTAMARK_RR_`.$&{client_addr}'', `_ARG2_'))
LOCAL_DNSBL

# does the owner of the address say that it sends mail?
_ASK_BACKWARDS(`mtamark', `_MTAMARK_RR_.', `in-addr.arpa')
R< ? > 1.		$: OKSOFAR
R< ? > 0.		$#error $@ 5.7.1 $: _MTAMARK_MSG_
ifelse(len(X`'_ARG2_), `1', `R< ? > $+ <TMP>		$: TMPOK
', `R< ? > $* <TMP>		$#error $@ 4.4.3 $: _MTAMARK_MSG_TMP_
')dnl
divert(0)dnl
VERSIONID(`feature mtamark')
