#!/usr/bin/env python3
"""Line ends through a whole mail system, beside the reference: patterns of CR, LF, NUL, dots and blanks in commands,
headers and bodies go through the daemon to another host, into a mailbox and into a Maildir; the same goes in by the
command line and by queue files.

usage: line_ends.py CANONIFY [--patterns N] [--seed N]      needs root; CANONIFY_REFERENCE names an unpacked sendmail

What must hold of canonify whatever the reference does (SEC-067, SEC-072): only CR LF . CR LF ends a message, no reply
and nothing that is sent to another host has a bare CR or LF, a mailbox holds as many messages as were accepted, no log
line has a control character. Codes and what arrives are compared with the reference; KNOWN says what differs, and why.
Closes with "N passed, N failed".
"""
import argparse, collections, fcntl, json, os, pathlib, random, re, shutil, socket, struct, subprocess, sys, threading, time

HERE = pathlib.Path(__file__).resolve()
TOP = "/mnt"
SITE = rb"""V10/Berkeley
Djtest.example.com
Cwtest.example.com
DnMAILER-DAEMON
O QueueDirectory=/mnt/queue
O AliasFile=/mnt/aliases
O DeliveryMode=i
O OperatorChars=.:%@!^/[]+
O Timeout.ident=0
O Timeout.quit=2s
O DaemonPortOptions=Port=2525,Addr=127.0.0.1,Name=MTA
O PidFile=/mnt/pid
O UnixFromLine=From $g $d
O RefuseLA=1000
O QueueLA=1000
O MaxDaemonChildren=0
O ConnectionRateThrottle=0
Mlocal, P=/mnt/capture, F=lsDFMAw5:/|@qPm9, S=0, R=0, T=DNS/RFC822/X-Unix, A=capture -f $g $u
Mprog, P=/bin/sh, F=lsDFMoqeu9, S=0, R=0, T=X-Unix/X-Unix/X-Unix, A=sh -c $u
M*file*, P=[FILE], F=lsDFMPEouq9, S=0, R=0, T=DNS/RFC822/X-Unix, A=FILE $u
M*include*, P=/dev/null, F=su, S=0, R=0, A=INCLUDE $u
Mmaildir, P=[MAILDIR], F=lsDFMnwPq, S=0, R=0, A=MAILDIR /mnt/joe/Maildir
Mesmtp, P=[IPC], F=mDFMuXa8, S=0, R=0, E=\r\n, L=990, T=DNS/RFC822/SMTP, A=TCP $h 2626
HReceived: $?sfrom $s $.by $j id $i
H?F?From: $g
S3
R$*<$*>$*	$: $2
R$+@$+	$@ $1<@$2>
S4
R$*<$*>$*	$1$2$3
S0
R$+<@maildir.example>	$#maildir $: joe
R$+<@test.example.com>	$#local $: $1
R$+<@$+>	$#esmtp $@ [127.0.0.1] $: $1@$2
R$+	$#local $: $1
Ssrv_features
R$*	$: $&{client_addr}
R127.0.0.2	$# G U O
R127.0.0.3	$# g2 u2
R127.0.0.7	$# G
R127.0.0.8	$# U
"""
# the address that a client comes from, and how srv_features of the site treats it
MANNERS = {"127.0.0.9": "strict", "127.0.0.3": "g2 u2", "127.0.0.7": "G", "127.0.0.8": "U", "127.0.0.2": "G U O"}
CAPTURE = "#!/bin/sh\nfile=$(mktemp /mnt/spool/argv.XXXXXXXX)\ncat >/dev/null\nfor word in \"$@\"; do printf '%s\\0' \"$word\"; done >$file.part\nmv $file.part $file\n"
SYSTEM = {
    "hosts": "127.0.0.1 localhost\n127.0.0.1 test.example.com test\n", "resolv.conf": "",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\n",
    "passwd": "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/sh\nmail:x:8:8:mail:/var/mail:/bin/false\n"
              "smmsp:x:209:209::/:/bin/false\nsmmta:x:210:210::/:/bin/false\njoe:x:2001:2001:Joe:/mnt/joe:/bin/sh\nnobody:x:65534:65534::/:/bin/false\n",
    "group": "root:x:0:\ndaemon:x:1:\nmail:x:8:\nsmmsp:x:209:\nsmmta:x:210:\njoe:x:2001:\nnogroup:x:65534:\n",
}


def commands(case):
    """What is read as commands: what follows the end of the data is, too."""
    return case["commands"] + "".join(("\r\n" + case["data"]).split("\r\n.\r\n")[1:])


