"""Mail under load on a machine whose power fails, whose processes are killed or whose disk is full; then everything is counted.

`serve(kind, …)` runs inside name spaces of its own (as mail_bed.py makes them) and prints what it found as one JSON line. Everything that must
last (queue, Maildirs, files of aliases) lies below /mnt/home; what remote hosts and programs were given is theirs and stays.
Nothing here says what is right: `durability.py` does.
"""
import bisect, collections, json, os, pathlib, random, re, shutil, signal, socket, subprocess, sys, threading, time

import durable_disks, journal_file, mail_bed as bed, mail_site as site
from durable_disks import HOME

QUEUE = HOME + "/mqueue"
BOXES = 40
CLIENTS = 8
FEATURES = f"""define(`QUEUE_DIR', `{QUEUE}')
define(`confMAX_MESSAGE_SIZE', `1000000')
define(`confMIN_FREE_BLOCKS', `0')
define(`confTO_QUEUEWARN', `')
"""
ALIASES = "slow: alice, bob, \"|/mnt/bin/sometimes late\"\n" + "".join(f"box{box}: {HOME}/boxes/{box}\n" for box in range(BOXES))
SOMETIMES = """#!/bin/sh
# takes what it is given at the second attempt, or so
case $(od -An -N1 -tu1 /dev/urandom) in *[02468]) cat >/dev/null; exit 75;; esac
exec /mnt/bin/capture "$@"
"""
REMOTE = ("good", "plain", "rcpt5")
# recipients of a message, and where it must come to be; {box} is a number
KINDS = {
    "local": (["alice@site.example"], ["alice"]),
    "alias": (["staff@site.example"], ["alice", "bob", "carol"]),
    "list": (["list@site.example"], ["bob", "carol@good.example", "someone@plain.example"]),
    "program": (["prog@site.example"], ["program viaprog"]),
    "file": (["box{box}@site.example"], ["box{box}"]),
    "relay": (["x@good.example"], ["x@good.example"]),
    "both": (["alice@site.example", "y@good.example"], ["alice", "y@good.example"]),
    "slow": (["slow@site.example"], ["alice", "bob", "program late"]),
    "bounce": (["z@rcpt5.example"], ["report"]),
}
SENDER = {"bounce": "alice@site.example"}


def body(mark, lines):
    """Tells by itself whether it is whole."""
    return [f"{mark} line {line} of a message that must not be damaged" for line in range(lines)] + [f"end of {mark} after {lines} lines"]


