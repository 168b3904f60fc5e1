divert(-1)
dnl # SITECONFIG(uucp.old.arpa): neighbours of ucbvax under its old name, hosts of the days of UUCP. A sample of
dnl # what such a file holds: SITE lines, and nothing else.
divert(0)dnl
SITE(`endotsew')
SITE(`fateman')
SITE(`interlan')
SITE(`metron')
