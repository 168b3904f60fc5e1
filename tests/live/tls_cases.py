"""What tls.py compares: groups of sessions, each with a configuration of its own. Data only.

The matrix is state of the peer's certificate × entry of the access map × direction; the other groups are commands, options and features.
See mail_bed.py for cases, tls_bed.py for TLS in them.
"""
import collections

STATES = ["none", "good", "selfsigned", "wrongca", "expired", "notyet", "revoked", "wrongname"]
# entries of the access map behind TLS_Clt: and TLS_Srv:
DEMANDS = {
    "any": None, "verify": "VERIFY", "encr512": "ENCR:512", "perm": "PERM+VERIFY", "temp": "TEMP+ENCR:1024",
    "cn": "VERIFY:112+CN:peer.example", "ci": "VERIFY:112+CI:/C=DE/O=Right+20CA/CN=ca.example",
}
NUMBER = {name: number for number, name in enumerate(DEMANDS, 1)}
SHOWN = ["tls_version", "cipher", "cipher_bits", "alg_bits", "verify", "cert_subject", "cert_issuer", "cn_subject", "cn_issuer", "cert_md5", "cert_fp"]
# a rule of each ruleset writes the macros into the log, a header field has them too
RULES = r"""
LOCAL_CONFIG
Kshow syslog -LInfo
LOCAL_TLS_CLIENT
R$*	$: $1 $(show tls_client @SHOWN@ $: $)
LOCAL_TLS_SERVER
R$*	$: $1 $(show tls_server server_name=$&{server_name} server_addr=$&{server_addr} @SHOWN@ $: $)
LOCAL_TLS_RCPT
R$*	$: $1 $(show tls_rcpt @SHOWN@ $: $)
""".replace("@SHOWN@", " ".join(f"{name}=$&{{{name}}}" for name in SHOWN))
FIELD = "HX-TLS: " + " ".join(f"{name}=${{{name}}}" for name in SHOWN)
SESSION_FEATURES = "FEATURE(`tls_session_features')\n"

OWN = ["O ServerCertFile=/mnt/tls/own.pem", "O ServerKeyFile=/mnt/tls/own.key"]
BOTH = ["O ServerCertFile=/mnt/tls/ownrsa.pem,/mnt/tls/own.pem", "O ServerKeyFile=/mnt/tls/ownrsa.key,/mnt/tls/own.key"]
CLIENT = ["O ClientCertFile=/mnt/tls/good.pem", "O ClientKeyFile=/mnt/tls/good.key"]
CA = ["O CACertFile=/mnt/tls/ca.pem", "O CACertPath=/mnt/tls"]
CRL = ["O CRLFile=/mnt/tls/ca.crl"]
PORT = "Name=MTA, Addr=127.0.0.1, Port=25, Modifiers=A"
SMTPS = "Name=TLSMTA, Addr=127.0.0.1, Port=465, Modifiers=As"
NO_STARTTLS = "Name=PLAIN, Addr=127.0.0.1, Port=26, Modifiers=AS"

EHLO, STARTTLS, QUIT, RSET = ("say", "EHLO client.example"), ("say", "STARTTLS"), ("say", "QUIT"), ("say", "RSET")
FROM, TO = ("say", "MAIL FROM:<x@elsewhere.example>"), ("say", "RCPT TO:<alice@site.example>")
MESSAGE = ("message", "Subject: t\r\n\r\nbody\r\n.\r\n")
MAIL = [FROM, TO, MESSAGE, QUIT]

Group = collections.namedtuple("Group", "name options cases ports features", defaults=((PORT,), ""))


def tls(certificate=None, **more):
    return ("tls", {"certificate": certificate, **more})


def address(state, demand):
    return f"127.0.{50 + STATES.index(state)}.{NUMBER[demand]}"


def client(number, *steps, **more):
    return {"client": f"127.0.0.{number}", "steps": list(steps), **more}


def inward(state, demand):
    return {"client": address(state, demand), "steps": [EHLO, STARTTLS, tls(None if state == "none" else state), EHLO, *MAIL]}


def outward(*hosts):
    recipients = [("say", f"RCPT TO:<someone@{host}.example>") for host in hosts]
    return client(1, EHLO, ("say", "MAIL FROM:<alice@site.example>"), *recipients, MESSAGE, QUIT)


