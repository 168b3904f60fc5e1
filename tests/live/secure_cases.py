"""Random sessions with STARTTLS and AUTH in any order, and a mail filter that asks for the macros of both at each stage: groups of cases, each group with
a configuration and a daemon of its own. `groups(seed, count)` draws them; the same seed gives the same ones.
"""
import auth_cases, milter_cases, session_cases, tls_cases
from auth_bed import SASL, b64
from milter_bed import SOCKETS

EHLO, QUIT = auth_cases.EHLO, auth_cases.QUIT
# what names one certificate is new each time that certificates are made
TLS = "{tls_version} {cipher} {cipher_bits} {alg_bits} {verify} {cert_subject} {cert_issuer} {cn_subject} {cn_issuer}"
AUTH = "{auth_type} {auth_authen} {auth_ssf} {auth_author}"
STAGES = ["connect", "helo", "envfrom", "envrcpt", "data", "eoh", "eom"]
FIELD = "HX-Secure: " + " ".join(f"${word}" for word in f"{TLS} {AUTH} r".split())
FEATURES = auth_cases.FEATURES + [auth_cases.ALL + auth_cases.TRUST + tls_cases.SESSION_FEATURES]
OPTIONS = [[]] * 4 + [[f"O AuthOptions={letters}"] for letters in ("p", "p", "p,y", "a", "A", "p A")] + [["O AuthMechanisms=LOGIN PLAIN"], ["O AuthRealm=other.example"], ["O LogLevel=10"],
                     ["O LogLevel=12"], ["O TLSSrvOptions=V"], ["O PrivacyOptions=needmailhelo"], ["O AuthMaxBits=0"], ["O AuthMaxBits=256"], ["O Timeout.auth=1s"]]
LETTERS = ["", "", "", "a", "A", "S", "aS", "c"]
ACCESS = auth_cases.ACCESS + "TLS_Clt:127.0.0.37	VERIFY\nTLS_Clt:127.0.0.38	ENCR:112\nTLS_Clt:127.0.0.39	ENCR:1024\nSrv_Features:127.0.0.41	S\nSrv_Features:127.0.0.42	V\nSrv_Features:127.0.0.43	l c\n"
# one address for each letter and for some together, more entries about certificates for others; in a group one set about relaying
FEATURES_OF = {f"127.0.60.{number}": letters for number, letters in enumerate([*"aAbBcCdDeElLpPsSvVxX", "a l", "A l", "S l", "v l", "V c", "P c", "e d x b", "E D X B p"], 1)}
DEMANDS_OF = {f"127.0.61.{number}": entry for number, entry in enumerate([
    "VERIFY:256", "VERIFY:112+CN", "ENCR:112+CN:peer.example", "PERM+VERIFY:112+CI:/C=DE/O=Right+20CA/CN=ca.example", "TEMP+VERIFY:128++CN:other.example", "ENCR", "VERIFY:x", "PERM+ENCR:512", "CN:peer.example", "nonsense", ""], 1)}
ISSUER, OTHER = "/C=DE/O=Right+20CA/CN=ca.example", "/O=Other+20CA/CN=other.ca.example"
RELAYING = ["", "", f"CERTISSUER:{ISSUER}	RELAY\n", f"CERTISSUER:{ISSUER}	SUBJECT\n", f"CERTISSUER:{ISSUER}	SUBJECT\nCERTSUBJECT:/CN=expired.example	RELAY\n", f"CERTISSUER:{OTHER}	RELAY\n", "CERTISSUER:/CN=self.example	RELAY\n"]
CLIENTS = ["127.0.0.9"] * 8 + ["127.0.0.5", "127.0.0.7", *(f"127.0.0.{number}" for number in range(31, 44))]
CERTIFICATES = [None] * 4 + ["good", "good", "selfsigned", "expired", "wrongca", "wrongname"]
PLAIN = "AUTH PLAIN " + b64("\0alice\0secret")
INJECTED = ["AUTH PLAIN " + b64("\0alice\0secret"), "MAIL FROM:<injected@elsewhere.example>", "EHLO injected.example", "NOOP"]
RECIPIENTS = ["alice@site.example", "bob@site.example", "nosuch@site.example", "x@second.example"]


def tls(draw):
    wish = {"certificate": draw.choice(CERTIFICATES)}
    return ["secure", wish | ({"version": draw.choice(["1.2", "1.3"])} if draw.random() < 0.5 else {})]


