"""The site that both programs serve in mail_bed.py: names, hosts that answer in every way, users, aliases, maps, cf.

Data only. Everything lies below /mnt of a private mount name space.
"""
TOP = "/mnt"
HOST = "mail.site.example"

# How a remote host answers. ehlo: keywords, None refuses EHLO. A stage (greet, ehlo, helo, mail, rcpt, data, dot, rset,
# quit) may have a reply of its own, or "drop" (closes the connection), or "mute" (says nothing).
MODERN = ["PIPELINING", "8BITMIME", "SIZE 2000000", "DSN", "ENHANCEDSTATUSCODES"]
HOSTS = {
    "good": {"ehlo": MODERN},
    "second": {"ehlo": MODERN},
    "plain": {"ehlo": ["SIZE 5000"]},
    "sized": {"ehlo": ["8BITMIME", "SIZE 5000", "DSN"]},
    "bare": {"ehlo": []},
    "old": {"ehlo": None},
    "nodsn": {"ehlo": ["8BITMIME", "PIPELINING"]},
    "seven": {"ehlo": ["DSN", "PIPELINING"]},
    "by": {"ehlo": ["8BITMIME", "DSN", "DELIVERBY", "PIPELINING"]},
    "bylong": {"ehlo": ["DELIVERBY 3600", "DSN"]},
    "pipeless": {"ehlo": ["8BITMIME", "DSN"]},
    "picky": {"ehlo": MODERN, "picky": True},
    "pickyold": {"ehlo": None, "picky": True},
    "slow": {"ehlo": MODERN, "pause": 0.1},
    "greet5": {"greet": "554 No service here"},
    "greet4": {"greet": "421 Too busy"},
    "greetmany": {"ehlo": MODERN, "greet": "220-greetmany\r\n220-we do not like strangers\r\n220 but go on"},
    "greetodd": {"greet": "hello there"},
    "greetdrop": {"greet": "drop"},
    "ehlo4": {"ehlo": MODERN, "says": {"ehlo": "421 4.3.2 not now"}},
    "helo5": {"ehlo": None, "says": {"helo": "550 5.7.1 who are you"}},
    "ehlodrop": {"ehlo": MODERN, "says": {"ehlo": "drop"}},
    "mail5": {"ehlo": MODERN, "says": {"mail": "550 5.7.1 Sender not welcome"}},
    "mail4": {"ehlo": MODERN, "says": {"mail": "450 4.7.1 Sender not welcome today"}},
    "mail421": {"ehlo": MODERN, "says": {"mail": "421 4.3.0 closing"}},
    "maildrop": {"ehlo": MODERN, "says": {"mail": "drop"}},
    "mailbare": {"ehlo": ["8BITMIME"], "says": {"mail": "553 sorry"}},
    "rcpt5": {"ehlo": MODERN, "says": {"rcpt": "550 5.1.1 No such user here"}},
    "rcpt4": {"ehlo": MODERN, "says": {"rcpt": "451 4.2.1 Mailbox busy"}},
    "rcptdrop": {"ehlo": MODERN, "says": {"rcpt": "drop"}},
    "rcptmany": {"ehlo": MODERN, "says": {"rcpt": "550-5.7.1 first line of a refusal\r\n550-5.7.1 second line\r\n550 5.7.1 last line"}},
    "rcpt552": {"ehlo": ["8BITMIME"], "says": {"rcpt": "552 5.2.2 over quota"}},
    "data5": {"ehlo": MODERN, "says": {"data": "554 5.6.0 no data from you"}},
    "data4": {"ehlo": MODERN, "says": {"data": "451 4.3.0 try later"}},
    "datadrop": {"ehlo": MODERN, "says": {"data": "drop"}},
    "dot5": {"ehlo": MODERN, "says": {"dot": "554 5.6.0 Content not welcome"}},
    "dot4": {"ehlo": MODERN, "says": {"dot": "451 4.3.0 Error in processing"}},
    "dot421": {"ehlo": MODERN, "says": {"dot": "421 4.3.0 going down"}},
    "dotdrop": {"ehlo": MODERN, "says": {"dot": "drop"}},
    "dotmany": {"ehlo": MODERN, "says": {"dot": "250-2.0.0 took\r\n250 2.0.0 all of it"}},
    "dotbare": {"ehlo": MODERN, "says": {"dot": "250"}},
    "odd": {"ehlo": MODERN, "says": {"rcpt": "999 what"}},
    "rset5": {"ehlo": MODERN, "says": {"rset": "500 no"}},
    "quitdrop": {"ehlo": MODERN, "says": {"quit": "drop"}},
    "mute": {"greet": "mute"},
    "rcptmute": {"ehlo": MODERN, "says": {"rcpt": "mute"}},
    "greetlines": {"greet": "554-No service here\r\n554-for strangers\r\n554 at all"},
    "maillines": {"ehlo": MODERN, "says": {"mail": "550-5.7.1 Sender not welcome\r\n550-5.7.1 <because> of a long list of reasons " + "r" * 120 + "\r\n550 5.7.1 end"}},
    "rcptbare": {"ehlo": [], "says": {"rcpt": "550 no"}},
    "rcptempty": {"ehlo": MODERN, "says": {"rcpt": "550"}},
    "rcptlines4": {"ehlo": MODERN, "says": {"rcpt": "450-4.2.0 Greylisted\r\n450 4.2.0 come back"}},
    "rcptodd": {"ehlo": MODERN, "says": {"rcpt": "553 5.1.x odd status"}},
    "rcptlie": {"ehlo": MODERN, "says": {"rcpt": "550 4.7.1 says both"}},
    "rcpteight": {"ehlo": MODERN, "says": {"rcpt": "550 5.1.1 pas trouv\u00e9"}},
    "databare": {"ehlo": [], "says": {"data": "554 no"}},
    "datalines": {"ehlo": MODERN, "says": {"data": "554-5.6.0 no data\r\n554 5.6.0 from you"}},
    "dotlines": {"ehlo": MODERN, "says": {"dot": "554-5.7.1 Content\r\n554-5.7.1 <is not>\r\n554 5.7.1 welcome here"}},
    "dotbare5": {"ehlo": None, "says": {"dot": "552 too much"}},
    "dotlines4": {"ehlo": MODERN, "says": {"dot": "451-4.3.0 Error\r\n451 4.3.0 in processing"}},
}
ADDRESSES = {name: f"127.0.1.{number}" for number, name in enumerate(HOSTS, 1)}
SLOW = {"mute", "rcptmute"}


