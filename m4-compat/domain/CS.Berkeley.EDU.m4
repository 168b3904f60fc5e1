divert(-1)
dnl # DOMAIN(CS.Berkeley.EDU): sample of a department: the university's domain
dnl # with the names of its own hosts and a user database.
DOMAIN(`Berkeley.EDU')
HACK(`cssubdomain')
define(`confUSERDB_SPEC', `/usr/sww/share/lib/users.cs.db,/usr/sww/share/lib/users.eecs.db')
divert(0)dnl
VERSIONID(`domain CS.Berkeley.EDU')
