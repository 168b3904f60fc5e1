#!/usr/bin/env python3
"""What the front of a daemon of root has given up, seen from outside, and that mail flows all the same.
usage: confinement.py CANONIFY      Needs root, CANONIFY_REFERENCE and m4.
Closes with "N passed, N failed"."""

import json
import os
import re
import shutil
import signal
import smtplib
import socket
import socketserver
import stat
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from checks import check, close, until
from namespaces import enter
from servers import Threads

enter()

CANONIFY = os.path.realpath(sys.argv[1])
REFERENCE = Path(os.environ["CANONIFY_REFERENCE"])
CF = REFERENCE / "usr/share/sendmail/cf"
SENDMAIL = REFERENCE / "usr/libexec/sendmail/sendmail"
USERS = {"canonify": 64901, "other": 64902}
PORT, SINK_PORT = 2525, 2626


class Sink(socketserver.StreamRequestHandler):
    """A server that takes everything."""

    messages, callers = [], set()

    def handle(self):
        Sink.callers.add(self.client_address[0])
        self.wfile.write(b"220 sink ESMTP\r\n")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                text = b""
                while (line := self.rfile.readline()) != b".\r\n":
                    text += line
                Sink.messages.append(text)
                self.wfile.write(b"250 taken\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 sink\r\n")


def accounts(names):
    """/etc/passwd and /etc/group of this name space know these users."""
    for file, row in [("passwd", "{0}:x:{1}:{1}::/nonexistent:/usr/sbin/nologin\n"), ("group", "{0}:x:{1}:\n")]:
        subprocess.run(["umount", f"/etc/{file}"], stderr=subprocess.DEVNULL)
        kept = [line for line in open(f"/etc/{file}") if line.split(":")[0] not in USERS]
        if file == "passwd":
            kept[0] = f"root:x:0:0:root:{scratch}/home:/bin/sh\n"
        copy = Path(tempfile.mkdtemp(dir=scratch)) / file
        copy.write_text("".join(kept) + "".join(row.format(name, USERS[name]) for name in names))
        copy.chmod(0o644)
        subprocess.run(["mount", "--bind", copy, f"/etc/{file}"], check=True)


class Site:
    """A site of root's below a directory that nobody else may write to."""

    def __init__(self, name):
        self.path = scratch / name
        self.queue, self.maps = self.path / "mqueue", self.path / "maps"
        for directory, mode in [(self.path, 0o755), (self.queue, 0o700), (self.maps, 0o755)]:
            directory.mkdir(mode=mode)
        (self.maps / "access").write_text("Connect:127.0.0.1\tRELAY\nrefused@away.example\tREJECT\n")
        (self.maps / "service.switch").write_text("hosts\tfiles\n")
        (self.path / "mail").mkdir()
        (self.path / "mail").chmod(0o1777)
        mc = self.path / "site.mc"
        mc.write_text(
            f"""OSTYPE(`linux')
define(`confDOMAIN_NAME', `test.example.com')
define(`QUEUE_DIR', `{self.queue}')
define(`ALIAS_FILE', `')
define(`confPID_FILE', `{self.path}/pid')
define(`confLOG_LEVEL', `11')
define(`confTO_QUEUEWARN', `')
define(`confSERVICE_SWITCH_FILE', `{self.maps}/service.switch')
FEATURE(`access_db', `text -T<TMPF> -k0 -v1 {self.maps}/access')
FEATURE(`blocklist_recipients')
FEATURE(`local_procmail', `/usr/bin/tee', `tee -a {self.path}/mail/$u', `SPhn9')
FEATURE(`nocanonify')
define(`RELAY_MAILER_ARGS', `TCP $h {SINK_PORT}')
define(`SMART_HOST', `relay:[127.0.0.1]')
DAEMON_OPTIONS(`Port={PORT}, Addr=127.0.0.1, Name=MTA')
CLIENT_OPTIONS(`Family=inet, Addr=127.0.0.7')
MAILER(`local')
MAILER(`smtp')
"""
        )
        self.cf = self.path / "site.cf"
        with open(self.cf, "wb") as out:
            command = ["m4", f"-D_CF_DIR_={CF}/", CF / "m4/cf.m4", mc]
            subprocess.run(command, stdout=out, check=True, cwd=CF / "cf")
        self.log = self.path / "log"

    def sendmail(self, *flags, program=(CANONIFY, "sendmail"), text=None, wrapper=()):
        command = [*wrapper, *program, "-C", self.cf, *flags]
        with open(self.log, "ab") as log:
            environment = {**os.environ, "CANONIFY_LOG": "stderr"}
            return subprocess.run(
                command, input=text, stdout=subprocess.PIPE, stderr=log, env=environment, timeout=60
            )

    def daemon(self, *flags, wrapper=()):
        return Daemon(self, flags, wrapper)


