divert(-1)
dnl # HACK(nodns): a host without any name service. A hack of Debian: another
dnl # service switch file, no look-up of our interfaces, no canonical names, no
dnl # resolver options.
undefine(`confBIND_OPTS')
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch-nodns')
define(`confDONT_PROBE_INTERFACES', `True')
FEATURE(`nocanonify')
divert(0)dnl
VERSIONID(`hack nodns')
