divert(-1)
dnl # SITECONFIG(uucp.cogsci): neighbours of cogsci, hosts of the days of UUCP. A sample of
dnl # what such a file holds: SITE lines, and nothing else.
divert(0)dnl
SITE(`contessa')
SITE(`emind')
SITE(`hoptoad')
SITE(`nkainc')
SITE(`well')
SITE(`ferdy')
