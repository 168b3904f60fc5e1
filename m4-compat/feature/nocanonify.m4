divert(-1)
dnl # FEATURE(nocanonify, option): domains are not looked up for their canonical name,
dnl # except for class Canonify, and for listeners with flag c.
dnl #	option	canonify_hosts: names without a dot are looked up
dnl # Example: FEATURE(`nocanonify', `canonify_hosts')
define(`_NO_CANONIFY_', `1')
ifelse(defn(`_ARG_'), `', `', lower(defn(`_ARG_')), `canonify_hosts', `define(`_CANONIFY_HOSTS_', `1')',
`errprint(`*** ERROR: unknown parameter "'defn(`_ARG_')`" for FEATURE(`nocanonify')
')')
divert(0)dnl
VERSIONID(`feature nocanonify')
