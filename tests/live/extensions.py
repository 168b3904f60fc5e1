#!/usr/bin/env python3
"""What our server offers beyond Debian's sendmail: chunks, addresses in UTF-8 to mailboxes, aliases and next hops, proxies in front,
and who the client's host says is calling. usage: extensions.py CANONIFY
Needs root; runs in name spaces of its own. Closes with "N passed, N failed"."""
import os, pathlib, socket, subprocess, sys, tempfile, threading

from checks import check, close, counts, until
from namespaces import enter

CF = """V10
O QueueDirectory={folder}/queue
O DontBlameSendmail=TrustStickyBit
O LogLevel=14
O AliasFile=text:{folder}/aliases
O Chunking=True
O UTF8Addresses=True
O Timeout.ident=30s
O MatchGECOS=True
O DaemonPortOptions=Port=2526, Name=MTA
O DaemonPortOptions=Port=2527, Name=Behind, M=P
O PidFile={folder}/pid
DnMAILER-DAEMON
Djtest.example.com
Cwtest.example.com
C{{proxy_hosts}}127.0.0.1
C{{xclient_hosts}}127.0.0.2
HReceived: from $s ($_) by $j with $r id $i; $b
HSubject:
Scanonify=3
R$* < $* > $*	$: $2
R$+ @ $+	$@ $1 < @ $2 >
Sfinal=4
R$* < @ $* > $*	$@ $1 @ $2 $3
Sparse=0
R$+ < @ $=w >	$#local $: $1
R$+ < @ users.example >	$#box $: $1
R$+ < @ plain.example >	$#plain $@ [127.0.0.1] $: $1 < @ plain.example >
R$+ < @ $+ >	$#utf $@ [127.0.0.1] $: $1 < @ $2 >
R$+	$#local $: $1
Scheck_relay
R$* $| 198.51.100.66	$#error $@ 5.7.1 $: "550 Go away"
Mlocal, P=/usr/bin/tee, F=lDFMA5uk, A=tee {folder}/box/$u
Mbox, P=/usr/bin/tee, F=lDFMw5k, A=tee {folder}/box/$u
Mprog, P=/bin/sh, F=lDFM, A=sh -c $u
Mplain, P=[IPC], F=mDFMuXk, A=TCP $h 2600
Mutf, P=[IPC], F=mDFMuXk, A=TCP $h 2601
"""
MESSAGE = "Subject: Grüße\r\n\r\n.\r\n..zwei\r\n".encode()


class Sink:
    """An SMTP server that remembers the commands and the message of each transaction."""

    def __init__(self, port, offers):
        self.offers, self.taken = offers, []
        self.server = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            client, _ = self.server.accept()
            threading.Thread(target=self.converse, args=(client,), daemon=True).start()

    def converse(self, client):
        file, commands = client.makefile("rb"), []
        client.sendall(b"220 sink.example ESMTP\r\n")
        while line := file.readline():
            verb = line[:4].upper()
            if verb == b"EHLO":
                client.sendall(b"".join(b"250-%s\r\n" % word for word in [b"sink.example", *self.offers]) + b"250 HELP\r\n")
                continue
            if verb == b"DATA":
                client.sendall(b"354 go on\r\n")
                message = b"".join(line.removeprefix(b".") for line in iter(file.readline, b".\r\n"))
                self.taken.append((b"".join(commands).decode(), message.decode()))
                commands = []
            commands.append(line)
            client.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                break
        client.close()

    def got(self, *texts):
        """Has a transaction come that holds all of them?"""
        return any(all(text in commands + message for text in texts) for commands, message in list(self.taken))


class Client:
    def __init__(self, port=2526, source="127.0.0.1", first=b""):
        self.socket = until(lambda: self.connect(port, source))
        self.socket.sendall(first)
        self.file = self.socket.makefile("rb")
        self.greeting = self.reply()

    @staticmethod
    def connect(port, source):
        try:
            return socket.create_connection(("127.0.0.1", port), 120, (source, 0))
        except OSError:
            return None

    def reply(self):
        lines = []
        while line := self.file.readline():
            lines.append(line.decode())
            if line[3:4] != b"-":
                break
        return "".join(lines)

    def say(self, line, more=b""):
        self.socket.sendall(line.encode() + b"\r\n" + more)
        return self.reply()

    def send(self, sender, recipient, parameters=" SMTPUTF8"):
        self.say(f"MAIL FROM:<{sender}>{parameters}")
        answer = self.say(f"RCPT TO:<{recipient}>")
        if answer.startswith("250"):
            answer = self.say(f"BDAT {len(MESSAGE)} LAST", MESSAGE)
        return answer


def identd():
    server = socket.create_server(("127.0.0.1", 113))

    def serve():
        while True:
            client, _ = server.accept()
            ports = client.recv(100).decode().strip()
            client.sendall(f"{ports} : USERID : UNIX : joe\r\n".encode())
            client.close()

    threading.Thread(target=serve, daemon=True).start()


def chunks(plain, _utf, _box):
    client = Client()
    hello = client.say("EHLO c")
    yield "EHLO offers both", "250-CHUNKING" in hello and "250-SMTPUTF8" in hello and "XCLIENT" not in hello
    yield "the client's host says who calls", "Hello joe@localhost [127.0.0.1]" in hello
    client.say("MAIL FROM:<ann@elsewhere.example>")
    client.say("RCPT TO:<x@plain.example>")
    yield "a chunk is answered", client.say("BDAT 20", b"Subject: x\r\n\r\n.\r\n..a") == "250 2.0.0 20 octets received\r\n"
    yield "the last one, too", client.say("BDAT 4 LAST", b"b\r\nc").startswith("250 2.0.0 ")
    yield "no byte of it is a command or a dot", until(lambda: plain.got("<x@plain.example>", "\r\n\r\n.\r\n..ab\r\nc\r\n"))


