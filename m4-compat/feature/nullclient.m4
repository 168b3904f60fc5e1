divert(-1)
dnl # FEATURE(nullclient, hub): the cf of a workstation that has no mail of its own: all
dnl # of it goes to the hub and bears the name of the hub.
dnl #	hub	the host that takes the mail
dnl # Brings MAILER(local) and MAILER(smtp) along; must be the last FEATURE.
dnl # Example: FEATURE(`nullclient', `mail.example.com')
ifelse(defn(`_ARG_'), `', `errprint(`Feature "nullclient" requires argument')', `define(`_NULL_CLIENT_', `_ARG_')')
include(_CF_DIR_`m4/nullclient.m4')
divert(0)dnl
VERSIONID(`feature nullclient')
