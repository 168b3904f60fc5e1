divert(-1)
dnl # FEATURE(nullclient, hub): the cf of a workstation that has no mail of its own: all
dnl # of it goes to the hub and bears the name of the hub.
dnl #	hub	the host that takes the mail
dnl # Brings MAILER(local) and MAILER(smtp) along; must be the last FEATURE.
dnl # Example: FEATURE(`nullclient', `mail.example.com')
ifelse(defn(`_ARG_'), `', `errprint(`Feature "nullclient" requires argument')', `define(`_NULL_CLIENT_', `_ARG_')')
define(`MAIL_HUB', _NULL_CLIENT_)
define(`SMART_HOST', _NULL_CLIENT_)
define(`confFORWARD_PATH', `')
ifdef(`confFROM_HEADER', `', `define(`confFROM_HEADER', `<$g>')')
define(`_DEF_LOCAL_MAILER_FLAGS', `lsDFM5q')
undefine(`ALIAS_FILE')
MASQUERADE_AS(_NULL_CLIENT_)
FEATURE(`allmasquerade')
FEATURE(`masquerade_envelope')
MAILER(`local')
MAILER(`smtp')
divert(0)dnl
VERSIONID(`feature nullclient')
