divert(-1)
dnl # DOMAIN(S2K.Berkeley.EDU): sample of a group within a department, with a name
dnl # of its own.
DOMAIN(`CS.Berkeley.EDU')
MASQUERADE_AS(`postgres.Berkeley.EDU')
divert(0)dnl
VERSIONID(`domain S2K.Berkeley.EDU')
