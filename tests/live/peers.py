#!/usr/bin/env python3
"""Programs of others log in and speak TLS with canonify, as clients and as servers: Debian's sendmail, openssl s_client; and
dialogues as mail programs hold them (a response with the command or without, LOGIN with its first answer in the command, smtps).

usage: peers.py CANONIFY      Needs Debian's packages sasl2-bin, libsasl2-modules and openssl.
"""
import os, pathlib, re, socket, ssl, subprocess, sys

import checks, mail_bed, peers_bed, side_by_side, tls_bed
from auth_bed import b64
from peers_bed import HOST, MECHANISMS, SMTPS, TOP, access, connects, logged, send

SENDMAIL = 2525

# (who, port, lines and what each is answered with): mail programs, as they say it. What is between { } goes as base64.
DIALOGUES = [
    ("Thunderbird: PLAIN with its response", SMTPS, [("EHLO [192.168.1.20]", "250"), ("AUTH PLAIN {\0alice\0secret}", "235"), ("MAIL FROM:<alice@site.example> BODY=8BITMIME SIZE=400", "250")]),
    ("Thunderbird: CRAM-MD5 given up, then PLAIN", SMTPS, [("EHLO [192.168.1.20]", "250"), ("AUTH CRAM-MD5", "334"), ("*", "501"), ("AUTH PLAIN {\0alice\0secret}", "235")]),
    ("Outlook: LOGIN, answer by answer", SMTPS, [("EHLO DESKTOP-1A2B3C", "250"), ("AUTH LOGIN", "334 VXNlcm5hbWU6"), ("{alice}", "334 UGFzc3dvcmQ6"), ("{secret}", "235"), ("MAIL FROM: <alice@site.example>", "250")]),
    ("Outlook: LOGIN with the name in the command", SMTPS, [("EHLO DESKTOP-1A2B3C", "250"), ("AUTH LOGIN {alice}", "334 UGFzc3dvcmQ6"), ("{secret}", "235")]),
    ("Outlook: a wrong password, then the right one", SMTPS, [("EHLO DESKTOP-1A2B3C", "250"), ("AUTH LOGIN", "334"), ("{alice}", "334"), ("{wrong}", "535"), ("AUTH LOGIN", "334"), ("{alice}", "334"), ("{secret}", "235")]),
    ("PLAIN without a response", SMTPS, [("EHLO phone", "250"), ("AUTH PLAIN", "334 "), ("{\0alice\0secret}", "235")]),
    ("PLAIN on behalf of oneself", SMTPS, [("EHLO phone", "250"), ("AUTH PLAIN {alice\0alice\0secret}", "235")]),
    ("names with a realm", SMTPS, [("EHLO phone", "250"), ("AUTH PLAIN {\0alice@other.example\0secret}", "235")]),
    ("small letters", SMTPS, [("ehlo phone", "250"), ("auth login", "334"), ("{alice}", "334"), ("{secret}", "235")]),
    ("no EHLO", SMTPS, [("AUTH PLAIN {\0alice\0secret}", "235")]),
    ("a second log-in", SMTPS, [("EHLO phone", "250"), ("AUTH PLAIN {\0alice\0secret}", "235"), ("AUTH PLAIN {\0bob\0pass word}", "503")]),
    ("a log-in amid a message", SMTPS, [("EHLO phone", "250"), ("MAIL FROM:<ann@elsewhere.example>", "250"), ("AUTH PLAIN {\0alice\0secret}", "503")]),
]


def encoded(line):
    return re.sub(r"\{([^}]*)\}", lambda found: b64(found[1]), line)


def dialogues():
    for who, port, lines in DIALOGUES:
        seen, good = [], True
        with socket.create_connection(("127.0.0.1", port), timeout=60) as plain, tls_bed.context(False, {}).wrap_socket(plain) as stream, stream.makefile("rw", newline="\r\n") as talk:
            talk.readline()
            for line, wanted in lines:
                talk.write(encoded(line) + "\r\n")
                talk.flush()
                while (said := talk.readline())[3:4] == "-":
                    pass
                seen.append(f"{line!r} {said.strip()}")
                good &= said.startswith(wanted)
        checks.check(who, good, seen)


