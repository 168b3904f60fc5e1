"""A mail server in name spaces of its own, with a name server, remote hosts, users, aliases, maps and a log around it.

`serve(program, makemap)` is the process inside: reads groups of cases as JSON lines, writes what happened as JSON lines. A group is one
configuration and one daemon; a case is one session with it. `Bed` is the handle outside: it makes the name spaces and talks to `serve`.
What happened: the session line by line, deliveries, what was said to remote hosts, the queue, the log; nothing is normalised here.
"""
import fcntl, json, os, pathlib, re, shutil, signal, socket, struct, subprocess, sys, threading, time

import mail_site as site

TOP = site.TOP
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA"}


class Activity:
    """When something last happened, and how many conversations with remote hosts are open."""
    last, open = 0.0, 0
    lock = threading.Lock()

    @classmethod
    def seen(cls, change=0):
        with cls.lock:
            cls.last, cls.open = time.monotonic(), cls.open + change


# ---------------------------------------------------------------- the name server
def wire_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".") if label) + b"\0"


def rdata(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "TXT":
        text = value.encode("latin-1")
        return b"".join(bytes([len(text[at:at + 255])]) + text[at:at + 255] for at in range(0, len(text), 255))
    return struct.pack(">H", value[0]) + wire_name(value[1]) if kind == "MX" else wire_name(value)


def dns_answer(names, query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1"))
        at += query[at] + 1
    number = struct.unpack(">H", query[at + 1:at + 3])[0]
    question, name, kind = query[12:at + 5], ".".join(labels).lower(), TYPES.get(number, "?")
    if name.startswith("servfail."):
        return query[:2] + struct.pack(">HHHHH", 0x8182, 1, 0, 0, 0) + question
    known, owner, records = {key[0] for key in names}, name, []
    if (name, "CNAME") in names and kind != "CNAME":
        records.append((owner, 5, wire_name(names[name, "CNAME"][0])))
        owner = names[name, "CNAME"][0]
    records += [(owner, number, rdata(kind, value)) for value in names.get((owner, kind), [])]
    missing = 0 if records or any(key == name or key.endswith("." + name) for key in known) else 3
    answer = query[:2] + struct.pack(">HHHHH", 0x8580 | missing, 1, len(records), 0, 0) + question
    for owner, number, data in records:
        answer += wire_name(owner) + struct.pack(">HHIH", number, 1, 300, len(data)) + data
    return answer


def name_server():
    names = site.zone()
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    while True:
        query, client = server.recvfrom(2048)
        try:
            server.sendto(dns_answer(names, query), client)
        except (IndexError, struct.error):
            pass


# ---------------------------------------------------------------- remote hosts
TALKS = []
STAGES = {"EHLO": "ehlo", "HELO": "helo", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "RSET": "rset", "QUIT": "quit", "NOOP": "noop"}
PICKY = {"ok": None, "bad": "550 5.1.1 No such user", "tmp": "451 4.2.1 Try later", "drop": "drop", "421": "421 4.3.2 going", "long": "553 5.1.3 " + "x" * 400}


class Gone(Exception):
    pass


class Remote:
    """One conversation of a remote host."""

    def __init__(self, name, stream):
        self.name, self.kind, self.stream = name, site.HOSTS[name], stream
        self.input = stream.makefile("rb")
        self.lines, self.accepted = [], 0

    def say(self, text):
        if text == "drop":
            self.lines.append("S: (drops)")
            raise Gone
        if text == "mute":
            self.lines.append("S: (says nothing)")
            while self.input.readline():
                pass
            raise Gone
        time.sleep(self.kind.get("pause", 0))
        self.lines.extend("S: " + line for line in text.split("\r\n"))
        self.stream.sendall(text.encode() + b"\r\n")

    def greeting(self, stage):
        words = self.kind.get("ehlo", [])
        if stage == "ehlo" and words is None:
            return "500 what?"
        name = self.name + ".example hello"
        lines = [name] + (words if stage == "ehlo" else [])
        return "\r\n".join("250" + ("-" if at < len(lines) - 1 else " ") + line for at, line in enumerate(lines))

    def recipient(self, line):
        if self.kind.get("picky"):
            found = re.search(r"<([a-z0-9]+)", line)
            said = PICKY.get(found[1] if found else "ok")
        else:
            said = self.kind.get("says", {}).get("rcpt")
        self.accepted += said is None
        return said or "250 2.1.5 ok"

    def data(self):
        said = self.kind.get("says", {}).get("data")
        if said or not self.accepted:
            return self.say(said or "503 5.5.1 no valid recipients")
        self.say("354 go")
        self.accepted, body = 0, []
        while True:
            line = self.input.readline()
            if not line:
                self.lines.append("C: (cut) " + b"".join(body).decode("latin-1"))
                raise Gone
            if line == b".\r\n":
                break
            body.append(line)
        self.lines.extend("D: " + line.decode("latin-1").replace("\r\n", "") for line in body)
        self.say(self.kind.get("says", {}).get("dot") or "250 2.0.0 took it")

    def answer(self, line):
        stage = STAGES.get(line[:4].upper())
        said = self.kind.get("says", {}).get(stage)
        if stage in ("ehlo", "helo"):
            self.say(said or self.greeting(stage))
        elif stage == "rcpt":
            self.say(self.recipient(line))
        elif stage == "data":
            self.data()
        elif stage == "quit":
            self.say(said or "221 2.0.0 bye")
            raise Gone
        else:
            self.say(said or ("250 2.0.0 ok" if stage else "502 5.5.1 no"))

    def run(self):
        try:
            self.say(self.kind.get("greet") or f"220 {self.name}.example ESMTP")
            while line := self.input.readline():
                self.lines.append("C: " + line.decode("latin-1").rstrip("\r\n"))
                self.answer(self.lines[-1][3:])
                Activity.seen()
        except (Gone, OSError):
            pass
        finally:
            self.input.close()
            self.stream.close()
            Activity.seen(-1)


def remote_host(name):
    server = socket.create_server((site.ADDRESSES[name], 25), backlog=50)
    while True:
        stream, peer = server.accept()
        remote = Remote(name, stream)
        if peer[0] != "127.0.0.1":
            remote.lines.append("from " + peer[0])
        TALKS.append(remote)
        Activity.seen(1)
        threading.Thread(target=remote.run, daemon=True).start()


# ---------------------------------------------------------------- the log
LOG = []


def log_server():
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind("/dev/log")
    os.chmod("/dev/log", 0o666)
    while True:
        LOG.append(server.recv(65536).decode("latin-1"))
        Activity.seen()


# ---------------------------------------------------------------- the world
def write(path, text, mode=0o644):
    path = pathlib.Path(TOP, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("latin-1"))
    path.chmod(mode)


def command(*words, **more):
    return subprocess.run(words, check=True, **more)


def system_files():
    users = [(name, 2001 + number, *row) for number, (name, row) in enumerate(site.USERS.items())]
    return {
        "resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n", "shells": "/bin/sh\n",
        "hosts": f"127.0.0.1 localhost\n127.0.0.1 {site.HOST} mail\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n",
        "passwd": site.SYSTEM_USERS + "".join(f"{name}:x:{uid}:{uid}:{full}:{TOP}/home/{name}:{shell}\n" for name, uid, full, shell in users),
        "group": site.SYSTEM_GROUPS + "".join(f"{name}:x:{uid}:\n" for name, uid, *_ in users),
    }


def own_etc():
    """The folder as a whole: a file mounted over another is gone when somebody on this machine replaces that one (useradd does)."""
    shutil.copytree("/etc", TOP + "/etc", symlinks=True)
    for name, text in system_files().items():
        pathlib.Path(TOP, "etc", name).unlink(missing_ok=True)
        write("etc/" + name, text)
    command("mount", "--bind", TOP + "/etc", "/etc")


def devices():
    os.makedirs(TOP + "/dev/shm")
    for name, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
        os.mknod(f"{TOP}/dev/{name}", 0o20666, os.makedev(1, minor))
        os.chmod(f"{TOP}/dev/{name}", 0o666)
    os.symlink("/proc/self/fd", TOP + "/dev/fd")
    command("mount", "--bind", TOP + "/dev", "/dev")


def calm():
    """The load of the machine is nobody's business: QueueLA and the mark X of a listing go by it."""
    write("loadavg", "0.00 0.00 0.00 1/100 100\n")
    command("mount", "--bind", TOP + "/loadavg", "/proc/loadavg")


def homes():
    for number, name in enumerate(site.USERS):
        home = f"{TOP}/home/{name}"
        os.makedirs(home, exist_ok=True)
        for file, text, mode in site.FORWARDS.get(name, []):
            write(f"home/{name}/{file}", text, mode)
            os.chown(f"{home}/{file}", 2001 + number, 2001 + number)
        os.chown(home, 2001 + number, 2001 + number)


def build():
    command("mount", "--make-rprivate", "/")
    command("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", TOP)
    socket.sethostname(site.HOST)
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 0x49))  # SIOCSIFFLAGS: up
    devices()
    calm()
    for folder in ("mqueue", "clientmqueue", "bin", "spool", "mail", "home", "hoststat"):
        os.makedirs(f"{TOP}/{folder}")
    os.chmod(TOP + "/mqueue", 0o700)
    os.chmod(TOP + "/spool", 0o777)
    own_etc()
    for name, text in site.FILES.items():
        write(name, text)
    write("bin/capture", site.CAPTURE, 0o755)
    write("bin/leave", site.LEAVE, 0o755)
    homes()


