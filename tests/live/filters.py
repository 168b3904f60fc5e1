#!/usr/bin/env python3
"""Mail filters of others, from Debian's packages: each adds fields to what it lets pass, and refuses what it is sure of. spamass-milter (in front of a spamd: its protocol,
answered here) also changes the subject and the body of what it takes for spam, rspamd the subject; clamav-milter (in front of a clamd, answered here too) takes away the fields of
its own names that came with the message, and puts off what could not be scanned. The same with Debian's sendmail.

usage: filters.py CANONIFY [NAME...]      Those of FILTERS with these names, else all. Needs root and CANONIFY_REFERENCE. What is not installed is unpacked from Debian's packages
(rspamd and clamav: 7 MB each); what cannot be had is skipped. opendkim.py is about another one.
"""
import collections, os, pathlib, re, shutil, socketserver, subprocess, sys, tempfile, threading

import checks, mail_bed, packages, peers_bed, servers, session_text, side_by_side

TOP = mail_bed.TOP
SPAMD, CLAMD, FILTER = 783, 3310, 8892
SOCKET = f"inet:{FILTER}@127.0.0.1"
LINES = [f"Xfilter, S={SOCKET}, F=T, T=C:60s;S:60s;R:60s;E:60s", "O InputMailFilters=filter", "O Milter.macros.connect=j, _, {daemon_name}, {if_name}, {if_addr}",
         "O Milter.macros.helo=s", "O Milter.macros.envfrom=i, {auth_type}, {auth_authen}, {mail_addr}", "O Milter.macros.envrcpt=r, v, Z, b, {rcpt_addr}",
         "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A"]
TEXT = ("From: Ann <ann@elsewhere.example>\r\nTo: alice@site.example\r\nSubject: {subject}\r\nX-Virus-Status: none, says the sender\r\nDate: Sun, 01 Mar 2026 10:00:00 +0000\r\n"
        "Message-ID: <s1@site.example>\r\n\r\nHello  there,\r\n..with a dot\r\n{body}\r\n.\r\n")
SCORES = {"ham": 0.1, "spam": 7.5, "certainly": 99.0}
GTUBE = "JS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"  # after an X: to be refused; after Y and Z, where rspamd is told to: to be marked
UNTOUCHED = ["Hello  there,", ".with a dot"]


# ---------------------------------------------------------------- what stands behind the filters
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


class Clamd(socketserver.StreamRequestHandler):
    """Answers commands as clamd(8) has them: those that begin with z end with NUL, those with n at the end of the line. What it finds, the words of the message decide."""

    def command(self):
        kind = self.rfile.read(1)
        end, text = b"\0" if kind == b"z" else b"\n", b""
        while (byte := self.rfile.read(1)) not in (end, b""):
            text += byte
        return (text if kind in (b"z", b"n") else kind + text).decode().strip(), end

    def stream(self):
        """The chunks, each with its length before it, up to an empty one."""
        message = b""
        while length := int.from_bytes(self.rfile.read(4), "big"):
            message += self.rfile.read(length)
        return "stream: EICAR FOUND" if b"EICAR" in message else "INSTREAM size limit exceeded. ERROR" if b"too large" in message else "stream: OK"

    def answer(self, command):
        return {"PING": lambda: "PONG", "VERSION": lambda: "ClamAV 1.4.0/1/Sun Mar  1 10:00:00 2026", "INSTREAM": self.stream}.get(command, lambda: "UNKNOWN COMMAND")()

    def handle(self):
        command, end = self.command()
        session, number = command == "IDSESSION", 0
        while session or not number:
            if session:
                command, end = self.command()
            if command in ("", "END"):
                return
            number += 1
            self.wfile.write((f"{number}: " if session else "").encode() + self.answer(command).encode() + end)


def background(port, handler):
    threading.Thread(target=servers.Threads(("127.0.0.1", port), handler).serve_forever, daemon=True).start()


# ---------------------------------------------------------------- the filters
RSPAMD = f"""options {{ filters = ""; url_tld = "{TOP}/filter/tld"; hs_cache_dir = "{TOP}/filter"; tempdir = "{TOP}/filter"; control_socket = "{TOP}/filter/control";
    disable_hyperscan = true; enable_test_patterns = true; dns {{ nameserver = ["127.0.0.1"]; }} }}
logging {{ type = "console"; level = "error"; }}
actions {{ reject = 15; rewrite_subject = 10; add_header = 6; subject = "[SPAM] %s"; }}
worker "rspamd_proxy" {{ bind_socket = "127.0.0.1:{FILTER}"; count = 1; milter = yes; timeout = 60s; upstream "local" {{ default = yes; self_scan = yes; }} }}
modules {{ path = "/usr/share/rspamd/plugins/milter_headers.lua"; }}
milter_headers {{ use = ["x-spam-status"]; skip_local = false; skip_authenticated = false; }}
"""
CLAMAV = f"""MilterSocket {SOCKET}
ClamdSocket tcp:127.0.0.1:{CLAMD}
Foreground yes
TemporaryDirectory {TOP}/filter
AddHeader Replace
OnInfected Reject
RejectMsg infected by %v
OnFail Defer
"""


def spamassassin():
    background(SPAMD, Spamd)
    return ["spamass-milter", "-p", SOCKET, "-r", "15"]


def rspamd():
    # of the whole list of domains it would first make a database, for a minute
    mail_bed.write("filter/tld", "com\nexample\n")
    mail_bed.write("filter/conf", RSPAMD)
    return ["rspamd", "--insecure", "--no-fork", f"--var=DBDIR={TOP}/filter", f"--var=RUNDIR={TOP}/filter", f"--config={TOP}/filter/conf"]


