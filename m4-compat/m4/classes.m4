divert(-1)
dnl # From the level line to the options: what must be known before any file is
dnl # opened comes first, then the names of this host, then the relays.

dnl # An option, here and in options.m4, has one row:
dnl #	_OPTION(option, define, what is meant if nothing is said)
dnl # A define with a text sets the option, an empty define sets it to nothing,
dnl # none at all leaves a comment that shows the default.
define(`_OPTION', `ifdef(`$2', `O $1`'ifelse(defn(`$2'), `', `', `=$2')', `#O $1`'ifelse(`$3', `', `', `=$3')')
')


dnl # _MACRO_LINE(define, macro, text of the comment without it)
define(`_MACRO_LINE', `ifdef(`$1', `D$2`'$1', ``#D$2$3'')')

dnl # _RELAY_LINE(define, macro letter, pseudo domain)
define(`_RELAY_LINE', `ifdef(`$1', `D$2`'$1
CP$3
')')
divert(0)dnl

V`'ifdef(`CF_LEVEL', `CF_LEVEL', `10')`'ifdef(`NO_VENDOR', `', `/ifdef(`VENDOR_NAME', `VENDOR_NAME', `Berkeley')')

# before any file: how careful to be, and where LDAP is
_OPTION(`DontBlameSendmail', `confDONT_BLAME_SENDMAIL', `safe')dnl
_OPTION(`LDAPDefaultSpec', `confLDAP_DEFAULT_SPEC', `-h localhost')dnl
_MACRO_LINE(`confLDAP_CLUSTER', `{sendmailMTACluster}', `$m')

######## names and classes ########

# w: names of this host; j: its full name
Cwlocalhost
ifdef(`USE_CW_FILE', `Fw`'confCW_FILE
')dnl
_MACRO_LINE(`confDOMAIN_NAME', `j', `$w.Foo.COM')

# P: last parts of names that need no name server; macros: relays for them
CP.
_RELAY_LINE(`UUCP_RELAY', `Y', `UUCP')dnl
_RELAY_LINE(`BITNET_RELAY', `B', `BITNET')dnl
_RELAY_LINE(`DECNET_RELAY', `C', `DECNET')dnl
_RELAY_LINE(`FAX_RELAY', `F', `FAX')dnl

# S: smart host; L: where unknown local names go
DS`'ifdef(`SMART_HOST', `SMART_HOST')
ifdef(`LUSER_RELAY', `Kuser user -m -a<>
DL`'LUSER_RELAY
')dnl

# O: operators that a local part may hide; . and [ as classes of one word
CO @ifdef(`_NO_PERCENTHACK_', `', ` %')ifdef(`_NO_UUCP_', `', ` !')
C..
C[[

ifdef(`_ACCESS_TABLE_', `# answers of the access table that let a message in
C{Accept}OK RELAY
ifdef(`_DELAY_COMPAT_8_10_', `ifdef(`_BLOCKLIST_RCPT_', `# what was written for recipients under delayed checks
C{SpamTag}SPAMFRIEND SPAMHATER
')')')dnl
ifdef(`_ACCEPT_UNRESOLVABLE_DOMAINS_', `', `# does a domain exist?
Kresolve host -a<_RES_OK_> -T<TEMP>
')dnl
C{ResOk}_RES_OK_
ifdef(`_NEED_MACRO_MAP_', `_WRITE_MACRO_MAP_')`'dnl

ifdef(`confCR_FILE', `# R: domains and addresses that may relay
FR`'confCR_FILE
')dnl
ifdef(`_ARITH_MAP_', `', `define(`_ARITH_MAP_', `1')Karith arith
')dnl
ifdef(`_ACCESS_TABLE_', `_WRITE_MACRO_MAP_`'dnl
# words of a TLS requirement; results that mean a proven certificate
C{Tls}VERIFY ENCR
C{TlsVerified}OK TRUSTED
', `ifdef(`_MTA_STS_', `_WRITE_MACRO_MAP_`'C{Tls}VERIFY ENCR
C{TlsVerified}OK TRUSTED
')')dnl
ifdef(`_MTA_STS_', `# what an MTA-STS policy says
Kstsxsni regex -a: -s3 (.*)(servername=)(.*)
Kstsxsni2 regex -a: -s2 (.*)(servername=.*)
Kstsxmatch regex -a: -s2 (match=)(.*)
Kstsxnodaneflag regex -a@ -s3 (.*)(flags=)([^;]*d)(.*)
')dnl
ifdef(`_CERT_REGEX_ISSUER_', `KCERTIssuer regex _CERT_REGEX_ISSUER_
')dnl
ifdef(`_CERT_REGEX_SUBJECT_', `KCERTSubject regex _CERT_REGEX_SUBJECT_
')dnl
ifdef(`LOCAL_RELAY', `DR`'LOCAL_RELAY
')dnl
ifdef(`MAIL_HUB', `DH`'MAIL_HUB
')dnl
Kdequote dequote`'ifdef(`confDEQUOTE_OPTS', ` confDEQUOTE_OPTS')
undivert(5)dnl
ifdef(`_VIRTHOSTS_', `CR$={VirtHost}
')dnl
ifdef(`MASQUERADE_NAME', `# M: the name that mail from here bears
DM`'MASQUERADE_NAME
')dnl
_MACRO_LINE(`confMAILER_NAME', `n', `MAILER-DAEMON')
undivert(6)dnl
DZ`'_LIBRARY_VERSION_`'ifdef(`confCF_VERSION', `/confCF_VERSION')

######## options ########

