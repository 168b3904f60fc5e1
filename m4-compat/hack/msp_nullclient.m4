divert(-1)
dnl # HACK(msp_nullclient, hub): a submission program (submit.cf) that hands all
dnl # mail to the hub by itself, in the name of the hub: FEATURE(msp) and
dnl # FEATURE(nullclient) in one. A hack of Debian: reads DOMAIN(debian-msp) unless
dnl # the site has, and brings MAILER(local) and MAILER(smtp).
ifelse(defn(`_ARG_'), `', `errprint(`Hack "msp_nullclient" requires argument')', `define(`_NULL_CLIENT_', _ARG_)')
ifdef(`DEBIAN_MSP', `', `DOMAIN(`debian-msp')')
define(`MAIL_HUB', _NULL_CLIENT_)
define(`SMART_HOST', _NULL_CLIENT_)
undefine(`ALIAS_FILE')
define(`confFORWARD_PATH', `')
_DEFIFNOT(`confFROM_HEADER', `<$g>')
define(`_DEF_LOCAL_MAILER_FLAGS', `lsDFM5q')
define(`confPRIVACY_FLAGS', `goaway,noetrn')
define(`confUSE_MSP', `True')
define(`confRUN_AS_USER', `mail')
define(`confTRUSTED_USER', `mail')
define(`QUEUE_DIR', `MSP_QUEUE_DIR')
MASQUERADE_AS(_NULL_CLIENT_)
FEATURE(`no_default_msa')
FEATURE(`allmasquerade')
FEATURE(`masquerade_envelope')
ifelse(defn(`_DPO_'), `', `DAEMON_OPTIONS(`Name=NoMTA, Addr=127.0.0.1, M=E')')
MAILER(`local')
MAILER(`smtp')
divert(0)dnl
VERSIONID(`hack msp_nullclient')
