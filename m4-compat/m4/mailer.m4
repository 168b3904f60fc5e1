dnl # What the files of mailers share. A mailer is one call:
dnl #
dnl # _MAILER(name, path, flags, fields, limits, types, arguments)
dnl #	flags	all of F=; _FLAGS(prefix, list) puts the list together and lets
dnl #		MODIFY_MAILER_FLAGS of the prefix change it
dnl #	fields	S=, R= and what else stands on the first line, each with its comma
dnl #	limits	from _LIMITS: what is written only if the site has set it
dnl #	types	T=, with _prefix_QGRP behind it where the mailer may have a queue group
define(`_MAILER', `M$1,		P=$2, F=$3, $4
		$5T=$6
		A=$7')
define(`_FLAGS', `_MODMF_(CONCAT($2), `$1')')

dnl # _LIMITS(prefix, letters): prefix_MAILER_MAX and its kin as fields, in the order of
dnl # the letters
define(`_LIMIT_M_', `MAX')
define(`_LIMIT_m_', `MAXMSGS')
define(`_LIMIT_r_', `MAXRCPTS')
define(`_LIMIT_C_', `CHARSET')
define(`_LIMIT', `_OPTINS(`$1_MAILER_'defn(`_LIMIT_$2_'), `$2=', `, ')')
define(`_LIMITS', `ifelse(`$2', `', `', `_LIMIT(`$1', substr(`$2', 0, 1))_LIMITS(`$1', substr(`$2', 1))')')

dnl # _MAY_QUEUE(prefix, define): _prefix_QGRP is the field of the queue group, if there is
dnl # one
define(`_MAY_QUEUE', `define(`_$1_QGRP', `ifelse(defn(`$2'), `', `', ` Q=$2,')')')

dnl # Recipient rulesets of mailers that speak SMTP or domains
define(`_TO_SMTP_', `ifdef(`_ALL_MASQUERADE_', `EnvToSMTP/HdrFromSMTP', `EnvToSMTP')')
