#!/usr/bin/env python3
"""Mail filters of others, from Debian's packages: spamass-milter in front of a spamd (its protocol, answered here). It adds fields, changes the subject and the body of what it
takes for spam, and refuses what it is sure of; what is none passes untouched. The same with Debian's sendmail.

usage: filters.py CANONIFY      Needs root and Debian's package spamass-milter; without it it skips. opendkim.py is about another one.
"""
import os, pathlib, re, shutil, socketserver, subprocess, sys, tempfile, threading

import checks, mail_bed, peers_bed, side_by_side

SPAMD, FILTER = 783, 8892
LINES = [f"Xspamassassin, S=inet:{FILTER}@127.0.0.1, F=T, T=C:60s;S:60s;R:60s;E:60s", "O InputMailFilters=spamassassin", "O Milter.macros.connect=j, _, {daemon_name}, {if_name}, {if_addr}",
         "O Milter.macros.helo=s", "O Milter.macros.envfrom=i, {auth_type}, {auth_authen}, {mail_addr}", "O Milter.macros.envrcpt=r, v, Z, b, {rcpt_addr}",
         "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A"]
TEXT = "From: Ann <ann@elsewhere.example>\r\nTo: alice@site.example\r\nSubject: {subject}\r\nDate: Sun, 01 Mar 2026 10:00:00 +0000\r\nMessage-ID: <s1@site.example>\r\n\r\nHello  there,\r\n..with a dot\r\n.\r\n"
SCORES = {"ham": 0.1, "spam": 7.5, "certainly": 99.0}


class Spamd(socketserver.StreamRequestHandler):
    """Answers PROCESS: the message, with fields that say how much it is spam, which its subject decides."""

    def handle(self):
        self.rfile.readline()
        fields = dict(line.decode().strip().lower().split(": ", 1) for line in iter(self.rfile.readline, b"\r\n") if b": " in line)
        message = self.rfile.read(int(fields["content-length"])) if "content-length" in fields else self.rfile.read()
        score = next((score for word, score in SCORES.items() if f"Subject: {word}".encode() in message), 0.0)
        head, body = re.split(rb"\r?\n\r?\n", message, maxsplit=1)
        added = f"X-Spam-Status: {'Yes' if score >= 5 else 'No'}, score={score} required=5.0 tests=NONE\nX-Spam-Checker-Version: by protocol\n"
        if score >= 5:
            head = head.replace(b"Subject: ", b"Subject: [SPAM] ")
            added += "X-Spam-Flag: YES\n"
            body = b"This is spam:\n" + body
        answer = added.encode() + head.replace(b"\r\n", b"\n") + b"\n\n" + body
        kind = "True" if score >= 5 else "False"
        self.wfile.write(f"SPAMD/1.1 0 EX_OK\r\nContent-length: {len(answer)}\r\nSpam: {kind} ; {score} / 5.0\r\n\r\n".encode() + answer)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True


def build():
    mail_bed.build()
    threading.Thread(target=Server(("127.0.0.1", SPAMD), Spamd).serve_forever, daemon=True).start()
    subprocess.Popen(["spamass-milter", "-p", f"inet:{FILTER}@127.0.0.1", "-r", "15"], stdin=subprocess.DEVNULL)
    checks.until(lambda: peers_bed.connects(FILTER))


def serve(program, makemap):
    mail_bed.serve(program, makemap, build)


def case(number, subject):
    steps = [["say", "EHLO client.example"], ["say", "MAIL FROM:<ann@elsewhere.example>"], ["say", "RCPT TO:<alice@site.example>"], ["message", TEXT.format(subject=subject)], ["say", "QUIT"]]
    return {"number": number, "client": "127.0.0.9", "steps": steps}


def check(name, program):
    bed = mail_bed.Bed(program, side_by_side.MAKEMAP, "filters")
    group = side_by_side.complete({"features": "", "options": LINES, "arguments": [], "cases": [case(number, subject) for number, subject in enumerate(SCORES)]})
    ham, spam, certain = bed.run(group)
    bed.close()
    lines = lambda result: result["deliveries"][0] if result["deliveries"] else []
    seen = lambda result: "\n    ".join([*result["session"], *result["log"], *lines(result)])
    has = lambda result, *wanted: all(any(line.startswith(text) for line in lines(result)) for text in wanted)
    checks.check(f"{name}: ham has its score, and is as it was", has(ham, "X-Spam-Status: No, score=0.1", "Subject: ham", "Hello  there,", ".with a dot") and "This is spam:" not in lines(ham), seen(ham))
    checks.check(f"{name}: spam has another subject, a flag and another body", has(spam, "X-Spam-Status: Yes, score=7.5", "X-Spam-Flag: YES", "Subject: [SPAM] spam", "This is spam:", "Hello  there,")
                 and sum(line.startswith("Subject:") for line in lines(spam)) == 1, seen(spam))
    checks.check(f"{name}: what is certainly spam is refused", not certain["deliveries"] and any(line.startswith("S: 550 5.7.1 Blocked by SpamAssassin") for line in certain["session"]), seen(certain))


def main(canonify):
    if os.geteuid() != 0 or not shutil.which("spamass-milter") or not side_by_side.REFERENCE.exists():
        print("SKIPPED: needs root, CANONIFY_REFERENCE and Debian's package spamass-milter\n0 passed, 0 failed")
        return 0
    with tempfile.TemporaryDirectory(prefix="filters", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(canonify))
        check("sendmail", str(side_by_side.REFERENCE / "usr/libexec/sendmail/sendmail"))
        check("canonify", str(program))
    return checks.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
