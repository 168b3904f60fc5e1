divert(-1)
dnl # HACK(msp_nullclient, hub): a submission program (submit.cf) that hands all
dnl # mail to the hub by itself, in the name of the hub: FEATURE(msp) and
dnl # FEATURE(nullclient) in one. A hack of Debian: reads DOMAIN(debian-msp) unless
dnl # the site has, and brings MAILER(local) and MAILER(smtp).
ifelse(defn(`_ARG_'), `', `errprint(`Hack "msp_nullclient" requires argument')', `define(`_NULL_CLIENT_', _ARG_)')
ifdef(`DEBIAN_MSP', `', `DOMAIN(`debian-msp')')
define(`confPRIVACY_FLAGS', `goaway,noetrn')
define(`confUSE_MSP', `True')
define(`confRUN_AS_USER', `mail')
define(`confTRUSTED_USER', `mail')
define(`QUEUE_DIR', `MSP_QUEUE_DIR')
FEATURE(`no_default_msa')
ifelse(defn(`_DPO_'), `', `DAEMON_OPTIONS(`Name=NoMTA, Addr=127.0.0.1, M=E')')
include(_CF_DIR_`m4/nullclient.m4')
divert(0)dnl
VERSIONID(`hack msp_nullclient')
