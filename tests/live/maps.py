#!/usr/bin/env python3
"""Every map type, asked in test mode by the reference and by canonify: the transcripts must be equal.

usage: maps.py CANONIFY [-v [-v]] [SECTION...]     runs in name spaces of its own; CANONIFY_REFERENCE names the reference
Servers are local: a name server and a socketmap server of this script, slapd where it is installed.
"""
import fcntl, os, re, shutil, socket, socketserver, struct, subprocess, sys, tempfile, threading, time

from namespaces import enter

REFERENCE = os.environ.get("CANONIFY_REFERENCE", "")
SENDMAIL = os.path.join(REFERENCE, "usr/libexec/sendmail/sendmail")
TOOLS = os.path.join(REFERENCE, "usr/libexec/sendmail")

# Sections that are known to differ, and in what: the list is to shrink. They are told, not counted.
OPEN = {
    "ldap default bad4": "after a mistake in LDAPDefaultSpec sendmail reads no further, and maps are usable without it",
}

HEAD = """V10/Berkeley
Dwtest
Dmexample.com
Dj$w.$m
O DontProbeInterfaces=True
O ServiceSwitchFile=@DIR@/service.switch
O HostsFile=@DIR@/hosts
O OperatorChars=.:%@!^/[]+
O DontBlameSendmail=GroupReadableKeyFile,MapInUnsafeDirPath,ClassFileInUnsafeDirPath,LinkedMapInWritableDir,LinkedClassFileInWritableDir,RunProgramInUnsafeDirPath,RunWritableProgram,LinkedServiceSwitchFileInWritableDir
@OPTIONS@Mlocal, P=/bin/true, F=lsDFMAw5:/|@qPn9, S=0, R=0, T=DNS/RFC822/X-Unix, A=mail.local $u
Mprog, P=/bin/true, F=lsDFMoqeu9, S=0, R=0, T=X-Unix/X-Unix/X-Unix, A=sh -c $u
"""


# ---- servers

def dns_name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.strip(".").split(".") if label) + b"\0"


def rdata(kind, text):
    words = text.split()
    if kind == 1:
        return socket.inet_aton(text)
    if kind == 28:
        return socket.inet_pton(socket.AF_INET6, text)
    if kind in (2, 5, 12):
        return dns_name(text)
    if kind in (15, 18):
        return struct.pack(">H", int(words[0])) + dns_name(words[1])
    if kind == 33:
        return struct.pack(">HHH", *map(int, words[:3])) + dns_name(words[3])
    if kind == 16:
        return b"".join(bytes([len(part)]) + part.encode() for part in text.split("|"))
    if kind == 52:
        return bytes(map(int, words[:3])) + bytes.fromhex(words[3])
    raise ValueError(kind)


KINDS = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AFSDB": 18, "AAAA": 28, "SRV": 33, "TLSA": 52}

ZONE = """
a.test A 10.1.1.1
a.test A 10.1.1.2
a.test A 10.1.1.3
a.test AAAA 2001:db8::1
a.test TXT one two|three
a.test MX 10 mx1.test
one.test A 10.2.2.2
six.test A 10.6.6.1
six.test A 10.6.6.2
six.test A 10.6.6.3
six.test A 10.6.6.4
six.test A 10.6.6.5
six.test A 10.6.6.6
al.test CNAME one.test
chain.test CNAME al.test
txt.test TXT v=spf1 -all
txt.test TXT second
long.test TXT {long}
afs.test AFSDB 1 afs1.test
_s._tcp.test SRV 5 10 25 srv.test
_25._tcp.one.test TLSA 3 1 1 {tlsa}
ns.test NS ns1.test
ns.test NS ns2.test
mx.test MX 10 mx1.test
mx.test MX 20 mx2.test
mx.test MX 5 mx0.test
best.test MX 10 other.test
best.test MX 20 test.example.com
4.3.2.1.in-addr.arpa PTR host.test
Upper.Test A 10.3.3.3
wild.example.com A 10.4.4.4
""".format(long="x" * 200 + "|" + "y" * 200, tlsa="ab" * 32)


