#!/usr/bin/env python3
"""The processes of a daemon as root: killed under load, restarted, stopped. usage: supervisor.py CANONIFY
Needs root; runs in name spaces of its own. Closes with "N passed, N failed"."""
import contextlib, glob
import os
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

from checks import check, close, counts, until
from namespaces import enter
from servers import Threads

HERE = os.path.dirname(os.path.abspath(__file__))
EXAMPLES = os.path.join(HERE, "..", "..", "examples")
PORT, REMOTE = 3025, 3027
USER = "mail"


class Sink(socketserver.StreamRequestHandler):
    """Takes every message; remembers subjects."""
    subjects = []

    def handle(self):
        # a client that is killed resets its connection
        with contextlib.suppress(ConnectionError):
            self.talk()

    def talk(self):
        put = lambda text: self.wfile.write(text.encode() + b"\r\n")
        put("220 sink ESMTP")
        while line := self.rfile.readline():
            if line.upper().startswith(b"DATA"):
                put("354 go on")
                subject = None
                while (text := self.rfile.readline()) not in (b".\r\n", b""):
                    if text.lower().startswith(b"subject: ") and subject is None:
                        subject = text[9:].strip().decode()
                Sink.subjects.append(subject)
            if line.upper().startswith(b"QUIT"):
                return put("221 bye")
            put("250 ok")


class Session:
    def __init__(self, limit=20):
        self.socket = socket.create_connection(("127.0.0.1", PORT), limit)
        self.file = self.socket.makefile("rb")
        greeting = self.reply()
        if not greeting.startswith("220"):
            raise OSError(greeting)

    def reply(self):
        while line := self.file.readline():
            if line[3:4] != b"-":
                return line.decode().rstrip()
        return ""

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def begin(self, recipient):
        for line in ("EHLO client.example", "MAIL FROM:<sender@visitors.example>", f"RCPT TO:<{recipient}>", "DATA"):
            answer = self.say(line)
            if answer[:1] not in ("2", "3"):
                raise OSError(answer)

    def close(self):
        self.file.close()
        self.socket.close()


def send(recipient, subject):
    session = Session()
    try:
        session.begin(recipient)
        answer = session.say(f"Subject: {subject}\r\n\r\ntext\r\n.")
        if not answer.startswith("250"):
            raise OSError(answer)
    finally:
        session.close()


class Daemon:
    started = []

    def __init__(self, site, *flags, queue="-q1s"):
        self.site = site
        words = [site.link, "-bD", "-C", site.cf, *([queue] if queue else []), *flags]
        self.log = open(site.path("log"), "a")
        environment = dict(os.environ, CANONIFY_LOG="stderr")
        self.child = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=environment)
        self.pid = self.child.pid
        Daemon.started.append(self.child)
        until(lambda: answers() or self.child.poll() is not None)

    def processes(self, title):
        """Front and keeper are nobody's children: they are known by their title and the daemon's log."""
        found = []
        for process in glob.glob("/proc/[0-9]*"):
            try:
                with open(process + "/cmdline", "rb") as text:
                    line = text.read()
                log = os.readlink(process + "/fd/2")
            except OSError:
                continue
            if line.startswith(title.encode()) and log == self.log.name:
                found.append(int(process.split("/")[2]))
        return sorted(found)

    def kill(self, title):
        os.kill(self.processes(title)[-1], signal.SIGKILL)

    def signal(self, number):
        os.kill(self.pid, number)

    def stop(self):
        begun = time.time()
        self.signal(signal.SIGTERM)
        return self.child.wait(60), time.time() - begun


