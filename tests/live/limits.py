#!/usr/bin/env python3
"""Clients that shake hands or log in slowly, often, at length or again: each meets a limit, and the daemon goes on (docs/tls.md, "Limits").

usage: limits.py CANONIFY      Needs root, CANONIFY_REFERENCE and Debian's packages openssl, sasl2-bin and libsasl2-modules.
"""
import pathlib, re, socket, subprocess, sys, time

import auth_cases, mail_bed, peers_bed, secure_bed, tls_bed
from auth_bed import SASL, b64
from checks import check, close, until
from peers_bed import SMTPS, logged

OFTEN = "127.0.0.40"
STRANGER = "192.0.2.77"  # of whom guesses are counted: not of loopback
LINES = ["O Timeout.starttls=2s", "O Timeout.auth=2s", "O Timeout.command=2s", "O MaxDaemonChildren=400", "O ConnectionRateWindowSize=10m"]
RATE = "FEATURE(`ratecontrol', `', `terminate')\n"
WHOLE = 12288  # RFC 4954, section 4: no line of AUTH is longer, with its end
IDLE = 100
DRIP = 0.5


def connect(client="127.0.0.9", port=25):
    stream = socket.socket()
    stream.settimeout(60)
    stream.bind((client, 0))
    stream.connect(("127.0.0.1", port))
    return stream


def drips(stream, text):
    """Says a byte now and then until it is not heard any more; how long that took."""
    begun = time.monotonic()
    stream.settimeout(DRIP)
    for byte in text:
        try:
            stream.sendall(bytes([byte]))
            while more := stream.recv(4096):
                if more[:3].isdigit() and not more.startswith(b"220"):
                    return time.monotonic() - begun
            break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begun


def slow_peers():
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(600)
    for what, port, before in (("a handshake behind STARTTLS", 25, b"STARTTLS\r\n"), ("a handshake from the first byte", SMTPS, b"")):
        with connect(port=port) as stream:
            if before:
                stream.recv(4096)
                stream.sendall(before)
                stream.recv(4096)
            took = drips(stream, hello)
            check(f"{what}, a byte now and then: ends in time", 1 < took < 30, took)
    check("the log says so", logged(r"STARTTLS=server, error: accept failed=-1, reason=timeout"), mail_bed.LOG[-5:])
    for what, before, phase in (("a response of AUTH", "AUTH PLAIN", "AUTH"), ("a command", "NOOP", "server cmd read")):
        talk = session()
        talk.say(before)
        with talk.socket as stream:
            took = drips(stream, b"A" * 600)
            check(f"{what}, a byte now and then: ends in time", 1 < took < 30, took)
            check(f"{what}: the log says so", logged("timeout waiting for input from .* during " + phase), mail_bed.LOG[-5:])


def session(client="127.0.0.9"):
    made = secure_bed.Session({"client": client, "port": 25, "steps": []})
    made.reply()
    made.say("EHLO client.example")
    return made


def long_responses():
    for length, wanted in ((WHOLE - 4, "535"), (4 * WHOLE, "421")):
        talk = session()
        talk.say("AUTH PLAIN")
        said = talk.say(b64("\0alice\0" + "x" * length)[:length])
        check(f"a response of {length} bytes is answered {wanted}", (said or "").startswith(wanted), said)
    talk = session()
    seen = []
    while not talk.closed and len(seen) < 20:
        seen.append(talk.say("AUTH PLAIN " + b64("\0alice\0wrong")) or "")
    check("guesses come to an end", 2 < len(seen) < 10 and any(said.startswith("421") for said in seen), seen)
    check("the log says so", logged(r"possible SMTP attack: command=AUTH, count=\d"), mail_bed.LOG[-5:])
    talk = session()
    seen = []
    while not talk.closed and len(seen) < 20:
        talk.say("AUTH PLAIN")
        seen.append(talk.say("*") or "")
    check("exchanges that are given up come to an end, too", 2 < len(seen) < 10, seen)


def guesses():
    """Each over a connection of its own."""
    mail_bed.command("ip", "address", "add", STRANGER + "/32", "dev", "lo")
    took = []
    for _ in range(11):
        talk, begun = session(STRANGER), time.monotonic()
        said = talk.say("AUTH PLAIN " + b64("\0alice\0wrong")) or ""
        took.append(time.monotonic() - begun if said.startswith("535") else said)
        talk.socket.close()
    check("guesses over ever new connections: the tenth waits, the next longer", took[9] >= 1 and took[10] >= 2 > min(took), took)
    check("the log says so", logged(rf"{STRANGER}.*possible SMTP attack: command=AUTH, count=10"), mail_bed.LOG[-5:])
    said = session(STRANGER).say("AUTH PLAIN " + b64("\0alice\0secret")) or ""
    check("the right password is taken meanwhile", said.startswith("235"), said)