def secure(number, **more):
    """A session whose client number has an entry of the access map."""
    return client(number, EHLO, STARTTLS, tls(**more), EHLO, *MAIL)


ACCESS = """Srv_Features:127.0.0.41	S
Srv_Features:127.0.0.42	V
Srv_Features:127.0.0.43	v
Srv_Features:127.0.0.44	tempfail
Connect:127.0.0.45	ERROR:5.7.1:550 Go away
Connect:127.0.0.46	ERROR:4.7.1:421 Go away
TLS_Clt:127.0.0.47	VERIFY
TLS_Clt:127.0.0.48	VERIFY:112+CN:alt.peer.example
TLS_Srv_Features:127.0.0.51	Options=SSL_OP_NO_TLSv1_3
TLS_Srv_Features:127.0.0.52	CipherList=ECDHE-ECDSA-AES128-GCM-SHA256; Options=SSL_OP_NO_TLSv1_3; Flags=V
TLS_Srv_Features:127.0.0.53	nonsense
TLS_Srv_Features:127.0.0.54	Bad=x; CertFile=/mnt/gone
TLS_Srv_Features:127.0.0.55	CertFile=/mnt/gone
TLS_Srv_Features:127.0.0.56	"CipherSuites=TLS_AES_128_GCM_SHA256; Flags=R"
Try_TLS:notry.example	NO
TLS_Rcpt:rcpt.example	VERIFY
TLS_Rcpt:rcptenc.example	ENCR:1024
TLS_Srv:perm.example	PERM+VERIFY
TLS_Clt_Features:feat12.example	Options=SSL_OP_NO_TLSv1_3
TLS_Clt_Features:feat.example	nonsense
"""
WORDS = ["8BITMIME", "ENHANCEDSTATUSCODES"]
HOSTS = {  # beside those of the matrix
    "ok": {"certificate": "good", "ask": True}, "v12": {"certificate": "wrongname", "version": "1.2"},
    "close": {"certificate": "good", "fail": "close"}, "nonsense": {"certificate": "good", "fail": "nonsense"},
    "no454": {"answer": "454 4.7.0 TLS not available due to temporary reason"}, "no5": {"answer": "502 5.5.1 what"},
    "no421": {"answer": "421 4.3.2 go"}, "dropped": {"answer": "drop"}, "mute": {"answer": "mute"},
    "notry": {"certificate": "good"}, "rcpt": {"certificate": "expired"}, "rcptenc": {"certificate": "good"}, "perm": {"certificate": "selfsigned"},
    "feat": {"certificate": "good"}, "feat12": {"certificate": "good"},
}


def access():
    lines = []
    for name, entry in DEMANDS.items():
        for state in STATES:
            if entry:
                lines += [f"TLS_Clt:{address(state, name)}\t{entry}", f"TLS_Srv:{state}-{name}.example\t{entry}"]
    return "\n".join(lines) + "\n" + ACCESS


def hosts():
    made = {name: {"ehlo": WORDS, "tls": wish} for name, wish in HOSTS.items()}
    made |= {"clear": {"ehlo": WORDS}, "old": {"ehlo": None}}
    for state in STATES:
        for name in DEMANDS:
            made[f"{state}-{name}"] = {"ehlo": WORDS} | ({} if state == "none" else {"tls": {"certificate": state, "ask": state == "good"}})
    return made


