#!/usr/bin/env python3
"""A content filter between two daemons: the first one gives everything to a filter that speaks SMTP, the second takes back what has passed and delivers it. The .mc of the first is
the one of docs/operations.md. Twenty clients send at a time, the filter takes its time, refuses, defers, and is not there.

usage: content_filter.py CANONIFY      Needs root and CANONIFY_REFERENCE.
"""
import os, pathlib, re, smtplib, socketserver, subprocess, sys, threading, time

import mail_bed, peers_bed, side_by_side
from checks import check, close, until

TOP, DOCS = mail_bed.TOP, pathlib.Path(__file__).resolve().parents[2] / "docs/operations.md"
BEFORE, BEHIND = pathlib.Path(TOP, "mqueue-in"), pathlib.Path(TOP, "mqueue")
FILTER, BACK = 10024, 10025
AT_ONCE, CLIENTS, EACH = 4, 20, 3
OPTIONS = ["O LogLevel=9", "O QueueLA=1000", "O RefuseLA=1000"]


class Filter(socketserver.ThreadingTCPServer):
    """Takes a message, thinks for a while, hands it on with a field more; its answer is that of the daemon behind it."""
    allow_reuse_address, daemon_threads, request_queue_size = True, True, 64

    def __init__(self):
        super().__init__(("127.0.0.1", FILTER), Talk)
        self.lock, self.talks, self.busy, self.most, self.passed = threading.Lock(), 0, 0, 0, 0
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def count(self, talks):
        with self.lock:
            self.talks += talks

    def pass_on(self, sender, recipients, text):
        with self.lock:
            self.busy += 1
            self.most = max(self.most, self.busy)
        time.sleep(0.05)
        reply = b"250 2.0.0 passed"
        header = text.split(b"\r\n\r\n", 1)[0]  # a report quotes what it is about
        if b"Subject: bad" in header:
            reply = b"554 5.7.1 there is a virus in it"
        elif b"Subject: later" in header:
            reply = b"451 4.7.1 come again"
        else:
            with smtplib.SMTP("127.0.0.1", BACK, "filter.example", timeout=120) as daemon:
                daemon.sendmail(sender, recipients, b"X-Filtered: yes\r\n" + text)
        with self.lock:
            self.busy -= 1
            self.passed += reply.startswith(b"250")
        return reply


