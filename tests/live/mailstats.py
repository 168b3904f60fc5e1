#!/usr/bin/env python3
"""What a daemon counts in StatusFile, beside the reference: the same messages to both, the same numbers afterwards, as both mailstats
show them; bytes are whole kilobytes, and to which the fields count that are added is not compared. usage: mailstats.py CANONIFY
Needs root and the reference; runs in name spaces of its own. Closes with "N passed, N failed"."""
import os
import pathlib
import shutil
import smtplib
import socketserver
import subprocess
import sys
import threading
import time

from checks import check, close
from namespaces import enter
from servers import Threads

REFERENCE = pathlib.Path(os.environ.get("CANONIFY_REFERENCE", "/var/cache/canonify-reference")) / "usr/libexec/sendmail"
TOP = pathlib.Path("/tmp/statistics")
PORT, SINK = 2525, 2599
MC = f"""OSTYPE(`linux')
define(`STATUS_FILE', `{TOP}/statistics')dnl
define(`QUEUE_DIR', `{TOP}/queue')dnl
define(`confPID_FILE', `{TOP}/pid')dnl
define(`ALIAS_FILE', `{TOP}/aliases')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`confDELIVERY_MODE', `interactive')dnl
define(`LOCAL_MAILER_PATH', `/bin/true')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {SINK}')dnl
DAEMON_OPTIONS(`Port={PORT}, Addr=0.0.0.0')
FEATURE(`nocanonify')FEATURE(`accept_unqualified_senders')FEATURE(`accept_unresolvable_domains')
MAILER(`local')MAILER(`smtp')
LOCAL_RULESETS
SLocal_check_mail
R$* discard@x.example $*\t$#discard $: discard
R$* refuse@x.example $*\t$#error $@ 5.7.1 $: "550 no"
R$* hold@x.example $*\t$#error $@ quarantine $: because
SLocal_check_relay
R$* $| 127.0.0.2\t$#error $@ 5.7.1 $: "550 go away"
"""
ROOT, BIN, FAR = "root@test.example.com", "bin@test.example.com", "x@y.example"
# title, client, sender, recipients, bytes of the body
CASES = [
    ("a mailbox", "127.0.0.1", ROOT, [ROOT], 10),
    ("two mailboxes", "127.0.0.1", "a@x.example", [ROOT, BIN], 1300),
    ("another host", "127.0.0.1", "a@x.example", [FAR], 10),
    ("two there", "127.0.0.1", "a@x.example", [FAR, "z@y.example"], 10),
    ("one of them refused, a bounce", "127.0.0.1", ROOT, [FAR, "bad@y.example"], 10),
    ("nobody of that name", "127.0.0.1", "a@x.example", ["nobody-there@test.example.com"], 10),
    ("a client refused", "127.0.0.2", "a@x.example", [ROOT], 10),
    ("a sender refused", "127.0.0.1", "refuse@x.example", [ROOT], 10),
    ("a relay refused", "127.0.0.3", "a@x.example", [FAR], 10),
    ("thrown away", "127.0.0.1", "discard@x.example", [ROOT], 10),
    ("held", "127.0.0.1", "hold@x.example", [ROOT], 10),
]


class Sink(socketserver.StreamRequestHandler):
    def handle(self):
        put = lambda text: self.wfile.write(text.encode() + b"\r\n")
        put("220 sink ESMTP")
        while line := self.rfile.readline():
            word = line.upper()
            if word.startswith(b"RCPT") and b"bad" in line:
                put("550 5.1.1 no")
                continue
            if word.startswith(b"DATA"):
                put("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
            put("221 bye" if word.startswith(b"QUIT") else "250 ok")
            if word.startswith(b"QUIT"):
                return


def numbers(command):
    """Rows of the table for programs, without the times."""
    said = subprocess.run([*command, "-C", TOP / "site.cf", "-P"], capture_output=True, text=True)
    return said.stdout.splitlines()[1:] + said.stderr.splitlines()


def settled(command):
    """The numbers when they have not changed for a while."""
    end, last, since = time.monotonic() + 60, None, 0
    while time.monotonic() < end:
        now = numbers(command)
        if now != last:
            last, since = now, time.monotonic()
        if time.monotonic() - since > 3:
            break
        time.sleep(0.3)
    return last


def run(program, mailstats):
    """The numbers after each case."""
    (TOP / "statistics").write_bytes(b"")
    shutil.rmtree(TOP / "queue", ignore_errors=True)
    (TOP / "queue").mkdir(mode=0o700)
    environment = {"PATH": os.environ["PATH"]}
    subprocess.run([*program, "-bi", "-C", TOP / "site.cf"], stdout=subprocess.DEVNULL, env=environment)
    daemon = subprocess.Popen([*program, "-bD", "-C", TOP / "site.cf"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen = []
    try:
        for title, client, sender, recipients, size in CASES:
            end = time.monotonic() + 60
            while True:
                try:
                    with smtplib.SMTP("127.0.0.1", PORT, source_address=(client, 0), timeout=60) as smtp:
                        smtp.sendmail(sender, recipients, "Subject: x\r\n\r\n" + "x" * 60 + "\r\n" + ("y" * 60 + "\r\n") * (size // 62))
                except ConnectionRefusedError:
                    if time.monotonic() < end:
                        time.sleep(0.2)
                        continue
                except smtplib.SMTPException:
                    pass
                break
            seen.append(settled(mailstats))
    finally:
        daemon.terminate()
        daemon.wait(60)
    return seen


def main(canonify):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    shutil.rmtree(TOP, ignore_errors=True)
    TOP.mkdir()
    (TOP / "aliases").write_text("")
    (TOP / "site.mc").write_text(MC)
    subprocess.run([canonify, "mc", "-o", TOP / "site.cf", TOP / "site.mc"], check=True)
    sink = Threads(("127.0.0.1", SINK), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    theirs = run([REFERENCE / "sendmail"], [REFERENCE / "mailstats"])
    (TOP / "theirs").write_bytes((TOP / "statistics").read_bytes())
    ours = run([canonify, "sendmail"], [canonify, "mailstats"])
    for (title, *_), expected, seen in zip(CASES, theirs, ours):
        check(title, expected == seen, f"\n{expected}\n{seen}")
    for flags in ([], ["-o"], ["-P"], ["-f", TOP / "theirs"], ["-f", TOP / "aliases"], ["-f", TOP / "site.mc"], ["-f", TOP / "none"], ["-z"], ["x"]):
        said = []
        for command in ([REFERENCE / "mailstats"], [canonify, "mailstats"]):
            done = subprocess.run([*command, "-C", TOP / "site.cf", *flags], capture_output=True, text=True)
            text = (done.stdout + done.stderr).replace(str(command[0]), "mailstats").splitlines()
            said.append((done.returncode, [line for line in text if not line.split(" ")[0].isdigit() and "Statistics from" not in line]))
        check(f"mailstats {' '.join(map(str, flags))}", said[0] == said[1], said)
    shutil.rmtree(TOP)


if __name__ == "__main__":
    enter()
    main(os.path.abspath(sys.argv[1]))
    sys.exit(close())