class Ledger:
    """What was sent, what was answered, and what came of it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent, self.number, self.moments, self.bad_replies, self.kinds = {}, 0, [], [], list(KINDS)
        self.clear()
        self.tried, self.answered, self.lost, self.damaged, self.bounced = 0, 0, [], [], []
        self.duplicates, self.late, self.needless, self.stuck, self.torn = 0, [], [], [], 0

    def clear(self):
        self.sent, self.remote = {}, []

    def draw(self, chance):
        with self.lock:
            self.number += 1
            kind, box = chance.choice(self.kinds), chance.randrange(BOXES)
            lines = chance.choice([0, 1, 7, 40, 300]) if chance.randrange(12) else 3000
            mark = f"mark-{self.number}-{kind}"
            self.sent[mark] = message = {"kind": kind, "box": box, "lines": lines, "begun": time.time(), "answered": None}
        return mark, message


LEDGER = Ledger()


# ---------------------------------------------------------------- remote hosts
class Sink(bed.Remote):
    """Keeps what it has taken before it says so."""

    def data(self):
        if not self.accepted:
            return self.say("503 5.5.1 no valid recipients")
        self.say("354 go")
        lines = []
        while (line := self.input.readline()) != b".\r\n":
            if not line:
                raise bed.Gone
            lines.append(line.decode("latin-1").rstrip("\r\n"))
        begin = max(at for at, line in enumerate(self.lines) if line.startswith("C: MAIL"))
        taken = [found[1].lower() for line in self.lines[begin:] if (found := re.match(r"C: RCPT TO:<(.*?)>", line, re.I))]
        with LEDGER.lock:
            LEDGER.remote += [(time.time(), recipient, lines) for recipient in taken]
        self.accepted, self.lines = 0, []
        self.say("250 2.0.0 took it")


def remote_host(name):
    server = socket.create_server((site.ADDRESSES[name], 25), backlog=200)
    while True:
        threading.Thread(target=Sink(name, server.accept()[0]).run, daemon=True).start()


# ---------------------------------------------------------------- clients
def converse(chance, alive):
    """One connection with a few messages; ends with the first reply that is not good."""
    with socket.create_connection(("127.0.0.1", 25), timeout=30) as stream:
        input = stream.makefile("rb")

        def ask(text, expected):
            if text:
                stream.sendall(text)
            while (line := input.readline())[3:4] == b"-":
                pass
            if line[:1] == b"5":
                LEDGER.bad_replies.append(f"{text[:60]}: {line.decode('latin-1').strip()}")
            return line.startswith(expected)

        if not (ask(b"", b"220") and ask(b"EHLO client.elsewhere.example\r\n", b"250")):
            return
        for _ in range(chance.randint(1, 4)):
            if not alive():
                break
            mark, message = LEDGER.draw(chance)
            recipients = [text.format(**message) for text in KINDS[message["kind"]][0]]
            sender = SENDER.get(message["kind"], "sender@elsewhere.example")
            text = "\r\n".join([f"Subject: {mark}", f"Message-ID: <{mark}@elsewhere.example>", "", *body(mark, message["lines"]), ".", ""])
            steps = [(f"MAIL FROM:<{sender}>", b"250"), *((f"RCPT TO:<{one}>", b"250") for one in recipients), ("DATA", b"354")]
            if not all(ask(step.encode() + b"\r\n", expected) for step, expected in steps) or not ask(text.encode(), b"250"):
                return
            message["answered"] = time.time()
        stream.sendall(b"QUIT\r\n")


class Load:
    def __init__(self, seed):
        self.going = True
        self.threads = [threading.Thread(target=self.run, args=(random.Random(f"{seed} {number}"),), daemon=True) for number in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def run(self, chance):
        while self.going:
            try:
                converse(chance, lambda: self.going)
            except OSError:
                pass
            time.sleep(0.005)

    def stop(self):
        self.going = False
        for thread in self.threads:
            thread.join()


# ---------------------------------------------------------------- what arrived
def parse(lines, report_sign):
    """(mark, body, is a report) of a message as lines."""
    end = lines.index("") if "" in lines else len(lines)
    mark = next((line[9:] for line in lines[:end] if line.startswith("Subject: mark-")), None)
    if mark is None:
        report = any(report_sign in line for line in lines[:end])
        found = re.search(r"mark-\d+-\w+", "\n".join(lines))
        return found and found[0], [], report
    return mark, lines[end + 1:], False


def maildirs(machine):
    for name in site.USERS:
        for path in pathlib.Path(HOME, name, "Maildir/new").glob("*"):
            yield name, machine.delivered(path), path.read_text("latin-1").split("\n")


def mailboxes():
    for box in range(BOXES):
        path = pathlib.Path(HOME, "boxes", str(box))
        if path.exists():
            for text in re.split(r"^From (?=\S+ +\w{3} \w{3} )", path.read_text("latin-1"), flags=re.M)[1:]:
                yield f"box{box}", None, text.split("\n")[1:]


def programs():
    for path in pathlib.Path(site.TOP, "spool").glob("*.done"):
        words = path.with_suffix(".argv").read_text().split("\n")
        lines = path.read_text("latin-1").split("\n")
        # the reference delivers to local users by such a program, too
        where = words[words.index("local") + 2] if "local" in words else "program " + words[0]
        yield where, path.stat().st_mtime, lines[1:] if lines[0].startswith("From ") else lines


def arrivals(machine):
    """place, when, mark; what is not whole goes into the ledger at once."""
    remote = list(LEDGER.remote)
    for place, when, lines in [*maildirs(machine), *mailboxes(), *programs(), *((who, when, lines) for when, who, lines in remote)]:
        mark, text, report = parse(lines, machine.report_sign)
        message = LEDGER.sent.get(mark)
        if message is None or report:
            if place.startswith("box"):
                LEDGER.torn += 1
            elif not report:
                LEDGER.damaged.append(f"{place}: {mark or lines[:3]}")
            elif message and message["kind"] == "bounce" and place == "alice":
                yield "report", when, mark
            else:
                LEDGER.bounced.append(f"{mark} told {place}: " + " ".join(lines)[:1500])
        elif place.startswith("box"):
            # nobody can append to a file in one piece: a cut may leave a part, which the whole message follows
            if text[:message["lines"] + 1] == body(mark, message["lines"]):
                yield place, when, mark
            else:
                LEDGER.torn += 1
        elif [line for line in text if line] != body(mark, message["lines"]):
            LEDGER.damaged.append(f"{place}: {mark} {len(text)} of {message['lines']} lines")
        else:
            yield place, when, mark


def count(machine):
    found = collections.defaultdict(list)
    for place, when, mark in arrivals(machine):
        found[mark, place].append(when)
    for mark, message in LEDGER.sent.items():
        LEDGER.tried += 1
        LEDGER.answered += message["answered"] is not None
        for place in KINDS[message["kind"]][1]:
            copies = found[mark, place.format(**message)]
            if message["answered"] and not copies:
                LEDGER.lost.append(f"{mark} for {place.format(**message)}")
            LEDGER.duplicates += max(0, len(copies) - 1)
            if len(copies) > 1 and None not in copies:
                # what a list was split into when it happened comes twice only afterwards
                since = next((moment for moment in (min(copies), message["answered"]) if moment and moment < LEDGER.moments[-1]), None)
                if since is None and message["begun"] < LEDGER.moments[-1]:
                    LEDGER.late.append(0)
                elif since is None:
                    LEDGER.needless.append(f"{mark} came twice to {place}")
                else:
                    LEDGER.late.append(round(LEDGER.moments[bisect.bisect(LEDGER.moments, since)] - since, 3))
    LEDGER.clear()


# ---------------------------------------------------------------- the machine
class Machine:
    """Daemon, disk and log; what its queue and its mail look like."""
    # in a line of the header of a report
    report_sign = "multipart/report"
    # who is killed, one of them at a time (relatives)
    roles = ("supervisor", "front", "keeper", "all")

    def __init__(self, disk, program, makemap, *arguments):
        self.disk, self.program, self.makemap, self.arguments, self.daemon = disk, program, makemap, arguments, None

    def prepare(self):
        """Reads the cf from standard input."""
        bed.write("mail/sendmail.cf", sys.stdin.read())
        for name in site.MAPS:
            bed.command(self.makemap, "-C", site.TOP + "/mail/sendmail.cf", "hash", f"{site.TOP}/mail/{name}", stdin=open(f"{site.TOP}/mail/{name}"))
        os.makedirs(QUEUE)
        os.chmod(QUEUE, 0o700)
        subprocess.run([self.program, f"-C{site.TOP}/mail/sendmail.cf", "-bi"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def spared(self):
        return {os.getpid(), *([self.disk.pid] if self.disk else [])}

    def start(self):
        self.daemon = subprocess.Popen([self.program, f"-C{site.TOP}/mail/sendmail.cf", "-bD", "-q1s", "-ODaemonPortOptions=Name=MTA,Addr=127.0.0.1", *self.arguments], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def wait_until_it_listens(self):
        for _ in range(3000):
            try:
                return socket.create_connection(("127.0.0.1", 25), timeout=1).close()
            except OSError:
                time.sleep(0.01)
        raise SystemExit("the daemon does not listen: " + "\n".join(bed.LOG[-20:]))

    def others(self):
        """A dead process counts until it is reaped: some of its threads may wait for the disk."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if pid not in self.spared()]

    def kill(self, pids):
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass

    def kill_all(self):
        """Until nobody is left, however fast they are started anew."""
        while pids := self.others():
            self.kill(pids)
            time.sleep(0.002)
            bed.reap(self.disk.pid if self.disk else 0)
        self.daemon.wait()

    def cut(self, how):
        """The power goes and comes back."""
        self.disk.order(f"cut {how}")
        LEDGER.moments.append(time.time())
        self.kill(self.others())
        self.disk.order("release")
        self.kill_all()
        self.disk.order("mount")

    def delivered(self, path):
        """When a file came into a Maildir, as its name says."""
        seconds, micros = re.match(r"(\d+)\.M(\d+)P", path.name).groups()
        return int(seconds) + int(micros) / 1e6

    def waiting(self):
        """What can be delivered and is not yet: a line for each."""
        files = [path for path in pathlib.Path(QUEUE).iterdir() if path.name[1] == "f" and is_whole(path)]
        return [*map(describe, files), *(f"{message} in the journal" for message in journal_file.messages(QUEUE + "/.journal"))]

    def set_aside(self):
        """What no run empties."""
        return list(map(describe, pathlib.Path(QUEUE).glob("Qf*")))

    def run_queue(self):
        """Tries what waits for a later attempt: the daemon does each second."""

    def tidy_queue(self):
        for path in pathlib.Path(QUEUE).glob("[qdtxhQ]f*"):
            path.unlink(missing_ok=True)


