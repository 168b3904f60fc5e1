"""The bed of mail_bed.py with mail filters: scripted ones, which answer every command of the milter protocol as a case says and keep
what they were told, packet by packet.

A script is a dictionary: version, actions, protocol (what it says in the negotiation), macros (stage → list), offer (another answer to the
negotiation), answers (command → what is sent, one list of packets for each time the command comes; `c` when there is none left). A packet is
[letter, field…], or one of "drop", "mute", ["raw", text], ["sleep", seconds].
"""
import os, pathlib, socket, struct, threading, time

import mail_bed

TOP = mail_bed.TOP
SOCKETS = {"one": f"local:{TOP}/milter/one", "two": "inet:8802@127.0.0.1", "three": "inet6:8803@::1", "gone": f"unix:{TOP}/milter/gone", "shut": "inet:8899@127.0.0.1"}
SCRIPTS, TOLD = {}, []
# command → the bit of the protocol that says it is not answered; what is never answered has none
UNANSWERED = {"C": 0x1000, "H": 0x2000, "M": 0x4000, "R": 0x8000, "T": 0x10000, "U": 0x20000, "N": 0x40000, "B": 0x80000, "L": 0x80, "D": -1, "A": -1, "Q": -1, "K": -1}
STAGES = {"connect": 0, "helo": 1, "envfrom": 2, "envrcpt": 3, "data": 4, "eom": 5, "eoh": 6}
NUMBERS = {"m": ">I", "i": ">I"}  # letters whose fields begin with a number


class Gone(Exception):
    pass


def packet(letter, *fields):
    """The bytes of a reply. A body is what it is; other fields end with a NUL."""
    data = b""
    for at, field in enumerate(fields):
        if isinstance(field, int):
            data += struct.pack(">I", field)
        elif letter == "b":
            data += field.encode("latin-1")
        else:
            data += field.encode("latin-1") + b"\0"
    return struct.pack(">I", 1 + len(data)) + letter.encode() + data


def shown(letter, data):
    if letter == "O":
        return f"O {data.hex()}"
    if letter == "C":
        return f"C {connect(data)}"
    text = data.decode("latin-1").replace("\0", "|").replace("\r\n", "~").replace("\n", "^")
    return f"{letter} {text}" if letter == "D" or len(text) < 300 else f"{letter} {text[:60]}… {len(data)} bytes, {sum(data) % 65521}"


def connect(data):
    """The port is the client's and varies."""
    name, rest = data.split(b"\0", 1)
    family, address = rest[:1].decode(), rest[3:].decode("latin-1").replace("\0", "|")
    return f"{name.decode('latin-1')} {family} port {address}" if family in "46" else f"{name.decode('latin-1')} {rest.decode('latin-1')}"


class Filter:
    """One connection of an MTA with a filter."""

    def __init__(self, name, stream):
        self.name, self.stream, self.script = name, stream, SCRIPTS.get(name, {})
        self.input = stream.makefile("rb")
        self.answers = {command: list(answers) for command, answers in self.script.get("answers", {}).items()}
        self.lines = [name]
        TOLD.append(self.lines)

    def send(self, item):
        if item == "drop":
            self.lines.append("< (drops)")
            raise Gone
        if item == "mute":
            self.lines.append("< (says nothing)")
            while self.input.read(1):
                pass
            raise Gone
        if item[0] == "sleep":
            return time.sleep(item[1])
        if item[0] == "raw":
            return self.stream.sendall(item[1].encode("latin-1"))
        if item[0] == "large":
            return self.stream.sendall(packet("b", (item[1] + "\r\n") * item[2]))
        self.stream.sendall(packet(*item))

    def offer(self, data):
        script = self.script
        for item in script.get("offer", []):
            self.send(item)
        if "offer" not in script:
            version = script.get("version", 6)
            fields = [script.get("actions", 0x1ff), script.get("protocol", 0)]
            macros = b"".join(struct.pack(">I", STAGES[stage]) + names.encode() + b"\0" for stage, names in script.get("macros", {}).items())
            reply = struct.pack(">III", version, *fields) + macros
            self.stream.sendall(struct.pack(">I", 1 + len(reply)) + b"O" + reply)

    def answer(self, letter):
        bit = UNANSWERED.get(letter, 0)
        if bit == -1 or bit & self.script.get("protocol", 0):
            return
        answers = self.answers.get(letter)
        for item in answers.pop(0) if answers else [["c"]]:
            self.send(item)

    def run(self):
        try:
            while head := self.input.read(5):
                length, letter = struct.unpack(">I", head[:4])[0], head[4:].decode("latin-1")
                data = self.input.read(length - 1)
                self.lines.append("> " + shown(letter, data))
                mail_bed.Activity.seen()
                if letter == "O":
                    self.offer(data)
                else:
                    self.answer(letter)
        except (Gone, OSError, struct.error):
            pass
        finally:
            self.input.close()
            self.stream.close()
            mail_bed.Activity.seen()


def listen(name):
    kind, place = SOCKETS[name].split(":", 1)
    if kind in ("local", "unix"):
        server = socket.socket(socket.AF_UNIX)
        server.bind(place)
        server.listen(50)
    else:
        port, host = place.split("@")
        server = socket.create_server((host.strip("[]"), int(port)), family=socket.AF_INET6 if kind == "inet6" else socket.AF_INET, backlog=50)
    while True:
        stream, _ = server.accept()
        threading.Thread(target=Filter(name, stream).run, daemon=True).start()


def build():
    mail_bed.build()
    begin()


def begin():
    """The filters listen."""
    os.makedirs(TOP + "/milter")
    mail_bed.command("ip", "-6", "addr", "add", "::1/128", "dev", "lo") if not has_inet6() else None
    for name in ("one", "two", "three"):
        threading.Thread(target=listen, args=(name,), daemon=True).start()


def has_inet6():
    path = pathlib.Path("/proc/net/if_inet6")
    return path.exists() and "00000000000000000000000000000001" in path.read_text()


def run_case(daemon, case):
    SCRIPTS.clear()
    SCRIPTS.update(case.get("filters", {}))
    TOLD.clear()
    result = plain_case(daemon, case)
    result["log"] = [line for line in result["log"] if ": done; delay=" not in line]  # of no filter
    return {"filters": sorted(TOLD, key=lambda lines: lines[0]), **result}


plain_case = mail_bed.run_case


def serve(program, makemap):
    mail_bed.run_case = run_case
    mail_bed.serve(program, makemap, build, mail_bed.run_group)
