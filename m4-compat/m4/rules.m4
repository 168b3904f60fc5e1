divert(-1)
dnl # The cf itself, written when all of the input has been read: head, classes,
dnl # options, headers, then the rules by subject, then what the site and the
dnl # mailers left in their diversions.

dnl # Only now is it known which mailers there are.
ifdef(`_MAILER_local_', `', `MAILER(`local')')
ifdef(`__OSTYPE__', `', `errprint(`*** ERROR: No system type defined (use OSTYPE macro)
')')
ifdef(`DECNET_RELAY', `define(`_USE_DECNET_SYNTAX_', `1')')
define(`_LOCAL_', confLOCAL_MAILER)
define(`_SMTP_', confSMTP_MAILER)
_DEFIFNOT(`confRELAY_MAILER', ifdef(`_MAILER_smtp_', ``relay'', ``unknown''))
define(`_RELAY_', confRELAY_MAILER)
define(`_UUCP_', `ifdef(`confUUCP_MAILER', `confUUCP_MAILER', `uucp-old')')
define(`_LOCAL_HOST', ifdef(`_FFR_5_', `` $&{LocalAddrHost}''))
define(`TLS_DSNCODE', ifdef(`TLS_PERM_ERR', `5.7.0', `4.7.0'))
define(`TLS_ERRCODE', ifdef(`TLS_PERM_ERR', `554', `454'))
define(`TLS_SRV_TAG', `"TLS_Srv"')
define(`TLS_CLT_TAG', `"TLS_Clt"')
define(`TLS_RCPT_TAG', `"TLS_Rcpt"')
define(`TLS_TRY_TAG', `"Try_TLS"')
define(`SRV_FEAT_TAG', `"Srv_Features"')
define(`CLT_FEAT_TAG', `"Clt_Features"')
include(_CF_DIR_`m4/obsolete.m4')
divert(0)dnl
include(_CF_DIR_`m4/classes.m4')dnl
include(_CF_DIR_`m4/options.m4')dnl
include(_CF_DIR_`m4/headers.m4')dnl
include(_CF_DIR_`m4/canonify.m4')dnl
include(_CF_DIR_`m4/parse.m4')dnl
include(_CF_DIR_`m4/deliver.m4')dnl
include(_CF_DIR_`m4/masquerade.m4')dnl
ifdef(`_LDAP_ROUTING_', `include(_CF_DIR_`m4/ldap.m4')')dnl
include(_CF_DIR_`m4/access.m4')dnl
include(_CF_DIR_`m4/check.m4')dnl
include(_CF_DIR_`m4/relay.m4')dnl
include(_CF_DIR_`m4/delay.m4')dnl
ifdef(`_BLOCK_BAD_HELO_', `include(_CF_DIR_`m4/helo.m4')')dnl
include(_CF_DIR_`m4/search.m4')dnl
include(_CF_DIR_`m4/auth.m4')dnl
include(_CF_DIR_`m4/tls.m4')dnl
include(_CF_DIR_`m4/limits.m4')dnl

######## rulesets of the site and of features ########
undivert(9)dnl
defn(`_MAIL_FILTERS_')dnl

######## mailers ########
undivert(7)dnl
