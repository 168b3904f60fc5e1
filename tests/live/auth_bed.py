"""The bed of mail_bed.py with passwords: a sasldb2 and a Sendmail.conf for the server, a client that logs in by each mechanism, and remote
hosts that ask for a password. Nonces are put alike where they are said; what is said in base64 stands in the session decoded.
"""
import base64, hashlib, hmac, os, re, subprocess

import mail_bed, mail_site as site

TOP = mail_bed.TOP
SERVER_ADDRESSES = 200  # the last number of the first of these hosts' addresses
ACCOUNTS = [("alice", "secret"), ("bob", "pass word"), ("dave", "d\xc3\xa4ve")]
REALMS = [site.HOST, "other.example"]
SASL = "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: /mnt/mail/sasldb2\nmech_list: PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256\n"


def b64(data):
    return base64.b64encode(data.encode("latin-1") if isinstance(data, str) else data).decode()


def unb64(text):
    try:
        return base64.b64decode(text, validate=True).decode("latin-1")
    except ValueError:
        return f"(no base64: {text})"


def plain_words(text):
    """A challenge or response as it is compared: what is new each time is named, not shown."""
    text = re.sub(r"<\d+\.\d+@", "<N.N@", text)
    text = re.sub(r'nonce="[^"]*"', 'nonce="N"', text)
    text = re.sub(r'qop="auth[^"]*"(,cipher="[^"]*")?(,maxbuf=\d+)?', 'qop="(layers)"', text)  # auth.md
    text = re.sub(r"response=[0-9a-f]{32}", "response=H", text)
    text = re.sub(r"rspauth=[0-9a-f]{32}", "rspauth=H", text)
    text = re.sub(r"^(\S+) [0-9a-f]{32}$", r"\1 H", text)
    text = re.sub(r"\br=[^,]*", "r=N", text)
    text = re.sub(r"\b([spv])=[A-Za-z0-9+/=]{16,}", r"\1=B", text)
    return text.replace("\0", "\\0")


# ---------------------------------------------------------------- mechanisms, the client's side
def md5(data):
    return hashlib.md5(data).digest()


def digest_response(challenge, user, password, authzid, realm, uri, prefix=b"AUTHENTICATE:"):
    fields = dict((name, quoted or bare) for name, quoted, bare in re.findall(r'([\w-]+)=(?:"([^"]*)"|([^,]*))', challenge))
    realm = fields.get("realm", "") if realm is None else realm
    cnonce = "clientnonce"
    a1 = md5(f"{user}:{realm}:{password}".encode("latin-1")) + f":{fields['nonce']}:{cnonce}".encode() + (b":" + authzid.encode() if authzid else b"")
    a2 = prefix + uri.encode()
    value = hashlib.md5(":".join([hashlib.md5(a1).hexdigest(), fields["nonce"], "00000001", cnonce, "auth", hashlib.md5(a2).hexdigest()]).encode()).hexdigest()
    words = [f'username="{user}"', f'realm="{realm}"', f'nonce="{fields["nonce"]}"', f'cnonce="{cnonce}"', "nc=00000001", "qop=auth", f'digest-uri="{uri}"', f"response={value}"]
    return ",".join(words + ([f'authzid="{authzid}"'] if authzid else []))


class Scram:
    def __init__(self, hash_name, user, password, authzid):
        self.hash, self.password = hash_name, password.encode("latin-1")
        self.gs2 = "n," + (f"a={authzid}" if authzid else "") + ","
        self.bare = f"n={user.replace('=', '=3D').replace(',', '=2C')},r=clientnonce"

    def first(self):
        return self.gs2 + self.bare

    def final(self, challenge):
        fields = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac(self.hash, self.password, base64.b64decode(fields["s"]), int(fields["i"]))
        key = hmac.digest(salted, b"Client Key", self.hash)
        without = f"c={b64(self.gs2)},r={fields['r']}"
        message = f"{self.bare},{challenge},{without}".encode("latin-1")
        proof = hmac.digest(hashlib.new(self.hash, key).digest(), message, self.hash)
        self.signature = b64(hmac.digest(hmac.digest(salted, b"Server Key", self.hash), message, self.hash))
        return f"{without},p={b64(bytes(a ^ b for a, b in zip(key, proof)))}"


