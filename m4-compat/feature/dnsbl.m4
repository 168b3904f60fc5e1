divert(-1)
dnl # FEATURE(dnsbl, zone, answer, later): clients that a DNS list knows are refused.
dnl # May be used several times, once for each list.
dnl #	zone	the domain of the list
dnl #	answer	quarantine, discard, or an error with its code, quoted as in a rule;
dnl #		else 550 and a text with the address and the zone
dnl #	later	what to say while the list cannot be asked: t for 451 and a text, or an
dnl #		error with its code; else such a client is let in
dnl # Example: FEATURE(`dnsbl', `dnsbl.example', `"550 Listed at dnsbl.example"', `t')
ifdef(`_DNSBL_R_', `', `ifelse(defn(`_ARG_'), `', `errprint(`*** ERROR: missing argument for FEATURE(`dnsbl')')')
define(`_DNSBL_R_', `')
LOCAL_CONFIG
ifdef(`DNSBL_MAP', `Kdnsbl DNSBL_MAP -T<TMP>', `Kdnsbl dns -R A -T<TMP>')`'ifdef(`DNSBL_MAP_OPT', ` DNSBL_MAP_OPT')
divert(-1)')
define(`_DNSBL_SRV_', `_ARG_')
define(`_DNSBL_MSG_', ifelse(len(X`'_ARG2_), `1', ``#error $`'@ 5.7.1 $: "550 Rejected: " $&{client_addr} " listed at '_ARG_`"'',
_ARG2_, `quarantine', ``#error $`'@ quarantine $: '_ARG_', _ARG2_, `discard', ``#discard $: '_ARG_', ``#error $`'@ 5.7.1 $: '_ARG2_'))
define(`_DNSBL_MSG_TMP_', ifelse(_ARG3_, `t', ``"451 Temporary lookup failure of " $&{client_addr} " at '_ARG_`"'', `_ARG3_'))
LOCAL_DNSBL

# is the client listed at _DNSBL_SRV_?
_ASK_DNS_LIST(`dnsbl', `_DNSBL_SRV_')
ifelse(len(X`'_ARG3_), `1', `R< ? > $+ <TMP>		$: TMPOK
', `R< ? > $* <TMP>		$#error $@ 4.4.3 $: _DNSBL_MSG_TMP_
')dnl
R< ? > $+		$`'_DNSBL_MSG_
divert(0)dnl
VERSIONID(`feature dnsbl')