def openssl_talks():
    log_in = f"AUTH PLAIN {b64(chr(0) + 'alice' + chr(0) + 'secret')}"
    for port in (25, SMTPS):
        # with -starttls openssl has read the greeting itself
        words = ["-starttls", "smtp"] if port == 25 else []
        lines = [*([] if words else [("", "220")]), ("EHLO client.example", "250"), (log_in, "235"), ("QUIT", "221")]
        for version in ("-tls1_2", "-tls1_3"):
            talk = subprocess.Popen(["openssl", "s_client", "-quiet", "-ign_eof", "-crlf", "-CAfile", "/mnt/tls/ca.pem", "-verify_return_error", version, "-connect", f"127.0.0.1:{port}", *words],
                                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            seen = []
            for line, wanted in lines:
                if line:
                    print(line, file=talk.stdin, flush=True)
                while (reply := talk.stdout.readline())[3:4] == "-":
                    pass
                seen.append(reply.strip())
                if not reply.startswith(wanted):
                    talk.kill()
                    break
            _, complaint = talk.communicate(timeout=120)
            checks.check(f"openssl s_client, port {port} {version}", len(seen) == len(lines) and seen[-1].startswith("221"), (seen, complaint))
    session = "/mnt/session"
    quit = dict(input="QUIT\n", capture_output=True, text=True, timeout=120)
    words = ["openssl", "s_client", "-starttls", "smtp", "-connect", "127.0.0.1:25", "-tls1_2"]
    subprocess.run([*words, "-sess_out", session], **quit)
    checks.check("openssl s_client resumes a session", "Reused, TLSv1.2" in subprocess.run([*words, "-sess_in", session], **quit).stdout)


def with_sendmail(cf):
    """Debian's sendmail beside us, with a queue and ports of its own; each hands a message to the other, by each mechanism."""
    own = re.sub(r"^O (DaemonPortOptions|QueueDirectory|PidFile)=.*\n", "", cf, flags=re.M)
    mail_bed.write("mail2/sendmail.cf", own + f"Djpeer.example\nO AuthRealm={HOST}\nO QueueDirectory={TOP}/mqueue2\nO PidFile={TOP}/mail2/pid\nO DaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port={SENDMAIL}\n")
    os.makedirs(TOP + "/mqueue2", 0o700)
    peer = subprocess.Popen([side_by_side.REFERENCE / "usr/libexec/sendmail/sendmail", f"-C{TOP}/mail2/sendmail.cf", "-bD"], stdin=subprocess.DEVNULL, cwd="/")
    checks.until(lambda: connects(SENDMAIL))
    for mechanism in MECHANISMS:
        access(f' "M:{mechanism}"')
        mail_bed.LOG.clear()
        send(25, "ann@elsewhere.example", f"to-{mechanism.lower()}@sendmail.example")
        seen = logged(r"AUTH=server.*mech=" + mechanism), logged(r"STARTTLS=server"), logged(r"to=<to-" + mechanism.lower() + ".*stat=Sent")
        checks.check(f"to Debian's sendmail: TLS and {mechanism}", all(seen), (seen, mail_bed.LOG[-12:]))
        mail_bed.LOG.clear()
        send(SENDMAIL, "ann@elsewhere.example", f"from-{mechanism.lower()}@us.example")
        seen = logged(r"AUTH=client.*mech=" + mechanism), logged(r"STARTTLS=client"), logged(r"AUTH=server.*authid=alice, mech=" + mechanism), logged(r"to=<from-" + mechanism.lower() + ".*stat=Sent")
        checks.check(f"from Debian's sendmail: TLS and {mechanism}", all(seen), (seen, mail_bed.LOG[-12:]))
    peer.terminate()

def renewed_certificates():
    """As certbot does it: new files take the old ones' names, one after the other, and nobody tells the daemon."""
    def put(name, source):
        path = pathlib.Path(tls_bed.FOLDER, name)
        fresh = path.with_suffix(".new")
        fresh.write_bytes(source)
        fresh.chmod(0o600)
        fresh.rename(path)

    def shows(source):
        first, shown = re.search("-----BEGIN CERT.*?-----END CERTIFICATE-----", source, re.S)[0], ssl.get_server_certificate(("127.0.0.1", SMTPS), timeout=60)
        return ssl.PEM_cert_to_DER_cert(shown) == ssl.PEM_cert_to_DER_cert(first)
    renewed = {end: pathlib.Path(tls_bed.FOLDER, "good" + end).read_bytes() for end in (".pem", ".key")}
    text = renewed[".pem"].decode()
    checks.check("the certificate is another one than the renewed", not shows(text))
    put("own.pem", renewed[".pem"])
    put("own.key", renewed[".key"])
    checks.check("a renewed certificate is shown without a restart", checks.until(lambda: shows(text)), mail_bed.LOG[-5:])
    put("own.key", b"no key at all")
    refused = checks.until(lambda: shows(text) and logged("STARTTLS=server: files have changed and are no good: the old ones stay in use", 1))
    checks.check("one that is no good is refused, and the log says so", refused and shows(text), mail_bed.LOG[-5:])


def serve(program, makemap):
    """Inside the name spaces."""
    daemon, cf = peers_bed.begin(program, makemap, {"sendmail": SENDMAIL, "us": 25})
    dialogues()
    openssl_talks()
    with_sendmail(cf)
    renewed_certificates()
    daemon.stop()
    sys.exit(checks.close())


if __name__ == "__main__":
    sys.exit(peers_bed.main("peers"))