class Session(mail_bed.Session):
    """Steps beside those of mail_bed.Session: `login` runs a whole exchange."""

    def challenge(self, said):
        """The challenge in a 334, decoded; its line is shown so, too. None: the exchange has ended."""
        if not said or not said.startswith("334"):
            return None
        text = unb64(said[4:])
        self.lines[-1] = f"S: 334 {{{plain_words(text)}}}"
        return text

    def respond(self, text, initial=""):
        line = initial + b64(text)
        said = self.say(line)
        self.lines[max(i for i, shown in enumerate(self.lines) if shown == "C: " + line)] = f"C: {initial}{{{plain_words(text)}}}"
        return self.challenge(said)

    def words(self, text):
        """A command whose reply may be a challenge."""
        self.challenge(self.say(text))

    def login(self, mechanism, user, password, authzid="", realm=None, initial=True):
        run = getattr(self, "login_" + mechanism.lower().replace("-", "_"))
        run(mechanism, user, password, authzid, realm, initial)

    def start(self, mechanism, text, initial):
        """The first response, with the command or after an empty challenge."""
        if initial:
            return self.respond(text, f"AUTH {mechanism} ")
        if self.challenge(self.say("AUTH " + mechanism)) is not None:
            return self.respond(text)
        return None

    def login_plain(self, mechanism, user, password, authzid, realm, initial):
        self.start(mechanism, f"{authzid}\0{user}\0{password}", initial)

    def login_login(self, mechanism, user, password, authzid, realm, initial):
        if self.start(mechanism, user, initial) is not None:
            self.respond(password)

    def login_cram_md5(self, mechanism, user, password, authzid, realm, initial):
        challenge = self.challenge(self.say("AUTH " + mechanism))
        if challenge is not None:
            self.respond(f"{user} {hmac.new(password.encode('latin-1'), challenge.encode('latin-1'), 'md5').hexdigest()}")

    def login_digest_md5(self, mechanism, user, password, authzid, realm, initial):
        challenge = self.challenge(self.say("AUTH " + mechanism))
        if challenge is not None:
            if self.respond(digest_response(challenge, user, password, authzid, realm, "smtp/" + site.HOST)) is not None:
                self.respond("")

    def login_scram_sha_1(self, mechanism, user, password, authzid, realm, initial):
        self.scram(Scram("sha1", user, password, authzid), mechanism, initial)

    def login_scram_sha_256(self, mechanism, user, password, authzid, realm, initial):
        self.scram(Scram("sha256", user, password, authzid), mechanism, initial)

    def scram(self, exchange, mechanism, initial):
        challenge = self.start(mechanism, exchange.first(), initial)
        if challenge is None:
            return
        last = self.respond(exchange.final(challenge))
        if last is not None:
            self.lines.append(f"   (signature {'right' if last == 'v=' + exchange.signature else 'wrong'})")
            self.respond("")