# ---------------------------------------------------------------- the daemon
class Daemon:
    def __init__(self, program, group):
        self.program = program
        write("mail/sendmail.cf", group["cf"])
        arguments = [program, f"-C{TOP}/mail/sendmail.cf", "-bD", *group["arguments"]]
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/")
        self.said = b""
        threading.Thread(target=self.listen, daemon=True).start()
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", 25), timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
                if self.process.poll() is not None:
                    break
        time.sleep(0.3)  # the log has a line of this connection
        self.settle()
        self.residents = len(processes())

    def listen(self):
        while text := self.process.stdout.read1():
            self.said += text

    def settle(self):
        return settle(self.process.pid, getattr(self, "residents", 99))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            pass
        for pid in processes():
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
        reap(self.process.pid)


def settle(spared, residents, limit=15.0):
    """Waits until nobody works: no child, no lock on a queue file, no open conversation, nothing new."""
    begin, calm = time.monotonic(), 0
    while time.monotonic() - begin < limit:
        reap(spared)
        busy = len(processes()) > residents or Activity.open or queue_locks()
        calm = 0 if busy or time.monotonic() - Activity.last < 0.12 else calm + 1
        if calm >= 4:
            return True
        time.sleep(0.02)
    return False


# what processes have died of since the case began that were to end by themselves
DIED = []


