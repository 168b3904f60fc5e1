divert(-1)
dnl # FEATURE(tls_policy, what, ...): which TLS the hosts of a domain must have is asked of the domain. canonify only.
dnl #	what	dane: TLSA records in its DNS (RFC 7672), for those who have a name server
dnl #		that validates on this host, or with the word dnssec, which validates here,
dnl #		from the keys of the DNS root; sts: its MTA-STS policy (RFC 8461);
dnl #		requiretls: messages that ask for it (RFC 8689) go only where it is
dnl #		promised; reports: domains that want it get daily reports (RFC 8460)
dnl #		from postmaster; without any word: dane and sts
dnl # With FEATURE(access_db) before it, the table (tag TLS_Policy) says for single domains what
dnl # is asked (DANE, STS: that alone; NONE: nothing), and what the site itself wants: MUST-TLS, or
dnl # MUST-DANE: TLSA records that prove who the host is. Until then the mail waits.
dnl # Example: FEATURE(`tls_policy', `sts')
dnl #	TLS_Policy:broken.example	NONE
dnl #	TLS_Policy:partner.example	MUST-DANE
define(`_TLS_POLICY_OPTION_', `ifelse(`$1', `', `',
`$1', `dane', `O TLSARecords=True
',
`$1', `dnssec', `O DNSSECTrustAnchor=root
',
`$1', `sts', `O StrictTransportSecurity=True
',
`$1', `requiretls', `O RequireTLS=True
',
`$1', `reports', `O TLSReportContact=postmaster@$j
',
`errprint(`*** ERROR: FEATURE(`tls_policy'): unknown argument "$1"
')')')
LOCAL_CONFIG
# domains say which TLS their hosts must have
ifelse(_ARG_, `', `O TLSARecords=True
O StrictTransportSecurity=True
', `_TLS_POLICY_OPTION_(_ARG_)_TLS_POLICY_OPTION_(_ARG2_)_TLS_POLICY_OPTION_(_ARG3_)_TLS_POLICY_OPTION_(_ARG4_)_TLS_POLICY_OPTION_(_ARG5_)')dnl
ifdef(`_ACCESS_TABLE_', `LOCAL_RULESETS
# tls_policy: domain -> what is asked about it: DANE, STS, NONE, MUST-TLS, MUST-DANE; OK: what the options say;
#	TMPF: not known for now
Stls_policy
R$+			$: $>D < $1 > < ? > < ! TLS_Policy > < >
R< $* _ATMPF_ > < $* >	$@ TMPF
R< ? > < $* >		$@ OK
R< $+ > < $* >		$@ $1
')dnl
divert(0)dnl
VERSIONID(`feature tls_policy')
divert(-1)
