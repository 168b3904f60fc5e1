divert(-1)
dnl # HACK(cssubdomain): a host of ours that is called by its name below
dnl # CS.Berkeley.EDU or Berkeley.EDU is this host. Of use in Berkeley only, and an
dnl # example of a hack: rules for LOCAL_RULE_3.
define(`_BELOW', `_RULES(`R^* < @ ^=w .$1 > ^*	^: ^1 < @ ^j > ^3')')
divert(0)dnl
VERSIONID(`hack cssubdomain')
divert(2)
# hosts of class w under the names of the university
_BELOW(`CS.Berkeley.EDU')
_BELOW(`Berkeley.EDU')
