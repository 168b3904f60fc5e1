#!/usr/bin/env python3
"""Operation of a daemon: control socket (with Debian's smcontrol.pl), titles, counters, systemd's notifications and watchdog, niceness,
one connection a host. What both programs have is compared with the reference. usage: operations.py CANONIFY [PART...]
Needs root and the reference; runs in name spaces of its own. Closes with "N passed, N failed"."""
import contextlib
import os
import pathlib
import re
import shutil
import signal
import smtplib
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

from checks import check, close, until
from namespaces import enter
from servers import Threads

REFERENCE = pathlib.Path(os.environ.get("CANONIFY_REFERENCE", "/var/cache/canonify-reference"))
SENDMAIL = REFERENCE / "usr/libexec/sendmail/sendmail"
SMCONTROL = REFERENCE / "usr/share/sendmail/smcontrol.pl"
TOP = pathlib.Path("/tmp/operations")
PORT, SINK, METRICS = 2525, 2599, 9125
CONTROL = TOP / "control"
MC = f"""OSTYPE(`linux')
define(`QUEUE_DIR', `{TOP}/queue')dnl
define(`confPID_FILE', `{TOP}/pid')dnl
define(`STATUS_FILE', `')dnl
define(`ALIAS_FILE', `{TOP}/aliases')dnl
define(`HELP_FILE', `{TOP}/help')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`confTO_IDENT', `0')dnl
define(`confREFUSE_LA', `0')dnl
define(`confQUEUE_LA', `9999')dnl
define(`confPROCESS_TITLE_PREFIX', `MTA')dnl
define(`confCONTROL_SOCKET_NAME', `{CONTROL}')dnl
define(`LOCAL_MAILER_PATH', `/bin/true')dnl
define(`SMART_HOST', `relay:[127.0.0.1]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {SINK}')dnl
DAEMON_OPTIONS(`Port={PORT}, Addr=0.0.0.0')
FEATURE(`nocanonify')FEATURE(`accept_unqualified_senders')FEATURE(`accept_unresolvable_domains')
MAILER(`local')MAILER(`smtp')
"""
HELP = "#vers\t2\ncpyr\nsmtp\tTopics\ncontrol\tHelp for $j\ncontrol\tstatus\trestart\n"