def zone():
    """(name, type) → values."""
    names = {
        (HOST, "A"): ["127.0.0.1"],
        ("site.example", "MX"): [(10, HOST)],
        ("client9.elsewhere.example", "A"): ["127.0.0.9"],
        ("9.0.0.127.in-addr.arpa", "PTR"): ["client9.elsewhere.example"],
        ("forged.elsewhere.example", "A"): ["127.0.0.77"],
        ("7.0.0.127.in-addr.arpa", "PTR"): ["forged.elsewhere.example"],
        ("bad.spam.example", "A"): ["127.0.0.6"],
        ("6.0.0.127.in-addr.arpa", "PTR"): ["bad.spam.example"],
        ("friend.partner.example", "A"): ["127.0.0.5"],
        ("5.0.0.127.in-addr.arpa", "PTR"): ["friend.partner.example"],
        ("1.0.0.127.in-addr.arpa", "PTR"): ["localhost"],
        ("localhost", "A"): ["127.0.0.1"],
        ("elsewhere.example", "MX"): [(10, "mx.good.example")],
        ("elsewhere.example", "A"): [ADDRESSES["good"]],
        ("partner.example", "MX"): [(10, "mx.good.example")],
        ("down.example", "A"): ["127.0.2.1"],
        ("downup.example", "MX"): [(5, "down.example"), (10, "mx.good.example")],
        ("busyup.example", "MX"): [(5, "mx.greet4.example"), (10, "mx.good.example")],
        ("fiveup.example", "MX"): [(5, "mx.greet5.example"), (10, "mx.good.example")],
        ("tempup.example", "MX"): [(5, "mx.rcpt4.example"), (10, "mx.good.example")],
        ("dropup.example", "MX"): [(5, "mx.maildrop.example"), (10, "mx.second.example")],
        ("nullmx.example", "MX"): [(0, "")],
        ("nullmx.example", "A"): [ADDRESSES["good"]],
        ("loop.example", "MX"): [(10, HOST)],
        ("backup.example", "MX"): [(5, "mx.rcpt4.example"), (10, HOST), (20, "mx.good.example")],
        ("mxgone.example", "MX"): [(10, "gone.nowhere.example")],
        ("mxcname.example", "MX"): [(10, "alias.good.example")],
        ("alias.good.example", "CNAME"): ["mx.good.example"],
        ("cname.example", "CNAME"): ["good.example"],
        ("nodata.example", "TXT"): [],
        ("wild.example", "MX"): [(10, "mx.good.example")],
        ("hub.partner.example", "A"): [ADDRESSES["by"]],
    }
    for name, address in ADDRESSES.items():
        names[f"{name}.example", "MX"] = [(10, f"mx.{name}.example")]
        names[f"{name}.example", "A"] = [address]
        names[f"mx.{name}.example", "A"] = [address]
    return names


