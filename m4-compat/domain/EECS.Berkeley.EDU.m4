divert(-1)
dnl # DOMAIN(EECS.Berkeley.EDU): sample of a department that masquerades.
DOMAIN(`Berkeley.EDU')
MASQUERADE_AS(`EECS.Berkeley.EDU')
divert(0)dnl
VERSIONID(`domain EECS.Berkeley.EDU')
