divert(-1)
dnl # What a sendmail.mc may call. Everything here is known as soon as cf.m4 has
dnl # been read; the rules are written at the end of the input (see rules.m4), so
dnl # that a define counts wherever in the .mc it stands.
dnl # 
dnl # Diversions, in the order in which they reach the cf:
dnl # 	0 head	5 classes	6 LOCAL_CONFIG	2 LOCAL_RULE_3	4 uucp rules
dnl # 	1 LOCAL_NET_CONFIG	3 LOCAL_RULE_0	8 DNS lists	9 rulesets	7 mailers

dnl # GNU m4 knows the word format, some systems predefine hpux: plain words here.
undefine(`format')
undefine(`hpux')

ifdef(`_NO_MAKEINFO_', `', `define(`_NO_MAKEINFO_')')
include(_CF_DIR_`m4/version.m4')

dnl # Helpers that third-party files rely on too

dnl # PUSHDIVERT(n) ... POPDIVERT: write elsewhere for a while.
define(`PUSHDIVERT', `pushdef(`__D__', divnum)divert($1)')
define(`POPDIVERT', `divert(__D__)popdef(`__D__')')

dnl # VERSIONID(text): leaves a comment line where it stands.
define(`VERSIONID', ``#####  $1  #####'')

define(`CONCAT', `$1$2$3$4$5$6$7')
define(`DOL', ``$'$1')

dnl # lower(text); strcasecmp(a, b) is 1 for equal, else 0.
define(`lower', `translit(`$1', `A-Z', `a-z')')
define(`strcasecmp', `ifelse(lower($1), lower($2), `1', `0')')

dnl # _DEFIFNOT(name, value); _OPTINS(name, before, after) writes a define if set.
define(`_DEFIFNOT', `ifdef(`$1', `', `define(`$1', `$2')')')
define(`_OPTINS', `ifdef(`$1', `$2`'$1`'$3')')

dnl # Arguments of the FEATURE, HACK or MAILER being read: _ARG_ and _ARG1_ are
dnl # the first after its name, _ARG2_ the next.
define(`_ACC_ARG_1_', `$1')
define(`_ACC_ARG_2_', `$2')
define(`_ACC_ARG_3_', `$3')
define(`_ACC_ARG_4_', `$4')
define(`_ACC_ARG_5_', `$5')
define(`_ACC_ARG_6_', `$6')
define(`_ACC_ARG_7_', `$7')
define(`_ACC_ARG_8_', `$8')
define(`_ACC_ARG_9_', `$9')
define(`_ARG1_', `_ACC_ARG_1_(_ARGS_)')
define(`_ARG2_', `_ACC_ARG_2_(_ARGS_)')
define(`_ARG3_', `_ACC_ARG_3_(_ARGS_)')
define(`_ARG4_', `_ACC_ARG_4_(_ARGS_)')
define(`_ARG5_', `_ACC_ARG_5_(_ARGS_)')
define(`_ARG6_', `_ACC_ARG_6_(_ARGS_)')
define(`_ARG7_', `_ACC_ARG_7_(_ARGS_)')
define(`_ARG8_', `_ACC_ARG_8_(_ARGS_)')
define(`_ARG9_', `_ACC_ARG_9_(_ARGS_)')

dnl # Files of the library

define(`OSTYPE', `PUSHDIVERT(-1)
ifdef(`__OSTYPE__', `errprint(`duplicate OSTYPE'($1)
)')
define(`__OSTYPE__', `$1')
define(`_ARG_', `$2')
include(_CF_DIR_`ostype/$1.m4')POPDIVERT`'')

define(`DOMAIN', `PUSHDIVERT(-1)
define(`_ARG_', `$2')
include(_CF_DIR_`domain/$1.m4')POPDIVERT`'')

define(`FEATURE', `PUSHDIVERT(-1)
ifdef(`_MAILER_DEFINED_', `errprint(`*** ERROR: FEATURE() should be before MAILER()
')')
define(`_ARG_', `$2')
define(`_ARGS_', `shift($@)')
include(_CF_DIR_`feature/$1.m4')POPDIVERT`'')

define(`HACK', `PUSHDIVERT(-1)
define(`_ARG_', `$2')
define(`_ARGS_', `shift($@)')
include(_CF_DIR_`hack/$1.m4')POPDIVERT`'')

dnl # MAILER(file, instance): each name once; its text goes to the mailer section.
define(`MAILER', `define(`_MAILER_DEFINED_', `')define(`_M_N_', `ifelse(`$2', `', `$1', `$2')')dnl
ifdef(`_MAILER_'_M_N_`_', `errprint(`*** ERROR: MAILER('_M_N_`) already included
')', `define(`_MAILER_'_M_N_`_', `')define(`_ARG_', `$2')define(`_ARGS_', `shift($@)')dnl
PUSHDIVERT(7)include(_CF_DIR_`mailer/$1.m4')POPDIVERT`'')')

dnl # Text of the site: everything that follows goes to that place

define(`_SECTION', `define(`$1', `divert($2)')')
_SECTION(`LOCAL_CONFIG', `6')
_SECTION(`LOCAL_RULE_3', `2')
_SECTION(`LOCAL_UUCP', `4')
_SECTION(`LOCAL_RULE_0', `3')
_SECTION(`LOCAL_DNSBL', `8')
_SECTION(`MAILER_DEFINITIONS', `7')
define(`LOCAL_RULE_1', `divert(9)
dnl # sender addresses, after canonify: rules of the site
Ssender=1
')
define(`LOCAL_RULE_2', `divert(9)
dnl # recipient addresses, after canonify: rules of the site
Srecipient=2
')
define(`LOCAL_NET_CONFIG', `define(`_LOCAL_RULES_', `')divert(1)')
define(`LOCAL_RULESETS', `divert(9)
')

dnl # LOCAL_TRY_TLS and its five sisters open the hook of that ruleset.
define(`_LOCAL_HOOK', `define(`$1', `define(`_$1_', `')dnl
ifdef(`_MAILER_DEFINED_', `', `errprint(`*** WARNING: MAILER() should be before $1
')')divert(9)
dnl # $2: rules of the site
S$2
')')
_LOCAL_HOOK(`LOCAL_SRV_FEATURES', `Local_srv_features')
_LOCAL_HOOK(`LOCAL_CLT_FEATURES', `Local_clt_features')
_LOCAL_HOOK(`LOCAL_TRY_TLS', `Local_try_tls')
_LOCAL_HOOK(`LOCAL_TLS_RCPT', `Local_tls_rcpt')
_LOCAL_HOOK(`LOCAL_TLS_CLIENT', `Local_tls_client')
_LOCAL_HOOK(`LOCAL_TLS_SERVER', `Local_tls_server')

dnl # Classes: NAME(words) writes a C line, NAME_FILE(file) an F line. The rest of
dnl # the line in which such a call stands is lost, as it always was.

define(`_CLASS_WORDS', `define(`$1', `PUSHDIVERT(5)C{$2}$'`1
$3`'POPDIVERT`'dnl`'')')
define(`_CLASS_FILE', `define(`$1', `PUSHDIVERT(5)F{$2}$'`1
$3`'POPDIVERT`'dnl`'')')
define(`_CLASS_BOTH', `_CLASS_WORDS(`$1', `$2', `$3')_CLASS_FILE(`$1_FILE', `$2', `$3')')

_CLASS_BOTH(`EXPOSED_USER', `E')
_CLASS_BOTH(`LOCAL_USER', `L')
_CLASS_WORDS(`LOCAL_DOMAIN', `w')
_CLASS_BOTH(`MASQUERADE_DOMAIN', `M')
_CLASS_BOTH(`MASQUERADE_EXCEPTION', `N')
_CLASS_BOTH(`CANONIFY_DOMAIN', `Canonify')
_CLASS_BOTH(`GENERICS_DOMAIN', `G')
_CLASS_BOTH(`VIRTUSER_DOMAIN', `VirtHost', `define(`_VIRTHOSTS_', `')')
_CLASS_BOTH(`LDAPROUTE_DOMAIN', `LDAPRoute')
_CLASS_BOTH(`LDAPROUTE_EQUIVALENT', `LDAPRouteEquiv')
_CLASS_BOTH(`RELAY_DOMAIN', `R')
_CLASS_WORDS(`TRUST_AUTH_MECH', `TrustAuthMech', `define(`_USE_AUTH_', `')')

define(`MASQUERADE_AS', `define(`MASQUERADE_NAME', $1)')

dnl # Lines that are collected, in call order

define(`_DPO_', `')
define(`DAEMON_OPTIONS', `define(`_DPO_', defn(`_DPO_')`
O DaemonPortOptions=$1')')
define(`_CPO_', `')
define(`CLIENT_OPTIONS', `define(`_CPO_', defn(`_CPO_')`
O ClientPortOptions=$1')')
define(`_QUEUE_GROUP_', `')
define(`QUEUE_GROUP', `define(`_QUEUE_GROUP_', defn(`_QUEUE_GROUP_')`Q$1, $2
')')
define(`_MAIL_FILTERS_', `')
define(`_MAIL_FILTERS_DEF', `')
define(`MAIL_FILTER', `define(`_MAIL_FILTERS_', defn(`_MAIL_FILTERS_')`X$1, $2
')define(`_MAIL_FILTERS_DEF', defn(`_MAIL_FILTERS_DEF')`X')')
define(`INPUT_MAIL_FILTER', `MAIL_FILTER(`$1', `$2')dnl
define(`confINPUT_MAIL_FILTERS', ifelse(defn(`confINPUT_MAIL_FILTERS'), `', ``$1'', `defn(`confINPUT_MAIL_FILTERS')``, $1'''))')

dnl # Mailer flags

dnl # _ADDCHAR_(string, c): c at the end unless it is there; _DELCHAR_: without
dnl # its first c. _AP_(macro, string, chars): the macro over each character.
define(`_ADDCHAR_', `ifelse(index(`$1', `$2'), `-1', `$1$2', `$1')')
define(`_DELCHAR_', `ifelse(index(`$1', `$2'), `-1', `$1', `substr(`$1', 0, index(`$1', `$2'))`'substr(`$1', eval(index(`$1', `$2') + 1))')')
define(`_AP_', `ifelse(`$3', `', `$2', `_AP_(`$1', $1(`$2', substr(`$3', 0, 1)), substr(`$3', 1))')')

dnl # MODIFY_MAILER_FLAGS(prefix, flags): +flags adds, -flags takes away, anything
dnl # else replaces. _MODMF_(flags, prefix) is what comes out for a mailer.
define(`MODIFY_MAILER_FLAGS', `ifelse(substr(`$2', 0, 1), `+',
`define(`_MF_ADD_$1', defn(`_MF_ADD_$1')`'substr(`$2', 1))',
substr(`$2', 0, 1), `-',
`define(`_MF_DEL_$1', defn(`_MF_DEL_$1')`'substr(`$2', 1))',
`define(`_MF_SET_$1', `$2')undefine(`_MF_ADD_$1')undefine(`_MF_DEL_$1')')')
define(`_MODMF_', `ifdef(`_MF_SET_$2', `defn(`_MF_SET_$2')',
`_AP_(`_ADDCHAR_', _AP_(`_DELCHAR_', `$1', defn(`_MF_DEL_$2')), defn(`_MF_ADD_$2'))')')

include(_CF_DIR_`m4/mailer.m4')
include(_CF_DIR_`m4/templates.m4')

dnl # The map that sets macros, written where it is first needed

define(`_WRITE_MACRO_MAP_', `ifdef(`_MACRO_MAP_', `', `define(`_MACRO_MAP_', `1')Kmacro macro
')')

dnl # Tables of features

dnl # _LDAP_MAP(name): the map of that name in the schema of sendmail.
define(`_LDAP_MAP', `-1 -v sendmailMTAMapValue,sendmailMTAMapSearch:FILTER:sendmailMTAMapObject,sendmailMTAMapURL:URL:sendmailMTAMapObject -k (&(objectClass=sendmailMTAMapObject)(|(sendmailMTACluster=${sendmailMTACluster})(sendmailMTAHost=$j))(sendmailMTAMapName=$1)(sendmailMTAKey=%0))')

dnl # _TABLE_MAP(map, file, LDAP name): the K line that _ARG_ asks for.
define(`_TABLE_MAP', `K$1 ifelse(defn(`_ARG_'), `', `DATABASE_MAP_TYPE MAIL_SETTINGS_DIR`'$2', defn(`_ARG_'), `LDAP', `ldap _LDAP_MAP(`$3')', `_ARG_')
')

dnl # UUCP sites

dnl # SITECONFIG(file, local name, letter): our name in UUCP as macro $3; reads
dnl # siteconfig/file.m4, whose SITE(hosts) lines name neighbours: class $3. For U,
dnl # our own UUCP site, SITE(hosts, S) names those that understand more: class Y.
define(`SITECONFIG', `D$3`'$2
define(`_CLASS_$3_', `')dnl
define(`_SITE_LETTER_', `$3')dnl
define(`SITE', defn(`_SITE_'))dnl
ifelse(`$3', `U', `C{w}$2 $2.UUCP
')dnl
sinclude(_CF_DIR_`siteconfig/$1.m4')')
define(`_SITE_', `CONCAT(`C', ifelse(_SITE_LETTER_`'`$2', `US', `Y', `_SITE_LETTER_'), $1)')
define(`UUCPSMTP', `_RULES(`R^* < @ $1 .UUCP > ^*	^1 < @ $2 > ^2')')

include(_CF_DIR_`m4/defaults.m4')
m4wrap(`include(_CF_DIR_`m4/rules.m4')')
divert(0)dnl
VERSIONID(`cf library' _LIBRARY_VERSION_)