class Site:
    def __init__(self, directory, canonify):
        self.directory, self.canonify = directory, canonify
        for name in ("etc", "mqueue", "mail"):
            os.mkdir(self.path(name), 0o700 if name == "mqueue" else 0o755)
        os.chmod(directory, 0o755)
        for name in glob.glob(EXAMPLES + "/site/*"):
            shutil.copy(name, self.path("etc"))
        os.mkdir(self.path("mail/" + USER))
        shutil.chown(self.path("mail/" + USER), USER)
        os.mkdir(self.path("out"))
        os.chmod(self.path("out"), 0o1777)
        self.link = self.path("sendmail")
        os.symlink(canonify, self.link)
        with open(self.path("etc/service.switch"), "w") as file:
            file.write("hosts\tfiles\naliases\tfiles\n")
        with open(self.path("etc/aliases"), "a") as file:
            file.write(f"other: {USER}\nslow: \"|sleep 12; echo copy >> {self.path('out')}/slow\"\n")
        with open(self.path("asked.sh"), "w") as file:
            file.write("#!/bin/sh\necho \"$(id -u) $*\"\n")
        os.chmod(self.path("asked.sh"), 0o755)
        self.cf = self.path("etc/site.cf")
        self.expand()

    def path(self, name):
        return os.path.join(self.directory, name)

    def expand(self):
        with open(EXAMPLES + "/site.mc") as file:
            text = file.read()
        with open(self.path("etc/site.mc"), "w") as file:
            file.write(text + f"LOCAL_CONFIG\nKasked program {self.path('asked.sh')} fixed\nLOCAL_RULESETS\nSLocal_check_mail\n"
                       "R$* asked $*\t$#error $@ 4.7.1 $: \"450 answer \" $(asked key $)\n")
        etc = self.path("etc")
        words = {"SITE_ETC": etc, "SITE_QUEUE": self.path("mqueue"), "SITE_PID": self.path("pid"),
                 "SITE_MAILDIR": self.path("mail") + "/$u", "SITE_ADDRESS": "127.0.0.1", "SITE_SMTP_PORT": PORT,
                 "SITE_SUBMISSION_PORT": PORT + 1, "SITE_REMOTE_PORT": REMOTE,
                 # however busy the machine is, nothing is only queued or refused for that
                 "confQUEUE_LA": 9999, "confREFUSE_LA": 9999}
        definitions = [word for name, value in words.items() for word in ("-D", f"{name}={value}")]
        self.run("mc", *definitions, "-o", self.cf, etc + "/site.mc")
        for name in ("virtusertable", "mailertable", "access"):
            with open(f"{etc}/{name}") as source:
                self.run("makemap", "-C", self.cf, "hash", f"{etc}/{name}", stdin=source)
        self.run("sendmail", "-bi", "-C", self.cf)

    def run(self, *words, **more):
        return subprocess.run([self.canonify, *words], check=True, capture_output=True, **more)

    def log(self):
        with open(self.path("log"), errors="replace") as file:
            return file.read()

    def subjects(self):
        found = []
        for name in glob.glob(self.path(f"mail/{USER}/new/*")):
            with open(name, errors="replace") as file:
                found += [line[9:].strip() for line in file if line.startswith("Subject: ")][:1]
        return found + Sink.subjects

    def queue_files(self, subject):
        """The queue files of what is called so; others may wait beside it."""
        found = []
        for name in glob.glob(self.path("mqueue/qf*")):
            with open(name, errors="replace") as file:
                if f"Subject: {subject}\n" in file.read():
                    found.append(os.path.basename(name))
        return found

    def queued(self):
        return len(glob.glob(self.path("mqueue/qf*")))


def answers():
    try:
        Session(2).close()
        return True
    except OSError:
        return False


class Load:
    """Local, alias and relayed mail, from six clients, until it is told to end."""
    RECIPIENTS = [f"{USER}@site.example", "other@site.example", "someone@partner.example"]
    number = 0

    def __init__(self):
        self.acknowledged, self.times, self.over = [], [], False
        self.threads = [threading.Thread(target=self.work, args=(index,)) for index in range(6)]
        for thread in self.threads:
            thread.start()

    def work(self, index):
        while not self.over:
            Load.number += 1
            subject = f"load-{index}-{Load.number}"
            try:
                send(self.RECIPIENTS[index % 3], subject)
                self.acknowledged.append(subject)
                self.times.append(time.time())
            except OSError:
                time.sleep(0.02)

    def end(self):
        self.over = True
        for thread in self.threads:
            thread.join()