class NameServer(threading.Thread):
    """Answers from ZONE; names below `fail.` get SERVFAIL, below `slow.` nothing."""

    def __init__(self):
        super().__init__(daemon=True)
        self.records = [line.split(None, 2) for line in ZONE.strip().splitlines()]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.start()

    def answers(self, name, kind):
        found, here = [], name
        for _ in range(5):
            own = [(k, v) for n, k, v in self.records if n.lower() == here]
            alias = [v for k, v in own if k == "CNAME"]
            if alias and kind != 5:
                found.append((here, 5, alias[0]))
                here = alias[0].lower()
                continue
            found += [(here, KINDS[k], v) for k, v in own if kind in (KINDS[k], 255)]
            break
        return found

    def run(self):
        while True:
            query, peer = self.socket.recvfrom(4096)
            at, labels = 12, []
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            name, kind = ".".join(labels).lower(), struct.unpack(">H", query[at + 1:at + 3])[0]
            question = query[12:at + 5]
            if name.endswith("slow"):
                continue
            if name.endswith("fail"):
                self.socket.sendto(query[:2] + b"\x81\x82" + b"\0\1\0\0\0\0\0\0" + question, peer)
                continue
            found = self.answers(name, kind)
            known = found or any(n.lower() == name for n, _, _ in self.records)
            body = b"".join(dns_name(n) + struct.pack(">HHIH", k, 1, 60, len(rdata(k, v))) + rdata(k, v) for n, k, v in found)
            code = b"\x85\x80" if known else b"\x85\x83"
            self.socket.sendto(query[:2] + code + struct.pack(">HHHH", 1, len(found), 0, 0) + question + body, peer)


class SocketMap(socketserver.StreamRequestHandler):
    """Answers by key; what it answers is netstrings."""

    ANSWERS = {b"yes": b"OK found it", b"empty": b"OK ", b"no": b"NOTFOUND ", b"temp": b"TEMP later", b"perm": b"PERM never",
               b"timeout": b"TIMEOUT slow", b"odd": b"HM what", b"arg": b"OK <%0|%1>", b"many": b"OK a b c (d)"}

    def handle(self):
        try:
            self.talk()
        except (OSError, ValueError):
            pass  # the peer gave up

    def talk(self):
        while True:
            length = b""
            while not length.endswith(b":"):
                byte = self.rfile.read(1)
                if not byte:
                    return
                length += byte
            text = self.rfile.read(int(length[:-1]) + 1)[:-1]
            _, _, key = text.partition(b" ")
            if key == b"close":
                return
            if key == b"broken":
                self.wfile.write(b"nonsense")
                continue
            if key == b"big":
                self.wfile.write(b"999999999:")
                continue
            answer = b"OK " + text if key.startswith(b"echo") else self.ANSWERS.get(key, b"NOTFOUND ")
            self.wfile.write(b"%d:%s," % (len(answer), answer))


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


def serve_socketmaps(directory):
    for server in (UnixServer(os.path.join(directory, "sock"), SocketMap), TcpServer(("127.0.0.1", 7777), SocketMap)):
        threading.Thread(target=server.serve_forever, daemon=True).start()


SLAPD_CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/misc.schema
# the reference speaks version 2 unless -w says otherwise
allow bind_v2
pidfile {dir}/ldap/pid
argsfile {dir}/ldap/args
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile {dir}/ldap/server.pem
TLSCertificateKeyFile {dir}/ldap/server.key
database mdb
suffix "dc=example,dc=com"
rootdn "cn=admin,dc=example,dc=com"
rootpw secret
directory {dir}/ldap/db
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=closed,dc=example,dc=com" by dn.exact="cn=admin,dc=example,dc=com" read by * none
access to * by * read
"""

LDIF = """dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
dc: example
o: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=closed,dc=example,dc=com
objectClass: organizationalUnit
ou: closed

dn: cn=Hidden,ou=closed,dc=example,dc=com
objectClass: inetOrgPerson
cn: Hidden
sn: Hidden
uid: hidden
mail: hidden@example.com

dn: cn=Alice,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
objectClass: inetLocalMailRecipient
cn: Alice
sn: Adams
uid: alice
mail: alice@example.com
mail: a.adams@example.com
mailLocalAddress: alice@example.com
mailHost: mx1.example.com
mailRoutingAddress: alice@inside.example.com
description: with, comma
title: %0 of %1

dn: cn=Bob,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Bob
sn: Brown
uid: bob
mail: bob@example.com

dn: cn=Bobby,ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: Bobby
sn: Brown
uid: bobby
description: (star*)

dn: cn=team,dc=example,dc=com
objectClass: groupOfNames
cn: team
member: cn=Alice,ou=people,dc=example,dc=com
member: cn=Bob,ou=people,dc=example,dc=com
description: (uid=bob)
seeAlso: cn=team2,dc=example,dc=com

