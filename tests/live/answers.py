#!/usr/bin/env python3
"""canonify explain beside -bt and the daemon: ten sites of different kinds, addresses of every shape, two clients.

For each address explain's reply must be the one that a daemon with the same configuration gives over a socket, the way that
it names must be the one that -bt's /parse prints, and the verdict of check_rcpt the one that -bt prints for that ruleset.
Every rule that explain shows must have a place that can be opened: its line of the cf, and of the .mc or the library.
usage: answers.py CANONIFY [--addresses N] [--site NAME]. Needs nothing but the program. Closes with "N passed, N failed"."""
import argparse, json, os, pathlib, random, re, signal, socket, subprocess, sys, tempfile, time

TESTDATA = pathlib.Path(__file__).resolve().parents[2] / "testdata"
SITES = ["answers/debian.mc", "answers/redhat.mc", "answers/seed.mc", "diff/virtual.mc", "diff/gateway.mc", "diff/null.mc",
         "diff/hub.mc", "diff/checks.mc", "diff/uucp.mc", "diff/old.cf"]
HOSTS = "127.0.0.1 localhost\n127.0.0.2 client.example\n192.0.2.77 mail.site.example site.example outside.example\n" \
    "192.0.2.78 partner.example relay.site.example hub.site.example\n"
CLIENTS = [("127.0.0.1", "localhost"), ("127.0.0.2", "client.example")]
SENDER = "somebody@outside.example"
DOMAINS = ["site.example", "mail.site.example", "outside.example", "localhost", "nowhere.invalid", "host.site.example"]
USERS = ["root", "postmaster", "daemon", "joe", "nosuchuser", "Root", "first.last", "x", "a_b-c"]
SHAPES = [
    "{u}@{d}", "{u}+detail@{d}", "{u}@host.{d}", "{u}@{d}.", "{u}%{o}@{d}", "{d}!{u}", "{o}!{u}@{d}", "@{d}:{u}@{o}",
    '"{u}"@{d}', '"{u}@{o}"@{d}', "{u}@{o}@{d}", "{u}", "{U}@{D}", "{u}%{d}", "{u}@", "@{d}", "{u}@[192.0.2.9]",
    "{u}@{d}.uucp", "{d}!{o}!{u}", "{u}:{d}", "{u}@{d}%{o}", "\\{u}@{d}", "{u}@.{d}", "{u}..x@{d}", "{u}@{d}.REDIRECT",
    "{u}::{d}", "<{u}@{d}>", "{u} x@{d}", "{u}@{o}.bitnet", "@{o},@{d}:{u}@{d}", "{u}(comment)@{d}", "{u};@{d}",
]
# what test mode reads as a session does: no quotes, comments or lists
PLAIN = re.compile(r"[A-Za-z0-9.@+%!_-]+$")


def addresses(folder, text, count, seed):
    """Names that the site has, and others, in every shape."""
    maps = "".join((folder / name).read_text() for name in ["access", "virtusertable", "mailertable"])
    domains = sorted(set(DOMAINS + re.findall(r"[a-z0-9.-]+\.example", text + maps)))
    keys = re.findall(r"(?m)^([a-z0-9._-]+)@", maps)
    users = sorted(set(USERS + keys))
    chooser, found = random.Random(seed), {}
    while len(found) < count:
        user, domain, outside = chooser.choice(users), chooser.choice(domains), chooser.choice(domains)
        shape = chooser.choice(SHAPES)
        found[shape.format(u=user, d=domain, o=outside, U=user.upper(), D=domain.upper())] = True
    return list(found)


def with_port(name, text, port):
    """The same site with a daemon at a port of ours."""
    if name.endswith(".cf"):
        return text + f"O DaemonPortOptions=Port={port}, Addr=127.0.0.1, Name=MTA\n"
    own = f"FEATURE(`no_default_msa')dnl\nDAEMON_OPTIONS(`Port={port}, Addr=127.0.0.1, Name=MTA')dnl\n"
    mark = next(mark for mark in ["MAILER_DEFINITIONS", "MAILER(", "FEATURE(`nullclient'"] if mark in text)
    return text.replace(mark, own + mark, 1)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


class Daemon:
    """A daemon that ends with the block."""

    def __init__(self, canonify, file, folder, port):
        queue = folder / f"queue-{file.stem}"
        queue.mkdir(mode=0o700)
        words = [f"-OQueueDirectory={queue}", f"-OPidFile={folder}/{file.stem}.pid", "-OStatusFile=", "-OLogLevel=0",
                 "-OTimeout.ident=0", "-OServiceUser=root", "-OBadRcptThrottle=0", "-OConnectionRateThrottle=0"]
        self.port, self.log = port, open(folder / f"{file.stem}.log", "wb")
        self.process = subprocess.Popen([canonify, "sendmail", "-bD", "-C", file, *words], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()

    def connect(self, client):
        late = time.monotonic() + 120
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.port), 120, (client, 0))
            except OSError:
                if time.monotonic() > late or self.process.poll() is not None:
                    sys.exit(f"the daemon has ended: {pathlib.Path(self.log.name).read_text()}")
                time.sleep(0.1)

    def replies(self, client, asked):
        """What is answered to each recipient; None: the connection was closed."""
        with self.connect(client) as connection, connection.makefile("rwb") as stream:
            def hear():
                while True:
                    line = stream.readline().decode("utf-8", "replace").rstrip("\r\n")
                    if not line or line[3:4] != "-":
                        return line

            def say(text):
                stream.write(text.encode() + b"\r\n")
                stream.flush()
                return hear()

            before = [hear(), say("EHLO client.example"), say(f"MAIL FROM:<{SENDER}>")]
            refused = next((reply for reply in before if not reply.startswith("2")), None)
            return [refused or say(f"RCPT TO:<{address}>") for address in asked]


