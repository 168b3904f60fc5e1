"""The mail server of tls_bed.py among domains with policies: remote hosts and a web server with certificates of their own making.

A host of HOSTS is `mx.NAME.example`, NAME.example its domain, mta-sts.NAME.example the web server with its policy. WEB says what that answers;
`certificates` makes what hosts and web servers show. The world outside asks `run(cf lines, cases)`; what happened is mail_bed's.
"""
import base64, datetime, json, os, pathlib, re, shutil, socket, subprocess, tempfile, threading

import checks, mail_bed, mail_site, tls_bed, tls_certificates

WEB_ADDRESS = "127.0.8.8"
WEB = {"on": True, "asked": []}
SITE = mail_site.SITE + "LOCAL_CONFIG\nO LogLevel=12\nO DeliveryMode=i\nO CACertFile=/mnt/tls/ca.pem\nO CACertPath=/mnt/tls\n"
PORT = "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A"


def certificates(folder, names):
    """For each name of a file: the name of the host, and who signs ("ca", "other" or None: itself)."""
    tls_certificates.STATES = {"revoked": tls_certificates.STATES["revoked"]} | {
        file: (f"/CN={host.removeprefix('*.')}", signer, "20", years, f"DNS:{host}", "EC") for file, (host, signer, years) in names.items()}
    tls_certificates.make(folder)


# ---------------------------------------------------------------- the web server
def web_answer(pages, host):
    """Bytes for a request."""
    status, text = pages.get(host, ("404 Not Found", ""))
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\nLocation: https://mta-sts.good.example/.well-known/mta-sts.txt\r\nConnection: close\r\n\r\n"
    return (head + text).encode("latin-1")


def web_server(pages, shown):
    """`shown`: host → name of the certificate; by default the web server's own."""
    contexts = {}

    def context(name):
        if name not in contexts:
            contexts[name] = tls_bed.context(True, {"certificate": name})
        return contexts[name]

    def chosen(stream, name, _):
        WEB["asked"].append(f"SNI {name}")
        stream.context = context(shown.get(name, "web"))
    first = context("web")
    first.sni_callback = chosen
    server = socket.create_server((WEB_ADDRESS, 443), backlog=50)
    while True:
        stream, _ = server.accept()
        threading.Thread(target=web_request, args=(stream, first, pages), daemon=True).start()


def web_request(stream, context, pages):
    try:
        if WEB["on"]:
            with context.wrap_socket(stream, server_side=True) as safe:
                request = b""
                while b"\r\n\r\n" not in request and (more := safe.recv(4096)):
                    request += more
                head, _, body = request.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)^content-length: *(\d+)\r?$", head, re.M)
                while length and len(body) < int(length[1]) and (more := safe.recv(65536)):
                    body += more
                lines = head.decode("latin-1").split("\r\n")
                host = next((line[6:] for line in lines if line.lower().startswith("host: ")), "")
                WEB["asked"].append(f"{lines[0]} {host}")
                if body:
                    WEB["asked"].append("BODY " + base64.b64encode(body).decode())
                safe.sendall(web_answer(pages, host))
    except OSError:
        pass
    finally:
        stream.close()


# ---------------------------------------------------------------- what happens beside sessions
def web(daemon, what):
    """The web server comes or goes; or: what has it been asked?"""
    if what == "asked":
        return ["web: " + line for line in WEB["asked"]]
    WEB["on"] = what == "on"
    return []


def known(daemon, text):
    """The file of policies says this from now on."""
    path = pathlib.Path(mail_bed.TOP, "mqueue/mta-sts")
    path.unlink(missing_ok=True)
    path.write_text(text)
    owner = path.parent.stat()
    os.chown(path, owner.st_uid, owner.st_gid)
    return []


def next_day(daemon, number):
    """The days of the results that are there are over, and the daemon starts again: that many reports are sent."""
    yesterday = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1)
    for path in pathlib.Path(mail_bed.TOP, "mqueue").glob("tls-results.*"):
        path.rename(path.with_name(f"tls-results.{yesterday}"))
    text = pathlib.Path(mail_bed.TOP, "mail/sendmail.cf").read_text("latin-1")
    daemon.stop()
    daemon.__init__(daemon.program, {"cf": text, "arguments": []})
    checks.until(lambda: sum("TLS report: " in line for line in mail_bed.LOG) >= number)
    return []


def clean():
    """The bed's, but what is known of domains, and of sessions, stays."""
    queue = pathlib.Path(mail_bed.TOP, "mqueue")
    kept = [(path, pathlib.Path(mail_bed.TOP, path.name)) for path in (queue / "mta-sts", *queue.glob("tls-results.*")) if path.exists()]
    for path, aside in kept:
        path.rename(aside)
    plain_clean()
    WEB["asked"].clear()
    for path, aside in kept:
        aside.rename(path)


plain_clean = mail_bed.clean


