"""The maps of maps.py: name, option lines, K lines (without the K), keys."""

KEYS = ["alpha", "ALPHA", "beta", "gamma", "Gamma", "nothing", "\"alpha\"", "al pha", "a\\lpha", "paren", "empty-ish", "at", "long" + "k" * 300]

CASES = [
    ("hash", "", """
h hash @DIR@/hash
ha hash -a.x @DIR@/hash
hm hash -m @DIR@/hash
hma hash -m -a+ @DIR@/hash
hf hash -f @DIR@/hash
hff hash -f @DIR@/hashf
hnul hash -N @DIR@/hashN
hnul2 hash @DIR@/hashN
honly hash -O @DIR@/hash
hneither hash -N -O @DIR@/hash
hq hash -q @DIR@/hash
hspace hash -S_ @DIR@/hash
hspace2 hash -S @DIR@/hash
htmp hash -Tfail @DIR@/hash
happ hash -A @DIR@/hash
hdefer hash -D @DIR@/hash
hdb hash @DIR@/hash.db
ho hash -o @DIR@/absent
hx hash @DIR@/absent
hxtmp hash -T<tmp> @DIR@/absent
hxt hash -t @DIR@/absent
hxttmp hash -t -T<tmp> @DIR@/absent
hb hash @DIR@/btree
hr hash @DIR@/hash more words
hk hash -k2 -v3 -z: @DIR@/hash
hbad hash -X @DIR@/hash
hno hash
""", KEYS),
    ("btree", "", """
b btree @DIR@/btree
bm btree -m -a! @DIR@/btree
bnul btree -N @DIR@/btreeN
bnul2 btree @DIR@/btreeN
bf btree -f @DIR@/btreef
bh btree @DIR@/hash
bx btree @DIR@/absent
""", KEYS),
    ("other", "", """
d dbm @DIR@/hash
c cdb @DIR@/hash
n nis @DIR@/hash
n2 nis -a. mail.aliases@dom
np nisplus -kname -vvalue mail_aliases.org_dir
he hesiod x
p ph x
ud userdb maildrop
ni netinfo x
ns nsd x
dp dprintf -d1
sd setdebug x
so setopt x
i implicit @DIR@/hash
i2 implicit @DIR@/btree
i3 implicit @DIR@/aliases
i4 implicit -o @DIR@/absent
i5 implicit @DIR@/absent
nu null
nu2 null -a. x
""", KEYS[:6]),
    ("text", "", """
t text @DIR@/text
t1 text -k0 -v1 @DIR@/text
t2 text -v2 @DIR@/text
tz text -z: -k0 -v1 @DIR@/text
tz2 text -z: -k1 -v0 @DIR@/text
tc text -z: -k0 -v4 @DIR@/colons
tc5 text -z: -k0 -v6 -a! @DIR@/colons
tc9 text -z: -v9 @DIR@/colons
tcm text -z: -m @DIR@/colons
tcomma text -z, -v2 @DIR@/text
tt text -z\\t @DIR@/pairs
tn text -z\\n @DIR@/pairs
tv text -z\\t -v1 @DIR@/pairs
tf text -f -z: -v1 @DIR@/colons
tbad text -kx @DIR@/text
tbad2 text -v-1 @DIR@/text
trel text relative
tabs text @DIR@/absent
to text -o @DIR@/absent
""", ["alpha", "ALPHA", "beta", "root", "alice", "0", "#no", "#", "short", "spaced", "last", "x", "alpha second"]),
    ("stab", "", """
s stab @DIR@/aliases
sm stab -m -a. @DIR@/aliases
sa stab -a, @DIR@/aliases
s2 stab @DIR@/absent
s3 stab -o @DIR@/absent
""", ["postmaster", "ROOT", "root", "list", "empty", "stray", "bad", "nobody"]),
    ("regex", "", """
r1 regex ^([a-z]+)([0-9]*)$
r2 regex -s ^([a-z]+)([0-9]*)$
r3 regex -s1 ^([a-z]+)([0-9]*)$
r4 regex -s2,1 -d- ^([a-z]+)([0-9]*)$
r5 regex -m -a@found ^([a-z]+)$
r6 regex -n -a@none ^([a-z]+)$
r7 regex -f -a@case ^[A-Z]+$
r8 regex -b -s1 \\(a\\)lpha
r9 regex -q -s1 "(.*)"
ra regex -S. -s0 .*
rb regex -a@x alpha
rc regex -s1 (b|bc)c?
rd regex -s (a|ab)(c|bcd)(d*)
re regex -d[:] -s (.)(.)
rg regex -s1 ^(.*)$
rf regex -D -s1 (a)
""", ["alpha", "alpha1", "ALPHA", "\"a b\"", "bcbacc", "abcd", "xabcdx", "", "a b", "!!", "a,b", "a@b.c", "(x)y", "a<b>", "a;b:c"]),
    ("sequence", "", """
h hash @DIR@/hash
x hash @DIR@/absent
o hash -o @DIR@/absent
t text -z: -v4 @DIR@/colons
s1 sequence h t
s2 sequence x h
s3 sequence o t h
s4 sequence h nosuch
s5 sequence -a. h t
s6 sequence
s7 sequence s1 x
switched.one hash @DIR@/hash
switched.two text -z: -v4 @DIR@/colons
switched switch switched
sw2 switch nosuch
sw3 switch
sw4 switch -o switched
""", ["alpha", "alice", "nothing", "root"]),
    ("dequote", "", """
d dequote
da dequote -a.x
dS dequote -S.
dunder dequote -s_
dunder2 dequote -s
dD dequote -D
dx dequote -Z
""", ["\"abc\"", "abc", "\"a b\"", "\"a@b\"", "\"a<b\"", "\"(a)\"", "\"\"", "a\"b\"c", "\"a", "\"a\\\\b\""]),
    ("arith", "", """
a arith
a2 arith -a.
""", ["+", "-", "*", "/", "%", "l", "=", "r", "|", "&", "?", ""]),
    ("macro", "", """
m macro
m2 macro -a.
""", ["x", "{long}", "", "toolong"]),
    ("arpa", "", """
a arpa
aa arpa -a.in-addr.arpa
""", ["1.2.3.4", "IPv6:2001:db8::1", "2001:db8::1", "1.2.3", "x", "300.1.1.1", "01.2.3.4"]),
    ("program", "", """
p program @DIR@/prog
p2 program @DIR@/prog one two
pa program -a. @DIR@/prog
pm program -m @DIR@/prog
po program -o @DIR@/absent
px program @DIR@/absent
pr program prog
""", ["key", "KEY", "code1", "code75", "code68", "code0", "empty", "lines", "two words", "\"q\""]),
    ("userdb", "O UserDatabaseSpec=@DIR@/udb\n", """
u userdb maildrop
un userdb mailname
ua userdb -a.x maildrop
um userdb -m maildrop
uo userdb -o maildrop
uf userdb -f maildrop
u2 userdb
""", ["alice", "ALICE", "bob", "nobody", ":default:"]),
    ("socket", "", """
s socket unix:@DIR@/sock
st socket inet:7777@127.0.0.1
sl socket local:@DIR@/sock
sd socket -d2s unix:@DIR@/sock
sa socket -a.x unix:@DIR@/sock
sm socket -m unix:@DIR@/sock
sf socket -f unix:@DIR@/sock
stmp socket -T<tmp> unix:@DIR@/sock
stt socket -t unix:@DIR@/sock
sx socket unix:@DIR@/nosock
so socket -o unix:@DIR@/nosock
sp socket inet:1@127.0.0.1
""", ["yes", "YES", "no", "empty", "temp", "perm", "timeout", "odd", "arg", "many", "Echo It", "close", "yes", "broken", "yes", "big", "yes"]),
    ("user", "", """
u user
un user -vname
uu user -vuid
ug user -vgid
ug2 user -vgecos
ud user -vdir
us user -v shell
up user -vpasswd
um user -m -a.x -vuid
ux user -vnone
uf user -f -vuid
""", ["root", "ROOT", "nobody", "nosuchuser"]),
    ("syslog", "", """
s syslog
s1 syslog -LLOG_DEBUG
s2 syslog -L debug -D
s3 syslog -S.
""", ["text", "two words"]),
    ("host", "", """
h host
ha host -a.
hm host -m -a!
htmp host -T<tmp>
ht host -t
hwait host -d1s -r1
hD host -D
""", ["near", "near.example.com", "one.test", "one", "al.test", "AL.TEST", "chain.test", "nosuch.test", "nosuch", "wild", "[10.9.9.8]", "[1.2.3.4]", "[9.9.9.9]", "a.fail", "mx.test", "mx", "localhost", "upper.test"]),
    ("dns", "", """
da dns -R A
da1 dns -RA -z,
da2 dns -RA -z| -Z2
da3 dns -RA -z| -Z 2
da4 dns -R A -z| -Z1
da5 dns -R A -Z1
da6 dns -R A -z| -Z3
da7 dns -R A -z| -Z4
da8 dns -R A -z| -Z5
da9 dns -R MX -z| -Z2
d4 dns -R AAAA
dc dns -R CNAME
dm dns -R MX -z,
dm1 dns -R MX
dt dns -R TXT -z;
dp dns -R PTR
ds dns -R SRV
df dns -R AFSDB
dn dns -R NS -z\\n
dl dns -R TLSA
dbase dns -R A -B test
dbase2 dns -R A -Btest. -a.x
dmm dns -R A -m -a!
dtmp dns -R A -T<tmp> -r1 -d1s
dtt dns -R A -t -d1s
df2 dns -R A -f
dbad dns -R HINFO
dno dns
""", ["a.test", "a.test.", "six.test", "one.test", "one", "al.test", "chain.test", "txt.test", "long.test", "afs.test", "_s._tcp.test", "_25._tcp.one.test", "ns.test", "mx.test", "4.3.2.1.in-addr.arpa", "UPPER.test", "nosuch.test", "x.fail", "wild"]),
    ("bestmx", "", """
b bestmx
bz bestmx -z:
ba bestmx -a.
""", ["mx.test", "best.test", "one.test", "nosuch.test", "a.test", "x.fail"]),
    ("ldap parse", "", """
l1 ldap
l4 ldap -k (uid=%s) -v mail -M foo
l5 ldap -k (uid=%s) -v mail -r foo
l6 ldap -k (uid=%s) -v mail -s foo
l7 ldap -k (uid=%s) -v mail -w 9
l8 ldap -k (uid=%s) -v mail -w 1
l9 ldap -k (uid=%s) -v mail -h 127.0.0.1 -H ldap://127.0.0.1
la ldap -k (uid=%s) -v mail,mail -h 127.0.0.1
lb ldap -k (uid=%s) -v mail:FOO -h 127.0.0.1
lc ldap -k (uid=%s) -v member:DN -h 127.0.0.1
ld ldap -k (uid=%s) -v member:DN -n -h 127.0.0.1
le ldap -k (uid=%s) -v mail -X -h 127.0.0.1
lf ldap -k (uid=%s) -v mail -M simple -P @DIR@/absent -d cn=x -h 127.0.0.1
""", ["alice"]),
    ("ldap look", "", """
l ldap -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v mail
lp ldap -h 127.0.0.1 -p 3389 -b dc=example,dc=com -k uid=%s -v mail
lU ldap -H ldap://127.0.0.1:3389 -b dc=example,dc=com -k (uid=%s) -v mail
lU2 ldap -H ldap://127.0.0.1:3389/ou=people,dc=example,dc=com??sub -k (uid=%s) -v mail
lh2 ldap -h"127.0.0.1:3389" -b "dc=example,dc=com" -k "(uid=%s)" -v "mail"
lz ldap -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v mail -z,
l1 ldap -1 -h 127.0.0.1 -b dc=example,dc=com -k (sn=%s) -v uid
lz1 ldap -1 -z, -h 127.0.0.1 -b dc=example,dc=com -k (sn=%s) -v uid
lm ldap -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v mail,uid -z,
lsep ldap -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v mail,uid -z, -V=
lnv ldap -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -n -v mail,uid -z,
lmm ldap -m -a. -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v mail
la ldap -a.x -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v uid
lt ldap -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v title
l0 ldap -h 127.0.0.1 -b dc=example,dc=com -k (uid=%0) -v uid
lmulti ldap -K -h 127.0.0.1 -b dc=example,dc=com -k (|(uid=%0)(uid=%1)) -v uid -z,
lo ldap -s one -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v uid
lone ldap -s one -h 127.0.0.1 -b ou=people,dc=example,dc=com -k (uid=%s) -v uid
lbase ldap -s base -h 127.0.0.1 -b cn=Alice,ou=people,dc=example,dc=com -k (uid=%s) -v uid
lb ldap -h 127.0.0.1 -b dc=nosuch -k (uid=%s) -v uid
lf ldap -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s -v uid
lsize ldap -Z1 -h 127.0.0.1 -b dc=example,dc=com -k (sn=%s) -v uid -z,
ll ldap -l5 -c3 -r never -R -w3 -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v uid
lc ldap -h 127.0.0.1 -M simple -d cn=admin,dc=example,dc=com -P @DIR@/secret -b dc=example,dc=com -k (uid=%s) -v mail
lcb ldap -h 127.0.0.1 -M simple -d cn=admin,dc=example,dc=com -P @DIR@/pairs -b dc=example,dc=com -k (uid=%s) -v mail
ldn ldap -h 127.0.0.1 -p 1 -b dc=example,dc=com -k (uid=%s) -v mail
ldo ldap -o -h 127.0.0.1 -p 1 -b dc=example,dc=com -k (uid=%s) -v mail
ldtmp ldap -T<tmp> -h 127.0.0.1 -p 1 -b dc=example,dc=com -k (uid=%s) -v mail
ldt ldap -t -T<tmp> -h 127.0.0.1 -p 1 -b dc=example,dc=com -k (uid=%s) -v mail
lf1 ldap -f -h 127.0.0.1 -b dc=example,dc=com -k (uid=%s) -v mail
""", ["alice", "ALICE", "bob", "Brown", "nobody", "hidden", "*", "(x)", "a\\b", "two"]),
    ("ldap recursion", "", """
r1 ldap -h 127.0.0.1 -b dc=example,dc=com -k (&(objectClass=groupOfNames)(cn=%s)) -v member:DN,mail:NORMAL -z,
r2 ldap -h 127.0.0.1 -b dc=example,dc=com -k (&(objectClass=groupOfNames)(cn=%s)) -v member:DN:inetOrgPerson,mail:NORMAL:inetOrgPerson -z,
r3 ldap -h 127.0.0.1 -b dc=example,dc=com -k (&(objectClass=groupOfNames)(cn=%s)) -v description:FILTER,mail,uid -z,
r4 ldap -h 127.0.0.1 -b dc=example,dc=com -k (&(objectClass=groupOfNames)(cn=%s)) -v businessCategory:URL,mail -z,
r5 ldap -h 127.0.0.1 -b dc=example,dc=com -k (&(objectClass=groupOfNames)(cn=%s)) -v seeAlso:DN:groupOfNames,member:DN:groupOfNames|inetOrgPerson,mail::inetOrgPerson -z,
r6 ldap -h 127.0.0.1 -b dc=example,dc=com -k (&(objectClass=groupOfNames)(cn=%s)) -v member:DN,uid
r7 ldap -1 -h 127.0.0.1 -b dc=example,dc=com -k (&(objectClass=groupOfNames)(cn=%s)) -v member:DN,uid
""", ["team", "team2", "order", "lost", "none"]),
    ("ldap tls", "", """
s1 ldap -H ldaps://127.0.0.1:3636/ -b dc=example,dc=com -k (uid=%s) -v mail
s2 ldap -H LDAPS://127.0.0.1:3636 -b dc=example,dc=com -k (uid=%s) -v mail
s3 ldap -H ldaps://127.0.0.2:3636/ -b dc=example,dc=com -k (uid=%s) -v mail
s4 ldap -o -H ldaps://127.0.0.2:3636/ -b dc=example,dc=com -k (uid=%s) -v mail
s5 ldap -H "ldaps://127.0.0.2:3636/ ldaps://127.0.0.1:3636/" -b dc=example,dc=com -k (uid=%s) -v mail
s6 ldap -H ldaps://127.0.0.1:3389/ -c2 -b dc=example,dc=com -k (uid=%s) -v mail
s7 ldap -H ldaps://127.0.0.1:3636/ -M simple -d cn=admin,dc=example,dc=com -P @DIR@/secret -b dc=example,dc=com -k (uid=%s) -v mail
s8 ldap -H ldaps://127.0.0.1:3636/ -M simple -d cn=admin,dc=example,dc=com -P @DIR@/pairs -b dc=example,dc=com -k (uid=%s) -v mail
sa ldap -H ldaps://127.0.0.1:1/ -b dc=example,dc=com -k (uid=%s) -v mail
sb ldap -H "ldaps://127.0.0.2:3636/ ldap://127.0.0.1:1/" -b dc=example,dc=com -k (uid=%s) -v mail
sc ldap -H "ldap://127.0.0.1:1/ ldaps://127.0.0.2:3636/" -b dc=example,dc=com -k (uid=%s) -v mail
""", ["alice", "nobody", "hidden"]),
    ("ldap default", "O LDAPDefaultSpec=-h 127.0.0.1 -b dc=example,dc=com\n", """
l ldap -k (uid=%s) -v mail
l2 ldap -b ou=closed,dc=example,dc=com -k (uid=%s) -v mail
l3 ldap -1 -z, -k (sn=%s) -v uid
""", ["alice", "hidden", "Brown"]),
    ("ldap default bad", "O LDAPDefaultSpec=-h 127.0.0.1 -k (x=y)\n", "l ldap -k (uid=%s) -v mail\n", ["alice"]),
    ("ldap default bad2", "O LDAPDefaultSpec=-h 127.0.0.1 -v mail\n", "l ldap -k (uid=%s) -v mail\n", ["alice"]),
    ("ldap default bad3", "O LDAPDefaultSpec=-h 127.0.0.1 -a. -T<x> -o\n", "l ldap -k (uid=%s) -v mail\n", ["alice"]),
    ("ldap default bad4", "O LDAPDefaultSpec=-h 127.0.0.1 -M foo -s bar\n", "l ldap -k (uid=%s) -v mail\n", ["alice"]),
]