def log_in(draw):
    return auth_cases.login(draw, 0.8)


def mail(draw):
    return auth_cases.mail(draw, RECIPIENTS)


PARTS = [  # what a session is made of, and how often
    (6, lambda draw: [tls(draw), EHLO]), (3, lambda draw: [tls(draw)]), (2, lambda draw: [tls(draw), ["say", "HELO client.example"]]), (8, lambda draw: [log_in(draw)]),
    (1, lambda draw: auth_cases.talk(draw)), (8, mail), (1, lambda draw: [["say", "MAIL FROM:<ann@elsewhere.example>"], tls(draw), ["say", "RSET"]]),
    (1, lambda draw: [["say", "MAIL FROM:<ann@elsewhere.example>"], log_in(draw), ["say", "RSET"]]), (1, lambda draw: [["say", draw.choice(milter_cases.NOISE)]]), (1, lambda draw: [EHLO]),
    (1, lambda draw: [["pipeline", ["NOOP", "STARTTLS"]], ["tls", {}], EHLO]), (1, lambda draw: [["send_raw", "STARTTLS\r\n" + draw.choice(INJECTED) + "\r\n"], ["reply"], ["tls", {}], ["say", "NOOP"]]),
    (1, lambda draw: [["say", "STARTTLS"], ["say", PLAIN]]), (1, lambda draw: [["say", "STARTTLS x"]]), (1, lambda draw: [["words", draw.choice(auth_cases.LINES)]]),
]


def session(draw):
    steps = [EHLO] if draw.random() < 0.9 else []
    raw = False
    for _ in range(draw.choice([2, 3, 3, 4, 5])):
        part = draw.choices([make for _, make in PARTS], [weight for weight, _ in PARTS])[0](draw)
        # a handshake that nobody has said STARTTLS for only once, and first: it is answered in the clear by neither
        unasked = any(step[0] in ("tls", "send_raw") for step in part)
        if unasked and (raw or any(step[0] == "secure" for step in steps)):
            continue
        raw |= unasked
        steps += part
    return steps + [QUIT]


def script(draw):
    return milter_cases.script(draw) if draw.random() < 0.25 else {}


def group(draw, cases):
    lines = [f"Xone, S={SOCKETS['one']}, T=C:3s;S:3s;R:3s;E:6s", "O InputMailFilters=one", FIELD, *tls_cases.OWN, *tls_cases.CA]
    lines += [f"O Milter.macros.{stage}={', '.join(('j ' + TLS + ' ' + AUTH).split())}" for stage in STAGES]
    letters = draw.choice(LETTERS)
    lines += draw.choice(OPTIONS) + [f"O DaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port=25,M={letters}", f"O DaemonPortOptions=Name=TLSMTA,Addr=127.0.0.1,Port=465,M={letters}s"]
    drawn = []
    # without STARTTLS a handshake that begins all the same is a line without an end
    allowed = lambda steps: "S" not in letters or not any(step[0] == "tls" for step in steps)
    for _ in range(cases):
        steps = session(draw)
        while not allowed(steps):
            steps = session(draw)
        now = draw.random() < 0.12
        unasked = any(step[0] == "tls" for step in steps)
        client = draw.choice(CLIENTS[:8] if unasked else draw.choice([CLIENTS, CLIENTS, list(FEATURES_OF), list(DEMANDS_OF)]))
        drawn.append({"client": client, "port": 465 if now else 25, "steps": [step for step in steps if not now or step[0] not in ("tls", "send_raw")], "filters": {"one": script(draw)}})
        if now:
            drawn[-1] |= {"now": True, "certificate": draw.choice(CERTIFICATES)}
    entries = "".join(f"Srv_Features:{client}	{letters}\n" for client, letters in FEATURES_OF.items()) + "".join(f"TLS_Clt:{client}	{entry}\n" for client, entry in DEMANDS_OF.items() if entry)
    return {"features": draw.choice(FEATURES), "options": lines, "arguments": [], "sasl": SASL, "files": [["mail/access", ACCESS + entries + draw.choice(RELAYING), 0o644]], "cases": drawn}


def groups(seed, count):
    """That many cases, in groups."""
    return session_cases.numbered(group, f"secure {seed}", count, size=6)