class Daemon:
    def __init__(self, site, flags, wrapper):
        self.site, self.flags, self.wrapper = site, flags, wrapper

    def __enter__(self):
        command = [*self.wrapper, CANONIFY, "sendmail", "-C", self.site.cf, *self.flags, "-q1h", "-bD"]
        with open(self.site.log, "ab") as log:
            environment = {**os.environ, "CANONIFY_LOG": "stderr"}
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env=environment)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", PORT), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        self.front = self.keeper = None
        for _ in range(200):
            titles = {title(pid): int(pid) for pid in os.listdir("/proc") if pid.isdigit() and self.writes_the_log(pid)}
            self.front, self.keeper = titles.get("canonify: front"), titles.get("canonify: keeper")
            if self.front and self.keeper and "confined:" in self.site.log.read_text():
                break
            time.sleep(0.05)
        return self

    def writes_the_log(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/fd/2") == str(self.site.log)
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def send(self, recipient):
        with smtplib.SMTP("127.0.0.1", PORT, timeout=20) as server:
            server.sendmail("a@test.example.com", [recipient], f"Subject: for {recipient}\r\n\r\ntext\r\n")


def title(pid):
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    except OSError:
        return ""


def status(path):
    return dict(line.split(":\t", 1) for line in Path(path).read_text().splitlines() if ":\t" in line)


def capabilities(of):
    return {of[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}


def check_front(what, pid, uid):
    """Every thread of it."""
    for task in os.listdir(f"/proc/{pid}/task"):
        of = status(f"/proc/{pid}/task/{task}/status")
        check(f"{what}: user", of["Uid"].split() == [str(uid)] * 4, of["Uid"])
        check(f"{what}: groups", of["Groups"].strip() in ("", "0" if uid == 0 else ""), of["Groups"])
        check(f"{what}: capabilities", capabilities(of) == {"0" * 16}, of)
        check(f"{what}: no_new_privs", of["NoNewPrivs"] == "1")
        check(f"{what}: seccomp", of["Seccomp"] == "2")
    limits = Path(f"/proc/{pid}/limits").read_text()
    check(f"{what}: no core dumps", re.search(r"Max core file size +0 +0 ", limits), limits)


def check_daemon():
    accounts(["canonify"])
    site = Site("daemon")
    with site.daemon() as daemon:
        check("three processes", daemon.front and daemon.keeper)
        check_front("front", daemon.front, USERS["canonify"])
        check("front: directory", os.readlink(f"/proc/{daemon.front}/cwd") == str(site.queue))
        for pid in (daemon.process.pid, daemon.keeper):
            of = status(f"/proc/{pid}/status")
            check("the other two: root, one thread before work", of["Uid"].split()[1] == "0", of["Uid"])
        daemon.send("b@away.example")
        check("mail goes out", until(lambda: any(b"b@away.example" in text for text in Sink.messages)))
        check("mail goes out from the address of ClientPortOptions", Sink.callers == {"127.0.0.7"}, Sink.callers)
        daemon.send("root")
        check("mail comes in", until(lambda: (site.path / "mail/root").exists()))
        check("the queue is adopted", site.queue.stat().st_uid == USERS["canonify"])
        check_status(site, daemon)
        check_maps(site, daemon)
    check("status: no daemon", ask_status(site).returncode == 69, ask_status(site))
    log = site.log.read_text()
    for word in ("not root", "no capabilities", "no_new_privs", "Landlock", "seccomp"):
        check(f"the log names {word}", re.search(f"confined: .*{word}", log), log)


def ask_status(site, *flags):
    return subprocess.run([CANONIFY, "status", "-C", site.cf, *flags], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def check_status(site, daemon):
    answer = json.loads(ask_status(site, "--json").stdout)
    roles = {one["role"]: one for one in answer["processes"]}
    check("status: processes", roles["front"]["pid"] == daemon.front and roles["keeper"]["pid"] == daemon.keeper)
    check("status: users", [roles[who]["uid"] for who in ("supervisor", "front")] == [0, USERS["canonify"]])
    check("status: protections", len(roles["front"]["walls"]) == 8, answer)
    check("status: listeners", f"127.0.0.1:{PORT}" in answer["listeners"], answer)
    check("status: queue", answer["queue"]["messages"] == len(list(site.queue.glob("qf*"))), answer)
    check("status: for people", b"system calls (seccomp)" in ask_status(site).stdout)
    for name in os.listdir(site.queue):
        mode = (site.queue / name).stat()
        if name.startswith(".status-"):
            check("status: who may ask", mode.st_uid == USERS["canonify"] and stat.S_IMODE(mode.st_mode) == 0o600)


def refusal(recipient):
    with smtplib.SMTP("127.0.0.1", PORT, timeout=20) as server:
        answers = [server.ehlo("me.example")[0], server.mail("a@test.example.com")[0], server.rcpt(recipient)[0]]
        return next((answer for answer in answers if answer >= 400), 250)


def check_maps(site, daemon):
    """What the front cannot open itself, a map that leads out of the directories of the start or one of root's, the keeper opens."""
    check("a map is asked", refusal("refused@away.example") == 550)
    elsewhere = site.path / "elsewhere"
    elsewhere.mkdir(0o755)
    shutil.copy(site.maps / "access", elsewhere / "access")
    new = site.maps / "new"
    shutil.copy(site.maps / "access", new)
    new.rename(site.maps / "access")
    check("a map that was built anew is asked", refusal("refused@away.example") == 550)
    new.symlink_to(elsewhere / "access")
    new.rename(site.maps / "access")
    (elsewhere / "access").write_text("Connect:127.0.0.1\tRELAY\n")
    # a change is noticed a moment later
    check("a map elsewhere is asked", until(lambda: refusal("refused@away.example") == 250))
    (site.maps / "closed").write_text("Connect:127.0.0.1\tRELAY\nrefused@away.example\tREJECT\n")
    (site.maps / "closed").chmod(0o600)
    (site.maps / "closed").rename(site.maps / "access")
    check("a map that only root may read is asked", until(lambda: refusal("refused@away.example") == 550))


def check_users():
    accounts(["canonify", "other"])
    site = Site("users")
    with site.daemon("-ORunAsUser=other") as daemon:
        check_front("RunAsUser", daemon.front, USERS["other"])
    site = Site("owner")
    os.chown(site.queue, USERS["other"], USERS["other"])
    with site.daemon() as daemon:
        check_front("the queue's owner", daemon.front, USERS["other"])
    site = Site("service")
    with site.daemon("-OServiceUser=other") as daemon:
        check_front("ServiceUser", daemon.front, USERS["other"])
    accounts([])
    site = Site("nobody")
    with site.daemon() as daemon:
        check_front("no service user", daemon.front, 0)
        daemon.send("c@away.example")
        check("no service user: mail", until(lambda: any(b"c@away.example" in text for text in Sink.messages)))
    check("no service user: said", "the front stays root: there is no user canonify" in site.log.read_text())


def check_adoption():
    """sendmail's queue, delivered by a front; a front's queue, delivered by sendmail."""
    accounts(["canonify"])
    site = Site("adoption")
    text = b"Subject: there and back\n\ntext\n"
    for recipient in ("d@away.example", "e@away.example"):
        site.sendmail("-odq", "-oi", "-f", "a@test.example.com", recipient, program=[SENDMAIL], text=text)
    secret = site.path / "secret"
    secret.write_text("secret")
    os.link(secret, site.queue / "dfAAAAAAAAAAAAAA")
    site.sendmail("-q")
    delivered = lambda who: until(lambda: any(who in message for message in Sink.messages))
    check("sendmail's queue is delivered", delivered(b"d@away.example") and delivered(b"e@away.example"))
    check("a file with a name elsewhere is not given away", secret.stat().st_uid == 0)
    site.sendmail("-odq", "-oi", "-f", "a@test.example.com", "f@away.example", text=text)
    files = list(site.queue.glob("qf*"))
    check("the new message is the service user's", [file.stat().st_uid for file in files] == [USERS["canonify"]])
    check("its mode stays", all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files))
    site.sendmail("-q", program=[SENDMAIL])
    check("sendmail delivers the front's queue", delivered(b"f@away.example"))
    os.chown(site.queue, 0, -1)
    site.sendmail("-odq", "-oi", "-f", "a@test.example.com", "g@away.example", program=[SENDMAIL], text=text)
    check("sendmail receives once the directory is root's again", len(list(site.queue.glob("df[!A]*"))) == 1)
    site = Site("strange")
    (site.queue / "important").write_text("x")
    with site.daemon() as daemon:
        check_front("a queue with other files", daemon.front, 0)
        check("it is not given away", site.queue.stat().st_uid == 0)


def check_once():
    accounts(["canonify"])
    site = Site("once")
    letters = scratch / "home/dead.letter"
    letters.parent.mkdir()
    site.sendmail("-odi", "-oi", "root@refused.example@", text=b"Subject: lost\n\ntext\n")
    session = b"EHLO me\r\nMAIL FROM:<a@test.example.com>\r\nRCPT TO:<g@away.example>\r\nDATA\r\n\r\ntext\r\n.\r\nQUIT\r\n"
    said = site.sendmail("-bs", text=session).stdout
    check("-bs", b"250 2.0.0" in said and until(lambda: any(b"g@away" in text for text in Sink.messages)), said)
    site.sendmail("-odi", "-oi", "h@away.example", text=b"Subject: once\n\ntext\n")
    check("-bm", until(lambda: any(b"h@away.example" in text for text in Sink.messages)))
    site.sendmail("-q")
    log = site.log.read_text()
    count = len(re.findall(rf"confined: uid={USERS['canonify']}, .*seccomp", log))
    check("-bm, -bs and -q are confined", count == 4, count)
    check("dead.letter is written", letters.exists() and b"lost" in letters.read_bytes())


def check_old_kernel():
    """Landlock and seccomp answer as on a kernel without them."""
    accounts(["canonify"])
    site = Site("old")
    here = Path(__file__).resolve().parent
    with site.daemon(wrapper=[sys.executable, here / "old_kernel.py"]) as daemon:
        of = status(f"/proc/{daemon.front}/status")
        check("old kernel: the user is dropped", of["Uid"].split() == [str(USERS["canonify"])] * 4, of["Uid"])
        check("old kernel: capabilities", capabilities(of) == {"0" * 16}, of)
        daemon.send("i@away.example")
        check("old kernel: mail", until(lambda: any(b"i@away.example" in text for text in Sink.messages)))
    log = site.log.read_text()
    check("old kernel: said", "not confined: Landlock" in log and "not confined: seccomp" in log, log)


with tempfile.TemporaryDirectory(prefix="canonify-confinement.", dir="/var/lib") as directory:
    scratch = Path(directory)
    scratch.chmod(0o755)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    server = Threads(("127.0.0.1", SINK_PORT), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for part in (check_daemon, check_users, check_adoption, check_once, check_old_kernel):
            part()
    finally:
        for file in ("passwd", "group"):
            subprocess.run(["umount", f"/etc/{file}"], stderr=subprocess.DEVNULL)
sys.exit(close())
