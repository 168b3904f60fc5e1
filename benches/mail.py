#!/usr/bin/env python3
"""Mail end to end, canonify beside other servers, in turns: messages a second, latency, the servers' processor time.

usage: mail.py CANONIFY [--postfix ROOT] [--sendmail BINARY --cf-dir DIR --procmail BINARY] [--exim TREE] [--opensmtpd TREE]
               [--turns 5] [--messages 2000] [--only local,relay,idle]

Needs root (it makes a network, a host name and accounts of its own, in namespaces; nothing of the system is changed) and
ext4 or another real disk below --scratch. ROOT is `/` for an installed Postfix, or where its package is unpacked (with LD_LIBRARY_PATH for its
libraries). TREE is a system of its own with the package in it (`debootstrap --variant=minbase --include=exim4-daemon-light bookworm TREE`,
or `opensmtpd`): the server runs there by chroot. The load and the sink run on the same processors as the servers: compare what stands in one run, and look at the processor time.
"""
import argparse, contextlib, os, pathlib, re, select, shutil, signal, socket, statistics, subprocess, sys, tempfile, time

USERS = [f"u{number}" for number in range(1, 9)]
# accounts that servers run as
SERVICES = ["postfix", "postdrop", "canonify", "Debian-exim", "opensmtpd", "opensmtpq"]
ACCOUNTS = ["passwd", "group", "hosts", "nsswitch.conf"]
PORT, SINK = 2525, 2599
# sessions, bytes, messages a connection
LOCAL = [(20, 4096, 1), (20, 102400, 1), (1, 4096, 1), (20, 4096, 10)]


# -- the load ------------------------------------------------------------------------------------------------------