COMMANDS = [
    client(31, EHLO, STARTTLS, tls(version="1.2"), EHLO, *MAIL),
    client(31, EHLO, STARTTLS, tls("good", version="1.2", ciphers="ECDHE-ECDSA-CHACHA20-POLY1305"), EHLO, *MAIL),
    client(31, EHLO, STARTTLS, tls("wrongname"), ("say", "HELO x"), *MAIL),
    client(32, EHLO, ("say", "STARTTLS x"), STARTTLS, tls(), FROM, STARTTLS, RSET, EHLO, STARTTLS, ("say", "NOOP"), QUIT),
    client(33, EHLO, FROM, STARTTLS, RSET, STARTTLS, tls(), QUIT),
    client(34, STARTTLS, tls(), QUIT),
    client(35, ("say", "HELO x"), STARTTLS, tls(), FROM, QUIT),
    client(36, EHLO, FROM, TO, STARTTLS, QUIT),
    client(37, EHLO, ("pipeline", ["NOOP", "STARTTLS"]), tls(), EHLO, QUIT),
    client(38, EHLO, ("send_raw", "STARTTLS\r\nMAIL FROM:<injected@elsewhere.example>\r\n"), ("reply",), tls(), TO, ("say", "NOOP"), QUIT),
    client(39, EHLO, STARTTLS, ("say", "this is no handshake"), QUIT),
    client(40, EHLO, STARTTLS, ("drop",)),
    client(40, EHLO, STARTTLS, tls(version="1.2", ciphers="AES128-SHA256"), QUIT),
    client(41, EHLO, STARTTLS, QUIT), secure(42, certificate="good"), secure(43, certificate="good"),
    client(44, EHLO, STARTTLS, QUIT), client(45, EHLO, STARTTLS, QUIT), secure(47), secure(47, certificate="good"),
    client(34, EHLO, STARTTLS, QUIT, port=26),
]
NOW = [client(number, EHLO, STARTTLS, ("say", "VRFY x"), FROM, QUIT, port=465, now=True) for number in (31, 45, 46, 41, 47)]
FEATURES = [client(number, EHLO, STARTTLS, tls("good"), EHLO, QUIT) for number in range(51, 58)]
CURVES = [client(31, EHLO, STARTTLS, tls(version="1.2", ciphers=f"ECDHE-{kind}-AES128-GCM-SHA256"), EHLO, QUIT) for kind in ("RSA", "ECDSA")]
NAMES = [secure(48, certificate="good"), secure(48, certificate="wrongname"), secure(48)]
FALLBACK = ["close", "nonsense", "no454", "no5", "dropped", "perm", "feat"]


def files(side, certificate="/mnt/tls/own.pem", key="/mnt/tls/own.key", ca="/mnt/tls/ca.pem", path="/mnt/tls"):
    rows = ((side + "CertFile", certificate), (side + "KeyFile", key), ("CACertFile", ca), ("CACertPath", path))
    return [f"O {name}={value}" for name, value in rows]


# what the options name is something else than they take it for: {group: what is otherwise}
WRONG = {
    "comma-behind": {"certificate": "/mnt/tls/own.pem,"}, "comma-before": {"certificate": ",/mnt/tls/own.pem", "key": ",/mnt/tls/own.key"},
    "two-keys": {"key": "/mnt/tls/own.key,/mnt/tls/ownrsa.key"}, "one-key": {"certificate": "/mnt/tls/own.pem,/mnt/tls/ownrsa.pem"},
    "three": {"certificate": "/mnt/tls/ownrsa.pem,/mnt/tls/own.pem,/mnt/tls/good.pem", "key": "/mnt/tls/ownrsa.key,/mnt/tls/own.key,/mnt/tls/good.key"},
    "blank": {"certificate": "/mnt/tls/own.pem, /mnt/tls/ownrsa.pem", "key": "/mnt/tls/own.key, /mnt/tls/ownrsa.key"},
    "key-is-certificate": {"key": "/mnt/tls/own.pem"}, "key-is-directory": {"key": "/mnt/tls"}, "ca-is-key": {"ca": "/mnt/tls/own.key"},
    "path-is-ca": {"path": "/mnt/tls/ca.pem"}, "path-is-own": {"path": "/mnt/tls/own.pem"}, "path-is-key": {"path": "/mnt/tls/own.key"}, "path-gone": {"path": "/mnt/gone"},
}
# a client goes on where a server stops; what OpenSSL's functions say after the first of them has failed is not compared
SERVER_WRONG = {"certificate-is-directory": {"certificate": "/mnt/tls"}, "ca-is-directory": {"ca": "/mnt/tls"}, "ca-gone": {"ca": "/mnt/gone.pem"}}
PATH_STATES = ["good", "selfsigned", "wrongca", "revoked"]  # as seen by a site whose CACertFile is another CA's