class Talk(socketserver.StreamRequestHandler):
    def say(self, reply):
        self.wfile.write(reply + b"\r\n")

    def setup(self):
        super().setup()
        self.server.count(1)

    def finish(self):
        super().finish()
        self.server.count(-1)

    def handle(self):
        self.say(b"220 filter.example")
        sender, recipients = "", []
        while line := self.rfile.readline():
            verb, address = line[:4].upper(), re.search(rb"<(.*)>", line)
            if verb == b"MAIL":
                sender, recipients = address[1].decode(), []
            elif verb == b"RCPT":
                recipients.append(address[1].decode())
            elif verb == b"DATA":
                self.say(b"354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.say(self.server.pass_on(sender, recipients, b"".join(line.removeprefix(b".") for line in lines)))
                continue
            self.say(b"221 bye" if verb == b"QUIT" else b"250 ok")
            if verb == b"QUIT":
                return


def first_cf(program):
    """That of the documentation, at the places of this bed."""
    mc = re.search(r"```m4\n(.*?)```", DOCS.read_text(), re.S)[1]
    for of, place in (("/var/spool/mqueue-in", BEFORE), ("/run/sendmail-in.pid", f"{TOP}/mail/in.pid"), ("/var/lib/sendmail-in", f"{TOP}/mail/in.statistics")):
        assert of in mc, of
        mc = mc.replace(of, str(place))
    for name, kind in (("confCW_FILE", "names"), ("ALIAS_FILE", "aliases-in")):
        mc = f"define(`{name}', `{TOP}/mail/{kind}')dnl\n" + mc
    mc = mc.replace("FEATURE(`access_db')", f"FEATURE(`access_db', `hash -T<TMPF> {TOP}/mail/access')")
    run = subprocess.run([os.path.realpath(program), "mc", "-"], input=mc, capture_output=True, text=True)
    check("the .mc of the documentation has a cf, without a word", run.returncode == 0 and not run.stderr, run.stderr)
    # the remote hosts of the bed have port 25 of other addresses
    return run.stdout.replace("O DaemonPortOptions=Name=MTA", "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1")


def send(subject, text, count=1, to="alice@site.example"):
    with smtplib.SMTP("127.0.0.1", 25, "client.example", timeout=120, source_address=("127.0.0.8", 0)) as client:
        for number in range(count):
            client.sendmail("ann@second.example", [to, "bob@good.example"], f"Subject: {subject}-{number}\r\n\r\n{text}\r\n")


def names(queue):
    return list(queue.glob("[qd]f*"))


def copies(subject):
    """In mailboxes here, and at the remote host."""
    here = sum(f"Subject: {subject}" in lines and "X-Filtered: yes" in lines for lines in mail_bed.deliveries())
    return here, sum(line == f"D: Subject: {subject}" for talk in list(mail_bed.TALKS) for line in list(talk.lines))


def crowd(filter_):
    most, ended = [0], threading.Event()

    def watch():
        while not ended.is_set():
            most[0] = max(most[0], len(list(BEFORE.glob("qf*"))))
            time.sleep(0.01)
    senders = [threading.Thread(target=send, args=(f"s{number}", "hello", EACH)) for number in range(CLIENTS)]
    for thread in (*senders, watching := threading.Thread(target=watch)):
        thread.start()
    for sender in senders:
        sender.join()
    ended.set()
    watching.join()
    wanted = [f"s{number}-{at}" for number in range(CLIENTS) for at in range(EACH)]
    check("the client waits until the filter has answered", filter_.passed == len(wanted), filter_.passed)
    check(f"no more than {AT_ONCE} messages are with the filter at a time", 1 < filter_.most <= AT_ONCE, filter_.most)
    check("the queue before it holds what clients wait for, and nothing else", most[0] <= CLIENTS and not names(BEFORE), (most[0], names(BEFORE)))
    arrived = until(lambda: all(copies(subject) == (1, 1) for subject in wanted))
    check("every message is where it was to go, once, filtered", arrived, [(subject, copies(subject)) for subject in wanted if copies(subject) != (1, 1)])


def refused_and_deferred(first, filter_):
    send("bad", "hello")
    text = "Subject: Returned mail: see transcript for details"
    back = lambda: any(f"D: {text}" in list(talk.lines) for talk in list(mail_bed.TALKS) if talk.name == "second")
    check("what the filter refuses goes back to its sender", until(back) and copies("bad-0")[0] == 0, [list(talk.lines)[-8:] for talk in mail_bed.TALKS][-2:])
    send("later", "hello")
    check("what it defers waits in the first queue", until(lambda: len(list(BEFORE.glob("qf*"))) == 1) and copies("later-0") == (0, 0), names(BEFORE))
    for path in names(BEFORE):
        path.unlink()
    until(lambda: filter_.talks == 0)  # connections are left to the next message for a second
    filter_.shutdown()
    filter_.server_close()
    send("alone", "hello")
    check("without a filter mail waits, too", until(lambda: len(list(BEFORE.glob("qf*"))) == 1) and copies("alone-0") == (0, 0), names(BEFORE))
    again = Filter()
    subprocess.run([*first, "-q"], timeout=300, cwd="/", check=True)
    check("it goes on when the filter is there again", until(lambda: copies("alone-0") == (1, 1)) and again.passed == 1 and not names(BEFORE), (copies("alone-0"), names(BEFORE), list(mail_bed.LOG)[-6:]))


def serve(program, makemap):
    """Inside the name spaces."""
    mail_bed.site.SYSTEM_USERS += "canonify:x:64901:64901:canonify:/:/bin/false\n"
    mail_bed.site.SYSTEM_GROUPS += "canonify:x:64901:\n"
    mail_bed.build()
    BEFORE.mkdir(0o700)
    mail_bed.surroundings()
    mail_bed.write("mail/names", "site.example\n")
    mail_bed.write("mail/aliases-in", "postmaster: root\n")
    with open(TOP + "/mail/access", "a") as access:
        access.write("Connect:127.0.0.8\tRELAY\nConnect:127.0.0.1\tRELAY\n")
    second_cf = side_by_side.cf_text("") + "\n".join([*OPTIONS, f"O DaemonPortOptions=Name=Filtered,Addr=127.0.0.1,Port={BACK}", ""])
    mail_bed.set_up(program, makemap, {"cf": second_cf})
    mail_bed.write("mail/first.cf", first_cf(program) + "\n".join([*OPTIONS, ""]))
    first, second = ([program, f"-C{TOP}/mail/{name}.cf"] for name in ("first", "sendmail"))
    subprocess.run([*first, "-bi"], stdout=subprocess.DEVNULL, check=True)
    daemons = [subprocess.Popen([*words, "-bD"], stdin=subprocess.DEVNULL, cwd="/") for words in (first, second)]
    listening = until(lambda: peers_bed.connects(25) and peers_bed.connects(BACK))
    check("both daemons listen", listening, list(mail_bed.LOG)[-6:])
    filter_ = Filter()
    if listening:
        crowd(filter_)
        refused_and_deferred(first, filter_)
    check("the second queue is empty", until(lambda: not names(BEHIND)), names(BEHIND))
    for daemon in daemons:
        daemon.terminate()
    for daemon in daemons:
        daemon.wait(120)
    sys.exit(close())


if __name__ == "__main__":
    sys.exit(peers_bed.main("content_filter"))