class Sink(socketserver.StreamRequestHandler):
    """Takes every message, slowly; remembers how many talked at the same time."""
    lock, now, most, messages, connections = threading.Lock(), 0, 0, 0, 0

    def handle(self):
        with Sink.lock:
            Sink.now, Sink.connections = Sink.now + 1, Sink.connections + 1
            Sink.most = max(Sink.most, Sink.now)
        with contextlib.suppress(OSError):
            self.talk()
        with Sink.lock:
            Sink.now -= 1

    def talk(self):
        put = lambda text: self.wfile.write(text.encode() + b"\r\n")
        put("220 sink ESMTP")
        while line := self.rfile.readline():
            word = line.upper()
            if word.startswith(b"RCPT") and (b"bad" in line or b"later" in line):
                put("550 5.1.1 no" if b"bad" in line else "451 4.2.1 later")
                continue
            if word.startswith(b"DATA"):
                put("354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                time.sleep(0.05)
                Sink.messages += 1
            put("221 bye" if word.startswith(b"QUIT") else "250 ok")
            if word.startswith(b"QUIT"):
                return


def connected():
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", PORT), timeout=5).close()
        return True
    return False


class Daemon:
    def __init__(self, program, *flags, **environment):
        shutil.rmtree(TOP / "queue", ignore_errors=True)
        (TOP / "queue").mkdir(mode=0o700)
        self.log = open(TOP / "log", "w")
        words = [program, "-bD", "-C", TOP / "site.cf", *flags]
        self.process = subprocess.Popen(words, env={"PATH": os.environ["PATH"], "CANONIFY_LOG": "stderr", **environment}, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        check(f"{program.parent.name} begins", until(connected))

    def title(self):
        return pathlib.Path(f"/proc/{self.process.pid}/cmdline").read_bytes().rstrip(b"\0 ").decode("latin-1")

    def said(self):
        return (TOP / "log").read_text("latin-1")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(60)
        self.log.close()


def send(*recipients):
    try:
        with smtplib.SMTP("127.0.0.1", PORT, timeout=60) as smtp:
            smtp.sendmail("root@test.example.com", list(recipients), "Subject: x\r\n\r\ntext\r\n")
    except smtplib.SMTPException as error:
        print(f"    {error}")


def ask(command):
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(30)
        control.connect(str(CONTROL))
        control.sendall(command.encode() + b"\n")
        answer = b""
        while more := control.recv(65536):
            answer += more
    return answer.decode("latin-1")


def alike(text):
    """Without what depends on the moment, the program's version and how it makes its processes."""
    text = re.sub(r"(?m)^(\d+)/(\d+)/-?\d+/\d+", r"\1/\2/FREE/LOAD", text)
    text = re.sub(r"(?m)^(D:0/\./|L:|Current number of children: |QueueDir free disk space \(in blocks\): |Load average: )-?\d+", r"\1N", text)
    text = re.sub(r"(?m)^((P:)?)\d+ ", r"\1PID ", text)
    text = re.sub(r"(?m)^((?:P:)?PID|Child Process \d+ Status:) control socket server child\r?\n", "", text)
    text = re.sub(r"\b(P|p)rocess \d+", r"\1rocess PID", text)
    text = re.sub(r"(?m)^Q:.*", "Q:QUEUES", text)
    text = re.sub(r"(?m)^(\d+)/(\d+)/FREE", r"CHILDREN/\2/FREE", text)
    text = re.sub(r"(?m)^C:\d+", "C:CHILDREN", text)
    text = re.sub(r"8\.17\.1\.9|canonify-[0-9.]+\w*", "VERSION", text)
    if "console socket child" in text.lower():
        # processes stand in no order; a session that has just ended may still be there
        text = re.sub(r"(?m)^.*SMTP server child for .*\r?\n?", "", text)
        text = re.sub(r"(Daemon Status: \(process PID\)|Child Process (PID|\d+) Status:) ", "Status: ", text).lower()
        text = "\n".join(sorted(filter(None, re.split(r"[\r\n]+", text))))
    return text


def smcontrol(command):
    done = subprocess.run(["perl", SMCONTROL, "-f", CONTROL, command], capture_output=True, text=True, timeout=60)
    return alike(done.stdout + done.stderr)


# ---------------------------------------------------------------- control socket and titles
COMMANDS = ["help", "HELP smtp", "status", " Status ", "mstat", "memdump", "", "nothing", "no thing", "shutdownx"]


def controlled(program):
    """What is answered to each command, by name."""
    daemon, seen = Daemon(program, "-q1h", "-OLogLevel=10"), {}
    # the process that stands for the daemon is named a moment after it takes calls
    seen["the title"] = until(lambda: "accepting" in daemon.title() and daemon.title()) or daemon.title()
    until(CONTROL.exists)
    seen["the socket's mode"] = oct(CONTROL.stat().st_mode)
    for command in COMMANDS:
        seen[f"command {command!r}"] = alike(ask(command))
    for command in ("status", "help", "memdump", "mstat"):
        seen[f"smcontrol.pl {command}"] = smcontrol(command)
    with contextlib.closing(socket.create_connection(("127.0.0.1", PORT), source_address=("127.0.0.8", 0))) as client:
        client.recv(100)
        seen["a session in status"] = until(lambda: re.findall(r"SMTP server child for \S+", ask("status")))
    seen["smcontrol.pl restart"] = smcontrol("restart")
    time.sleep(1)
    seen["it serves after a restart"] = until(connected)
    seen["the control socket after a restart"] = until(lambda: "accepting connections" in answer_or_nothing("status"))
    seen["smcontrol.pl shutdown"] = smcontrol("shutdown")
    seen["the end"] = daemon.process.wait(60)
    seen["the socket is gone"] = not CONTROL.exists()
    daemon.stop()
    return seen, daemon.said()


def answer_or_nothing(command):
    with contextlib.suppress(OSError):
        return ask(command)
    return ""


def control(canonify):
    theirs, _ = controlled(SENDMAIL)
    ours, log = controlled(canonify)
    for name, answer in theirs.items():
        check(f"control: {name}", answer == ours[name], f"\n{answer!r}\n{ours[name]!r}")
    for text in ("due to control socket", "stopping daemon, reason=control socket"):
        check(f"control: the log says {text!r}", text in log, log)


# ---------------------------------------------------------------- counters
def counters(where):
    if isinstance(where, int):
        with urllib.request.urlopen(f"http://127.0.0.1:{where}/metrics", timeout=30) as answer:
            kind, text = answer.headers["Content-Type"], answer.read().decode()
    else:
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(where))
            stream.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b"".join(iter(lambda: stream.recv(65536), b"")).decode()
        head, text = answer.split("\r\n\r\n", 1)
        kind = re.search(r"(?i)content-type: (.*?)\r", head)[1]
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return kind, {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}, text


def metrics(canonify):
    daemon = Daemon(canonify, f"-OMetricsAddress=127.0.0.1:{METRICS}")
    kind, before, text = counters(METRICS)
    check("metrics: text format 0.0.4", "version=0.0.4" in kind and "text/plain" in kind, kind)
    names = {line.split(" ")[2] for line in text.splitlines() if line.startswith("# TYPE")}
    check("metrics: each number has its type", {re.sub(r"\{.*", "", name) for name in before} == names, names)
    check("metrics: nothing yet", before["canonify_messages_total"] == 0 and before['canonify_queue_messages{group="mqueue"}'] == 0, before)
    send("root", "x@y.example")
    send("later@y.example")
    send("bad@y.example")
    wanted = {"canonify_messages_total": 4, "canonify_recipients_total": 4, "canonify_recipients_deferred_total": 1, "canonify_recipients_bounced_total": 1,
              "canonify_reports_total": 1, "canonify_sessions": 0}
    arrived = lambda: all(counters(METRICS)[1][name] == number for name, number in wanted.items())
    check("metrics: messages, recipients, deferred, bounced", until(arrived), counters(METRICS)[2])
    check("metrics: bytes", counters(METRICS)[1]["canonify_message_bytes_total"] > 100)
    check("metrics: the queue by group", until(lambda: counters(METRICS)[1]['canonify_queue_messages{group="mqueue"}'] == 1), counters(METRICS)[2])
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{METRICS}/other", timeout=30)
        check("metrics: nothing else", False)
    except urllib.error.HTTPError as error:
        check("metrics: nothing else", error.code == 404, error.code)
    os.kill(daemon.process.pid, signal.SIGHUP)
    check("metrics: after a reload the new front counts", until(lambda: counters(METRICS)[1]["canonify_messages_total"] == 0))
    daemon.stop()
    path = TOP / "metrics"
    daemon = Daemon(canonify, f"-OMetricsAddress={path}")
    check("metrics: over a UNIX socket", until(lambda: counters(path)[1]["canonify_sessions_total"] >= 1))
    daemon.stop()
    check("metrics: the socket is gone", not path.exists())
    daemon = Daemon(canonify, "-OMetricsAddress=0.0.0.0:9126")
    check("metrics: other hosts have no way there", "not a loopback address" in daemon.said(), daemon.said())
    daemon.stop()


# ---------------------------------------------------------------- systemd
class Manager(threading.Thread):
    """What systemd hears."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.heard = []
        self.start()

    def run(self):
        while True:
            said = self.socket.recv(4096).decode()
            self.heard.append((time.monotonic(), said))

    def count(self, text, since=0.0):
        return sum(text in said for when, said in self.heard if when >= since)

    def hears(self, text, since, limit=60):
        return until(lambda: self.count(text, since), limit)


def front_of(daemon):
    """The front's id: its title tells it."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "cmdline").read_bytes().startswith(b"canonify: front") and os.readlink(process / "fd/2") == str(TOP / "log"):
                return int(process.name)
    return None


def service(canonify):
    (TOP / "notify").unlink(missing_ok=True)
    manager, begun = Manager(TOP / "notify"), time.monotonic()
    daemon = Daemon(canonify, NOTIFY_SOCKET=str(TOP / "notify"), WATCHDOG_USEC="2000000")
    check("systemd: READY", manager.hears("READY=1", begun))
    check("systemd: WATCHDOG again and again", until(lambda: manager.count("WATCHDOG=1", begun) >= 5), manager.heard)
    front = front_of(daemon)
    os.kill(front, signal.SIGSTOP)
    time.sleep(0.5)  # a word that was on its way
    stopped = time.monotonic()
    time.sleep(6)
    check("systemd: a front that hangs feeds no watchdog", manager.count("WATCHDOG=1", stopped) == 0, manager.heard)
    os.kill(front, signal.SIGCONT)
    check("systemd: one that goes on does", manager.hears("WATCHDOG=1", time.monotonic()), manager.heard)
    os.kill(front, signal.SIGKILL)
    check("systemd: the next front as well", until(connected) and manager.hears("WATCHDOG=1", time.monotonic() + 1), manager.heard)
    reloaded = time.monotonic()
    os.kill(daemon.process.pid, signal.SIGHUP)
    check("systemd: RELOADING, with the time", manager.hears("RELOADING=1\nMONOTONIC_USEC=", reloaded), manager.heard)
    check("systemd: READY again", manager.hears("READY=1", reloaded), manager.heard)
    check("systemd: WATCHDOG after a reload", manager.hears("WATCHDOG=1", time.monotonic() + 1), manager.heard)
    stopped = time.monotonic()
    daemon.process.terminate()
    check("systemd: STOPPING", manager.hears("STOPPING=1", stopped), manager.heard)
    daemon.stop()


# ---------------------------------------------------------------- niceness, and one connection a host
def niceness(program):
    """Of a program that a queue run starts."""
    shutil.rmtree(TOP / "queue", ignore_errors=True)
    (TOP / "queue").mkdir(mode=0o700)
    (TOP / "niceness").unlink(missing_ok=True)
    words = [program, "-C", TOP / "site.cf"]
    environment = {"PATH": os.environ["PATH"], "CANONIFY_LOG": "stderr"}
    subprocess.run([*words, "-odq", "-oi", "prog"], input=b"Subject: x\n\nx\n", env=environment, stderr=subprocess.DEVNULL)
    subprocess.run([*words, "-qf", "-ONiceQueueRun=7"], env=environment, stderr=subprocess.DEVNULL)
    return until(lambda: (TOP / "niceness").exists() and (TOP / "niceness").read_text())


def nice(canonify):
    theirs, ours = niceness(SENDMAIL), niceness(canonify)
    check("NiceQueueRun", theirs and theirs == ours, (theirs, ours))


def single(canonify):
    directory = TOP / "hosts"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    flags = (f"-OHostStatusDirectory={directory}", "-OSingleThreadDelivery=True")
    daemon = Daemon(canonify, *flags)
    Sink.most = Sink.messages = Sink.connections = 0
    several = lambda who: [send(f"x{who}.{number}@y.example") for number in range(8)]
    senders = [threading.Thread(target=several, args=(who,)) for who in range(5)]
    [sender.start() for sender in senders]
    [sender.join() for sender in senders]
    check("SingleThreadDelivery: all arrive", until(lambda: Sink.messages == 40), Sink.messages)
    check("SingleThreadDelivery: one connection at a time", Sink.most == 1, Sink.most)
    print(f"    40 messages over {Sink.connections} connections")
    listing = subprocess.run([canonify, "-bh", "-C", TOP / "site.cf", *flags], capture_output=True, text=True).stdout
    check("SingleThreadDelivery: hoststat knows the host", "127.0.0.1" in listing and "250 ok" in listing, listing)
    daemon.stop()


PARTS = {"control": control, "metrics": metrics, "service": service, "nice": nice, "single": single}


def main(program, parts):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    shutil.rmtree(TOP, ignore_errors=True)
    (TOP / "bin").mkdir(parents=True)
    canonify = TOP / "bin/sendmail"
    canonify.symlink_to(program)
    (TOP / "niceness.sh").write_text(f"#!/bin/sh\ncat >/dev/null\nnice >{TOP}/niceness.new\nmv {TOP}/niceness.new {TOP}/niceness\n")
    (TOP / "niceness.sh").chmod(0o755)
    TOP.chmod(0o1777)
    (TOP / "aliases").write_text(f'prog: "|{TOP}/niceness.sh"\n')
    (TOP / "help").write_text(HELP)
    (TOP / "site.mc").write_text(MC)
    subprocess.run([program, "mc", "-o", TOP / "site.cf", TOP / "site.mc"], check=True)
    subprocess.run([SENDMAIL, "-bi", "-C", TOP / "site.cf"], stdout=subprocess.DEVNULL)
    sink = Threads(("127.0.0.1", SINK), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    for part in parts or PARTS:
        PARTS[part](canonify)
    shutil.rmtree(TOP)


if __name__ == "__main__":
    enter()
    main(os.path.abspath(sys.argv[1]), sys.argv[2:])
    sys.exit(close())