def reap(spared):
    """Orphans are ours: this is the first process of its name space."""
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        if pid not in (spared, os.getpid()):
            try:
                status = os.waitpid(pid, os.WNOHANG)[1]
            except ChildProcessError:
                continue
            if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS):
                DIED.append(signal.Signals(os.WTERMSIG(status)).name)


def processes():
    """All living processes but this one."""
    found = []
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):
        try:
            state = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state not in "ZX" and pid != os.getpid():
            found.append(pid)
    return found


def queue_locks():
    """Does anybody but this process hold a lock on a queue file?"""
    inodes = set()
    for path in [path for folder in ("mqueue", "clientmqueue") for path in pathlib.Path(TOP, folder).rglob("*")]:
        try:
            inodes.add(str(path.stat().st_ino))
        except OSError:
            pass
    locks = [line.split() for line in open("/proc/locks") if "->" not in line]
    return any(lock[5].split(":")[-1] in inodes and lock[4] != str(os.getpid()) for lock in locks)


# ---------------------------------------------------------------- a session
class Session:
    def __init__(self, case):
        self.lines, self.buffer, self.closed = [], b"", False
        self.socket = socket.socket()
        self.socket.settimeout(8)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.bind((case["client"], 0))
        try:
            self.socket.connect(("127.0.0.1", case.get("port", 25)))
        except OSError as error:
            self.end(str(error))

    def end(self, why):
        self.lines.append(f"S: ({why})")
        self.closed = True

    def line(self):
        while b"\n" not in self.buffer and not self.closed:
            try:
                more = self.socket.recv(65536)
            except socket.timeout:
                self.end("no reply")
                break
            except OSError:
                more = b""
            if not more:
                self.end("closed")
            self.buffer += more
        if b"\n" not in self.buffer:
            return None
        text, self.buffer = self.buffer.split(b"\n", 1)
        return text.removesuffix(b"\r").decode("latin-1")

    def reply(self):
        while (text := self.line()) is not None:
            self.lines.append("S: " + text)
            # what is told of each step (VERB) is no reply
            if not re.match(r"\d\d\d-|0\d\d ", text):
                break
        return text

    def send(self, text):
        try:
            self.socket.sendall(text.encode("latin-1"))
        except OSError:
            pass

    def say(self, text):
        self.lines.append("C: " + text)
        self.send(text + "\r\n")
        return self.reply()

    def message(self, text):
        """DATA, and the message if it is wanted."""
        if (said := self.say("DATA")) and said.startswith("354"):
            self.raw(text, 1)

    def pipeline(self, texts):
        self.lines.extend("C: " + text for text in texts)
        self.send("".join(text + "\r\n" for text in texts))
        for _ in texts:
            self.reply()

    def raw(self, text, replies):
        self.lines.append(f"C: ({len(text)} bytes)")
        self.send(text)
        for _ in range(replies):
            self.reply()

    def wait(self, seconds):
        time.sleep(seconds)

    def drop(self):
        self.lines.append("C: (drops)")
        self.socket.close()
        self.closed = True

    def run(self, steps):
        self.reply()
        for verb, *arguments in steps:
            if self.closed:
                break
            getattr(self, verb)(*arguments)
        self.socket.close()
        return self.lines