def is_whole(path):
    """A control file that is to be delivered; a crash leaves others, which never were answered, or whose text is another user's file by then."""
    try:
        strange = path.stat().st_uid != path.with_name("df" + path.name[2:]).stat().st_uid
        return path.name[0] in "qh" and not strange and path.read_bytes().endswith(b"\n.\n")
    except OSError:
        return False


def describe(path):
    """A control file, for the reader; it may be gone by now."""
    try:
        return f"{path.name}: {path.read_text('latin-1')[:400]!r}; df: {path.with_name('df' + path.name[2:]).exists()}"
    except OSError:
        return path.name


def drain(machine, limit=120):
    """Waits until all that can be delivered is."""
    end, calm, waiting, turn = time.monotonic() + limit, 0, [], 0
    while calm < 3 and time.monotonic() < end:
        waiting = machine.waiting()
        calm, turn = 0 if waiting else calm + 1, turn + 1
        if turn % 5 == 0:
            machine.run_queue()
        time.sleep(0.05)
    LEDGER.stuck += waiting + machine.set_aside()


def tidy(machine):
    """What was counted goes, and so does what a crash has left of messages that were never answered."""
    for name in site.USERS:
        shutil.rmtree(f"{HOME}/{name}/Maildir", ignore_errors=True)
    for path in [*pathlib.Path(HOME, "boxes").iterdir(), *pathlib.Path(site.TOP, "spool").iterdir()]:
        path.unlink(missing_ok=True)
    machine.tidy_queue()
    if machine.disk:
        machine.disk.order("settle")


