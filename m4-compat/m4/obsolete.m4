dnl # Old names: still understood where they can be, and said aloud. The order is
dnl # that of the messages.
ifdef(`confDEF_GROUP_ID', `errprint(`*** confDEF_GROUP_ID is obsolete.
    Use confDEF_USER_ID with a colon in the value instead.
')')
ifdef(`confREAD_TIMEOUT', `errprint(`*** confREAD_TIMEOUT is obsolete.
    Use individual confTO_<timeout> parameters instead.
')')
ifdef(`confMESSAGE_TIMEOUT', `define(`_IDX_', index(confMESSAGE_TIMEOUT, `/'))dnl
ifelse(_IDX_, `-1', `define(`confTO_QUEUERETURN', confMESSAGE_TIMEOUT)',
`define(`confTO_QUEUERETURN', substr(confMESSAGE_TIMEOUT, 0, _IDX_))dnl
define(`confTO_QUEUEWARN', substr(confMESSAGE_TIMEOUT, eval(_IDX_ + 1)))')')
ifelse(index(defn(`confMIN_FREE_BLOCKS'), `/'), `-1', `', `errprint(`*** compound confMIN_FREE_BLOCKS is obsolete.
    Use confMAX_MESSAGE_SIZE for the second part of the value.
')')
ifdef(`_LDAP_ROUTING_WARN_', `ifdef(`confLDAP_DEFAULT_SPEC', `', `errprint(`
WARNING: Using default FEATURE(ldap_routing) map definition(s)
without setting confLDAP_DEFAULT_SPEC option.
')')')
ifdef(`confAUTO_REBUILD', `errprint(`WARNING: confAUTO_REBUILD is no longer valid.
	There was a potential for a denial of service attack if this is set.
')')
ifelse(defn(`confDAEMON_OPTIONS'), `', `', `errprint(`WARNING: confDAEMON_OPTIONS is no longer valid.
	Use DAEMON_OPTIONS(); see cf/README.
')DAEMON_OPTIONS(`confDAEMON_OPTIONS')')
ifelse(defn(`confCLIENT_OPTIONS'), `', `', `errprint(`WARNING: confCLIENT_OPTIONS is no longer valid.  See cf/README for more information.
')CLIENT_OPTIONS(`confCLIENT_OPTIONS')')
ifdef(`confUNSAFE_GROUP_WRITES', `errprint(`WARNING: confUNSAFE_GROUP_WRITES is deprecated; use confDONT_BLAME_SENDMAIL.
')')
ifelse(lower(substr(defn(`confDELIVERY_MODE'), 0, 1)), `d', `errprint(`WARNING: Antispam rules not available in deferred delivery mode.
')')