# ---------------------------------------------------------------- remote hosts that ask for a password
GOOD = {"user": "relayer", "password": "relay secret"}
ALL = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256"
HOSTS = {  # name: what EHLO says behind AUTH, and how AUTH is answered
    "asks": {"mechanisms": ALL},
    "asksplain": {"mechanisms": "PLAIN"},
    "askslogin": {"mechanisms": "LOGIN"},
    "askscram": {"mechanisms": "CRAM-MD5"},
    "asksdigest": {"mechanisms": "DIGEST-MD5"},
    "asksscram1": {"mechanisms": "SCRAM-SHA-1"},
    "asksscram2": {"mechanisms": "SCRAM-SHA-256"},
    "askstwo": {"mechanisms": "LOGIN PLAIN"},
    "askshash": {"mechanisms": "PLAIN LOGIN CRAM-MD5 DIGEST-MD5"},
    "asksodd": {"mechanisms": "GSSAPI NTLM XOAUTH2"},
    "askslower": {"mechanisms": "plain login"},
    "asksnone": {"mechanisms": ""},
    "askstwice": {"mechanisms": "LOGIN", "more": ["AUTH=LOGIN", "AUTH PLAIN"]},
    "asks535": {"mechanisms": ALL, "final": "535 5.7.8 no"},
    "asks454": {"mechanisms": ALL, "final": "454 4.7.0 later"},
    "asks421": {"mechanisms": ALL, "final": "421 4.7.0 go away"},
    "asks538": {"mechanisms": ALL, "final": "538 5.7.11 encrypt first"},
    "asksfirst5": {"mechanisms": "DIGEST-MD5 PLAIN", "first": "504 5.5.4 not that one"},
    "asksfirst4": {"mechanisms": "DIGEST-MD5 PLAIN", "first": "454 4.7.0 later"},
    "asksdrop": {"mechanisms": ALL, "final": "drop"},
    "asksodd334": {"mechanisms": "DIGEST-MD5 PLAIN", "first": "334 !!!"},
    "asksodd250": {"mechanisms": "PLAIN", "final": "250 fine"},
    "asksforever": {"mechanisms": "PLAIN", "final": "334 "},
    "asksneeds": {"mechanisms": ALL, "needs": True},
    "asksbadserver": {"mechanisms": "SCRAM-SHA-256 SCRAM-SHA-1", "liar": True},
}


for number, (name, row) in enumerate(HOSTS.items(), SERVER_ADDRESSES):
    site.HOSTS[name], site.ADDRESSES[name] = {"ehlo": [], "auth": row}, f"127.0.1.{number}"