def reckon(machine, load):
    """Clients stop, the queue empties, everything is counted."""
    load.stop()
    machine.wait_until_it_listens()
    drain(machine)
    count(machine)
    tidy(machine)


# ---------------------------------------------------------------- what happens to it
def power_cuts(machine, chance, moments):
    """Harsh and random cuts in turn, one to three of them before everything is counted."""
    while len(LEDGER.moments) < moments:
        load = Load(chance.random())
        for _ in range(min(chance.randint(1, 3), moments - len(LEDGER.moments))):
            machine.start()
            if chance.randrange(4):
                machine.wait_until_it_listens()
            time.sleep(chance.uniform(0, 0.8))
            machine.cut(chance.choice(["harsh", "random"]))
        machine.start()
        reckon(machine, load)
        machine.kill_all()


def relatives(machine):
    """Supervisor, keepers and fronts by what they are."""
    parents = {}
    for pid in machine.others():
        try:
            if os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(machine.program):
                parents[pid] = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    fronts = [pid for pid, parent in parents.items() if parent in parents and parent != machine.daemon.pid]
    return {"supervisor": [machine.daemon.pid], "front": fronts, "keeper": [parents[pid] for pid in fronts], "all": machine.others()}


def kills(machine, chance, moments):
    while len(LEDGER.moments) < moments:
        load = Load(chance.random())
        machine.start()
        for _ in range(min(20, moments - len(LEDGER.moments))):
            if chance.randrange(4):
                machine.wait_until_it_listens()
            time.sleep(chance.uniform(0, 0.25))
            who = chance.choice(machine.roles)
            machine.kill(relatives(machine)[who])
            LEDGER.moments.append(time.time())
            if who == "all":
                machine.kill_all()
            elif who == "supervisor":
                machine.daemon.wait()
            bed.reap(machine.daemon.pid)
            if machine.daemon.poll() is not None:
                machine.start()
        reckon(machine, load)
        machine.kill_all()