# what differs from the reference: a reason, and the cases it is said of
KNOWN = [
    ("a bare CR in a command is refused (501), the reference takes it for a blank",
     lambda case: "\r" in commands(case).replace("\r\n", "")),
    ("a CR that srv_features tolerates is a blank in a header and on the way to other hosts, the reference sends it",
     lambda case: "U" in case["manner"] and "\r" in case["data"].replace("\r\n", "")),
    ("the reference names LF where CR was refused right behind a tolerated LF",
     lambda case: case["manner"] == "G" and "\n\r" in case["data"]),
    ("a line that begins with a replaced or tolerated LF or CR continues the field before it",
     lambda case: case["manner"] != "strict" and re.search(r"[\r\n]{2}", case["header"])),
    ("a CR in a header or body from the command line is a blank on the way to other hosts, the reference sends it",
     lambda case: case["manner"] == "command line" and "\r" in case["data"] + case["header"]),
]


# ---------------------------------------------------------------- the world around the program
LOG, TALKS = [], []


def log_server():
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind("/dev/log")
    os.chmod("/dev/log", 0o666)
    while True:
        LOG.append(server.recv(65536).rstrip(b"\0\n"))


def sink():
    server = socket.create_server(("127.0.0.1", 2626), backlog=50)
    while True:
        threading.Thread(target=talk, args=(server.accept()[0],), daemon=True).start()


def talk(stream):
    """Another host: reads strictly, writes every byte down."""
    raw, rest, in_data = bytearray(), b"", False
    TALKS.append(raw)
    stream.sendall(b"220 sink ESMTP\r\n")
    try:
        while piece := stream.recv(65536):
            raw += piece
            rest += piece
            while True:
                end = b"\r\n.\r\n" if in_data else b"\r\n"
                # the line before the data has ended in CR LF
                line, found, after = (b"\r\n" + rest if in_data else rest).partition(end)
                if not found:
                    break
                rest, was_data, in_data = after, in_data, False
                word = b"" if was_data else line[:4].upper()
                if word == b"DATA":
                    in_data = True
                stream.sendall({b"DATA": b"354 go\r\n", b"EHLO": b"250-sink\r\n250 8BITMIME\r\n", b"QUIT": b"221 bye\r\n"}.get(word, b"250 2.0.0 ok\r\n"))
                if word == b"QUIT":
                    return
    except OSError:
        pass
    finally:
        stream.close()


def write(path, text, mode=0o644):
    path = pathlib.Path(TOP, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(mode)


def make_world():
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", TOP], check=True)
    socket.sethostname("test.example.com")
    fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x49))
    os.makedirs(TOP + "/dev/shm")
    for name, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
        os.mknod(f"{TOP}/dev/{name}", 0o20666, os.makedev(1, minor))
        os.chmod(f"{TOP}/dev/{name}", 0o666)
    os.symlink("/proc/self/fd", TOP + "/dev/fd")
    subprocess.run(["mount", "--bind", TOP + "/dev", "/dev"], check=True)
    for name, text in SYSTEM.items():
        write("etc/" + name, text)
        if os.path.exists("/etc/" + name):
            subprocess.run(["mount", "--bind", f"{TOP}/etc/{name}", os.path.realpath("/etc/" + name)], check=True)
    write("capture", CAPTURE, 0o755)
    write("aliases", "box: /mnt/spool/box\n")
    write("site.cf", SITE)
    for name, mode in (("queue", 0o700), ("spool", 0o777), ("joe", 0o755)):
        os.makedirs(f"{TOP}/{name}", exist_ok=True)
        os.chmod(f"{TOP}/{name}", mode)
    os.chown(TOP + "/joe", 2001, 2001)
    for target in (log_server, sink):
        threading.Thread(target=target, daemon=True).start()
    time.sleep(0.2)


# ---------------------------------------------------------------- one case
class Client:
    def __init__(self, address):
        self.stream = socket.socket()
        self.stream.bind((address, 0))
        self.stream.settimeout(10)
        self.stream.connect(("127.0.0.1", 2525))
        self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.raw = b""

    def until(self, code):
        """Reads until a last line of a reply has this code, or the end."""
        start = len(self.raw)
        while not re.search(rb"(?:^|\n)%s [^\n]*\n$" % code, self.raw[start:]):
            try:
                piece = self.stream.recv(65536)
            except OSError:
                return False
            if not piece:
                return False
            self.raw += piece
        return True

    def say(self, data, code, cuts=()):
        try:
            for begin, end in zip([0, *cuts], [*cuts, len(data)]):
                self.stream.sendall(data[begin:end])
                if cuts:
                    time.sleep(0.002)
        except OSError:
            pass
        return self.until(code)


