"""Random sessions with AUTH: groups of cases, each group with a configuration, a Sendmail.conf and a daemon of its own.

`groups(seed, count)` draws them; the same seed gives the same ones. A case is a client address and steps (see Session in auth_bed.py); in every
third group mail goes to hosts that ask for a password themselves.
"""
import random

import auth_bed, mail_bed
from auth_bed import SASL, b64

MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
ALL = "define(`confAUTH_MECHANISMS', `PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256')\n"
TRUST = "TRUST_AUTH_MECH(`PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256')\n"
SHOWN = "HX-Auth: t=${auth_type} n=${auth_authen} r=${auth_author} s=${auth_ssf} p=$r"
FEATURES = [ALL + TRUST] * 3 + [ALL, TRUST, ALL + TRUST + "FEATURE(`delay_checks')\n", ALL + "TRUST_AUTH_MECH(`CRAM-MD5')\n"]
OPTIONS = [[]] * 4 + [["O AuthMaxBits=0"]] * 2 + [[f"O AuthOptions={letters}"] for letters in ("p", "a", "d", "f", "m", "y", "c", "A", "p,y", "m c")] + [
    ["O AuthRealm=other.example"], ["O AuthRealm=nosuch.example"], ["O AuthMechanisms="], ["O AuthMechanisms=FOO PLAIN"], ["O AuthMechanisms=plain login cram-md5"], ["O LogLevel=8"],
    ["O LogLevel=10"], ["O MaxDaemonChildren=40"], ["O PrivacyOptions=needmailhelo,authwarnings"], ["O Timeout.auth=1s"]]
PORTS = ["", "", "", "", "a", "A", "aA", "E"]
FILES = [SASL] * 6 + ["sasldb_path: /mnt/mail/sasldb2\n", "pwcheck_method: auxprop\nmech_list: plain cram-md5 scram-sha-1\nsasldb_path: /mnt/mail/sasldb2\n",
                      "# nothing else\n\npwcheck_method:auxprop\nSASLDB_PATH:   /mnt/mail/sasldb2\n", "mech_list: PLAIN,LOGIN\nsasldb_path: /mnt/mail/sasldb2\n"]
CLIENTS = ["127.0.0.9"] * 8 + ["127.0.0.5", "127.0.0.7", "127.0.0.31", "127.0.0.32", "127.0.0.33", "127.0.0.34", "127.0.0.35", "127.0.0.36"]
ACCESS = "Connect:127.0.0.5	RELAY\nTo:example	RELAY\n" + "".join(
    f"Srv_Features:127.0.0.{number}	{letters}\n" for number, letters in enumerate(["A", "l", "L", "a", "C", "c"], 31))

GOOD = [("alice", "secret")] * 4 + [("bob", "pass word"), ("dave", "d\xc3\xa4ve"), ("alice@other.example", "secret"), ("alice@mail.site.example", "secret")]
BAD = [("alice", "wrong"), ("alice", ""), ("nosuch", "secret"), ("alice@nosuch.example", "secret"), ("ALICE", "secret"), ("u" * 90, "x"), ("u" * 1024, "x"), ("u" * 1025, "x"), ("alice", "s" * 400), ("al\xefce", "secret"), ("a,b=c", "x")]
NAMED = ["", "", "", "bob", "alice"]
LINES = ["AUTH", "AUTH ", "AUTH FOO", "AUTH FOO bar", "AUTH PLAIN =", "AUTH PLAIN !!!", "AUTH PLAIN A", "AUTH PLAIN AGEAYg", "AUTH PLAIN AGEAYg===", "AUTH PLAIN AG EAYg==", "AUTH CRAM-MD5 =", "AUTH " + "M" * 60,
         "AUTH CRAM-MD5 " + b64("alice"), "AUTH DIGEST-MD5 " + b64("x"), "AUTH SCRAM-SHA-1 =", "AUTH PLAIN " + b64("alice"), "AUTH PLAIN " + b64("alice\0secret"), "AUTH PLAIN " + b64("\0alice\0secret\0"),
         "AUTH PLAIN " + b64("\0alice\0secret\0more"), "AUTH PLAIN " + b64("\0\0secret"), "AUTH PLAIN " + b64("\0alice\0secret") + " x", "AUTH  PLAIN  " + b64("\0alice\0secret"), "auth pLaIn " + b64("\0alice\0secret"),
         "AUTH PLAIN " + b64("\0alice\0" + "x" * 6000), "AUTH PLAIN " + b64("a" * 1025 + "\0alice\0secret"), "AUTH PLAIN " + b64("\0al ice\n\1\0x"), "AUTH PLAIN " + b64("\0 alice \0secret"), "AUTH PLAIN *", "AUTH LOGIN *", "AUTH SCRAM-SHA-256 " + b64("y,,n=alice,r=x"),
         "AUTH SCRAM-SHA-1 " + b64("n,,n=alice"), "AUTH SCRAM-SHA-1 " + b64("p=tls-unique,,n=alice,r=x"), "AUTH SCRAM-SHA-1 " + b64("n,,n=,r=x"), "AUTH SCRAM-SHA-1 " + b64("n,,n=a=3x,r=x"), "AUTH SCRAM-SHA-1 " + b64("n,x=1,n=alice,r=x")]