class Remote(mail_bed.Remote):
    """Answers AUTH as its row says; what it is told is checked, and shown decoded."""
    known, exchange = False, None

    def greeting(self, stage):
        row = self.kind.get("auth")
        if row and stage == "ehlo":
            said = ["AUTH " + row["mechanisms"]] if row["mechanisms"] else ["AUTH"]
            self.kind["ehlo"] = ["8BITMIME", "SIZE 2000000", *said, *row.get("more", []), "ENHANCEDSTATUSCODES"]
        return super().greeting(stage)

    def answer(self, line):
        if self.exchange:
            self.lines[-1] = "C: {" + plain_words(unb64(line)) + "}" if line != "*" else "C: *"
            return self.step(None if line == "*" else unb64(line))
        if line[:5].upper() == "AUTH " and self.kind.get("auth"):
            words = line.split()
            initial = None if len(words) < 3 else "" if words[2] == "=" else unb64(words[2])
            self.lines[-1] = f"C: AUTH {words[1]}" + ("" if initial is None else " {" + plain_words(initial) + "}")
            if said := self.kind["auth"].get("first"):
                # of this connection alone: the next case finds the host as it was
                self.kind = {**self.kind, "auth": {**self.kind["auth"], "first": None}}
                self.exchange = [self.give_up] if said.startswith("334") else None
                return self.say(said)
            self.exchange = getattr(self, "check_" + words[1].lower().replace("-", "_"))()
            return self.step(next(self.exchange) if initial is None else initial, begin=initial is None)
        if line[:5].upper() == "MAIL " and self.kind.get("auth", {}).get("needs") and not self.known:
            return self.say("530 5.7.0 Authentication required")
        super().answer(line)

    def step(self, text, begin=False):
        if text is None:
            self.exchange = None
            return self.say("501 5.7.0 cancelled")
        if self.exchange == [self.give_up]:
            self.exchange = None
            return self.say("501 5.5.2 what?")
        said = text if begin else None
        try:
            if not begin:
                if self.exchange.gi_frame.f_lasti <= 0:
                    next(self.exchange)
                said = self.exchange.send(text)
        except StopIteration as end:
            self.exchange, self.known = None, bool(end.value)
            return self.say(self.kind["auth"].get("final") or ("235 2.7.0 welcome" if end.value else "535 5.7.8 wrong"))
        self.say("334 " + b64(said))
        self.lines[-1] = f"S: 334 {{{plain_words(said)}}}"

    def give_up(self):
        pass

    # the server's side of the mechanisms: challenges are yielded, what comes back is the response; true at the end: right
    def check_plain(self):
        return (yield "").split("\0")[1:] == [GOOD["user"], GOOD["password"]]

    def check_login(self):
        user = yield "Username:"
        return [user, (yield "Password:")] == [GOOD["user"], GOOD["password"]]

    def check_cram_md5(self):
        challenge = f"<{os.getpid()}.17@{self.name}.example>"
        said = yield challenge
        return said == f"{GOOD['user']} {hmac.new(GOOD['password'].encode(), challenge.encode(), 'md5').hexdigest()}"

    def check_digest_md5(self):
        host = f"mx.{self.name}.example"
        said = yield f'realm="{host}",nonce="servernonce",qop="auth",charset=utf-8,algorithm=md5-sess'
        fields = dict((name, quoted or bare) for name, quoted, bare in re.findall(r'([\w-]+)=(?:"([^"]*)"|([^,]*))', said))
        a1 = md5(f"{GOOD['user']}:{fields.get('realm', '')}:{GOOD['password']}".encode()) + f":servernonce:{fields.get('cnonce')}".encode()
        a1 += (":" + fields["authzid"]).encode() if "authzid" in fields else b""
        value = lambda a2: hashlib.md5(":".join([hashlib.md5(a1).hexdigest(), "servernonce", fields.get("nc", ""), fields.get("cnonce", ""), "auth",
                                                 hashlib.md5(a2.encode()).hexdigest()]).encode()).hexdigest()
        uri = fields.get("digest-uri", "")
        if fields.get("response") != value("AUTHENTICATE:" + uri):
            return False
        yield "rspauth=" + value(":" + uri)
        return True

    def check_scram_sha_1(self):
        return self.check_scram("sha1")

    def check_scram_sha_256(self):
        return self.check_scram("sha256")

    def check_scram(self, name):
        first = yield ""
        bare = first.split(",", 2)[2]
        fields = dict(part.split("=", 1) for part in bare.split(","))
        salted = hashlib.pbkdf2_hmac(name, GOOD["password"].encode(), b"salt of host", 4096)
        challenge = f"r={fields['r']}servernonce,s={b64('salt of host')},i=4096"
        said = yield challenge
        without, proof = said.rsplit(",p=", 1)
        message = f"{bare},{challenge},{without}".encode()
        key = hmac.digest(salted, b"Client Key", name)
        signature = hmac.digest(hashlib.new(name, key).digest(), message, name)
        if base64.b64decode(proof) != bytes(a ^ b for a, b in zip(key, signature)) or fields["n"] != GOOD["user"]:
            return False
        server = hmac.digest(hmac.digest(salted, b"Server Key", name), message, name)
        yield "v=" + b64(server[::-1] if self.kind["auth"].get("liar") else server)
        return True


# ---------------------------------------------------------------- a world with passwords
def build():
    mail_bed.build()
    for user, password in ACCOUNTS:
        for realm in REALMS:
            words = ["saslpasswd2", "-f", TOP + "/mail/sasldb2", "-p", "-c", "-u", realm, user]
            subprocess.run(words, input=password.encode("latin-1"), check=True)
    os.chmod(TOP + "/mail/sasldb2", 0o640)
    os.makedirs(TOP + "/sasl")
    mail_bed.command("mount", "--bind", TOP + "/sasl", "/usr/lib/sasl2")


def run_group(program, makemap, group):
    mail_bed.write("sasl/Sendmail.conf", group.get("sasl", SASL))
    for name, text, mode in group.get("files", []):
        mail_bed.write(name, text, mode)
    return mail_bed.run_group(program, makemap, group)


def serve(program, makemap):
    mail_bed.Session, mail_bed.Remote = Session, Remote
    mail_bed.serve(program, makemap, build, run_group)
