#!/usr/bin/env python3
"""Long queues: start, `mailq`, a run that has nothing to do, a run that tries every message. Time and memory grow with the queue, no faster.

usage: large_queue.py CANONIFY [N…] [--no-attempts]      Needs root; runs in name spaces of its own. N: lengths of the queue (4000 and 24000).
The queue lies in memory (tmpfs): what is measured is the program. The messages are for a host that does not listen. A message may cost
1 KiB of memory at most, and from one length to the next no more than twice the time. Closes with "N passed, N failed".
"""
import argparse, os, pathlib, shutil, socket, subprocess, sys, tempfile, time

from namespaces import enter

MC = """OSTYPE(`linux')
define(`confDOMAIN_NAME', `mail.site.example')
define(`QUEUE_DIR', `@TOP@/mqueue')
define(`ALIAS_FILE', `@TOP@/aliases')
define(`confPID_FILE', `@TOP@/pid')
define(`STATUS_FILE', `')
define(`confSERVICE_SWITCH_FILE', `@TOP@/service.switch')
define(`confQUEUE_LA', `9999')
define(`confREFUSE_LA', `9999')
define(`confTO_QUEUERETURN', `9d')
define(`confTO_QUEUEWARN', `')
define(`SMART_HOST', `esmtp:[127.0.0.1]')
define(`ESMTP_MAILER_ARGS', `TCP $h @CLOSED@')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port=@PORT@')
MAILER(`local')
MAILER(`smtp')
"""
CONTROL = """V8
T{now}
K{now}
N1
P121000
MDeferred: Connection refused by [127.0.0.1]
Fs
$_client.elsewhere.example [192.0.2.5]
$rESMTP
$sclient.elsewhere.example
${{daemon_flags}}
S<sender{number}@elsewhere.example>
rRFC822; user{number}@far.example
RPFD:<user{number}@far.example>
H?P?Return-Path: <\x81g>
H??Received: from client.elsewhere.example (client.elsewhere.example [192.0.2.5])
	by mail.site.example (8.17.1/8.17.1) with ESMTP id {id}
	for <user{number}@far.example>; Tue, 1 Dec 2026 10:05:28 -0500
H?D?Date: Tue, 1 Dec 2026 10:05:28 -0500
H?F?From: sender{number}@elsewhere.example
H??Subject: one of many
H??Message-ID: <{number}@elsewhere.example>
.
"""
KIB = 1024


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Site:
    def __init__(self, canonify):
        self.port = free_port()
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="canonify-queue.", dir="/var/lib"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=80%,nr_inodes=0", "tmpfs", self.top], check=True)
        # processes are known by this file
        self.canonify = str(self.top / "canonify")
        shutil.copy(canonify, self.canonify)
        self.queue, self.cf = self.top / "mqueue", self.top / "site.cf"
        self.queue.mkdir(mode=0o700)
        (self.top / "aliases").write_text("postmaster: root\n")
        (self.top / "service.switch").write_text("hosts\tfiles\naliases\tfiles\n")
        mc = MC.replace("@TOP@", str(self.top)).replace("@PORT@", str(self.port)).replace("@CLOSED@", str(free_port()))
        (self.top / "site.mc").write_text(mc)
        for words in (["mc", "-o", self.cf, self.top / "site.mc"], ["sendmail", "-bi", "-C", self.cf]):
            subprocess.run([canonify, *words], check=True, stdout=subprocess.DEVNULL)

    def fill(self, count):
        now = int(time.time())
        for number in range(len(os.listdir(self.queue)) // 2, count):
            id = f"6B1F{chr(65 + number // 100000 % 26)}{chr(97 + number // 1000000 % 26)}{number % 100000:05d}000031"
            with open(self.queue / f"df{id}", "w") as file:
                file.write("a short text\n")
            with open(self.queue / f"qf{id}", "w", encoding="latin-1") as file:
                file.write(CONTROL.format(id=id, number=number, now=now))
            for kind in ("df", "qf"):
                os.chmod(self.queue / f"{kind}{id}", 0o600)

    def command(self, name, *words):
        return [self.canonify, name, "-C", str(self.cf), *words]


def high_water(pids):
    """The most memory that these processes have had, together, in KiB."""
    total = 0
    for pid in pids:
        try:
            lines = pathlib.Path(f"/proc/{pid}/status").read_text().split("\n")
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return total


def family(program):
    """All processes that run this file."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/exe") == program:
                found.append(int(pid))
        except OSError:
            pass
    return found


def one_shot(command):
    """Seconds, KiB: a command and all processes that it starts."""
    begun, most = time.monotonic(), 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    ended = 0
    while not ended or family(command[0]):
        most = max(most, high_water(family(command[0])))
        if not ended:
            # one that is over before it is looked at has had this much
            ended, process.returncode, used = os.wait4(process.pid, os.WNOHANG)
            most = max(most, used.ru_maxrss)
        time.sleep(0.01)
    return time.monotonic() - begun, most


def processor_time(pids):
    total = 0
    for pid in pids:
        try:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total


def start(site):
    """Seconds until it listens, seconds until its first run is over, KiB of all its processes after that."""
    begun = time.monotonic()
    daemon = subprocess.Popen(site.command("sendmail", "-bD", "-q1h", "-OMinQueueAge=9d"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while True:
        try:
            socket.create_connection(("127.0.0.1", site.port)).close()
            break
        except OSError:
            time.sleep(0.01)
    listening, used, calm = time.monotonic() - begun, -1, time.monotonic()
    while time.monotonic() - calm < 1:
        time.sleep(0.05)
        if (now := processor_time(family(site.canonify))) != used:
            used, calm = now, time.monotonic()
    memory = high_water(family(site.canonify))
    daemon.terminate()
    daemon.wait()
    while family(site.canonify):
        time.sleep(0.02)
    return listening, calm - begun, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("lengths", nargs="*", type=int, default=[4000, 24000])
    parser.add_argument("--no-attempts", action="store_true", help="leave out the run that tries every message")
    options = parser.parse_args()
    enter()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    site, counts, before = Site(os.path.abspath(options.canonify)), [0, 0], {}

    def check(what, good):
        counts[not good] += 1
        print(f"{'ok' if good else 'NOT OK'}: {what}", flush=True)

    def compare(what, length, seconds, memory):
        print(f"{length} messages: {what}: {seconds:.2f} s, {memory / KIB:.1f} MiB", flush=True)
        if what in before:
            old_length, old_seconds, old_memory = before[what]
            each = (memory - old_memory) * KIB / (length - old_length)
            growth = (seconds + 0.3) / (old_seconds + 0.3) / (length / old_length)
            check(f"{what}: {each:.0f} bytes a message, {growth:.2f} times the time for each", each <= KIB and growth <= 2)
        before[what] = length, seconds, memory

    try:
        compare("start and first run", 0, *start(site)[1:])
        compare("mailq", 0, *one_shot(site.command("mailq")))
        before.clear()
        for length in sorted(options.lengths):
            site.fill(length)
            listening, ready, memory = start(site)
            check(f"{length} messages: it listens after {listening:.2f} s", listening < 1 + length / 20000)
            compare("start and first run", length, ready, memory)
            compare("mailq", length, *one_shot(site.command("mailq")))
            compare("a run with nothing to do", length, *one_shot(site.command("sendmail", "-q", "-OMinQueueAge=9d")))
            if not options.no_attempts:
                compare("a run that tries each", length, *one_shot(site.command("sendmail", "-q")))
        check("all are still there", len(list(site.queue.glob("qf*"))) == max(options.lengths))
    finally:
        subprocess.run(["umount", "-l", site.top])
        os.rmdir(site.top)
    print(f"{counts[0]} passed, {counts[1]} failed")
    sys.exit(counts[1] > 0)


main()