def deliveries():
    found = []
    for name in sorted(os.listdir(TOP + "/spool")):
        path = pathlib.Path(TOP, "spool", name)
        if name.endswith(".done"):
            words = path.with_suffix(".argv").read_text("latin-1").splitlines()
            found.append([f"local {words} uid {path.stat().st_uid}"] + path.read_bytes().decode("latin-1").split("\n"))
        elif not name.startswith("d."):
            found.append([f"file {name} uid {path.stat().st_uid} mode {path.stat().st_mode:o}"] + path.read_bytes().decode("latin-1").split("\n"))
    for box in sorted(pathlib.Path(TOP, "home").glob("*/*")):
        if not box.name.startswith(".forward"):
            found.append([f"file {box} uid {box.stat().st_uid} mode {box.stat().st_mode:o}"] + box.read_bytes().decode("latin-1").split("\n"))
    return found


def queue(folder="mqueue"):
    found = []
    for path in sorted(pathlib.Path(TOP, folder).iterdir()):
        if path.is_file():
            lines = path.read_text("latin-1").split("\n") if path.name[:1] in "qhQd" else []
            found.append([path.name, *lines])
    return found


def clean():
    for line in reversed(open("/proc/self/mounts").read().splitlines()):
        if line.split()[1].startswith(TOP + "/mqueue/"):
            command("umount", "--lazy", line.split()[1])
    for folder in ("mqueue", "spool", "clientmqueue", "hoststat"):
        for path in pathlib.Path(TOP, folder).iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for box in pathlib.Path(TOP, "home").glob("*/*"):
        if not box.name.startswith(".forward"):
            box.unlink()
    TALKS.clear()
    LOG.clear()


