divert(-1)
dnl # FEATURE(msp, host, MSA): the cf of the submission program (submit.cf): every
dnl # message goes by SMTP to a daemon, whatever its recipients.
dnl #	host	where the daemon is; [localhost]
dnl #	MSA	this very word: use port 587 instead of 25
dnl # Brings MAILER(local) and MAILER(smtp) along; nothing may follow it but text
dnl # for other sections.
dnl # Example: FEATURE(`msp', `[127.0.0.1]')
define(`_MTA_HOST_', ifelse(defn(`_ARG_'), `', ``[localhost]'', `_ARG_'))
define(`_MSP_FQHN_', ifdef(`MASQUERADE_NAME', `ifdef(`_MASQUERADE_ENVELOPE_', ``$M'', ``$j'')', ``$j''))
ifelse(_ARG2_, `MSA', `define(`RELAY_MAILER_ARGS', `TCP $h 587')')
define(`confDELIVERY_MODE', `i')
define(`confUSE_MSP', `True')
define(`confFORWARD_PATH', `')
define(`confPRIVACY_FLAGS', `goaway,noetrn,restrictqrun')
define(`confDONT_PROBE_INTERFACES', `True')
define(`confQUEUE_FILE_MODE', `0660')
define(`QUEUE_DIR', ifdef(`MSP_QUEUE_DIR', `MSP_QUEUE_DIR', `/var/spool/clientmqueue'))
define(`STATUS_FILE', ifdef(`STATUS_FILE', `define(`_F_', index(STATUS_FILE, `sendmail.st'))ifelse(_F_, `-1', `STATUS_FILE', `substr(STATUS_FILE, 0, _F_)sm-client.st`'substr(STATUS_FILE, eval(_F_ + 11))')', `QUEUE_DIR/sm-client.st'))
_DEFIFNOT(`confRUN_AS_USER', `smmsp')
_DEFIFNOT(`confTRUSTED_USER', ifelse(index(confRUN_AS_USER, `:'), `-1', `confRUN_AS_USER', `substr(confRUN_AS_USER, 0, index(confRUN_AS_USER, `:'))'))
_DEFIFNOT(`confPID_FILE', QUEUE_DIR`/sm-client.pid')
define(`LOCAL_MAILER_PATH', `[IPC]')
define(`_DEF_LOCAL_MAILER_FLAGS', `')
define(`LOCAL_MAILER_FLAGS', `lmDFMuXkw5')
define(`LOCAL_MAILER_ARGS', `TCP $h')
define(`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE', `SMTP')
define(`LOCAL_SHELL_PATH', `[IPC]')
define(`_DEF_LOCAL_SHELL_FLAGS', `')
define(`LOCAL_SHELL_FLAGS', `lmDFMuXk5')
define(`LOCAL_SHELL_ARGS', `TCP $h')
MODIFY_MAILER_FLAGS(`SMTP', `+k5')
MODIFY_MAILER_FLAGS(`ESMTP', `+k5')
MODIFY_MAILER_FLAGS(`DSMTP', `+k5')
MODIFY_MAILER_FLAGS(`SMTP8', `+k5')
MODIFY_MAILER_FLAGS(`RELAY', `+k')
undefine(`ALIAS_FILE')
FEATURE(`no_default_msa')
ifelse(defn(`_DPO_'), `', `DAEMON_OPTIONS(`Name=NoMTA, Addr=127.0.0.1, M=E')')
LOCAL_CONFIG
D{MTAHost}_MTA_HOST_
LOCAL_RULESETS
# every recipient goes to the daemon, with a domain
SLocal_localaddr
R$+			$: $>ParseRecipient $1
R$* < @ $+ > $*		$# relay $@ ${MTAHost} $: $1 < @ $2 > $3
R$+			$# relay $@ ${MTAHost} $: $1 < @ _MSP_FQHN_ >
MAILER(`local')
MAILER(`smtp')
divert(0)dnl
VERSIONID(`feature msp')
