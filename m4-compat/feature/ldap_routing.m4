divert(-1)
dnl # FEATURE(ldap_routing, host, address, unknown, detail, nodomain, later): a directory says
dnl # for addresses of the domains of class LDAPRoute (see LDAPROUTE_DOMAIN) which host
dnl # they are on and what they are there.
dnl #	host	the rest of the K line of the map of hosts; else attribute mailHost of
dnl #		inetLocalMailRecipient
dnl #	address	the same for addresses; else attribute mailRoutingAddress
dnl #	unknown	passthru or nothing: who is not found is delivered as others; sendertoo:
dnl #		is refused, as sender too; anything else: is refused as recipient
dnl #	detail	strip: user+detail is also looked up as user; preserve: and the address
dnl #		that is found gets the detail
dnl #	nodomain	not empty: do not look up @domain for who is not found
dnl #	later	tempfail: a directory that does not answer is told over SMTP; else the
dnl #		mail waits in the queue
dnl # Example: FEATURE(`ldap_routing', `', `', `bounce', `preserve')
ifelse(eval(len(X`'_ARG_) > 1 && len(X`'_ARG2_) > 1), `1', `', `define(`_LDAP_ROUTING_WARN_', `yes')')
define(`_LDAP_ROUTING_', ifelse(len(X`'_ARG3_), `1', `_PASS_THROUGH_', _ARG3_, `passthru', `_PASS_THROUGH_', `_MUST_EXIST_'))
ifelse(_ARG3_, `sendertoo', `define(`_LDAP_SENDER_MUST_EXIST_', `1')')
ifelse(_ARG4_, `strip', `define(`_LDAP_ROUTE_DETAIL_', `_STRIP_')', _ARG4_, `preserve', `define(`_LDAP_ROUTE_DETAIL_', `_PRESERVE_')')
ifelse(len(X`'_ARG5_), `1', `', `define(`_LDAP_ROUTE_NODOMAIN_', `1')')
ifelse(_ARG6_, `tempfail', `define(`_LDAP_ROUTE_MAPTEMP_', `_TEMPFAIL_')', `define(`_LDAP_ROUTE_MAPTEMP_', `_QUEUE_')')
define(`_NEED_SMTPOPMODES_', `1')
LOCAL_CONFIG
Kldapmh ifelse(len(X`'_ARG_), `1', `ldap -1 -T<TMPF> -v mailHost -k (&(objectClass=inetLocalMailRecipient)(mailLocalAddress=%0))', `_ARG_')
Kldapmra ifelse(len(X`'_ARG2_), `1', `ldap -1 -T<TMPF> -v mailRoutingAddress -k (&(objectClass=inetLocalMailRecipient)(mailLocalAddress=%0))', `_ARG2_')
divert(0)dnl
VERSIONID(`feature ldap_routing')