def full_disk(machine, chance, moments):
    """Somebody else's file leaves no room, and goes again."""
    machine.start()
    machine.wait_until_it_listens()
    for _ in range(moments):
        load = Load(chance.random())
        for _ in range(4):
            time.sleep(chance.uniform(0, 0.3))
            LEDGER.moments.append(time.time())
            with open(HOME + "/filler", "wb", buffering=0) as filler:
                room = chance.choice([0, 0, 8, 40, 150, 400]) << 10
                try:
                    filler.write(bytes(max(0, os.statvfs(HOME).f_bavail * 4096 - room)))
                except OSError:
                    pass
            time.sleep(chance.uniform(0, 0.5))
            os.unlink(HOME + "/filler")
            LEDGER.moments.append(time.time())
        reckon(machine, load)


def sync_errors(machine, chance, moments):
    """Of ten syncs one fails and loses what it was to write; then the power goes."""
    machine.disk.order("failing 100")
    power_cuts(machine, chance, moments)


WAYS = {"cuts": power_cuts, "errors": sync_errors, "ext4": power_cuts, "unjournaled": power_cuts, "kills": kills, "full": full_disk}


def world():
    bed.build()
    os.mknod("/dev/fuse", 0o20666, os.makedev(10, 229))
    site.ALIASES += ALIASES
    bed.write("mail/aliases", site.ALIASES)
    bed.write("bin/sometimes", SOMETIMES, 0o755)
    # unsafe .forward files and programs of users are not what this is about
    site.FORWARDS.clear()


def disk(way, forgetful, seed):
    """/mnt/home, as the way needs it."""
    disk = None
    if way in ("cuts", "errors"):
        disk = durable_disks.Forgetful(forgetful, seed)
    elif way in ("ext4", "unjournaled"):
        disk = durable_disks.Ext4(site.TOP, *["-O", "^has_journal"] * (way == "unjournaled"))
        if way == "unjournaled":
            # a name whose removal was not on the disk may lead to a new file by then: one with two names is refused as an alias's
            LEDGER.kinds.remove("file")
    elif way == "full":
        bed.command("mount", "-t", "tmpfs", "-o", "mode=755,size=64m", "tmpfs", HOME)
    bed.homes()
    os.makedirs(HOME + "/boxes")
    os.chown(HOME + "/boxes", 8, 8)
    return disk


def serve(way, moments, seed, forgetful, *words, kind=Machine):
    """`words`: what the machine is told of its server."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    world()
    for server in (bed.log_server, bed.name_server):
        threading.Thread(target=server, daemon=True).start()
    for name in REMOTE:
        threading.Thread(target=remote_host, args=(name,), daemon=True).start()
    machine = kind(disk(way, forgetful, seed), *words)
    machine.prepare()
    if machine.disk:
        machine.disk.order("settle")
    begin = time.monotonic()
    WAYS[way](machine, random.Random(int(seed)), int(moments))
    machine.kill_all()
    result = {name: getattr(LEDGER, name) for name in ("tried", "answered", "lost", "damaged", "bounced", "duplicates", "late", "needless", "stuck", "torn", "bad_replies")}
    result.update(moments=len(LEDGER.moments), seconds=time.monotonic() - begin, log=bed.LOG[-400:] if LEDGER.lost or LEDGER.stuck else [])
    if machine.disk:
        result["syncs"] = machine.disk.end()
    print(json.dumps(result), file=output, flush=True)