class Client:
    """One connection: each reply is answered by the next step."""
    def __init__(self, domain, number, size, messages):
        line = b"x" * 70 + b"\r\n"
        data = b"Subject: %d\r\n\r\n" % number + line * max(1, size // len(line)) + b".\r\n"
        to = f"{USERS[number % len(USERS)]}@{domain}".encode()
        message = [b"MAIL FROM:<sender@visitors.example>\r\n", b"RCPT TO:<%s>\r\n" % to, b"DATA\r\n", data]
        self.steps = [b"EHLO client.example\r\n"] + message * messages + [b"QUIT\r\n"]
        self.messages, self.at, self.input, self.took = messages, 0, b"", []
        self.socket = socket.create_connection(("127.0.0.1", PORT))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.begun = time.monotonic()

    def read(self):
        """True while the connection goes on."""
        piece = self.socket.recv(65536)
        self.input += piece
        if not piece:
            raise SystemExit("the server has closed a connection")
        last = self.input[self.input.rfind(b"\n", 0, -1) + 1:]
        if not self.input.endswith(b"\n") or last[3:4] == b"-":
            return True
        if last[:1] not in b"23":
            raise SystemExit(f"refused: {last!r}")
        step, self.input, self.at = self.steps[self.at], b"", self.at + 1
        if self.at > 1 and self.steps[self.at - 2].endswith(b".\r\n"):
            self.took.append(time.monotonic() - self.begun)
            self.begun = time.monotonic()
        self.socket.sendall(step)
        if self.at == len(self.steps):
            self.socket.close()
        return self.at < len(self.steps)


def send(domain, sessions, messages, size, each):
    """Sends as fast as it is taken; how long each message took."""
    poll, clients, begun, took = select.epoll(), {}, 0, []
    connections = max(1, messages // each)
    while clients or begun < connections:
        while begun < connections and len(clients) < sessions:
            client = Client(domain, begun, size, each)
            clients[client.socket.fileno()] = client
            poll.register(client.socket.fileno(), select.EPOLLIN)
            begun += 1
        for number, _ in poll.poll():
            client = clients[number]
            if not client.read():
                del clients[number]
                took += client.took
    return took


def sink():
    """Takes mail and counts it on standard output."""
    listener = socket.create_server(("127.0.0.1", SINK), backlog=1024)
    poll, clients, count = select.epoll(), {}, 0
    poll.register(listener.fileno(), select.EPOLLIN)
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                client, _ = listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                poll.register(client.fileno(), select.EPOLLIN)
                clients[client.fileno()] = [client, b"", False]
                client.sendall(b"220 sink.example ESMTP\r\n")
                continue
            client, text, data = clients[number]
            piece = client.recv(65536)
            text, out = text + piece, b""
            while True:
                end = text.find(b"\r\n.\r\n" if data else b"\r\n")
                if end < 0:
                    break
                line, text = text[:end], text[end + (5 if data else 2):]
                if data:
                    count, data, out = count + 1, False, out + b"250 2.0.0 Ok\r\n"
                elif line[:4].upper() == b"DATA":
                    data, out = True, out + b"354 go\r\n"
                elif line[:4].upper() == b"EHLO":
                    out += b"250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
                else:
                    out += b"221 bye\r\n" if line[:4].upper() == b"QUIT" else b"250 ok\r\n"
            if out:
                client.sendall(out)
                os.write(1, b"%d\n" % count)
            clients[number][1:] = [text, data]
            if not piece:
                poll.unregister(number)
                client.close()
                del clients[number]


# -- the servers ---------------------------------------------------------------------------------------------------

class Group:
    """A control group: all processes of a server, and the processor time of those that are gone."""
    def __init__(self, name):
        base = pathlib.Path("/sys/fs/cgroup")
        self.second = (base / "cgroup.controllers").exists()
        self.folder = (base if self.second else base / "cpuacct") / f"mail-bench-{os.getpid()}-{name}"
        self.folder.mkdir(exist_ok=True)

    def enter(self):
        (self.folder / "cgroup.procs").write_text("0" if self.second else str(os.getpid()))

    def pids(self):
        return [int(word) for word in (self.folder / "cgroup.procs").read_text().split()]

    def seconds(self):
        if self.second:
            words = (self.folder / "cpu.stat").read_text().split()
            return [int(words[words.index(f"{kind}_usec") + 1]) / 1e6 for kind in ("user", "system")]
        return [int((self.folder / f"cpuacct.usage_{kind}").read_text()) / 1e9 for kind in ("user", "sys")]

    def end(self):
        for name, wait in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            for pid in self.pids():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, name)
            until = time.monotonic() + wait
            while self.pids() and time.monotonic() < until:
                time.sleep(0.05)
        self.folder.rmdir()

    def memory(self):
        """PSS in bytes."""
        texts = (pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids())
        return sum(int(re.search(r"^Pss:\s+(\d+)", text, re.M)[1]) for text in texts) * 1024


SITE = """OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `bench.example')dnl
define(`QUEUE_DIR', `SCRATCH/queue')dnl
define(`ALIAS_FILE', `SCRATCH/aliases')dnl
define(`STATUS_FILE', `')dnl
define(`confPID_FILE', `SCRATCH/pid')dnl
define(`confSERVICE_SWITCH_FILE', `SCRATCH/switch')dnl
define(`confTO_IDENT', `0')dnl
define(`confQUEUE_LA', `10000')dnl
define(`confREFUSE_LA', `10000')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port=PORT, Listen=1024')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`nocanonify')dnl
LOCAL_DOMAIN(`localhost bench.example')dnl
RELAY_DOMAIN(`remote.example')dnl
MORE
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


def site(scratch, relay, more):
    more = list(more)
    if relay:
        more += ["define(`SMART_HOST', `[sink.example]')dnl", f"define(`RELAY_MAILER_ARGS', `TCP $h {SINK}')dnl"]
    text = SITE.replace("SCRATCH", str(scratch)).replace("Port=PORT", f"Port={PORT}")
    (scratch / "switch").write_text("hosts files\naliases files\npasswd files\n")
    (scratch / "aliases").write_text("postmaster: root\nMAILER-DAEMON: postmaster\n")
    (scratch / "queue").mkdir(mode=0o700)
    path = scratch / "site.mc"
    path.write_text(text.replace("MORE", "\n".join(more)))
    return path


def canonify(options, scratch, relay):
    mc, cf = site(scratch, relay, ["FEATURE(`local_maildir')dnl", *options.mc]), scratch / "site.cf"
    subprocess.run([options.canonify, "mc", "-o", cf, mc], check=True)
    return [options.canonify, "sendmail", "-C", cf, "-bD", "-q30m", *(f"-O{option}" for option in options.option)]


def sendmail(options, scratch, relay):
    mc = site(scratch, relay, [f"FEATURE(`local_procmail', `{options.procmail}')dnl"])
    cf = subprocess.run(["m4", f"-D_CF_DIR_={options.cf_dir}/", f"{options.cf_dir}/m4/cf.m4", mc], check=True, capture_output=True)
    (scratch / "site.cf").write_bytes(cf.stdout)
    subprocess.run([options.sendmail, "-C", scratch / "site.cf", "-bi"], capture_output=True)
    return [options.sendmail, "-C", scratch / "site.cf", "-bD", "-q30m"]


def postfix(options, scratch, relay):
    root = options.postfix.rstrip("/")
    folders = {"queue_directory": scratch / "queue", "data_directory": scratch / "data"}
    (scratch / "data").mkdir()
    (scratch / "queue").mkdir()
    for name in "active bounce corrupt defer deferred flush hold incoming maildrop pid private public saved trace".split():
        (scratch / "queue" / name).mkdir()
        shutil.chown(scratch / "queue" / name, None if name == "pid" else "postfix", "postdrop")
    shutil.chown(scratch / "data", "postfix")
    lines = [f"{name} = {value}" for name, value in folders.items()] + f"""compatibility_level = 3.6
daemon_directory = {root}/usr/lib/postfix/sbin
command_directory = {root}/usr/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {root}/etc/postfix
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = bench.example
mydestination = localhost, bench.example
mynetworks = 127.0.0.0/8
disable_dns_lookups = yes
smtp_host_lookup = native
alias_maps =
alias_database =
home_mailbox = Maildir/""".splitlines()
    (scratch / "conf").mkdir()
    (scratch / "conf/main.cf").write_text("\n".join(lines + [f"relayhost = [127.0.0.1]:{SINK}"] * relay) + "\n")
    services = pathlib.Path(f"{root}/usr/share/postfix/master.cf.dist").read_text()
    services = re.sub(r"(?m)^(#.*|)\n", "", services)
    services = re.sub(r"(?m)^smtp( +)inet .*$", f"127.0.0.1:{PORT} inet n - n - 400 smtpd", services)
    services = re.sub(r"(?m)^(\S+ +\S+ +\S+ +\S+ +)y ", r"\1n ", services)
    (scratch / "conf/master.cf").write_text(services)
    return [f"{root}/usr/lib/postfix/sbin/master", "-c", scratch / "conf", "-d"]


def within(tree, options, scratch):
    """Makes a tree ready for a server that is to run there; ends with this process."""
    places = ["/dev", "/proc", str(scratch), str(options.homes)]
    for place in places + [f"/etc/{name}" for name in ACCOUNTS]:
        inside = pathlib.Path(tree, place.lstrip("/"))
        if os.path.isdir(place):
            inside.mkdir(parents=True, exist_ok=True)
        else:
            inside.touch()
        subprocess.run(["mount", "--bind", place, inside], check=True)
    return ["chroot", tree]


def exim(options, scratch, relay):
    (scratch / "queue").mkdir()
    shutil.chown(scratch / "queue", "Debian-exim", "Debian-exim")
    pathlib.Path(options.exim, "etc/exim4/exim4.conf").write_text(f"""primary_hostname = bench.example
spool_directory = {scratch}/queue
log_file_path = {scratch}/queue/%slog
domainlist local_domains = localhost : bench.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = {PORT}
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtp_connect_backlog = 1024
host_lookup =
acl_smtp_rcpt = accept
begin routers
others:
  driver = manualroute
  domains = !+local_domains
  route_list = * 127.0.0.1 byname
  self = send
  transport = relay
accounts:
  driver = accept
  check_local_user
  transport = maildir
begin transports
maildir:
  driver = appendfile
  directory = $home/Maildir
  maildir_format
relay:
  driver = smtp
  port = {SINK}
""")
    return [*within(options.exim, options, scratch), "/usr/sbin/exim4", "-bdf", "-q30m"]


def opensmtpd(options, scratch, relay):
    (scratch / "smtpd.conf").write_text(f"""listen on 127.0.0.1 port {PORT} hostname bench.example
action "local" maildir
action "relay" relay host "smtp://127.0.0.1:{SINK}"
match from any for domain {{ "localhost", "bench.example" }} action "local"
match from any for any action "relay"
""")
    return [*within(options.opensmtpd, options, scratch), "/usr/sbin/smtpd", "-d", "-f", scratch / "smtpd.conf"]


SERVERS = {"canonify": canonify, "postfix": postfix, "sendmail": sendmail, "exim": exim, "opensmtpd": opensmtpd}


class Server:
    def __init__(self, options, name, relay):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}.", dir=options.scratch))
        self.scratch.chmod(0o755)
        command = SERVERS[name](options, self.scratch, relay)
        self.group = Group(name)
        self.log = open(self.scratch / "log", "w")
        self.process = subprocess.Popen(command, preexec_fn=self.group.enter, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True)
        until = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", PORT), 5) as greeting:
                    greeting.recv(100)
                break
            except OSError:
                if time.monotonic() > until:
                    raise SystemExit(f"{name} does not answer: see {self.scratch}/log")
                time.sleep(0.1)
        time.sleep(0.5)

    def stop(self):
        self.group.end()
        self.process.wait()


def fresh(homes):
    """Empty Maildirs. The old ones are moved away: ext4 walks over inodes that were just deleted."""
    for user in USERS:
        maildir = homes / user / "Maildir"
        if maildir.exists():
            maildir.rename(homes / f"old.{user}.{time.monotonic_ns()}")
        for folder in (maildir, maildir / "tmp", maildir / "new", maildir / "cur"):
            folder.mkdir(mode=0o700)
            shutil.chown(folder, user)
    os.sync()


def arrived(homes):
    return sum(len(os.listdir(homes / user / "Maildir/new")) for user in USERS)


# -- what is measured ----------------------------------------------------------------------------------------------

def timed(server, messages, work, count):
    before, begun = server.group.seconds(), time.monotonic()
    took = sorted(work())
    until = time.monotonic() + 120
    while count() < messages and time.monotonic() < until:
        time.sleep(0.002)
    seconds, after = time.monotonic() - begun, server.group.seconds()
    if count() < messages:
        raise SystemExit(f"{messages - count()} messages are missing: see {server.scratch}/log")
    user, system = [(b - a) * 1000 / messages for a, b in zip(before, after)]
    return {"rate": messages / seconds, "user": user, "system": system, "p50": took[len(took) // 2] * 1000,
            "p99": took[len(took) * 99 // 100] * 1000}


def local(options, name, case):
    sessions, size, each = case
    messages = options.messages // (8 if sessions == 1 or size > 9999 else 1)
    server = Server(options, name, False)
    try:
        fresh(options.homes)
        send("bench.example", sessions, sessions * each, size, each)
        while arrived(options.homes) < sessions * each:
            time.sleep(0.01)
        fresh(options.homes)
        return timed(server, messages, lambda: send("bench.example", sessions, messages, size, each), lambda: arrived(options.homes))
    finally:
        server.stop()


def relay(options, name, case):
    sessions, size, each = case
    taker = subprocess.Popen([sys.executable, __file__, "--sink"], stdout=subprocess.PIPE)
    os.set_blocking(taker.stdout.fileno(), False)
    last = [0]

    def count():
        lines = (taker.stdout.read() or b"").split()
        last[0] = int(lines[-1]) if lines else last[0]
        return last[0]
    server = Server(options, name, True)
    try:
        send("remote.example", sessions, sessions, size, each)
        while count() < sessions:
            time.sleep(0.01)
        return timed(server, options.messages, lambda: send("remote.example", sessions, options.messages, size, each),
                     lambda: count() - sessions)
    finally:
        server.stop()
        taker.kill()
        taker.wait()


def idle(options, name, case):
    server, held = Server(options, name, False), []
    try:
        before = server.group.memory()
        for _ in range(case):
            client = socket.create_connection(("127.0.0.1", PORT))
            client.recv(1000)
            client.sendall(b"EHLO client.example\r\n")
            client.recv(4000)
            held.append(client)
        time.sleep(2)
        return {"KiB": (server.group.memory() - before) / 1024 / case}
    finally:
        for client in held:
            client.close()
        server.stop()


def show(title, names, rounds):
    print(f"\n{title}")
    for key in rounds[0][names[0]]:
        values = {name: [turn[name][key] for turn in rounds] for name in names}
        for name in names:
            low, middle, high = min(values[name]), statistics.median(values[name]), max(values[name])
            ratio = statistics.median(a / b for a, b in zip(values["canonify"], values[name]) if b) if name != "canonify" else 1
            print(f"  {key:7} {name:9} {middle:9.2f} ({low:.2f}-{high:.2f})  canonify is {ratio:.2f} times that")


def in_namespaces(options):
    """Runs this command again in namespaces of its own, with a folder that is gone afterwards."""
    options.canonify = os.path.abspath(options.canonify)
    if "MAIL_BENCH" not in os.environ:
        os.environ["MAIL_BENCH"] = tempfile.mkdtemp(prefix="mail-bench.", dir=options.scratch or "/var/lib")
        os.chmod(os.environ["MAIL_BENCH"], 0o755)
        status = subprocess.call(["unshare", "--net", "--uts", "--mount", "--propagation", "private", sys.executable, *sys.argv])
        shutil.rmtree(os.environ["MAIL_BENCH"])
        sys.exit(status)
    options.scratch = os.environ["MAIL_BENCH"]
    enter_namespaces(options)


def enter_namespaces(options):
    """A network, a host name and accounts of our own."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    socket.sethostname("bench.example")
    options.homes = pathlib.Path(options.scratch) / "home"
    options.homes.mkdir()
    files = {"passwd": "", "group": "", "hosts": "127.0.0.1 localhost bench.example sink.example\n",
             "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n"}
    for name in ("passwd", "group"):
        lines = pathlib.Path(f"/etc/{name}").read_text().splitlines()
        own = [*USERS, *SERVICES]
        files[name] = "".join(f"{line}\n" for line in lines if line.split(":")[0] not in own)
        for number, user in enumerate(own, 64900):
            home = options.homes / user
            files[name] += f"{user}:x:{number}:{number}::{home}:/bin/sh\n" if name == "passwd" else f"{user}:x:{number}:\n"
    for name, text in files.items():
        path = pathlib.Path(options.scratch) / f"etc.{name}"
        path.write_text(text)
        subprocess.run(["mount", "--bind", path, f"/etc/{name}"], check=True)
    for user in USERS:
        (options.homes / user).mkdir()
        shutil.chown(options.homes / user, user)
        (options.homes / user / ".procmailrc").write_text("DEFAULT=$HOME/Maildir/\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--postfix")
    parser.add_argument("--sendmail")
    parser.add_argument("--cf-dir", default="/usr/share/sendmail/cf")
    parser.add_argument("--procmail", default="/usr/bin/procmail")
    for name in ("exim", "opensmtpd"):
        parser.add_argument(f"--{name}", metavar="TREE", type=os.path.abspath)
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="of canonify's daemon: QueueJournal=True")
    parser.add_argument("--mc", action="append", default=[], metavar="LINE", help="of canonify's .mc")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--messages", type=int, default=2000)
    parser.add_argument("--only", default="local,relay,idle")
    parser.add_argument("--scratch")
    options = parser.parse_args()
    in_namespaces(options)
    names = ["canonify"] + [name for name in SERVERS if name != "canonify" and getattr(options, name)]
    measures = {"local": (local, LOCAL), "relay": (relay, [(20, 4096, 1)]), "idle": (idle, [200, 5000])}
    for kind in options.only.split(","):
        measure, cases = measures[kind]
        for case in cases:
            those = [name for name in names if kind != "idle" or name == "canonify"]
            rounds = [{name: measure(options, name, case) for name in those} for _ in range(options.turns)]
            what = f"{case} sessions" if kind == "idle" else "{} sessions, {} bytes, {} a connection".format(*case)
            show(f"{kind}, {what}", those, rounds)
            sys.stdout.flush()


if __name__ == "__main__":
    sink() if sys.argv[1:] == ["--sink"] else main()
