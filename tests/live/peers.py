#!/usr/bin/env python3
"""Programs of others log in and speak TLS with canonify, as clients and as servers: Debian's sendmail, openssl s_client, swaks, Python's smtplib; and
dialogues as mail programs hold them (a response with the command or without, LOGIN with its first answer in the command, smtps).

usage: peers.py CANONIFY      Needs Debian's packages sasl2-bin, libsasl2-modules and openssl; without swaks and its TLS (libnet-ssleay-perl) those checks are left out.
"""
import os, pathlib, re, shutil, smtplib, socket, ssl, subprocess, sys, tempfile, threading, time

import auth_cases, checks, mail_bed, secure_bed, side_by_side, tls_bed, tls_cases
from auth_bed import b64

TOP, HOST = mail_bed.TOP, mail_bed.site.HOST
MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
SMTPS, SENDMAIL = 465, 2525
LINES = [*tls_cases.OWN, *tls_cases.CA, *tls_cases.CLIENT, "O LogLevel=12", "O QueueLA=1000", "O RefuseLA=1000", "O DeliveryMode=i", auth_cases.SHOWN + " v=${tls_version}"]
PORTS = ["O DaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port=25", f"O DaemonPortOptions=Name=TLSMTA,Addr=127.0.0.1,Port={SMTPS},M=s"]
MAILER = "Mto{name}, P=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=990, T=DNS/RFC822/SMTP, A=TCP $h {port}"
AUTHINFO = 'AuthInfo:127.0.0.1	"U:alice" "I:alice" "P:secret" "R:mail.site.example"{more}\n'

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


def smtplib_logs_in():
    for port in (25, SMTPS):
        for method in ("auth_cram_md5", "auth_plain", "auth_login"):
            client = smtplib.SMTP_SSL("127.0.0.1", port, context=tls_bed.context(False, {}), timeout=60) if port == SMTPS else smtplib.SMTP("127.0.0.1", port, timeout=60)
            with client:
                if port == 25:
                    client.starttls(context=tls_bed.context(False, {}))
                client.ehlo("client.example")
                client.user, client.password = "alice", "secret"
                code, _ = client.auth(method[5:].upper().replace("_", "-"), getattr(client, method))
                checks.check(f"smtplib, port {port}, {method}", code == 235, code)


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


def swaks_sends():
    if not shutil.which("swaks"):
        return
    words = ["swaks", "--server", "127.0.0.1", "--from", "alice@site.example", "--to", "x@second.example", "--ehlo", "client.example", "--auth-user", "alice", "--auth-password", "secret"]
    able = subprocess.run(["swaks", "--support"], capture_output=True, text=True).stdout
    if "TLS not available" in able or "TLS supported" not in able:
        return
    for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
        for how in (["--tls"], ["--tls-on-connect", "--port", str(SMTPS)]):
            run = subprocess.run([*words, "--auth", mechanism, *how], capture_output=True, text=True, timeout=120)
            checks.check(f"swaks {how[0]} --auth {mechanism}", run.returncode == 0, run.stdout + run.stderr)


def logged(pattern):
    """Has a line of the log come that looks so?"""
    return checks.until(lambda: next((line for line in list(mail_bed.LOG) if re.search(pattern, line)), None))


def send(port, sender, recipient, client="127.0.0.8"):
    with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=60, source_address=(client, 0)) as session:
        session.sendmail(sender, [recipient], f"Subject: for {recipient}\r\n\r\nhello\r\n")


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


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def access(more):
    """Who we are at other hosts, with these words."""
    mail_bed.write("mail/access", auth_cases.ACCESS + "Connect:127.0.0.8	RELAY\n" + AUTHINFO.format(more=more))
    with open(TOP + "/mail/access") as source:
        mail_bed.command(side_by_side.MAKEMAP, "-C", TOP + "/mail/sendmail.cf", "hash", TOP + "/mail/access", stdin=source)


def serve(program, makemap):
    """Inside the name spaces."""
    mail_bed.site.SYSTEM_USERS += "canonify:x:64901:64901:canonify:/:/bin/false\n"
    mail_bed.site.SYSTEM_GROUPS += "canonify:x:64901:\n"
    secure_bed.build()
    for server in (mail_bed.log_server, mail_bed.name_server):
        threading.Thread(target=server, daemon=True).start()
    for name in mail_bed.site.HOSTS:
        threading.Thread(target=mail_bed.remote_host, args=(name,), daemon=True).start()
    time.sleep(0.1)
    mailers = [MAILER.format(name="sendmail", port=SENDMAIL), MAILER.format(name="us", port=25)]
    cf = "\n".join([side_by_side.cf_text(auth_cases.ALL + auth_cases.TRUST), *LINES, *PORTS, *mailers, ""])
    mail_bed.write("sasl/Sendmail.conf", auth_cases.SASL)
    with open(TOP + "/mail/mailertable", "a") as table:
        table.write("sendmail.example	tosendmail:[127.0.0.1]\nus.example	tous:[127.0.0.1]\n")
    mail_bed.set_up(program, makemap, {"cf": cf})
    access("")
    daemon = mail_bed.Daemon(program, {"cf": cf, "arguments": []})
    dialogues()
    smtplib_logs_in()
    openssl_talks()
    swaks_sends()
    with_sendmail(cf)
    daemon.stop()
    sys.exit(checks.close())


def main():
    if not side_by_side.REFERENCE.exists():
        print("CANONIFY_REFERENCE names no sendmail\n0 passed, 0 failed")
        return 0
    spaces = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child"]
    with tempfile.TemporaryDirectory(prefix="peers", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(sys.argv[1]))
        code = "import sys, peers; peers.serve(*sys.argv[1:])"
        return subprocess.run([*spaces, sys.executable, "-c", code, str(program), side_by_side.MAKEMAP], cwd=pathlib.Path(__file__).parent).returncode


if __name__ == "__main__":
    sys.exit(main())