def killed_under_load(site, daemon, title):
    load, gaps = Load(), []
    time.sleep(1.5)
    for pause in (1.5, 3):
        killed = time.time()
        daemon.kill(title)
        time.sleep(pause)
        later = [at for at in load.times if at > killed + 0.1]
        gaps.append(min(later) - killed if later else 99)
    load.end()
    until(lambda: set(load.acknowledged) <= set(site.subjects()))
    found = site.subjects()
    lost = [one for one in load.acknowledged if one not in found]
    twice = sum(found.count(one) > 1 for one in set(load.acknowledged))
    seen = f"{len(load.acknowledged)} answered 250, {len(lost)} lost, {twice} twice"
    check(f"{title} killed under load: what was answered 250 arrives", load.acknowledged and not lost, seen)
    check(f"{title} killed under load: mail flows again within 5 s", max(gaps) < 5,
          ", ".join(f"{gap:.2f} s" for gap in gaps))


def restarts(site, daemon):
    results, over = {"good": 0, "bad": []}, []

    def connect():
        while not over:
            try:
                session = Session(5)
                if session.say("QUIT").startswith("221"):
                    results["good"] += 1
                else:
                    results["bad"].append("no 221")
                session.close()
            except OSError as error:
                results["bad"].append(str(error))

    spanning = Session()
    spanning.begin(f"{USER}@site.example")
    threads = [threading.Thread(target=connect) for _ in range(4)]
    for thread in threads:
        thread.start()
    starts = lambda: site.log().count("starting daemon")
    before = starts()
    for count in range(1, 6):
        daemon.signal(signal.SIGHUP)
        until(lambda: starts() >= before + count)
    time.sleep(0.5)
    over.append(True)
    for thread in threads:
        thread.join()
    check("five restarts: nobody is refused or cut", results["good"] and not results["bad"],
          f"{results['good']} connections, {results['bad'][:3]}")
    answer = spanning.say("Subject: spanning\r\n\r\ntext\r\n.")
    check("a session spans five restarts and delivers", answer.startswith("250")
          and until(lambda: "spanning" in site.subjects()), answer)
    with open(site.path("pid")) as file:
        check("the process id stays", int(file.readline()) == daemon.pid)
    spanning.close()
    check("old fronts end with their last session", until(lambda: len(daemon.processes("canonify: ")) == 2),
          daemon.processes("canonify: "))


def bad_configuration(site, daemon):
    with open(site.cf, "a") as file:
        file.write("Mbroken, P=\n")
    processes = daemon.processes("canonify: ")
    daemon.signal(signal.SIGHUP)
    told = until(lambda: "the old one stays" in site.log())
    check("a bad configuration is told with file and line", told and f"could not restart: {site.cf}: line " in site.log())
    check("a bad configuration changes nothing", processes == daemon.processes("canonify: ") and answers())
    site.expand()


def supervisor_killed(site, daemon):
    killed = time.time()
    daemon.signal(signal.SIGKILL)
    daemon.child.wait()

    def is_free():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", PORT))
                probe.listen()
                return True
            except OSError:
                return False

    check("a killed supervisor leaves the port free", until(is_free), f"{time.time() - killed:.2f} s")


def copies(site):
    try:
        with open(site.path("out/slow")) as file:
            return len(file.readlines())
    except FileNotFoundError:
        return 0


def slow_programs(site, end, title):
    """Five messages for a program that takes 12 s; after 1 s the daemon is told something. Gives the next daemon."""
    daemon, before = Daemon(site), copies(site)
    for number in range(5):
        send("slow@site.example", f"slow-{number}")
    time.sleep(1)
    daemon = end(daemon)
    until(lambda: site.queued() == 0)
    time.sleep(1)
    check(f"a slow program, {title}: one copy each", copies(site) - before == 5, copies(site) - before)
    return daemon