def explained(canonify, file, client, asked, rules):
    ip, name = client
    words = ["explain", "--json", "-C", file, "--client", f"{ip}={name}", "--helo", "client.example", "--from", SENDER]
    done = subprocess.run([canonify, *words, "--", *asked], capture_output=True, text=True, timeout=1200)
    found = json.loads(done.stdout)
    recipients = [one for one in found["exchanges"] if one["command"].startswith("RCPT TO:")]
    for exchange in found["exchanges"]:
        for stage in exchange["stages"]:
            stage["decision"] and rules.append(stage["decision"])
            add_rules(stage["steps"], rules)
    return found["answers"], recipients


def add_rules(steps, rules):
    for step in steps:
        if step["kind"] == "rule":
            rules.append(step)
        add_rules(step.get("steps", []), rules)


def test_mode(canonify, file, client, asked):
    """The last line of /parse, and the result of check_rcpt, for each address."""
    ip, name = client
    typed = [f".D{{client_addr}}{ip}", f".D{{client_name}}{name}", f".D{{client_ptr}}{name}", ".D{client_resolve}OK", f".Df{SENDER}", f".D{{mail_from}}<{SENDER}>"]
    for address in asked:
        typed += [f"/parse {address}", f"check_rcpt <{address}>"]
    done = subprocess.run([canonify, "sendmail", "-bt", "-C", file], input="\n".join(typed) + "\n", capture_output=True, text=True,
                          errors="replace", timeout=1200)
    blocks = re.split(r"(?m)^(?:> )+Cracked address = ", done.stdout)[1:]
    assert len(blocks) == len(asked), f"{len(blocks)} blocks for {len(asked)} addresses: {done.stdout[-500:]}"
    for block in blocks:
        parsed, _, checked = block.partition("\n> ")
        way = next((line for line in reversed(parsed.splitlines()) if line.startswith("mailer ")), None)
        verdict = [line for line in checked.splitlines() if line.startswith("check_rcpt ") and " returns: " in line]
        yield way, verdict[-1].split(" returns: ", 1)[1].strip() if verdict else None


def problem(address, answer, exchange, reply, typed):
    """What does not agree."""
    if answer["reply"] != reply:
        return f"explain {answer['reply']!r}, the daemon {reply!r}"
    if not PLAIN.match(address):
        return None
    way, verdict = typed
    if answer["accepted"] and answer["resolved"] != way:
        return f"explain {answer['resolved']!r}, -bt {way!r}"
    said = [stage["outcome"] for stage in exchange["stages"] if stage["what"] == "check_rcpt"] if exchange else []
    if said and verdict is not None and " ".join(said[-1].split()) != " ".join(verdict.split()):
        return f"check_rcpt: explain {said[-1]!r}, -bt {verdict!r}"
    return None


def misplaced(file, rules):
    """Rules without a line of the cf, or of the .mc or library that made it."""
    made = file.suffix == ".mc"
    wrong = [rule for rule in rules if not rule["place"]["line"] or (made and not (rule["place"].get("origin") or {}).get("line"))]
    return [f"{rule['rule']} has no place: {rule['place']}" for rule in wrong]


def one_site(canonify, folder, name, count):
    source = (TESTDATA / name).read_text().replace("@DIR@", str(folder))
    port = free_port()
    file = folder / pathlib.Path(name).name
    file.write_text(with_port(name, source, port))
    asked = addresses(folder, source, count, name)
    found, rules = [], []
    with Daemon(canonify, file, folder, port) as daemon:
        for client in CLIENTS:
            replies = daemon.replies(client[0], asked)
            answers, exchanges = explained(canonify, file, client, asked, rules)
            exchanges += [None] * (len(asked) - len(exchanges))
            typed = test_mode(canonify, file, client, asked)
            for address, answer, exchange, reply, said in zip(asked, answers, exchanges, replies, typed, strict=True):
                why = problem(address, answer, exchange, reply, said)
                found += [f"{client[1]}, {address}: {why}"] if why else []
    wrong = misplaced(file, rules)
    print(f"{name}: {len(asked)} addresses, {len(CLIENTS)} clients, {len(found)} differ; {len(rules)} rules shown, {len(wrong)} without a place")
    return found + wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("canonify")
    parser.add_argument("--addresses", type=int, default=1000)
    parser.add_argument("--site")
    arguments = parser.parse_args()
    canonify, failed, passed = os.path.abspath(arguments.canonify), 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file in (TESTDATA / "diff").iterdir():
            (folder / file.name).write_text(file.read_text().replace("@DIR@", name))
        (folder / "relay-domains").write_text("partner.example\n")
        (folder / "hosts").write_text(HOSTS)
        os.environ["CANONIFY_HOSTS"] = str(folder / "hosts")
        for site in SITES:
            if arguments.site and arguments.site not in site:
                continue
            found = one_site(canonify, folder, site, arguments.addresses)
            for line in found[:12]:
                print("FAILED", site, line)
            passed, failed = passed + (not found), failed + bool(found)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
