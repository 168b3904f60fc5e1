divert(-1)
dnl # FEATURE(vnet): an example for sites with a gateway to IBM's VNET: host.x, where x is
dnl # a name of class A, is host.VNET, and the relay mailer knows the way.
dnl # Example: FEATURE(`vnet')
LOCAL_CONFIG
CAvnet.ibm.com vnet rscs ipnet
LOCAL_RULE_3
# vnet: u < @ h.x > -> u < @ h.VNET . >
R$* < @ $- . $=A > $*	$: $1 < @ $2 .vnet. > $4
LOCAL_NET_CONFIG
# vnet: mail for this host is for nobody else, whatever stands behind its name
R$* < @ $=w . > $*	$@ $1 < @ $2 . > $3
R$* < @ $=w > $*	$@ $1 < @ $2 . > $3
R$* < @ vnet.ibm.com > $*	$#relay $@ vnet.ibm.com $: $1 < @ vnet.ibm.com > $2
R$* < @ $- .VNET. > $*	$#relay $@ $: $1 < @ $2 .VNET. > $3
