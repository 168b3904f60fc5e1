divert(-1)
dnl # DOMAIN(Berkeley.EDU): sample of a domain for a whole university, as the
dnl # mc files of the first days name it: relays, class w from a file, redirect.
DOMAIN(`berkeley-only')
define(`UUCP_RELAY', `uucp-relay.Berkeley.EDU')
define(`BITNET_RELAY', `bitnet-relay.Berkeley.EDU')
define(`confFORWARD_PATH', `$z/.forward.$w:$z/.forward')
define(`confCW_FILE', `-o /etc/sendmail.cw')
define(`confDONT_INIT_GROUPS', `True')
FEATURE(`redirect')
FEATURE(`use_cw_file')
FEATURE(`stickyhost')
divert(0)dnl
VERSIONID(`domain Berkeley.EDU')