def groups():
    matrix = [(state, demand) for state in STATES for demand in DEMANDS]
    yield Group("in", OWN + CA, [inward(*one) for one in matrix if one[0] != "revoked"])
    yield Group("in-crl", OWN + CA + CRL, [inward(state, demand) for state, demand in matrix if demand in ("any", "verify")])
    yield Group("out", CLIENT + CA, [outward("-".join(one)) for one in matrix if one[0] != "revoked"])
    yield Group("out-crl", CLIENT + CA + CRL, [outward(f"{state}-{demand}") for state, demand in matrix if demand in ("any", "verify")])
    yield Group("commands", OWN + CA, COMMANDS, (PORT, NO_STARTTLS))
    yield Group("smtps", OWN + CA, NOW, (PORT, SMTPS))
    yield Group("smtps-bare", [], NOW[:2], (PORT, SMTPS))
    yield Group("features", OWN + CA, FEATURES, features=SESSION_FEATURES)
    yield Group("curves", BOTH + CA, CURVES)
    yield Group("names", OWN + CA + ["O SetCertAltnames=true", "O CertFingerprintAlgorithm=sha256"], NAMES, features="FEATURE(`check_cert_altnames')\n")
    yield Group("no-question", OWN + CA + ["O TLSSrvOptions=V", "O CertFingerprintAlgorithm=SHA1"], NAMES[:1] + COMMANDS[15:16])
    hosts = [outward(name) for name in [*HOSTS, "clear", "old"] if name != "mute"]
    yield Group("client", CLIENT + CA, hosts + [outward("ok", "v12"), outward("rcpt", "rcptenc")], features=SESSION_FEATURES)
    several = [outward(name) for name in ("permfirst", "tempfirst", "closefirst", "permtemp")]
    yield Group("several", CLIENT + CA, several)
    yield Group("fallback", CLIENT + CA + ["O TLSFallbacktoClear=true"], [outward(name) for name in FALLBACK], features=SESSION_FEATURES)
    yield Group("client-bare", [], [outward("ok"), outward("perm")])
    yield Group("client-ca", CA, [outward("ok")])
    for name, change in (WRONG | SERVER_WRONG).items():
        yield Group(f"files-{name}", files("Server", **change), [inward("good", "verify")])
    for name, change in WRONG.items():
        yield Group(f"client-files-{name}", files("Client", **change), [outward("ok")])
    yield Group("crl-is-certificate", OWN + CA + ["O CRLFile=/mnt/tls/ca.pem"], [inward("good", "verify")])
    for name, folder in (("hashed", "/mnt/tls/hashed"), ("astray", "/mnt/tls/astray")):
        path, lists = ["O CACertFile=/mnt/tls/other.pem", f"O CACertPath={folder}"], [f"O CRLPath={folder}"]
        yield Group(f"path-{name}", OWN + path, [inward(state, "verify") for state in PATH_STATES] + [client(31, EHLO, ("authorities",), QUIT)])
        yield Group(f"path-{name}-crl", OWN + path + lists, [inward(state, "verify") for state in PATH_STATES])
        yield Group(f"client-path-{name}", CLIENT + path, [outward(f"{state}-verify") for state in PATH_STATES])
        yield Group(f"client-path-{name}-crl", CLIENT + path + lists, [outward(f"{state}-verify") for state in PATH_STATES])
    yield Group("path-gone-crl", OWN + CA + ["O CRLPath=/mnt/gone"], [inward(state, "verify") for state in PATH_STATES])
    yield Group("list-of-another", OWN + ["O CACertFile=/mnt/tls/other.pem", "O CACertPath=/mnt/tls/hashed"] + CRL, [inward(state, "verify") for state in PATH_STATES])
    yield Group("client-list-of-another", CLIENT + ["O CACertFile=/mnt/tls/other.pem", "O CACertPath=/mnt/tls/hashed"] + CRL, [outward(f"{state}-verify") for state in PATH_STATES])
    yield Group("client-gone", ["O ClientCertFile=/mnt/gone", "O ClientKeyFile=/mnt/gone"] + CA, [outward("ok")])
    yield Group("client-unfit", ["O ClientCertFile=/mnt/tls/good.pem", "O ClientKeyFile=/mnt/tls/own.key"] + CA, [outward("ok")])
    yield Group("client-clear", CLIENT + CA + ["O ClientPortOptions=Family=inet, Modifiers=S"], [outward("ok")])
    yield Group("client-slow", CLIENT + CA + ["O Timeout.starttls=2s"], [outward("mute")])
