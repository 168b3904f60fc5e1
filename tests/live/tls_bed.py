"""The mail server of mail_bed.py with TLS around it: certificates below /mnt/tls, remote hosts that offer STARTTLS, clients that ask for it.

A remote host has, beside its words, "tls": {"certificate": a name of tls_certificates.py, "ask": does it ask for the client's?, "fail": what goes wrong}.
A session has the steps ("tls", {"certificate": NAME or None, "version": "1.2" or "1.3"}) and ("authorities",).
"""
import os, pathlib, re, shutil, socket, ssl, subprocess, time

import mail_bed, mail_site

FOLDER = mail_site.TOP + "/tls"
MAILERTABLE = """permfirst.example	esmtp:[mx.perm.example]:[mx.ok.example]
tempfirst.example	esmtp:[mx.selfsigned-verify.example]:[mx.ok.example]
closefirst.example	esmtp:[mx.close.example]:[mx.ok.example]
permtemp.example	esmtp:[mx.perm.example]:[mx.selfsigned-verify.example]
"""
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def context(server, wish):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    if not server:
        made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    if wish.get("certificate"):
        made.load_cert_chain(f"{FOLDER}/{wish['certificate']}.pem", f"{FOLDER}/{wish['certificate']}.key")
    if wish.get("ask"):
        # whether it is good is for the other side to say
        made.load_verify_locations(f"{FOLDER}/ca.pem")
        made.verify_mode = ssl.CERT_OPTIONAL
    if wish.get("version"):
        made.minimum_version = made.maximum_version = VERSIONS[wish["version"]]
    if wish.get("ciphers"):
        made.set_ciphers(wish["ciphers"])
    return made


class Remote(mail_bed.Remote):
    def __init__(self, name, stream):
        super().__init__(name, stream)
        self.offers = "tls" in self.kind
        self.protected = False

    def greeting(self, stage):
        said = super().greeting(stage)
        if stage == "ehlo" and self.offers and not self.protected:
            head, _, last = said.rpartition("250 ")
            said = f"{head}250-{last}\r\n250 STARTTLS"
        return said

    def answer(self, line):
        if line.upper().startswith("STARTTLS") and self.offers:
            return self.start_tls()
        super().answer(line)

    def start_tls(self):
        wish = self.kind["tls"]
        if "answer" in wish:
            return self.say(wish["answer"])
        self.say("220 2.0.0 go ahead")
        if wish.get("fail") == "close":
            # what is not read when a socket is closed would make the end a reset, now and then
            self.stream.shutdown(socket.SHUT_WR)
            while self.stream.recv(65536):
                pass
            raise mail_bed.Gone
        if wish.get("fail") == "nonsense":
            time.sleep(0.2)  # what comes together with the reply is thrown away
            self.stream.sendall(b"this is no handshake, whatever you think of it\r\n")
            raise mail_bed.Gone
        try:
            self.stream = context(True, wish).wrap_socket(self.stream, server_side=True)
        except (ssl.SSLError, OSError):
            self.lines.append("C: (handshake fails)")
            raise mail_bed.Gone from None
        self.input.close()
        self.input = self.stream.makefile("rb")
        self.protected = True
        self.lines.append(f"C: (TLS {self.stream.version()} {self.stream.cipher()[0]}{' with a certificate' if self.stream.getpeercert(True) else ''})")


class Session(mail_bed.Session):
    """With "now" in its case TLS begins at once (smtps)."""

    def __init__(self, case):
        super().__init__(case)
        if case.get("now") and not self.closed:
            self.tls({"certificate": case.get("certificate")})

    def tls(self, wish):
        try:
            self.socket = context(False, wish).wrap_socket(self.socket, server_hostname=mail_site.HOST)
            self.buffer = b""
            self.lines.append(f"C: (TLS {self.socket.version()} {self.socket.cipher()[0]})")
        except (ssl.SSLError, OSError) as error:
            reason = getattr(error, "reason", None) or str(error)
            self.lines.append(f"C: (handshake fails: {'closed' if re.search('EOF|reset', reason) else 'alert' if 'ALERT' in reason else reason})")
            self.closed = True

    def authorities(self):
        """Whose certificates the server says it would like, told to a session of its own."""
        words = ["openssl", "s_client", "-starttls", "smtp", "-connect", f"{mail_site.HOST}:25", "-bind", self.socket.getsockname()[0]]
        said = subprocess.run(words, input="QUIT\n", capture_output=True, text=True, timeout=30).stdout
        found = re.search(r"Acceptable client certificate CA names\n(.*?)\n(?=Requested|Client Certificate)", said, re.DOTALL)
        self.lines += ["S: (authorities) " + (line if found else "none") for line in (found[1].split("\n") if found else [""])]

    def send_raw(self, text):
        """Bytes for which no reply is due."""
        self.lines.append("C: (raw) " + text)
        self.send(text)


def put_certificates(source):
    """A name may say the mode of its file: key640.key."""
    os.makedirs(FOLDER, mode=0o755)
    for path in pathlib.Path(source).iterdir():
        if path.is_dir():
            shutil.copytree(path, pathlib.Path(FOLDER, path.name), symlinks=True)
        if path.suffix in (".pem", ".key", ".crl"):
            target = pathlib.Path(FOLDER, path.name)
            target.write_bytes(path.read_bytes())
            named = re.fullmatch(r"[a-z]+([0-7]{3})", path.stem)
            target.chmod(int(named[1], 8) if named else 0o600 if path.suffix == ".key" else 0o644)


def serve(program, makemap, source, hosts, access):
    """As mail_bed.serve, with these hosts and lines of the access map (JSON)."""
    import json

    mail_site.HOSTS = json.loads(hosts)
    mail_site.ADDRESSES = {name: f"127.0.{1 + number // 250}.{number % 250 + 1}" for number, name in enumerate(mail_site.HOSTS)}
    for name in ("good", "by", "second"):  # those that the zone names
        mail_site.ADDRESSES.setdefault(name, "127.0.9.9")
    mail_site.FILES["mail/access"] = access
    mail_site.FILES["mail/mailertable"] += MAILERTABLE
    # who serves the network is not root, and cannot read a key
    mail_site.SYSTEM_USERS += "canonify:x:64901:64901:canonify:/:/bin/false\n"
    mail_site.SYSTEM_GROUPS += "canonify:x:64901:\n"

    def build():
        mail_bed.build()
        put_certificates(source)

    mail_bed.Remote, mail_bed.Session = Remote, Session
    mail_bed.serve(program, makemap, build)
