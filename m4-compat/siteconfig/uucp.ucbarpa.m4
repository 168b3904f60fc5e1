divert(-1)
dnl # SITECONFIG(uucp.ucbarpa): neighbours of ucbarpa, hosts of the days of UUCP. A sample of
dnl # what such a file holds: SITE lines, and nothing else.
divert(0)dnl