dn: cn=team2,dc=example,dc=com
objectClass: groupOfNames
cn: team2
member: cn=Bobby,ou=people,dc=example,dc=com
member: cn=team,dc=example,dc=com
description: (sn=Brown)
businessCategory: ldap:///ou=people,dc=example,dc=com?mail?sub?(uid=alice)

dn: cn=order,dc=example,dc=com
objectClass: groupOfNames
cn: order
member: cn=Bob,ou=people,dc=example,dc=com
member: cn=Alice,ou=people,dc=example,dc=com
description: (uid=alice)

dn: cn=lost,dc=example,dc=com
objectClass: groupOfNames
cn: lost
member: cn=Nobody,ou=people,dc=example,dc=com
member: cn=Bob,ou=people,dc=example,dc=com
"""


def slapd_certificates(directory):
    """ca.pem, and a certificate by it for 127.0.0.1 and localhost."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-days", "30", "-subj", "/CN=a CA of slapd", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *key, "-subj", "/CN=slapd", "-keyout", "server.key", "-out", "server.csr")
    with open(directory + "/extensions", "w") as out:
        out.write("subjectAltName=IP:127.0.0.1,DNS:localhost\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "30", "-extfile", "extensions", "-out", "server.pem")


def start_slapd(directory, entries=LDIF):
    """slapd with these entries below dc=example,dc=com, with and without TLS; None: it is not installed."""
    if not shutil.which("slapd"):
        return None
    os.makedirs(directory + "/ldap/db")
    slapd_certificates(directory + "/ldap")
    with open(directory + "/ldap/slapd.conf", "w") as out:
        out.write(SLAPD_CONF.format(dir=directory))
    load = subprocess.run(["slapadd", "-f", directory + "/ldap/slapd.conf"], input=entries.encode(), capture_output=True)
    if load.returncode:
        sys.exit("slapadd: " + load.stderr.decode())
    daemon = subprocess.Popen(["slapd", "-d0", "-f", directory + "/ldap/slapd.conf", "-h", "ldap://127.0.0.1:3389/ ldap://127.0.0.1:389/ ldaps://127.0.0.1:3636/ ldaps://127.0.0.2:3636/"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", 3389), 1).close()
            return daemon
        except OSError:
            time.sleep(0.1)
    sys.exit("slapd does not answer")


# ---- running

def loopback_up():
    """The name space's own loopback interface is down at first."""
    SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        asked = fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
        flags = struct.unpack("16sh22x", asked)[1]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | IFF_UP))


def files(directory):
    def put(name, text, mode=0o644):
        with open(os.path.join(directory, name), "w") as out:
            out.write(text)
        os.chmod(os.path.join(directory, name), mode)

    put("hosts", "127.0.0.1 localhost\n10.9.9.9 test.example.com test\n10.9.9.8 near.example.com near\n")
    put("service.switch", "hosts\tfiles dns\naliases\tfiles\npasswd\tfiles\nswitched\tone two three\n")
    put("pairs", "alpha\tfirst\nbeta\t<%0> %1 %2 %%\nGamma\tthird\nquote\"d\tq\nlong" + "k" * 300 + "\tcut\nparen\ta(b)c\nempty-ish\t()\nat\t@\n")
    put("text", "# comment\nalpha one:two  three\nBeta,x,y\n  spaced  out \n\nalpha second\nlast:a:b:c\n")
    put("colons", "root:x:0:0:Root:/root:/bin/sh\nAlice:y::100:\n#no:z\nshort\n")
    put("aliases", "# aliases\npostmaster: root\nRoot: alice,\n\tbob\nlist: :include:/l, \"|prog arg\"\nbad line\nempty:\n  stray\nq\"x\": y\n")
    put("prog", "#!/bin/sh\ncase $* in *code*) exit ${2#code};; *empty*) exit 0;; *lines*) echo one; echo two;; *) echo \"[$*]\";; esac\n", 0o755)
    put("secret", "secret\n", 0o600)
    put("users", "alice:maildrop\talice@inside.example.com\nalice:mailname\tAlice.Adams@example.com\nbob:maildrop\tbob@in.example.com\n")
    with open(directory + "/users") as text:
        subprocess.run([TOOLS + "/makemap", "-C", "/dev/null", "btree", directory + "/udb"], stdin=text, check=True)
    for kind in ("hash", "btree"):
        for name, flags in ((kind, []), (kind + "N", ["-N"]), (kind + "f", ["-f"])):
            with open(directory + "/pairs") as text:
                subprocess.run([TOOLS + "/makemap", "-C", "/dev/null", *flags, kind, directory + "/" + name], stdin=text, check=True)


def transcript(server, directory, config, script, arguments=()):
    path = os.path.join(directory, "test.cf")
    with open(path, "w") as out:
        out.write(config.replace("@DIR@", directory))
    run = subprocess.run([server, "-bt", "-C", path, *arguments], input=script.encode(), capture_output=True, timeout=300)
    # libdb itself complains on stderr about files of another kind
    complaints = [line for line in run.stderr.splitlines(True) if not line.startswith(b"BDB")]
    return (run.stdout + b"".join(complaints)).decode("latin-1")


def compare(title, directory, ours, config, script, verbose, arguments=()):
    wanted = transcript(SENDMAIL, directory, config, script, arguments)
    found = transcript(ours, directory, config, script, arguments)
    # under TLS the reference says whatever errno was left, another one each time
    wanted, found = (re.sub(r"(failed to .*ldaps:.* in map \w+: ).*", r"\1", text).splitlines() for text in (wanted, found))
    if verbose == 2:
        print("\n".join(wanted))
    if wanted == found:
        return 0
    import difflib
    print("--", title)
    for line in list(difflib.unified_diff(wanted, found, "reference", "canonify", lineterm="", n=1))[2:int(os.environ.get('LINES', 42))]:
        print("  ", line)
    return 1


def sections(directory, with_ldap):
    import importlib.util
    spec = importlib.util.spec_from_file_location("map_cases", os.path.join(os.path.dirname(os.path.abspath(__file__)), "map_cases.py"))
    cases = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(cases)
    for name, options, maps, keys in cases.CASES:
        if name.startswith("ldap") and not with_ldap:
            print("SKIPPED:", name, "(slapd is not installed)")
            continue
        yield name, options, maps, keys


def case(options, maps, keys):
    """A cf with the maps, a ruleset per map, and the lines that ask them in all ways."""
    names = [line.split()[0] for line in maps.strip().splitlines() if line]
    names = list(dict.fromkeys(names))
    config = HEAD.replace("@OPTIONS@", options) + "".join("K" + line + "\n" for line in maps.strip().splitlines() if line)
    rules = ""
    for number, name in enumerate(names):
        rules += "Sask%d\nR$*\t$: $(%s $1 $@ one $@ two $: <none> $)\nSbare%d\nR$*\t$: <$(%s $1 $)>\n" % (number, name, number, name)
    script = ""
    for number, name in enumerate(names):
        for key in keys:
            script += "/map %s %s\nask%d %s\nbare%d %s\n" % (name, key, number, key, number, key)
    return config + rules, script


def main():
    enter()
    arguments = sys.argv[1:]
    verbose = arguments.count("-v")
    arguments = [word for word in arguments if word != "-v"]
    ours, wanted = os.path.abspath(arguments[0]), arguments[1:]
    if not os.path.exists(SENDMAIL):
        print("SKIPPED: CANONIFY_REFERENCE names no sendmail to compare with")
        print("0 passed, 0 failed")
        return
    loopback_up()
    # the name server of resolv.conf is ours
    with open("/etc/resolv.conf", "w") as out:
        out.write("nameserver 127.0.0.1\nsearch test example.com\noptions timeout:1 attempts:1\n")
    directory = tempfile.mkdtemp(dir="/srv")
    passed = failed = 0
    slapd = None
    try:
        os.chmod(directory, 0o755)
        files(directory)
        NameServer()
        serve_socketmaps(directory)
        link = os.path.join(directory, "sendmail")
        os.symlink(ours, link)
        slapd = start_slapd(directory)
        os.makedirs("/etc/ldap", exist_ok=True)
        with open("/etc/ldap/ldap.conf", "w") as out:
            out.write(f"# of this name space alone\ntls_cacert {directory}/ldap/ca.pem\n")
        for name, options, maps, keys in sections(directory, slapd is not None):
            if wanted and not any(name.startswith(word) for word in wanted):
                continue
            config, script = case(options, maps, keys)
            for flags in [[]] if os.environ.get("PLAIN") or name.startswith("ldap") else [[], ["-d60.5"]]:
                bad = compare(" ".join([name] + flags), directory, link, config, script, verbose, flags)
                if bad and name in OPEN:
                    print("OPEN: %s: %s" % (name, OPEN[name]))
                    continue
                failed, passed = failed + bad, passed + 1 - bad
    finally:
        if slapd:
            slapd.terminate()
            slapd.wait()
        shutil.rmtree(directory, ignore_errors=True)
    print("%d passed, %d failed" % (passed, failed))


if __name__ == "__main__":
    main()