def clamav():
    background(CLAMD, Clamd)
    mail_bed.write("filter/conf", CLAMAV)
    return ["clamav-milter", f"--config-file={TOP}/filter/conf"]


# subject and body: of the message. reply: to the message, begins so; without one it is delivered, with lines that begin as `has`, and none that begins as `lacks`
Message = collections.namedtuple("Message", "what subject body reply has lacks", defaults=("", "", [], []))
# command: what prepares it and gives its command line
Filter = collections.namedtuple("Filter", "packages command messages")
FILTERS = {
    "spamass-milter": Filter(["spamass-milter", "spamc", "libmilter1.0.1"], spamassassin, [
        Message("ham has its score, and is as it was", "ham", has=["X-Spam-Status: No, score=0.1", "Subject: ham", *UNTOUCHED], lacks=["This is spam:"]),
        Message("spam has another subject, a flag and another body", "spam", has=["X-Spam-Status: Yes, score=7.5", "X-Spam-Flag: YES", "Subject: [SPAM] spam", "This is spam:", "Hello  there,"]),
        Message("what is certainly spam is refused", "certainly", reply="550 5.7.1 Blocked by SpamAssassin")]),
    "rspamd": Filter(["rspamd", "libhyperscan5", "libluajit-5.1-2", "libsodium23", "libunwind8"], rspamd, [
        Message("ham has its status, and is as it was", "ham", has=["X-Spam-Status: No", "Subject: ham", *UNTOUCHED], lacks=["X-Spam:"]),
        Message("what may be spam has a field more", "perhaps", "Y" + GTUBE, has=["X-Spam: Yes", "Subject: perhaps", "Y" + GTUBE, *UNTOUCHED]),
        Message("spam has another subject", "spam", "Z" + GTUBE, has=["Subject: [SPAM] spam", *UNTOUCHED]),
        Message("what is certainly spam is refused", "certainly", "X" + GTUBE, reply="554 5.7.1 Gtube pattern")]),
    "clamav-milter": Filter(["clamav-milter", "libclamav12", "libmspack0", "libmilter1.0.1"], clamav, [
        Message("what is clean says so, once", "clean", has=["X-Virus-Status: Clean", "X-Virus-Scanned: clamav-milter", "Subject: clean", *UNTOUCHED], lacks=["X-Virus-Status: none"]),
        Message("what is not is refused", "infected", "EICAR", reply="550 5.7.1 infected by EICAR"),
        Message("what cannot be scanned is put off", "broken", "too large", reply="451 4.3.2")]),
}


# ---------------------------------------------------------------- both programs with each
def build(name, folder):
    mail_bed.build()
    if folder:
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={folder}/usr:/usr", "/usr"], check=True)
    os.mkdir(TOP + "/filter")
    subprocess.Popen(FILTERS[name].command(), stdin=subprocess.DEVNULL, cwd="/")
    checks.until(lambda: peers_bed.connects(FILTER), 180)


class Patient(mail_bed.Session):
    """A reply may take as long as the filter may."""

    def __init__(self, case):
        super().__init__(case)
        self.socket.settimeout(120)


def serve(program, makemap, name, folder):
    mail_bed.Session = Patient
    mail_bed.serve(program, makemap, lambda: build(name, folder))


def case(number, message):
    text = TEXT.format(subject=message.subject, body=message.body)
    steps = [["say", "EHLO client.example"], ["say", "MAIL FROM:<ann@elsewhere.example>"], ["say", "RCPT TO:<alice@site.example>"], ["message", text], ["say", "QUIT"]]
    return {"number": number, "client": "127.0.0.9", "steps": steps}


def is_as_wanted(message, result):
    lines = result["deliveries"][0] if result["deliveries"] else []
    begins = lambda text: sum(line.startswith(text) for line in lines)
    if message.reply:
        return not lines and any(line.startswith("S: " + message.reply) for line in result["session"])
    return all(map(begins, message.has)) and not any(map(begins, message.lacks)) and begins("Subject:") == 1


def results(program, name, folder):
    bed = mail_bed.Bed(program, side_by_side.MAKEMAP, "filters", name, str(folder))
    group = side_by_side.complete({"features": "", "options": LINES, "arguments": [], "cases": [case(*pair) for pair in enumerate(FILTERS[name].messages)]})
    try:
        return bed.run(group)
    finally:
        bed.close()


def check(name, theirs, ours):
    for message, *both in zip(FILTERS[name].messages, theirs, ours):
        for who, result in zip(("sendmail", "canonify"), both):
            checks.check(f"{name}, {who}: {message.what}", is_as_wanted(message, result), "\n    ".join([*result["session"], *result["log"], *sum(result["deliveries"], [])]))
        found = [line for section, lines in session_text.differences(*both) if section in ("session", "deliveries") for line in lines]
        checks.check(f"{name}, both: session and message are alike", not found, "\n    ".join(["", *found]))


def main(canonify, *names):
    if os.geteuid() != 0 or not side_by_side.REFERENCE.exists():
        print("SKIPPED: needs root and CANONIFY_REFERENCE\n0 passed, 0 failed")
        return 0
    with tempfile.TemporaryDirectory(prefix="filters", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(canonify))
        for name in names or FILTERS:
            unpacked = "" if shutil.which(name) else packages.unpacked(*FILTERS[name].packages)
            if unpacked is None:
                print(f"SKIPPED: {name} is not installed, and Debian's packages {' '.join(FILTERS[name].packages)} cannot be had")
                continue
            check(name, *(results(str(path), name, unpacked) for path in (side_by_side.REFERENCE / "usr/libexec/sendmail/sendmail", program)))
    if not any(checks.counts.values()):
        print("0 passed, 0 failed")
        return 0
    return checks.close()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
