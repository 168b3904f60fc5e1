divert(-1)
dnl # FEATURE(dkim_sign, table, otherwise): what leaves for other hosts is signed (DKIM). canonify only:
dnl # sendmail does not know the options.
dnl #	table	lines with domain (.domain: below it; *: all others), selector, file of the
dnl #		key and, if one likes, algorithm; else /etc/mail/dkim-table
dnl #	otherwise	unsigned: what cannot be signed for now goes out without a signature;
dnl #		else it waits
dnl # Example: FEATURE(`dkim_sign', `/etc/mail/dkim-table')
ifelse(_ARG2_, `', `', _ARG2_, `unsigned', `', `errprint(`*** ERROR: FEATURE(`dkim_sign'): unknown argument "'_ARG2_`"
')')
LOCAL_CONFIG
# keys that sign what leaves
O DKIMSigningTable=ifelse(len(X`'_ARG_), `1', `MAIL_SETTINGS_DIR`'dkim-table', `_ARG_')
ifelse(_ARG2_, `unsigned', `O DKIMSendUnsigned=True
')dnl
divert(0)dnl
VERSIONID(`feature dkim_sign')
divert(-1)