TALKS = [  # a command and what is said to its challenges
    ["AUTH PLAIN", "*"], ["AUTH PLAIN", ""], ["AUTH PLAIN", "!!!"], ["AUTH PLAIN", b64("\0alice\0secret")], ["AUTH LOGIN", "*"], ["AUTH LOGIN", b64("alice"), "*"], ["AUTH LOGIN", b64("alice"), "!!"], ["AUTH LOGIN", "="],
    ["AUTH LOGIN", b64("alice"), ""], ["AUTH LOGIN", b64("alice"), "="], ["AUTH LOGIN", b64("alice\0x"), b64("secret")], ["AUTH LOGIN", b64("alice"), b64("secret\0x")], ["AUTH LOGIN " + b64("alice"), b64("secret")],
    ["AUTH LOGIN =", "*"], ["AUTH CRAM-MD5", "*"], ["AUTH CRAM-MD5", ""], ["AUTH CRAM-MD5", b64("alice")], ["AUTH CRAM-MD5", b64("alice ")], ["AUTH CRAM-MD5", b64("alice xyz")], ["AUTH CRAM-MD5", b64(" 0123")],
    ["AUTH DIGEST-MD5", "*"], ["AUTH DIGEST-MD5", ""], ["AUTH DIGEST-MD5", b64("x")], ["AUTH DIGEST-MD5", b64('username="alice"')], ["AUTH SCRAM-SHA-1", ""], ["AUTH SCRAM-SHA-256", b64("n,,n=alice,r=x"), "*"],
    ["AUTH SCRAM-SHA-256", b64("n,,n=alice,r=x"), b64("c=biws,r=x,p=AAAA")], ["AUTH SCRAM-SHA-256", b64("n,,n=alice,r=x"), b64("x")]]
EHLO, QUIT = ["say", "EHLO client.example"], ["say", "QUIT"]
SENDERS = ["MAIL FROM:<ann@elsewhere.example>"] * 4 + [f"MAIL FROM:<ann@elsewhere.example> AUTH={name}" for name in
                                                     ("<>", "alice", "bob", "carol@x.example", "alice@other.example", "al+2Bice", "a+zz", "a=b", "")]
RECIPIENTS = ["alice@site.example", "x@second.example", "y@plain.example", "z@nodomain.invalid"]

AUTHINFO = ['"U:relayer" "I:relayer" "P:relay secret"'] * 4 + ['"I:relayer" "P:relay secret"'] * 3 + [
    '"U:relayer" "P:relay secret"', '"U:relayer"', '"P:relay secret"', '"I:relayer" "P:wrong"', '"I:relayer" "P=cmVsYXkgc2VjcmV0"', '"I=cmVsYXllcg==" "P=cmVsYXkgc2VjcmV0"', '"I:relayer" "P=!!"',
    '"I:relayer" "P:relay secret" "M:PLAIN"', '"I:relayer" "P:relay secret" "M:LOGIN PLAIN"', '"I:relayer" "P:relay secret" "R:other.example"', '"I:relayer" "P:relay secret" "M:FOO"',
    '"I:relayer" "P:relay secret" "X:what"', '"i:relayer" "p:relay secret"', 'I:relayer P:relay', 'OK', '"U:bob" "I:relayer" "P:relay secret"', '"I:relayer" "P:relay secret" "M:CRAM-MD5 DIGEST-MD5"', None]