def serve(program, makemap, source, world):
    """Inside the name spaces; `world` (JSON): hosts, zone, pages, shown, and the name server where it is not the bed's."""
    world = json.loads(pathlib.Path(world).read_text())
    more = {tuple(key.split(" ")): [tuple(value) if isinstance(value, list) else value for value in values] for key, values in world["zone"].items()}
    mail_site.HOSTS = world["hosts"]
    mail_site.ADDRESSES = {name: f"127.0.1.{number}" for number, name in enumerate(mail_site.HOSTS, 1)}
    for name in ("good", "by", "second"):  # those that the zone names
        mail_site.ADDRESSES.setdefault(name, "127.0.9.9")
    plain_zone = mail_site.zone
    mail_site.zone = lambda: {**plain_zone(), **more}
    mail_site.FILES["mail/access"] += world.get("access", "")
    mail_site.FILES["mail/mailertable"] += world.get("mailertable", "")
    # who serves the network is not root, and cannot read a key
    mail_site.SYSTEM_USERS += "canonify:x:64901:64901:canonify:/:/bin/false\nunbound:x:64902:64902::/:/bin/false\nbind:x:64903:64903::/:/bin/false\n"
    mail_site.SYSTEM_GROUPS += "canonify:x:64901:\nunbound:x:64902:\nbind:x:64903:\n"
    mail_bed.AFTERWARDS.update(web=web, known=known, next_day=next_day)

    def build():
        mail_bed.build()
        tls_bed.put_certificates(source)
        if world.get("pages") is not None:
            threading.Thread(target=web_server, args=(world["pages"], world.get("shown", {})), daemon=True).start()
    mail_bed.Remote, mail_bed.Session, mail_bed.clean = tls_bed.Remote, tls_bed.Session, clean
    if "name_server" in world:
        import importlib
        module = importlib.import_module(world["name_server"])
        module.VALIDATES = world.get("validates", True)
        mail_bed.name_server = lambda: None
        plain_build, plain_processes = build, mail_bed.processes

        def build():
            plain_build()
            module.name_server(mail_site.zone(), source)
        # they stay when a daemon goes
        mail_bed.processes = lambda: [pid for pid in plain_processes() if pid not in module.RUNNING]
    mail_bed.serve(program, makemap, build)


# ---------------------------------------------------------------- outside
def mail(to, after=(), sender="ann@site.example"):
    """A message from this host to somebody."""
    steps = [["say", "EHLO client.example"], ["say", f"MAIL FROM:<{sender}>"], ["say", f"RCPT TO:<{to}>"],
             ["message", "Subject: hello\r\n\r\nhello\r\n.\r\n"], ["say", "QUIT"]]
    return {"client": "127.0.0.1", "steps": steps, "after": list(after)}


def sent(result):
    return any(line.startswith("D: ") for talk in result["remote"] for line in talk)


def protected(result):
    return any("C: (TLS" in line for talk in result["remote"] for line in talk)


def logged(result, *texts):
    return any(all(text in line for text in texts) for line in result["log"])


def waits(result, *texts):
    """It is still in the queue, nobody got it, and the log says why."""
    return not sent(result) and logged(result, "stat=Deferred: ", *texts) and any(file[0].startswith("qf") for file in result["queue"])


class World:
    """`script`: the file of the test, which calls `serve` when its first argument is SERVE."""

    def __init__(self, canonify, script, names, world):
        self.folder = tempfile.TemporaryDirectory(prefix="policy", dir="/var/lib")
        folder = self.folder.name
        os.chmod(folder, 0o755)
        made = pathlib.Path(folder, "certificates")
        made.mkdir()
        certificates(made, names)
        pathlib.Path(folder, "world").write_text(json.dumps(world(made) if callable(world) else world))
        self.canonify = os.path.abspath(canonify)
        for name in ("sendmail", "makemap"):
            pathlib.Path(folder, name).symlink_to(self.canonify)
        self.bed = mail_bed.Bed(f"{folder}/sendmail", f"{folder}/makemap", script, str(made), f"{folder}/world")

    def run(self, features, cases, lines=""):
        site = SITE.replace("@FEATURES@", features) + lines
        cf = subprocess.run([self.canonify, "mc", "-"], input=site.encode(), stdout=subprocess.PIPE, check=True).stdout.decode("latin-1")
        kept = [line for line in cf.split("\n") if not line.startswith("O DaemonPortOptions")]
        return self.bed.run({"cf": "\n".join([*kept, PORT, ""]), "arguments": [], "cases": cases})

    def close(self):
        self.bed.close()
        self.folder.cleanup()


def report(cases, show):
    """Tells each (what, is it so, the result); ends with the count."""
    for what, good, result in cases:
        seen = "\n    ".join([*result.get("start", []), *result.get("daemon", []), *result["session"], *result["log"], *sum(result["remote"], [])])
        checks.check(what, good, seen)
        if good and show:
            print("    " + seen)
    return checks.close()


def with_policies(words, feature, names, domains, world, cases):
    """A script whose domains have web servers with their policies, from its words to its exit status."""
    canonify, *more = words
    if os.geteuid() != 0 or not shutil.which("openssl"):
        print("SKIPPED: needs root and openssl\n0 passed, 0 failed")
        return 0
    names = names | {f"web-{name}": (f"mta-sts.{name}.example", "ca", "40") for name in domains}
    site = World(canonify, "policy_bed", names, world)
    status = report(cases(lambda wanted: site.run(feature, wanted)), "--show" in more)
    site.close()
    return status