USERS = {  # name: full name, shell
    "alice": ("Alice Example,,,", "/bin/sh"), "bob": ("Bob B. Example", "/bin/sh"), "carol": ("Carol", "/bin/sh"),
    "dave": ("Dave & Co", "/bin/sh"), "www": ("Web Server", "/bin/sh"), "erin": ("", "/bin/sh"), "frank": ("Frank", "/bin/false"),
    "grace": ("Grace", "/bin/sh"), "heidi": ("Heidi", "/bin/sh"), "ivan": ("Ivan", "/bin/sh"), "judy": ("Judy", "/bin/sh"),
    "mallory": ("Mallory", "/bin/sh"), "Upper": ("Upper Case", "/bin/sh"), "first.last": ("First Last", "/bin/sh"),
}
SYSTEM_USERS = "root:x:0:0:Super User:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/sh\nmail:x:8:8:mail:/var/mail:/bin/false\n" \
    "smmsp:x:209:209:Mail Submission:/mnt/clientmqueue:/bin/false\nsmmta:x:210:210:MTA:/mnt/mqueue:/bin/false\n" \
    "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
SYSTEM_GROUPS = "root:x:0:\ndaemon:x:1:\nmail:x:8:\nsmmsp:x:209:\nsmmta:x:210:\nnogroup:x:65534:\n"