CLIENT_OPTIONS = [[]] * 5 + [["O AuthOptions=A"], ["O AuthOptions=p"], ["O AuthMechanisms=LOGIN PLAIN"], ["O AuthMechanisms=DIGEST-MD5 CRAM-MD5"], ["O LogLevel=8"], ["O ConnectionCacheSize=2"]]
HOSTS = [name for name in auth_bed.HOSTS if name != "asksforever"]


def login(draw, good=0.6):
    user, password = draw.choice(GOOD if draw.random() < good else BAD)
    mechanism = draw.choice(MECHANISMS)
    authzid = draw.choice(NAMED) if mechanism in ("PLAIN", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256") else ""
    realm = draw.choice([None, None, None, "other.example", "nosuch.example", ""]) if mechanism == "DIGEST-MD5" else None
    return ["login", mechanism, user, password, authzid, realm, draw.random() < 0.5]


def talk(draw):
    return [["words", line] for line in draw.choice(TALKS)]


def mail(draw, recipients=RECIPIENTS, senders=SENDERS):
    steps = [["say", draw.choice(senders)]]
    steps += [["say", f"RCPT TO:<{name}>"] for name in draw.sample(recipients, draw.choice([1, 1, 2]))]
    return steps + [draw.choice([["message", "Subject: hi\r\n\r\nbody\r\n.\r\n"]] * 4 + [["say", "RSET"]])]


def session(draw):
    steps = [EHLO] if draw.random() < 0.9 else draw.choice([[], [["say", "HELO client.example"]]])
    for _ in range(draw.choice([1, 1, 2, 3])):
        steps += draw.choice([lambda: [login(draw)]] * 5 + [lambda: talk(draw)] * 2 + [lambda: [["words", draw.choice(LINES)]]] * 2 + [
            lambda: [["say", "MAIL FROM:<ann@elsewhere.example>"], login(draw), ["say", "RSET"]]])()
    if draw.random() < 0.3:
        steps += draw.choice([[EHLO], [["say", "HELO client.example"]], [["say", "NOOP"]], [["say", "RSET"]]])
    if draw.random() < 0.7:
        steps += mail(draw)
    return {"client": draw.choice(CLIENTS), "steps": steps + [QUIT]}


def relayed(draw, hosts):
    names = [f"x@{host}.example" for host in draw.sample(hosts, 2)]
    steps = [EHLO] + draw.choice([[], [["login", "PLAIN", "alice", "secret"]]])
    return {"client": "127.0.0.5", "steps": steps + mail(draw, names, SENDERS[:9]) + [QUIT]}


def server_group(draw):
    return {"features": draw.choice(FEATURES), "options": draw.choice(OPTIONS), "port": draw.choice(PORTS), "sasl": draw.choice(FILES), "files": [["mail/access", ACCESS, 0o644]]}, session


def client_group(draw):
    hosts = draw.sample(HOSTS, 5)
    rows = {host: draw.choice(AUTHINFO) for host in hosts}
    kinds = ["mx.%s.example", "mx.%s.example", "mx.%s.example"]
    entries = "".join(f"AuthInfo:{draw.choice(kinds) % host}	{value}\n" for host, value in rows.items() if value)
    entries += draw.choice(["", "", f"AuthInfo:	{AUTHINFO[0]}\n", f"AuthInfo:127.0.1.{auth_bed.SERVER_ADDRESSES}	{AUTHINFO[0]}\n"])
    group = {"features": ALL + TRUST, "options": draw.choice(CLIENT_OPTIONS), "port": "", "sasl": SASL, "files": [["mail/access", ACCESS + entries, 0o644]]}
    return group, lambda draw: relayed(draw, hosts)


def groups(seed, count):
    draw, found, number = random.Random(f"auth {seed}"), [], 0
    while number < count:
        group, case = (client_group if len(found) % 3 == 2 else server_group)(draw)
        group["options"] = [SHOWN, *group["options"], "O DaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port=25,M=" + group.pop("port")]
        group["cases"] = [{"number": number + at, **case(draw)} for at in range(min(6, count - number))]
        number += len(group["cases"])
        found.append({**group, "arguments": []})
    return found