def by_smtp(case):
    client = Client(case["from"])
    client.until(b"220")
    client.say(b"EHLO c.example\r\n", b"250")
    commands = case["commands"].encode("latin-1") + b"\r\nRSET\r\nXYZZY\r\n"
    client.say(commands, b"500", [cut for cut in case["cuts"] if cut < len(commands)])
    mark = len(client.raw)
    client.say(b"MAIL FROM:<a@b.example>\r\n", b"250")
    for recipient in case["recipients"]:
        client.say(b"RCPT TO:<%s>\r\n" % recipient.encode(), b"250")
    client.say(b"DATA\r\n", b"354")
    data = (case["header"] + "\r\n" + case["data"] + "\r\n.\r\nQUIT\r\n").encode("latin-1")
    client.say(data, b"221", [cut for cut in case["cuts"] if cut < len(data)])
    client.stream.close()
    return client.raw[:mark], client.raw[mark:]


def by_command_line(program, case):
    text = (case["header"] + "\n" + case["data"]).encode("latin-1")
    words = [case["commands"].replace("\0", ""), *case["recipients"]]
    run = subprocess.run([*program, "-C", TOP + "/site.cf", "-oi", "-f", *words], input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return b"", b"status %d" % run.returncode


def settled():
    """What is under way arrives; then nothing more does."""
    for _ in range(100):
        before = (len(LOG), [len(talk) for talk in TALKS])
        time.sleep(0.02)
        if before == (len(LOG), [len(talk) for talk in TALKS]):
            return


def outcome(program, case):
    LOG.clear()
    TALKS.clear()
    commands, said = by_command_line(program, case) if case["manner"] == "command line" else by_smtp(case)
    settled()
    box, maildir = pathlib.Path(TOP, "spool/box"), pathlib.Path(TOP, "joe/Maildir/new")
    got = {"commands": commands, "said": said, "wire": [bytes(talk) for talk in TALKS], "box": box.read_bytes() if box.exists() else b"",
           "maildir": [path.read_bytes() for path in sorted(maildir.iterdir())] if maildir.exists() else [], "log": list(LOG), "argv": []}
    for path in pathlib.Path(TOP, "spool").glob("argv.*"):
        got["argv"].append(path.read_bytes())
        path.unlink()
    box.unlink(missing_ok=True)
    shutil.rmtree(TOP + "/joe/Maildir", ignore_errors=True)
    return {key: [one.decode("latin-1") for one in value] if isinstance(value, list) else value.decode("latin-1") for key, value in got.items()}


def serve(program):
    make_world()
    program = json.loads(program)
    subprocess.run([*program, "-C", TOP + "/site.cf", "-bi"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    daemon = subprocess.Popen([*program, "-C", TOP + "/site.cf", "-bD"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", 2525)).close()
                break
            except OSError:
                time.sleep(0.05)
        for line in sys.stdin:
            print(json.dumps(outcome(program, json.loads(line))), flush=True)
    finally:
        daemon.terminate()
        daemon.wait(20)


# ---------------------------------------------------------------- judging
def bare(text):
    return re.search(r"\r(?!\n)|(?<!\r)\n", text)


def accepted(said):
    return said.count("Message accepted for delivery") if not said.startswith("status") else int(said == "status 0")


def expected(case):
    """Is the message accepted? By another way than the program's; None: that is not told of this client."""
    if case["manner"] not in ("strict", "g2 u2"):
        return None
    data = case["header"] + "\r\n" + case["data"] + "\r\n.\r\n"
    if case["manner"] == "g2 u2":
        data = re.sub(r"\r(?!\n)", " ", data)
        data = re.sub(r"(?<!\r)\n", " ", data)
    return not bare(("\r\n" + data).partition("\r\n.\r\n")[0])


def faults(case, got):
    """What must not be, whatever the reference does."""
    count = accepted(got["said"])
    wanted = expected(case)
    wire = "".join(got["wire"])
    ends = re.findall(r"\r\n\.\r\n", wire)
    separators = re.findall(r"(?:^|\n)(From [^\n]*)\n", got["box"])
    rows = [
        ("a bare CR or LF in a reply", bare(got["commands"] + got["said"]) and not got["said"].startswith("status")),
        ("a bare CR or LF on the way to another host", bare(wire)),
        (f"accepted {count}, which is wrong", wanted is not None and count != wanted),
        (f"{len(ends)} messages sent, {count} accepted", len(ends) != count),
        (f"{len(separators)} messages in the mailbox", len(separators) != count or any("\r" in line for line in separators)),
        (f"{len(got['maildir'])} messages in the Maildir", len(got["maildir"]) != count),
        ("a control character in the log", any(re.search(r"[\x00-\x1f\x7f-\xff]", line) for line in got["log"])),
    ]
    return [text for text, wrong in rows if wrong]


def shape(got):
    """What is compared: codes of replies, the body in the mailbox, the number of messages."""
    # the reference ends what it writes into a file with an empty line
    box = re.sub(r"(?m)^(From |Received: ).*\n", "", got["box"]).rstrip("\n")
    replies = re.findall(r"(?m)^\d{3} .*", got["commands"] + got["said"])
    codes = [line[:9] for line in replies if not line.rstrip().endswith("Recipient ok")]
    return codes if not got["said"].startswith("status") else got["said"], box, len("".join(got["wire"]).split("\r\n.\r\n"))


IN_COMMANDS = ["\r", "\n", "\r\n", "\0", ".", " ", "NOOP", "RSET", "MAIL FROM:<a@b.example>", "RCPT TO:<joe>", "VRFY joe", "a"]
IN_HEADER = ["\r", "\n", "\r\n ", "\r\nX-Two: ", "\0", " ", "a", "b:", "."]
IN_DATA = ["\r", "\n", "\r\n", "\r\n", ".", "..", "\0", "a", " ", "X: y", "\r\n.\r\n", "\n.\n", "\r\n.\n", "\r.\r", "\n.\r\n", "\r\n\r\n", "\nFrom x"]


def pattern(chance, words, most):
    return "".join(chance.choice(words) for _ in range(chance.randrange(most)))


def cases(chance, count):
    for number in range(count):
        address, manner = chance.choice(list(MANNERS.items()))
        case = {"from": address, "manner": manner, "commands": "NOOP", "header": "X-Test: x\r\n", "data": pattern(chance, IN_DATA, 9),
                "cuts": sorted(chance.sample(range(1, 80), chance.randrange(4)))}
        if number % 4 == 1:
            case["commands"] = pattern(chance, IN_COMMANDS, 7)
        if number % 4 == 2:
            case["header"] = "X-Test: " + pattern(chance, IN_HEADER, 6) + "\r\n"
        if number % 8 == 3:
            sender = pattern(chance, ["\r", "\n", "a", " ", "b"], 6) + "c@d.example"
            case |= {"manner": "command line", "commands": sender, "header": case["header"].replace("\r\n", "\n"), "data": case["data"].replace("\r\n", "\n") + "\n"}
        yield case


class Bed:
    """A program in name spaces of its own."""

    def __init__(self, program, extra):
        command = ["unshare", "-n", "-u", "-m", "-p", "-f", "--mount-proc", sys.executable, str(HERE), "--serve", json.dumps(program)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.recipients = ["x@out.example", "box", *extra]

    def ask(self, case):
        self.process.stdin.write(json.dumps(case | {"recipients": self.recipients}) + "\n")
        self.process.stdin.flush()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def main():
    if sys.argv[1:2] == ["--serve"]:
        return serve(sys.argv[2])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--patterns", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--show", type=int, default=8)
    wish = parser.parse_args()
    reference = pathlib.Path(os.environ["CANONIFY_REFERENCE"]) / "usr/libexec/sendmail/sendmail"
    beds = Bed([str(reference)], []), Bed([os.path.abspath(wish.canonify), "sendmail"], ["md@maildir.example"])
    passed = failed = 0
    reasons = collections.Counter()
    for case in cases(random.Random(wish.seed), wish.patterns):
        for bed in beds:
            bed.ask(case)
        theirs, ours = (bed.answer() for bed in beds)
        wrong = faults(case, ours)
        if shape(theirs) != shape(ours):
            reason = next((text for text, applies in KNOWN if applies(case)), None)
            reasons[reason] += 1
            wrong += [] if reason else ["it differs from the reference"]
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong and failed <= wish.show:
            print(f"not ok: SEC-067 SEC-072 {'; '.join(wrong)}\n  {case}\n  reference {theirs}\n  canonify  {ours}")
    for bed in beds:
        bed.close()
    for reason, count in reasons.most_common():
        print(f"{count:5} differ: {reason}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