FORWARDS = {  # user: (file name, text, mode)
    "dave": [(".forward", '"|/mnt/bin/capture forwarded"\n\\dave\n', 0o644)],
    "erin": [(".forward", "bob, erin2@good.example\n", 0o644)],
    "frank": [(".forward", '"|/mnt/bin/capture noshell"\n', 0o644)],
    "grace": [(".forward", "/mnt/home/grace/box\n", 0o644), (".forward+box", "alice\n", 0o644)],
    "heidi": [(".forward", "alice\n", 0o666)],
    "ivan": [(".forward", "nosuchuser\n", 0o644)],
    "judy": [(".forward", "# nobody\n\n", 0o644)],
    "mallory": [(".forward", ":include:/mnt/mail/members\n", 0o600)],
}
ALIASES = r"""postmaster: root
root: alice
MAILER-DAEMON: postmaster
nobody: /dev/null
staff: alice, bob,
	carol
owner-list: alice
list: bob, carol@good.example, someone@plain.example
list-request: dave
owner-far: boss@good.example
far: bob, x@rcpt5.example
farfar: x@rcpt4.example, y@plain.example
owner-farfar: farfar-owner
farfar-owner: carol
nested: staff, bob, dave, list
loop1: loop2
loop2: loop1
prog: "|/mnt/bin/capture viaprog"
progargs: "|/mnt/bin/capture 'two words' $HOME"
prog75: "|/mnt/bin/leave 75 try later"
prog69: "|/mnt/bin/leave 69 it said no"
prog1: "|/mnt/bin/leave 1"
prog64: "|/mnt/bin/leave 64"
prog65: "|/mnt/bin/leave 65"
prog66: "|/mnt/bin/leave 66"
prog67: "|/mnt/bin/leave 67"
prog68: "|/mnt/bin/leave 68"
prog70: "|/mnt/bin/leave 70"
prog71: "|/mnt/bin/leave 71"
prog72: "|/mnt/bin/leave 72"
prog73: "|/mnt/bin/leave 73"
prog74: "|/mnt/bin/leave 74"
prog76: "|/mnt/bin/leave 76"
prog77: "|/mnt/bin/leave 77"
prog78: "|/mnt/bin/leave 78"
prog100: "|/mnt/bin/leave 100"
prognone: "|/mnt/bin/nosuchprogram"
incl: :include:/mnt/mail/members
inclnone: :include:/mnt/mail/nosuchmembers
tofile: /mnt/spool/mbox.file
badfile: /mnt/nosuchdir/file
moved: newplace@good.example.REDIRECT
detail+foo: bob
detail+*: carol
detail: alice
badone: nosuchuser, bob
allbad: nosuchuser, nosuchuser2
gonehost: x@rcpt5.example
nodomain: x@nosuchdomain.invalid
carol: \carol, bob
twice: alice, ALICE, alice@site.example
quoted: "first.last", "bob"
badlist: y@rcpt5.example, alice
owner-badlist: bob
mixed: ok@picky.example, bad@picky.example, tmp@picky.example, alice
deep1: deep2
deep2: deep3
deep3: deep4
deep4: alice, x@good.example
empty:
slowpair: a@slow.example, b@good.example
syntax: <broken, alice
abroad: me@elsewhere.example
"""
MEMBERS = "alice\nbob\n# comment line\ndave, nobody\nfar1@good.example\n"
VIRTUAL = """joe@virt.example	alice
info@virt.example	bob+info
team@virt.example	staff
out@virt.example	someone@good.example
gone@virt.example	error:5.7.0:550 This person has left
soon@virt.example	error:tempfail Come back later
sales+*@virt.example	carol+%2
@virt.example	error:nouser User unknown in virtual domain
@cat.example	%1@good.example
"""
MAILERTABLE = """hub.example	esmtp:[hub.partner.example]
.sub.hub.example	esmtp:hub.partner.example
localized.example	local:bob
refused.example	error:5.7.0:550 no mail for this domain
relayed.example	relay:mx.plain.example
smtpold.example	smtp:mx.good.example
smtp8.example	smtp8:mx.plain.example
dsmtp.example	dsmtp:mx.good.example
twohops.example	esmtp:down.example:mx.second.example
"""
GENERICS = "www	webmaster@site.example\nbob	Bob.Example@site.example\n"
ACCESS = """Connect:127.0.0.5	RELAY
Connect:spam.example	REJECT
Connect:127.0.0.10	DISCARD
Connect:127.0.0.11	ERROR:5.7.1:550 Go away, 127.0.0.11
Connect:127.0.0.12	ERROR:4.3.2:421 Not now
Connect:127.0.0.13	OK
Connect:127.0.0.14	QUARANTINE:suspicious peer
From:spammer@elsewhere.example	REJECT
From:bulk.example	ERROR:5.7.1:554 Bulk mail refused here
From:maybe@elsewhere.example	ERROR:4.7.1:450 Try later please
From:quiet@elsewhere.example	DISCARD
From:held@elsewhere.example	QUARANTINE:odd sender
To:blocked@site.example	REJECT
To:quota@site.example	ERROR:5.2.2:552 Mailbox full
To:relayok.example	RELAY
To:good.example	RELAY
To:dropped@site.example	DISCARD
To:hold@site.example	QUARANTINE:held for review
QGRP:good.example	far
QGRP:alice@site.example	slow
QGRP:bob	slow
QGRP:down.example	nosuchgroup
Srv_Features:127.0.0.18	X D P
Srv_Features:127.0.0.19	B E
Srv_Features:127.0.0.20	tempfail
Srv_Features:127.0.0.21	G U O
Srv_Features:127.0.0.22	g2 u2
Srv_Features:127.0.0.23	F
"""
HELP = "#vers	2\ncpyr\nsmtp	Bed help file.\nsmtp	Topics: HELO MAIL\nhelo	HELO host\nhelo	  Tell who you are.\nmail	MAIL FROM:<a> parameters\n"
CAPTURE = """#!/bin/sh
# keeps the arguments and the standard input of one delivery
file=$(mktemp /mnt/spool/d.XXXXXXXX)
cat >$file.body
for word in "$@"; do printf '%s\\n' "$word"; done >$file.argv
mv $file.body $file.done
rm -f $file
case "$2$3$4" in *tempfail*) exit 75;; *exit67*) exit 67;; *exit69*) echo "capture: said no"; exit 69;; esac
case "$*" in *says[1-9]*) echo "450 4.2.2 mailbox full"; echo "and more" >&2; status="$*"; status=${status##*says}; exit ${status%%[!0-9]*};; *exit[1-9]*) status="$*"; status=${status##*exit}; exit ${status%%[!0-9]*};; esac
exit 0
"""
LEAVE = """#!/bin/sh
# says something and ends with that status
cat >/dev/null
status=$1
shift
[ $# = 0 ] || echo "leave: $*"
exit $status
"""
FILES = {  # below TOP
    "mail/aliases": ALIASES, "mail/members": MEMBERS, "mail/virtusertable": VIRTUAL, "mail/mailertable": MAILERTABLE,
    "mail/genericstable": GENERICS, "mail/access": ACCESS, "mail/helpfile": HELP, "mail/local-host-names": "site.example\n",
    "mail/relay-domains": "relaydom.example\n", "mail/trusted-users": "alice\n", "mail/errorheader": "A header from a file.\nSecond line of $j.\n",
    "mail/service.switch": "hosts	files dns\naliases	files\npasswd	files\n", "mail/statistics": "",
}
MAPS = ["access", "virtusertable", "mailertable", "genericstable"]
SITE = r"""OSTYPE(`linux')
define(`confDOMAIN_NAME', `mail.site.example')
define(`QUEUE_DIR', `/mnt/mqueue')
define(`ALIAS_FILE', `/mnt/mail/aliases')
define(`STATUS_FILE', `/mnt/mail/statistics')
define(`HELP_FILE', `/mnt/mail/helpfile')
define(`confPID_FILE', `/mnt/mail/sendmail.pid')
define(`confCW_FILE', `/mnt/mail/local-host-names')
define(`confCT_FILE', `/mnt/mail/trusted-users')
define(`confCR_FILE', `/mnt/mail/relay-domains')
define(`confSERVICE_SWITCH_FILE', `/mnt/mail/service.switch')
define(`confTIME_ZONE', `EST5')
define(`confTO_IDENT', `0')
define(`confTO_ICONNECT', `2s')
define(`confTO_CONNECT', `2s')
define(`confTO_INITIAL', `2s')
define(`confTO_RCPT', `2s')
define(`confMAX_MESSAGE_SIZE', `100000')
define(`confQUEUE_LA', `9999')
define(`confREFUSE_LA', `0')
define(`confDEF_USER_ID', `mail:mail')
define(`confTRUSTED_USER', `root')
define(`LOCAL_MAILER_PATH', `/mnt/bin/capture')
define(`LOCAL_MAILER_ARGS', `capture local $h $u')
define(`LOCAL_SHELL_PATH', `/bin/sh')
define(`LOCAL_SHELL_ARGS', `sh -c $u')
FEATURE(`no_default_msa')
FEATURE(`use_cw_file')
FEATURE(`use_ct_file')
FEATURE(`redirect')
FEATURE(`access_db', `hash -T<TMPF> /mnt/mail/access')
FEATURE(`blocklist_recipients')
FEATURE(`virtusertable', `hash -o /mnt/mail/virtusertable')
FEATURE(`mailertable', `hash -o /mnt/mail/mailertable')
FEATURE(`genericstable', `hash -o /mnt/mail/genericstable')
GENERICS_DOMAIN(`mail.site.example')
VIRTUSER_DOMAIN(`virt.example')
VIRTUSER_DOMAIN(`cat.example')
EXPOSED_USER(`root')
@FEATURES@
MAILER(`local')
MAILER(`smtp')
"""