def stopped_and_started(daemon):
    status, seconds = daemon.stop()
    check("a daemon with deliveries under way stops", status == 0 and seconds < 15, f"status {status}, {seconds:.1f} s")
    return Daemon(daemon.site)


def killed_and_started(daemon):
    daemon.signal(signal.SIGKILL)
    daemon.child.wait()
    return Daemon(daemon.site)


def restarted(daemon):
    daemon.signal(signal.SIGHUP)
    return daemon


def stop_during_data(site):
    daemon = Daemon(site)
    sending, idle = Session(), Session()
    sending.begin(f"{USER}@site.example")
    sending.socket.sendall(b"Subject: at the end\r\n\r\nfirst\r\n")
    daemon.signal(signal.SIGTERM)
    check("SIGTERM: an idle session is told", (said := idle.reply()).startswith("421 4.3.2 "), said)
    answer = sending.say("second\r\n.")
    status = daemon.child.wait(30)
    waiting, arrived = site.queue_files("at the end"), "at the end" in site.subjects()
    check("SIGTERM during DATA: answered and kept", answer.startswith("250") and (waiting or arrived),
          f"{answer}, in the queue: {waiting}, in the mailbox: {arrived}, {site.queued()} in all wait")
    check("SIGTERM: status 0, no pid file", status == 0 and not os.path.exists(site.path("pid")), status)


def without_queue_runs(site):
    for name in glob.glob(site.path("mqueue/*")):
        os.unlink(name)
    for number in range(3):
        site.run("sendmail", "-C", site.cf, "-odq", "-oi", "-Am", f"{USER}@site.example", input=b"Subject: waits\n\ntext\n")
    daemon = Daemon(site, "-ODeliveryMode=queueonly", queue=None)
    for number in range(2):
        send(f"{USER}@site.example", f"waits-{number}")
    seen = [site.queued()]
    starts = site.log().count("starting daemon")
    daemon.signal(signal.SIGHUP)
    until(lambda: site.log().count("starting daemon") > starts)
    time.sleep(1)
    seen.append(site.queued())
    check("without -q the queue stays as it is, at start and at SIGHUP", seen == [5, 5], seen)
    daemon.stop()


def program_map(site):
    session = Session()
    session.say("EHLO client.example")
    answer = session.say("MAIL FROM:<asked@visitors.example>")
    session.close()
    uid = __import__("pwd").getpwnam("daemon").pw_uid
    check("the keeper runs the program of a map as DefaultUser", answer.endswith(f" answer {uid} fixed key"), answer)


def main():
    enter()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    sink = Threads(("127.0.0.1", REMOTE), Sink)
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    directory = tempfile.mkdtemp(prefix="canonify-supervisor.", dir="/var/lib")
    try:
        site = Site(directory, os.path.realpath(sys.argv[1]))
        daemon = Daemon(site)
        program_map(site)
        restarts(site, daemon)
        bad_configuration(site, daemon)
        killed_under_load(site, daemon, "canonify: keeper")
        daemon.stop()
        daemon = Daemon(site)
        killed_under_load(site, daemon, "canonify: front")
        supervisor_killed(site, daemon)
        stop_during_data(site)
        slow_programs(site, restarted, "SIGHUP").stop()
        slow_programs(site, stopped_and_started, "SIGTERM and start").stop()
        slow_programs(site, killed_and_started, "kill -9 and start").stop()
        without_queue_runs(site)
    finally:
        for child in Daemon.started:
            if child.poll() is None:
                child.kill()
        if counts[False] or sys.exc_info()[0]:
            print("\n".join(line for line in site.log().splitlines() if "did not issue" not in line)[-6000:])
        shutil.rmtree(directory, ignore_errors=True)
    sys.exit(close())


main()