def utf8(plain, utf, box):
    client = Client()
    client.say("EHLO c")
    yield "only with the word", "553 5.6.7" in client.send("ann@elsewhere.example", "jürgen@utf.example", "")
    client.say("RSET")
    yield "to a host that knows it", client.send("Ärger@elsewhere.example", "Jürgen@Ödland.example").startswith("250 ")
    yield "it is said there", until(lambda: utf.got("MAIL From:<Ärger@elsewhere.example> SIZE=", " SMTPUTF8", "<Jürgen@Ödland.example>", "Grüße"))
    yield "the protocol has its name", utf.got(" with UTF8SMTP id ")
    yield "to a mailbox", client.send("ann@elsewhere.example", "Ölaf@test.example.com").startswith("250 ")
    yield "it is there", until(lambda: "\n..zwei\n" in text_of(box / "Ölaf"))
    yield "to an alias", client.send("ann@elsewhere.example", "jörg@test.example.com").startswith("250 ")
    yield "whom it stands for", until(lambda: utf.got("<Älice@utf.example>"))
    yield "to a host that does not", client.send("Ärger@elsewhere.example", "jürgen@plain.example").startswith("250 ")
    report = ("Final-Recipient: utf-8; jürgen@plain.example", "Status: 5.6.7", "message/global-delivery-status", "message/global\r\n")
    yield "comes back", until(lambda: utf.got("To:<Ärger@elsewhere.example>", *report))
    yield "nothing went there", not plain.got("rgen@plain.example")
    yield "an ASCII message goes there", client.send("ann@elsewhere.example", "bob@plain.example", "").startswith("250 ")
    yield "as ever", until(lambda: plain.got("<bob@plain.example>"))


def names(_plain, _utf, box):
    client = Client()
    client.say("EHLO c")
    yield "an account by its full name", client.send("ann@elsewhere.example", "joe_q._example@users.example", "").startswith("250 ")
    yield "has the mail", until(lambda: "\n..zwei\n" in text_of(box / "joe"))
    yield "and no other", "550 5.1.1" in client.send("ann@elsewhere.example", "joe_example@users.example", "")


def proxies(*_):
    four = b"PROXY TCP4 198.51.100.%d 192.0.2.2 4711 25\r\n"
    client = Client(2527, first=four % 7)
    yield "the client is whom the proxy names", "Hello [198.51.100.7]," in client.say("EHLO c")
    client = Client(2527, first=four % 66)
    client.say("EHLO c")
    yield "rules see it", client.say("MAIL FROM:<a@b.example>").startswith("550 5.7.1 Go away")
    ends = bytes([198, 51, 100, 7, 192, 0, 2, 2, 0x12, 0x67, 0, 25])
    client = Client(2527, first=b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + ends)
    yield "in binary, too", "Hello [198.51.100.7]," in client.say("EHLO c")
    yield "nobody else is a proxy", Client(2527, "127.0.0.3", four % 7).greeting.startswith("421 ")
    yield "a proxy names its client", Client(2527, first=b"PROXY UNKNOWN\r\n").greeting.startswith("421 ")


def xclient(*_):
    client = Client(source="127.0.0.2")
    yield "offered to those it is for", "XCLIENT NAME ADDR" in client.say("EHLO c")
    yield "greets again", client.say("XCLIENT ADDR=198.51.100.7 NAME=c.example").startswith("220 ")
    yield "with the client", "Hello c.example [198.51.100.7]," in client.say("EHLO c")
    client.say("XCLIENT ADDR=198.51.100.66")
    yield "rules see it", client.say("MAIL FROM:<a@b.example>").startswith("550 5.7.1 Go away")
    yield "unknown to others", Client().say("XCLIENT ADDR=198.51.100.7").startswith("500 5.5.1 ")


def text_of(path):
    return path.read_text() if path.exists() else ""


def main(canonify):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    identd()
    with tempfile.NamedTemporaryFile() as accounts:
        accounts.write(pathlib.Path("/etc/passwd").read_bytes() + b"joe:x:61234:61234:Joe Q. Example,room 1:/nonexistent:/bin/sh\n")
        accounts.flush()
        os.chmod(accounts.name, 0o644)
        subprocess.run(["mount", "--bind", accounts.name, "/etc/passwd"], check=True)
    plain, utf = Sink(2600, [b"8BITMIME", b"SIZE"]), Sink(2601, [b"8BITMIME", b"SIZE", b"SMTPUTF8"])
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        os.mkdir(f"{folder}/queue", 0o700)
        box = pathlib.Path(folder, "box")
        box.mkdir()
        box.chmod(0o777)
        pathlib.Path(folder, "aliases").write_text("jörg: Älice@utf.example\n")
        cf = pathlib.Path(folder, "site.cf")
        cf.write_text(CF.format(folder=folder))
        with open(f"{folder}/log", "wb") as log:
            daemon = subprocess.Popen([canonify, "sendmail", "-bD", "-C", cf], stderr=log, env={**os.environ, "CANONIFY_LOG": "stderr"})
            try:
                for part in (chunks, utf8, names, proxies, xclient):
                    for what, good in part(plain, utf, box):
                        check(f"{part.__name__}: {what}", good, [*plain.taken, *utf.taken])
            finally:
                daemon.terminate()
                daemon.wait(120)
        if counts[False]:
            print(text_of(pathlib.Path(folder, "log")))
    return close()


if __name__ == "__main__":
    enter()
    sys.exit(main(os.path.abspath(sys.argv[1])))
