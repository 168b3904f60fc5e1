#!/usr/bin/env python3
"""Nobody stops the mail: hosts that do not answer, storms of reports, loops of lists, clients that only sit there.

usage: starvation.py CANONIFY [--messages N] [--rounds N] [ATTACK...]      Needs root; runs in name spaces of its own.
Local mail is timed in turns: through the daemon that is attacked and through a second one that is left alone, so that other
work on the machine slows both. The attacked one must keep 80 % of the other's rate (the median of the rounds), and
answer RCPT within a second. Closes with "N passed, N failed".
"""
import argparse, concurrent.futures, contextlib, fcntl, os, resource, shutil, socket, statistics, subprocess, sys, tempfile, threading, time
from pathlib import Path

from namespaces import enter

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
USER, OWNER = "daemon", "news"
HARD_LIMIT = 2048
CROWD = 5000, 500


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Client:
    """One SMTP session; every answer is timed."""

    def __init__(self, port, source=None):
        self.socket = socket.socket()
        self.socket.settimeout(60)
        if source:
            self.socket.setsockopt(socket.SOL_IP, 15, 1)  # IP_FREEBIND
            self.socket.bind((source, 0))
        self.socket.connect(("10.9.9.9" if source else "127.0.0.1", port))
        self.file = self.socket.makefile("rwb")

    def closed(self):
        """What came meanwhile is thrown away."""
        self.socket.setblocking(False)
        try:
            while self.socket.recv(4096):
                pass
            return True
        except BlockingIOError:
            return False
        except OSError:
            return True

    def answer(self):
        while True:
            line = self.file.readline()
            if line[3:4] != b"-":
                return line.decode(errors="replace")

    def say(self, text):
        begun = time.monotonic()
        self.file.write(text.encode() + b"\r\n")
        self.file.flush()
        return self.answer(), time.monotonic() - begun

    def open(self):
        self.answer()
        self.say("EHLO client.visitors.example")
        return self

    def send(self, sender, recipient, subject):
        slowest = 0
        for command in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA"):
            said, seconds = self.say(command)
            if command.startswith("RCPT"):
                slowest = seconds
            if said[0] not in "23":
                raise OSError(f"{command}: {said}")
        said, _ = self.say(f"Subject: {subject}\r\n\r\n{'x' * 70}\r\n.")
        if not said.startswith("250"):
            raise OSError(said)
        return slowest