def long_handshakes():
    """The beginning of a message of 16 MiB, record by record."""
    record = b"\x16\x03\x01\x40\x00" + bytes(16384)
    first = b"\x16\x03\x01\x40\x00\x01\xff\xff\xfb" + bytes(16380)
    sent = 0
    with connect(port=SMTPS) as stream:
        try:
            while sent < 1 << 24:
                stream.sendall(first if not sent else record)
                sent += len(record)
                stream.setblocking(False)
                try:
                    if not stream.recv(100):
                        break
                except BlockingIOError:
                    pass
                stream.setblocking(True)
        except OSError:
            pass
    check("a handshake without end is broken off", sent < 1 << 23, f"{sent >> 10} KiB")


def handshakes_again():
    for version, letter in (("-tls1_2", "R"), ("-tls1_3", "K")):
        mail_bed.LOG.clear()
        words = ["openssl", "s_client", "-starttls", "smtp", "-crlf", "-connect", "127.0.0.1:25", version]
        talk = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        shown = logged("STARTTLS=server, relay")
        print(letter, file=talk.stdin, flush=True)
        time.sleep(0.5)
        said, _ = talk.communicate("QUIT\n", timeout=120)
        shakes = [line for line in mail_bed.LOG if "STARTTLS=server, relay" in line]
        wanted = "no renegotiation" if letter == "R" else "KEYUPDATE"
        check(f"openssl s_client {version}: {'no second handshake' if letter == 'R' else 'new keys, no handshake'}", shown and len(shakes) == 1 and wanted in said, (said[-1500:], shakes))


def too_often():
    """Handshakes are counted with the connections that they come on."""
    answers = []
    for _ in range(5):
        with connect(OFTEN) as plain:
            greeting = plain.recv(4096).decode()
            answers.append(greeting[:3])
    check("a client that comes too often gets no session", answers == ["220"] * 3 + ["421"] * 2, answers)
    with connect(OFTEN, SMTPS) as plain:
        try:
            with tls_bed.context(False, {}).wrap_socket(plain) as stream:
                said = stream.recv(4096).decode()
        except OSError as error:
            said = f"no handshake: {error}"
    check("and none under TLS from the first byte", said.startswith(("421", "no handshake")), said)
    check("the log says so", logged("ruleset=check_relay.*reject=421 4.3.2 Connection rate limit exceeded"), mail_bed.LOG[-5:])


def resident(daemon):
    """KiB of the processes of the daemon."""
    found = 0
    for pid in mail_bed.processes():
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        found += sum(int(number) for number in re.findall(r"^(?:Private_Dirty|Swap): +(\d+)", text, re.M))
    return found


def memory(program, cf):
    """Sessions under TLS that wait for a command."""
    cf = cf.replace("O Timeout.command=2s", "O Timeout.command=10m")
    daemon = mail_bed.Daemon(program, {"cf": cf, "arguments": []})
    first = [session() for _ in range(5)]
    [talk.secure({}) for talk in first]
    before = resident(daemon)
    talks = [session() for _ in range(IDLE)]
    for talk in talks:
        talk.secure({})
        talk.say("EHLO client.example")
    each = (resident(daemon) - before) / IDLE
    check(f"{IDLE} idle sessions under TLS need 48 KiB each at most", 0 < each < 48, f"{each:.1f} KiB")
    daemon.stop()


def serve(program, makemap):
    """Inside the name spaces."""
    auth_cases.ACCESS += f"ClientRate:{OFTEN}	3\n"
    sasl = re.sub("mech_list:.*", "mech_list: PLAIN", SASL)
    daemon, cf = peers_bed.begin(program, makemap, {}, LINES, features=RATE, sasl=sasl)
    for part in (slow_peers, long_responses, guesses, long_handshakes, handshakes_again, too_often):
        part()
    check("the daemon goes on", until(lambda: (session().say("NOOP") or "").startswith("250")), mail_bed.LOG[-5:])
    daemon.stop()
    memory(program, cf)
    sys.exit(close())


if __name__ == "__main__":
    sys.exit(peers_bed.main("limits"))
