divert(-1)
dnl # FEATURE(enhdnsbl, zone, answer, later, result ...): as FEATURE(dnsbl), and the
dnl # address that the list answers with decides. May be used several times.
dnl #	zone	the domain of the list
dnl #	answer	quarantine, discard, or an error with its code, quoted as in a rule;
dnl #		else 550 and a text with the address and the zone
dnl #	later	what to say while the list cannot be asked: t for 451 and a text, or an
dnl #		error with its code; else such a client is let in
dnl #	result	up to five patterns, as in the left side of a rule, with a dot at the
dnl #		end; any answer counts if there are none
dnl # Example: FEATURE(`enhdnsbl', `dnsbl.example', `', `t', `127.0.0.2.', `127.0.1.$-.')
ifdef(`_EDNSBL_R_', `', `ifelse(defn(`_ARG_'), `', `errprint(`*** ERROR: missing argument for FEATURE(`enhdnsbl')')')
define(`_EDNSBL_R_', `')
LOCAL_CONFIG
Kednsbl dns -R A -a. -T<TMP> -r`'ifdef(`EDNSBL_TO', `EDNSBL_TO', `5')
divert(-1)')
define(`_EDNSBL_SRV_', `_ARG_')
define(`_EDNSBL_MSG_', ifelse(len(X`'_ARG2_), `1', ``#error $`'@ 5.7.1 $: "550 Rejected: " $&{client_addr} " listed at '_ARG_`"'',
_ARG2_, `quarantine', ``#error $`'@ quarantine $: '_ARG_', _ARG2_, `discard', ``#discard $: discard'', ``#error $`'@ 5.7.1 $: '_ARG2_'))
define(`_EDNSBL_MSG_TMP_', ifelse(_ARG3_, `t', ``"451 Temporary lookup failure of " $&{client_addr} " at '_ARG_`"'', `_ARG3_'))
dnl # _EDNSBL_RULES_(result, ...): a rule for each up to the first empty one.
define(`_EDNSBL_RULES_', `R< ? > $1		$`'_EDNSBL_MSG_
ifelse(len(X`$2'), `1', `', `_EDNSBL_RULES_(shift($@))')')
define(`_EDNSBL_MATCH_', `ifelse(len(X`'_ARG4_), `1', ``$'+', `_ARG4_')')
LOCAL_DNSBL

# is the client listed at _EDNSBL_SRV_, and as what?
_ASK_DNS_LIST(`ednsbl', `_EDNSBL_SRV_')
ifelse(len(X`'_ARG3_), `1', `R< ? > $+ <TMP>		$: TMPOK
', `R< ? > $* <TMP>		$#error $@ 4.4.3 $: _EDNSBL_MSG_TMP_
')dnl
_EDNSBL_RULES_(_EDNSBL_MATCH_, _ARG5_, _ARG6_, _ARG7_, _ARG8_)dnl
divert(0)dnl
VERSIONID(`feature enhdnsbl')
