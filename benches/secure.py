#!/usr/bin/env python3
"""What TLS, AUTH and a mail filter cost canonify: messages a second and the server's processor time with them and without, in turns; and the memory of
an idle session under TLS.

usage: secure.py CANONIFY [--turns 5] [--messages 600] [--only submission,relay,filter,deaf,idle]

Needs root and a disk, as mail.py does, whose servers and namespaces these are; a C compiler for idle_filter.c, openssl, and saslpasswd2 of Debian's sasl2-bin. Clients resume their TLS
sessions. Give it a release build. Closes with "N passed, N failed": at most 2 times the processor time with TLS and AUTH, at least 70 % of the rate with
a filter that does nothing, at most 48 KiB for an idle session under TLS.
"""
import argparse, base64, os, pathlib, socket, ssl, statistics, subprocess, sys, threading, time

import mail

SESSIONS, SIZE = 20, 4096
USER, PASSWORD = "alice", "secret"
FILTER = 2598
LIMIT = {"submission": 2.0, "relay": 2.0}
# what a filter does not want to be told: nothing, and all but the end of a message
STEPS = {"filter": 0, "deaf": 0x37f}
SHARE = 0.7
IDLE = 48


# -- both ends of the load -----------------------------------------------------------------------------------------

class Client:
    """One connection after the other, each with some messages; sessions of TLS are resumed."""
    def __init__(self, secure, log_in):
        self.context = ssl._create_unverified_context() if secure else None
        self.session, self.log_in, self.resumed = None, log_in, 0

    def reply(self):
        while True:
            line = self.input.readline()
            if line[:1] not in b"23" or not line:
                raise SystemExit(f"refused: {line!r}")
            if line[3:4] != b"-":
                return

    def say(self, text):
        self.socket.sendall(text)
        self.reply()

    def protect(self):
        self.say(b"STARTTLS\r\n")
        self.socket = self.context.wrap_socket(self.socket, session=self.session)
        self.resumed += self.socket.session_reused
        self.input = self.socket.makefile("rb")
        self.say(b"EHLO client.example\r\n")

    def connect(self):
        self.socket = socket.create_connection(("127.0.0.1", mail.PORT))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = self.socket.makefile("rb")
        self.reply()
        self.say(b"EHLO client.example\r\n")
        if self.context:
            self.protect()
        if self.log_in:
            self.say(b"AUTH PLAIN " + base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()) + b"\r\n")

    def send(self, domain, number, each):
        self.connect()
        for at in range(each):
            to = f"{mail.USERS[(number + at) % len(mail.USERS)]}@{domain}".encode()
            data = b"Subject: %d\r\n\r\n" % number + (b"x" * 70 + b"\r\n") * (SIZE // 72) + b".\r\n"
            for text in (b"MAIL FROM:<sender@visitors.example>\r\n", b"RCPT TO:<%s>\r\n" % to, b"DATA\r\n", data):
                self.say(text)
        if self.context:
            self.session = self.socket.session
        self.say(b"QUIT\r\n")
        self.socket.close()


def send(domain, messages, each, secure, log_in):
    """How long each connection took, and how many of them resumed a session."""
    took, resumed, numbers, lock = [], [0], iter(range(0, messages, each)), threading.Lock()

    def work():
        client = Client(secure, log_in)
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                break
            begun = time.monotonic()
            client.send(domain, number, each)
            took.append(time.monotonic() - begun)
        resumed[0] += client.resumed

    threads = [threading.Thread(target=work) for _ in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(took) * each < messages:
        raise SystemExit("not every message was taken")
    return took, resumed[0]


def sink(context):
    """Takes mail, under TLS where it is asked to, and counts it on standard output."""
    listener = socket.create_server(("127.0.0.1", mail.SINK), backlog=1024)
    count, lock = [0], threading.Lock()

    def serve(client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(b"220 sink.example ESMTP\r\n")
        lines = client.makefile("rb")
        while line := lines.readline():
            verb = line[:4].upper()
            if verb == b"STAR":
                client.sendall(b"220 go\r\n")
                client = context.wrap_socket(client, server_side=True)
                lines = client.makefile("rb")
                continue
            if verb == b"DATA":
                client.sendall(b"354 go\r\n")
                while lines.readline() not in (b".\r\n", b""):
                    pass
                with lock:
                    count[0] += 1
                    os.write(1, b"%d\n" % count[0])
            more = b"250-sink.example\r\n" + (b"250-STARTTLS\r\n" if context else b"") + b"250 8BITMIME\r\n"
            client.sendall({b"EHLO": more, b"QUIT": b"221 bye\r\n"}.get(verb, b"250 ok\r\n"))
            if verb == b"QUIT":
                break
        client.close()

    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


# -- the server ----------------------------------------------------------------------------------------------------

def make_certificate(folder):
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=bench.example",
             "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(words, check=True, stderr=subprocess.DEVNULL)
    (folder / "key.pem").chmod(0o600)


def make_password(folder):
    """A sasldb2, and the Sendmail.conf that names it."""
    words = ["saslpasswd2", "-f", folder / "sasldb2", "-p", "-c", "-u", "bench.example", USER]
    subprocess.run(words, input=PASSWORD.encode(), check=True)
    sasl = folder / "sasl"
    sasl.mkdir()
    (sasl / "Sendmail.conf").write_text(f"pwcheck_method: auxprop\nsasldb_path: {folder}/sasldb2\nmech_list: PLAIN\n")
    os.makedirs("/usr/lib/sasl2", exist_ok=True)
    subprocess.run(["mount", "--bind", sasl, "/usr/lib/sasl2"], check=True)


def tls_options(folder):
    names = [("ServerCertFile", "cert"), ("ServerKeyFile", "key"), ("CACertFile", "cert")]
    return [f"{name}={folder}/{file}.pem" for name, file in names] + [f"CACertPath={folder}", "TLSSrvOptions=V"]


def begin(options, kind, secure):
    """The processes beside the server, and the server."""
    options.option, options.mc, beside = [], [], []
    if secure and kind in ("submission", "relay", "idle"):
        options.option = tls_options(options.keys) + ["AuthMechanisms=PLAIN"]
    if kind == "relay":
        beside.append(subprocess.Popen([sys.executable, __file__, "--sink", options.keys if secure else ""], stdout=subprocess.PIPE))
        os.set_blocking(beside[0].stdout.fileno(), False)
    if kind in STEPS and secure:
        beside.append(subprocess.Popen([options.keys / "idle_filter", str(FILTER), str(STEPS[kind])]))
        options.mc = [f"INPUT_MAIL_FILTER(`nothing', `S=inet:{FILTER}@127.0.0.1, T=C:10s;S:10s;R:10s;E:1m')dnl"]
    return beside, mail.Server(options, "canonify", kind == "relay")


def measure(options, kind, each, secure):
    """One turn: {rate, user, system, …}."""
    beside, server = begin(options, kind, secure)
    counted = [0]

    def count():
        if kind != "relay":
            return mail.arrived(options.homes)
        lines = (beside[0].stdout.read() or b"").split()
        counted[0] = int(lines[-1]) if lines else counted[0]
        return counted[0]

    domain = "remote.example" if kind == "relay" else "bench.example"
    under_tls, log_in = secure and kind not in STEPS, secure and kind == "submission"
    resumed = [0]

    def work():
        took, resumed[0] = send(domain, options.messages, each, under_tls, log_in)
        return took

    try:
        mail.fresh(options.homes)
        send(domain, SESSIONS * each, each, under_tls, log_in)
        while count() < SESSIONS * each:
            time.sleep(0.01)
        mail.fresh(options.homes)
        before = count()
        found = mail.timed(server, options.messages, work, lambda: count() - before)
        found["cpu"] = found["user"] + found["system"]
        if under_tls and resumed[0] < options.messages // each - SESSIONS:
            raise SystemExit(f"only {resumed[0]} sessions were resumed")
        return found
    finally:
        server.stop()
        for process in beside:
            process.kill()
            process.wait()


def idle(options, sessions, secure):
    """KiB above a server without sessions, each after EHLO under TLS."""
    _, server = begin(options, "idle", secure)
    held = []
    try:
        warm = Client(secure, False)
        warm.connect()
        warm.socket.close()
        time.sleep(1)
        before = server.group.memory()
        for _ in range(sessions):
            client = Client(secure, False)
            client.connect()
            held.append(client)
        time.sleep(3)
        return (server.group.memory() - before) / 1024 / sessions
    finally:
        for client in held:
            client.socket.close()
        server.stop()


# -- what comes of it ----------------------------------------------------------------------------------------------

def compare(options, kind, each, verdict):
    pairs = [[measure(options, kind, each, secure) for secure in (False, True)] for _ in range(options.turns)]
    print(f"\n{kind}, {SESSIONS} sessions, {SIZE} bytes, {each} a connection: without, with, the median of the ratios")
    ratios = {}
    for key in ("rate", "cpu", "user", "system"):
        ratios[key] = statistics.median(after[key] / before[key] for before, after in pairs)
        middle = [statistics.median(pair[at][key] for pair in pairs) for at in (0, 1)]
        print(f"  {key:7} {middle[0]:9.2f} {middle[1]:9.2f}   {ratios[key]:.2f}")
    sys.stdout.flush()
    verdict(kind, ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--messages", type=int, default=600)
    parser.add_argument("--only", default="submission,relay,filter,deaf,idle")
    parser.add_argument("--scratch")
    options = parser.parse_args()
    mail.in_namespaces(options)
    options.keys = pathlib.Path(options.scratch) / "keys"
    options.keys.mkdir(mode=0o755)
    subprocess.run(["cc", "-O2", "-o", options.keys / "idle_filter", pathlib.Path(__file__).with_name("idle_filter.c")], check=True)
    make_certificate(options.keys)
    make_password(options.keys)
    counts = [0, 0]

    def check(good, what):
        counts[not good] += 1
        if not good:
            print(f"not ok: {what}")

    def verdict(kind, ratios):
        if kind in STEPS:
            check(ratios["rate"] >= SHARE, f"{ratios['rate']:.2f} of the rate with a filter")
        else:
            check(ratios["cpu"] <= LIMIT[kind], f"{kind} costs {ratios['cpu']:.2f} times as much")

    for kind in options.only.split(","):
        for case in [200, 2000] if kind == "idle" else [1, 10]:
            if kind != "idle":
                compare(options, kind, case, verdict)
                continue
            found = [statistics.median(idle(options, case, secure) for _ in range(options.turns)) for secure in (False, True)]
            print(f"\n{case} idle sessions: {found[0]:.1f} KiB each, {found[1]:.1f} under TLS")
            check(found[1] <= IDLE, f"{found[1]:.1f} KiB")
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] or not counts[0] else 0


def sink_context(folder):
    if not folder:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/cert.pem", f"{folder}/key.pem")
    return context


if __name__ == "__main__":
    if sys.argv[1:2] == ["--sink"]:
        sink(sink_context(sys.argv[2]))
    else:
        sys.exit(main())