# ---------------------------------------------------------------- what happens to the queue after a session
def age(daemon, seconds):
    """Each message in the queue was received and tried so much earlier."""
    for path in pathlib.Path(TOP, "mqueue").glob("qf*"):
        text = re.sub(r"^([TK])(\d+)$", lambda found: found[1] + str(max(0, int(found[2]) - seconds)), path.read_text("latin-1"), flags=re.M)
        path.write_text(text, "latin-1")
    return []


def run(daemon, arguments, text="", uid=0):
    """A command of the same program: a queue run, a submission."""
    words = [daemon.program, f"-C{TOP}/mail/sendmail.cf", *arguments]
    done = subprocess.run(words, input=text.encode("latin-1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", user=uid, timeout=60)
    said = [f"{name}: {line}" for name, output in (("stdout", done.stdout), ("stderr", done.stderr)) for line in output.decode("latin-1").splitlines()]
    return [f"$ {' '.join(arguments)}", *said, f"exit {done.returncode}"]


AFTERWARDS = {"age": age, "run": run}


def run_case(daemon, case):
    clean()
    DIED.clear()
    lines = Session(case).run(case["steps"]) if case["steps"] else []
    time.sleep(0.03)
    settled = daemon.settle()
    for verb, *arguments in case.get("after", []):
        lines += AFTERWARDS[verb](daemon, *arguments)
        time.sleep(0.03)
        settled = daemon.settle() and settled
    return {"session": lines, "deliveries": deliveries(), "remote": [[talk.name, *talk.lines] for talk in TALKS],
            "queue": queue(), "log": LOG[:] + ([] if settled else ["(never settled)"]), "died": DIED[:]}


def make_directories(group):
    """The queue directories of a group that has others than the one of the site, some on file systems of their own."""
    for folder in group.get("directories", []):
        pathlib.Path(TOP, folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder in group.get("mounts", []):  # what is below it stands behind it, and is made on its file system
            command("mount", "-t", "tmpfs", "-o", "mode=700", "tmpfs", f"{TOP}/{folder}")


def set_up(program, makemap, group):
    clean()
    make_directories(group)  # without them no database of aliases is made
    write("mail/sendmail.cf", group["cf"])
    for name in site.MAPS:
        command(makemap, "-C", TOP + "/mail/sendmail.cf", "hash", f"{TOP}/mail/{name}", stdin=open(f"{TOP}/mail/{name}"))
    subprocess.run([program, f"-C{TOP}/mail/sendmail.cf", "-bi"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_group(program, makemap, group):
    set_up(program, makemap, group)
    daemon = Daemon(program, group)
    started = LOG[:]
    results = [run_case(daemon, case) for case in group["cases"]]
    daemon.stop()
    results[0]["start"] = started
    results[0]["daemon"] = daemon.said.decode("latin-1").splitlines()
    return results


def surroundings():
    """The log, the name server and the remote hosts begin."""
    for server in (log_server, name_server):
        threading.Thread(target=server, daemon=True).start()
    for name in site.HOSTS:
        threading.Thread(target=remote_host, args=(name,), daemon=True).start()
    time.sleep(0.1)


def serve(program, makemap, build=build, run_group=run_group):
    """Inside the name spaces."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    build()
    surroundings()
    for line in sys.stdin:
        print(json.dumps(run_group(program, makemap, json.loads(line))), file=output, flush=True)


class Bed:
    """A process in name spaces of its own that serves one program: groups of cases of the kind that `module` knows."""

    def __init__(self, program, makemap, module="mail_bed", *more):
        spaces = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child"]
        self.process = subprocess.Popen([*spaces, sys.executable, "-c", f"import sys, {module} as bed; bed.serve(*sys.argv[1:])", program, makemap, *more],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=pathlib.Path(__file__).parent)

    def run(self, group):
        print(json.dumps(group), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the bed has ended")
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