class Site:
    """The example's site with a daemon as root; mail for partner.example goes to a port of our own."""

    def __init__(self, canonify):
        self.place = Path(tempfile.mkdtemp(prefix="canonify-starvation.", dir="/var/lib"))
        self.place.chmod(0o755)
        self.canonify, self.port, self.remote, self.descriptors = canonify, free_port(), free_port(), HARD_LIMIT
        for name in ("etc", "mail", "mqueue"):
            (self.place / name).mkdir()
        self.etc = self.place / "etc"
        for source in [EXAMPLES / "site.mc", *(EXAMPLES / "site").iterdir()]:
            shutil.copy(source, self.etc)
        (self.etc / "service.switch").write_text("hosts\tfiles\naliases\tfiles\n")
        (self.etc / "mailertable").write_text("partner.example\tesmtp:[127.0.0.1]\n")
        self.inbox = self.place / "mail" / USER
        shutil.chown(self.place / "mqueue", OWNER)
        (self.place / "mqueue").chmod(0o700)
        self.inbox.mkdir()
        shutil.chown(self.inbox, USER)
        self.loop = self.etc / "loop"
        self.loop.write_text(f":include:{self.loop}\n" * 30)
        self.large = self.etc / "large"
        self.large.write_text("".join(f"member{number}@partner.example\n" for number in range(10000)))
        self.locked = self.place / "mail" / "locked"
        self.locked.touch(0o600)
        with open(self.etc / "aliases", "a") as aliases:
            aliases.write(f"nobody-there: no-such-user-here\nloop: :include:{self.loop}\nlarge: :include:{self.large}\n")
            aliases.write(f"locked: {self.locked}\n")
        self.configure()

    def run(self, *words, **how):
        subprocess.run([self.canonify, *words], check=True, stdout=subprocess.DEVNULL, **how)

    def configure(self):
        words = {
            "SITE_ETC": self.etc, "SITE_QUEUE": self.place / "mqueue", "SITE_PID": self.place / "pid", "SITE_ADDRESS": "0.0.0.0",
            "SITE_MAILDIR": f"{self.place}/mail/$u", "SITE_SMTP_PORT": self.port, "SITE_SUBMISSION_PORT": free_port(),
            "SITE_REMOTE_PORT": self.remote, "SITE_DONT_BLAME": "TrustStickyBit",
        }
        self.cf = str(self.etc / "site.cf")
        self.run("mc", *(part for name, value in words.items() for part in ("-D", f"{name}={value}")), "-o", self.cf, self.etc / "site.mc")
        with open(self.cf, "a") as cf:
            cf.write("O MaxDaemonChildren=0\nO QueueLA=10000\nO RefuseLA=10000\n")
        for name in ("virtusertable", "mailertable", "access"):
            with open(self.etc / name) as source:
                self.run("makemap", "-C", self.cf, "hash", self.etc / name, stdin=source)
        self.run("sendmail", "-bi", "-C", self.cf)

    def start(self):
        limit = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, self.descriptors))
        self.log = open(self.place / "log", "w")
        command = [self.canonify, "sendmail", "-bD", "-q1h", "-C", self.cf]
        environment = dict(os.environ, CANONIFY_LOG="stderr")
        self.daemon = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment, preexec_fn=limit)
        for _ in range(300):
            try:
                return Client(self.port).socket.close()
            except OSError:
                time.sleep(0.1)
        raise SystemExit((self.place / "log").read_text())

    def stop(self):
        self.daemon.terminate()
        try:
            self.daemon.wait(5)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
        shutil.rmtree(self.place)

    def delivered(self):
        new = self.inbox / "new"
        return len(os.listdir(new)) if new.exists() else 0

    def rate(self, messages, connections=4):
        """Messages a second from the first MAIL to the last file in the Maildir, and the slowest RCPT."""
        before, slowest, failures = self.delivered(), [], []

        def send(share):
            try:
                client = Client(self.port).open()
                for number in range(share):
                    slowest.append(client.send("sender@visitors.example", f"{USER}@site.example", f"number {number}"))
                client.say("QUIT")
            except (OSError, IndexError) as error:
                failures.append(error)

        begun = time.monotonic()
        threads = [threading.Thread(target=send, args=(messages // connections,)) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while self.delivered() < before + messages // connections * connections and time.monotonic() - begun < 30:
            time.sleep(0.01)
        seconds = time.monotonic() - begun
        arrived = self.delivered() - before
        for failure in failures[:3]:
            print(f"    {failure}")
        return arrived / seconds, max(slowest, default=60)


def tarpit(port):
    """Takes every connection and never says a word."""
    listener = socket.create_server(("127.0.0.1", port), backlog=1024)
    held = []

    def take():
        while True:
            held.append(listener.accept()[0])

    threading.Thread(target=take, daemon=True).start()
    return held


def send_all(site, count, sender, recipient):
    client = Client(site.port).open()
    for number in range(count):
        client.send(sender, recipient, f"attack {number}")
    client.say("QUIT")


def idle_flood(site, sources):
    held = []
    for source in sources:
        try:
            held.append(Client(site.port, source))
        except OSError:
            pass
    return held


@contextlib.contextmanager
def silent_host(site, kept, count=105):
    send_all(site, count, "sender@visitors.example", "someone@partner.example")
    yield f"{count} messages to a host that does not answer"


@contextlib.contextmanager
def reports(site, kept):
    send_all(site, 200, "sender@partner.example", "nobody-there@site.example")
    yield "200 reports to a host that does not answer"


@contextlib.contextmanager
def locked_mailbox(site, kept):
    with open(site.locked, "r+") as mailbox:
        fcntl.flock(mailbox, fcntl.LOCK_EX)
        send_all(site, 60, "sender@visitors.example", "locked@site.example")
        yield "60 messages to a mailbox that is locked"


@contextlib.contextmanager
def list_loop(site, kept):
    send_all(site, 5, "sender@visitors.example", "loop@site.example")
    yield "5 messages to a list that includes itself thirty times"


@contextlib.contextmanager
def large_list(site, kept):
    send_all(site, 1, "sender@visitors.example", "large@site.example")
    yield "a list of ten thousand members"


@contextlib.contextmanager
def one_client(site, kept):
    kept.extend(idle_flood(site, ["192.0.2.7"] * 1100))
    yield f"{len(kept)} idle connections of one client"


@contextlib.contextmanager
def many_networks(site, kept):
    before = len(kept)
    kept.extend(idle_flood(site, [f"10.{64 + number // 250}.{number % 250}.1" for number in range(1100)]))
    yield f"{len(kept) - before} idle connections of as many networks"


@contextlib.contextmanager
def crowd(site, kept):
    """As many networks as sessions: nobody has more than his share. Sessions get a quarter of the descriptors."""
    room = site.descriptors // 4 - 50
    idle_count, slow_count = max(0, min(CROWD[0], room - CROWD[1])), min(CROWD[1], room)
    def greeted(number):
        """Connections that nobody waits for would fill the short queue of the listener."""
        try:
            return Client(site.port, f"10.{64 + number // 250}.{number % 250}.1").open()
        except OSError:
            return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        clients = [client for client in pool.map(greeted, range(idle_count + slow_count)) if client]
    idle, slow = clients[slow_count:], clients[:slow_count]
    kept.extend(clients)
    going = threading.Event()

    def trickle():
        text, sent = b"NOOP a byte a second\r\n", 0
        while not going.wait(1):
            for client in slow:
                try:
                    client.socket.send(text[sent % len(text):][:1])
                except OSError:
                    pass
            sent += 1

    thread = threading.Thread(target=trickle)
    thread.start()
    yield f"{len(idle)} idle sessions, {len(slow)} slow ones (a byte a second)"
    going.set()
    thread.join()
    alive = sum(not client.closed() for client in idle + slow)
    print(f"    {alive} of them are still there")
    if alive < idle_count + slow_count:
        raise SystemExit("somebody had to go")


ATTACKS = {
    "silent": silent_host, "silent500": lambda site, kept: silent_host(site, kept, 395), "reports": reports,
    "locked": locked_mailbox, "loop": list_loop, "large": large_list, "client": one_client, "networks": many_networks, "crowd": crowd,
}
# the others take their time
SHORT = ("silent", "reports", "locked", "loop", "client", "networks")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("attacks", nargs="*", help=f"of {', '.join(ATTACKS)}, or all; without any: {', '.join(SHORT)}")
    parser.add_argument("--messages", type=int, default=120)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    enter()
    wanted = ATTACKS if options.attacks == ["all"] else options.attacks or SHORT
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    for words in ("link set lo up", "addr add 10.9.9.9/32 dev lo", "route add local 10.64.0.0/10 dev lo", "route add local 192.0.2.0/24 dev lo"):
        subprocess.run(["ip", *words.split()], check=True)
    # the name space's own file: senders must have a domain
    with open(Path(os.environ["CANONIFY_NAMESPACE"]) / "hosts", "a") as hosts:
        hosts.write("127.0.0.1 partner.example\n")
    canonify = str(Path(options.canonify).resolve())
    site, alone = Site(canonify), Site(canonify)
    if "crowd" in wanted:
        site.descriptors = alone.descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    held = tarpit(site.remote)
    counts, kept = [0, 0], []

    def check(what, good):
        counts[not good] += 1
        print(f"{'ok' if good else 'NOT OK'}: {what}", flush=True)

    def measure(what):
        """Rounds in turns; more of them as long as the median says that mail is slow."""
        shares, rates, slowest = [], [], 60
        while len(shares) < options.rounds or (len(shares) < 3 * options.rounds and statistics.median(shares) < 0.8):
            usual, _ = alone.rate(options.messages)
            if not usual:
                raise SystemExit("a daemon left alone delivers nothing:\n" + (alone.place / "log").read_text()[-4000:])
            rate, seconds = site.rate(options.messages)
            shares.append(rate / usual)
            rates.append(rate)
            slowest = min(slowest, seconds)
        share, rate = statistics.median(shares), statistics.median(rates)
        measured = f"{rate:.0f} messages a second ({100 * share:.0f} % of a daemon left alone), RCPT at most {slowest:.3f} s"
        check(f"{what}: {measured}", share >= 0.8 and slowest <= 1)

    try:
        site.start()
        alone.start()
        for name, attack in ATTACKS.items():
            if name in wanted:
                with attack(site, kept) as what:
                    measure(what)
        connections = len(held)
        # twenty of the mail for other hosts, and twenty of the reports
        check(f"the host that does not answer has {connections} connections", connections <= 40)
        log = (site.place / "log").read_text()
        check("no descriptor was missing", "Too many open files" not in log)
    finally:
        site.stop()
        alone.stop()
    print(f"{counts[0]} passed, {counts[1]} failed")
    sys.exit(counts[1] > 0)


main()
