#!/usr/bin/env python3
"""Two queues with a scanner between them, as MailScanner has them: a daemon that only queues (-ODeliveryMode=queueonly, QueueDirectory=mqueue.in), a program that locks its files,
reads them, adds a header field and a line, writes them into mqueue or throws them away, and a runner that delivers from there. canonify and Debian's sendmail in both
places, mixed.

usage: two_queues.py CANONIFY      Needs root and CANONIFY_REFERENCE.
"""
import fcntl, os, pathlib, smtplib, subprocess, sys, threading, time

import mail_bed, peers_bed, side_by_side
from checks import check, close, until

TOP = mail_bed.TOP
IN, OUT = pathlib.Path(TOP, "mqueue.in"), pathlib.Path(TOP, "mqueue")
OPTIONS = ["O LogLevel=9", "O QueueLA=1000", "O RefuseLA=1000", "O DaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port=25", ""]
BAD = "a bad program"
SESSIONS, EACH = 4, 6
BODIES = ["hello\r\n", "gr\u00fc\u00dfe \r\n.\r\nFrom the beginning\r\n", "a line, one of many\r\n" * 2000]


class Scanner(threading.Thread):
    """What stands between the queues. It knows of them what any such program knows: names, the lock, and the lines of a qf."""

    def __init__(self, runner):
        super().__init__(daemon=True)
        self.runner, self.thrown, self.passed, self.ended, self.failure = runner, 0, 0, False, None

    def run(self):
        try:
            while not self.ended:
                if passed := [name for path in sorted(IN.glob("qf*")) if (name := self.scan(path))]:
                    self.runner(*(f"-qI{name}" for name in passed))
                    self.passed += len(passed)
                time.sleep(0.05)
        except Exception as failure:
            self.failure = failure
            raise

    def scan(self, path):
        """Takes one message along; its name if the runner is to know of it."""
        try:
            qf = open(path, "rb")
        except FileNotFoundError:
            return None
        with qf:
            try:
                fcntl.flock(qf, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
            lines = qf.read().decode("latin-1").split("\n")
            if "." not in lines or not path.exists():
                return None  # not finished yet, or gone before it was locked
            name = path.name[2:]
            df = IN / f"df{name}"
            body = df.read_bytes()
            if BAD.encode() in body:
                self.thrown += 1
            else:
                at = lines.index(".")
                (OUT / f"df{name}").write_bytes(body + b"-- scanned\n")
                (OUT / f"tf{name}").write_text("\n".join([*lines[:at], "H??X-Scanned: clean", *lines[at:]]), "latin-1")
                (OUT / f"tf{name}").chmod(0o600)
                (OUT / f"df{name}").chmod(0o600)
                (OUT / f"tf{name}").rename(OUT / f"qf{name}")
            path.unlink()
            df.unlink()
        return None if BAD.encode() in body else name


def send(session):
    with smtplib.SMTP("127.0.0.1", 25, "client.example", timeout=120) as client:
        client.ehlo()
        for number in range(EACH):
            body = BODIES[number % 3] if number != EACH - 1 else BAD + "\r\n"
            to = [f"{session}-{number}@good.example", "alice@site.example"]
            client.sendmail("ann@second.example", to, f"Subject: {session}-{number}\r\n\r\n{body}".encode(), ["BODY=8BITMIME"])


def heard(host, text):
    """How often a remote host was told this line in a message."""
    return sum(line == f"D: {text}" for talk in list(mail_bed.TALKS) if talk.name == host for line in list(talk.lines))


def messages():
    return [(session, number) for session in range(SESSIONS) for number in range(EACH - 1)]


def one_pair(programs, incoming, outgoing):
    who = f"{incoming} queues, {outgoing} delivers"
    words = lambda name, queue: [programs[name], f"-C{TOP}/mail/sendmail.cf", f"-OQueueDirectory={queue}", "-OProcessTitlePrefix=" + queue.name]
    runs = []

    def runner(*what):
        runs.append(subprocess.run([*words(outgoing, OUT), *what], capture_output=True, text=True, timeout=300, cwd="/"))
    mail_bed.clean()
    for path in IN.iterdir():
        path.unlink()
    for path in (IN, OUT):
        os.chown(path, 0, 0)  # a daemon of canonify makes its queue its own
    daemon = subprocess.Popen([*words(incoming, IN), "-ODeliveryMode=queueonly", f"-OPidFile={TOP}/mail/in.pid", "-bD"], stdin=subprocess.DEVNULL, cwd="/")
    until(lambda: peers_bed.connects(25))
    send("first")
    listed = subprocess.run([*words(outgoing, IN), "-bp"], capture_output=True, text=True, timeout=120, cwd="/").stdout
    check(f"{who}: what is queued stays, and the other one lists it", f"Total requests: {EACH}" in listed and len(list(IN.glob("qf*"))) == EACH and not heard("good", "Subject: first-0"), listed)
    scanner = Scanner(runner)
    scanner.start()
    senders = [threading.Thread(target=send, args=(session,)) for session in range(SESSIONS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    with smtplib.SMTP("127.0.0.1", 25, "client.example", timeout=120) as client:
        client.sendmail("ann@second.example", ["nosuchuser@rcpt5.example"], "Subject: refused\r\n\r\nhello\r\n")
    good = (SESSIONS + 1) * (EACH - 1) + 1
    until(lambda: scanner.failure or (scanner.passed == good and scanner.thrown == SESSIONS + 1), 120)
    scanner.ended = True
    scanner.join()
    runner("-q")
    until(lambda: not list(OUT.glob("[qdxt]f*")))
    seen = (scanner.failure, scanner.passed, scanner.thrown, [(run.args[-1], run.stdout, run.stderr) for run in runs][-3:], mail_bed.LOG[-10:])
    wanted = [*messages(), *(("first", number) for number in range(EACH - 1))]
    check(f"{who}: every message is where it was to go, once", all(heard("good", f"Subject: {session}-{number}") == 1 for session, number in wanted), seen)
    check(f"{who}: scanned, with the line that was added", heard("good", "X-Scanned: clean") == heard("good", "-- scanned") == len(wanted), seen)
    check(f"{who}: mailboxes have them too", sum("X-Scanned: clean" in lines and "-- scanned" in lines for lines in mail_bed.deliveries()) == len(wanted), seen)
    check(f"{who}: what was thrown away is nowhere", not heard("good", BAD) and scanner.thrown == SESSIONS + 1, seen)
    check(f"{who}: the sender hears of what was refused", heard("second", "Subject: Returned mail: see transcript for details") == 1, seen)
    check(f"{who}: both queues are empty", not list(IN.glob("[qdxt]f*")) and not list(OUT.glob("[qdxt]f*")), (list(IN.iterdir()), list(OUT.iterdir()), seen))
    daemon.terminate()
    daemon.wait(120)
    until(lambda: not peers_bed.connects(25))


def serve(program, makemap):
    """Inside the name spaces."""
    mail_bed.site.SYSTEM_USERS += "canonify:x:64901:64901:canonify:/:/bin/false\n"
    mail_bed.site.SYSTEM_GROUPS += "canonify:x:64901:\n"
    mail_bed.build()
    IN.mkdir(0o700)
    mail_bed.surroundings()
    mail_bed.set_up(program, makemap, {"cf": side_by_side.cf_text("") + "\n".join(OPTIONS)})
    programs = {"canonify": program, "sendmail": str(side_by_side.REFERENCE / "usr/libexec/sendmail/sendmail")}
    for incoming, outgoing in (("canonify", "canonify"), ("sendmail", "canonify"), ("canonify", "sendmail")):
        one_pair(programs, incoming, outgoing)
    sys.exit(close())


if __name__ == "__main__":
    sys.exit(peers_bed.main("two_queues"))
