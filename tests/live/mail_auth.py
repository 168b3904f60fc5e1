#!/usr/bin/env python3
"""DKIM: what leaves is signed, and Debian's opendkim finds each signature good; what cannot be signed waits, or goes out as the .mc says.

usage: mail_auth.py CANONIFY [--show]     Needs root and Debian's packages opendkim and opendkim-tools; without them it skips.
"""
import base64, os, pathlib, re, shutil, subprocess, sys, tempfile, time

import mail_bed, mail_site

TOP = mail_bed.TOP
STRANGER, LOCAL = "192.0.2.9", "127.0.0.1"
KEYS = {"sel": ("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), "ed": ("ed25519", ["-algorithm", "ed25519"])}
TABLE = "# what signs\nsite.example sel /mnt/dkim/sel.pem\nsite.example ed /mnt/dkim/ed.pem ed25519-sha256\n.part.example sel /mnt/dkim/sel.pem\nlost.example sel /mnt/dkim/lost.pem\n"
OPENDKIM = "Mode v\nTestPublicKeys /mnt/dkim/public\nSyslog no\nAuthservID mail.site.example\nRequireSafeKeys no\n"
PORT = "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A"
HEADER = "From: Ann <ann@{domain}>\r\nTo: x@good.example\r\nSubject: signed,\r\n and  folded\r\nDate: Sun, 01 Mar 2026 10:00:00 +0000\r\nMessage-ID: <s1@site.example>\r\n"
BODIES = {
    "plain": "\r\nHello  there,\r\n..with a dot\r\n \t\r\nthe end\r\n\r\n\r\n", "none": "\r\n",
    "8bit": "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ngr\u00fc\u00dfe \r\nFrom me\r\n",
    "long": "\r\n" + "word " * 500 + "\r\n" + "x" * 2100 + "\r\n", "big": "\r\n" + "a line of many, with  blanks \r\n" * 2900,
}


def openssl(*words):
    return subprocess.run(["openssl", *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def public_record(name):
    """The key's record in the DNS (RFC 6376, 3.6.1; RFC 8463, 4: the bare 32 bytes)."""
    der = openssl("pkey", "-in", f"{TOP}/dkim/{name}.pem", "-pubout", "-outform", "DER")
    kind = KEYS[name][0]
    return f"v=DKIM1; k={kind}; p=" + base64.b64encode(der[-32:] if kind == "ed25519" else der).decode()


def build():
    mail_bed.build()
    subprocess.run(["ip", "addr", "add", STRANGER + "/32", "dev", "lo"], check=True)
    os.mkdir(TOP + "/dkim")
    records = []
    for name, (_, words) in KEYS.items():
        openssl("genpkey", *words, "-out", f"{TOP}/dkim/{name}.pem")
        os.chmod(f"{TOP}/dkim/{name}.pem", 0o600)
        records += [f"{name}._domainkey.{domain} {public_record(name)}\n" for domain in ("site.example", "part.example", "lost.example")]
    mail_bed.write("dkim/public", "".join(records))
    mail_bed.write("dkim/table", TABLE)
    mail_bed.write("dkim/conf", OPENDKIM)


def file(daemon, what, name):
    """A key comes or goes."""
    path = pathlib.Path(TOP, "dkim", name)
    if what == "gone":
        path.unlink()
    else:
        shutil.copy(f"{TOP}/dkim/{what}", path)
        path.chmod(0o600)
    return []


def verified(daemon):
    """What opendkim says of each message that a remote host has got."""
    said = []
    for talk in mail_bed.TALKS:
        lines = [line[3:] for line in talk.lines if line.startswith("D: ")]
        if lines:
            text = "\r\n".join(line[1:] if line.startswith(".") else line for line in lines) + "\r\n"
            path = pathlib.Path(TOP, "dkim/message")
            path.write_bytes(text.encode("latin-1"))
            done = subprocess.run(["opendkim", "-t", path, "-vv", "-x", TOP + "/dkim/conf"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            said += ["opendkim: " + line for line in done.stdout.decode("latin-1").splitlines()]
    return said


def wait(daemon, seconds):
    time.sleep(seconds)  # for so long nobody looks at the keys again
    return []


mail_bed.AFTERWARDS.update(file=file, verified=verified, wait=wait)


def serve(program, makemap):
    mail_bed.serve(program, makemap, build)


def session(body="plain", client=LOCAL, to="x@good.example", domain="site.example"):
    text = HEADER.format(domain=domain) + BODIES[body]
    text = "\r\n".join("." + line if line.startswith(".") and body != "plain" else line for line in text.split("\r\n"))
    steps = [["say", "EHLO client.example"], ["say", "MAIL FROM:<ann@good.example>" + (" BODY=8BITMIME" if body == "8bit" else "")],
             ["say", f"RCPT TO:<{to}>"], ["message", text + ".\r\n"], ["say", "QUIT"]]
    return {"client": client, "steps": steps, "after": [["verified"]]}


def signatures(result):
    """d= and s= of the signatures that remote hosts have got."""
    lines = "\n".join(line[3:] for talk in result["remote"] for line in talk if line.startswith("D: ")).replace("\n\t", " ")
    return [" ".join(re.findall(r"\b([ds]=[^;]+)", line)) for line in lines.split("\n") if line.startswith("DKIM-Signature:")]


def verdicts(result):
    return [line for line in result["session"] if line.startswith("opendkim: ")]


def is_good(result, count=2):
    """So many signatures, and opendkim finds each good."""
    return len(signatures(result)) == count == sum("dkim=pass" in line for line in verdicts(result))


def sent(result):
    return any(line.startswith("D: ") for talk in result["remote"] for line in talk)


def logged(result, text):
    return any(text in line for line in result["log"])


def signing(run):
    """(what, is it so, the result) of each case."""
    names = list(BODIES)
    cases = [session(body, to=f"x@{host}.example") for host in ("good", "seven", "bare") for body in names]
    cases += [session(to="erin@site.example", client=STRANGER), session(domain="low.part.example"), session(domain="elsewhere.example"),
              session(domain="lost.example")]
    submitted = {"client": LOCAL, "steps": [], "after": [["run", ["-t"], "From: ann@site.example\nTo: x@good.example\nSubject: by hand\n\nhello\n"], ["verified"]]}
    back = session(domain="lost.example")
    back["after"] = [["file", "sel.pem", "lost.pem"], ["wait", 11], ["run", ["-q"]], ["verified"]]
    results = run("FEATURE(`dkim_sign', `/mnt/dkim/table')", cases + [submitted, back])
    for host in ("good", "seven", "bare"):
        for body in names:
            result = results.pop(0)
            yield f"{body} to {host}", is_good(result), result
    stranger, below, other, lost, submitted, back = results
    yield "a stranger's message that is passed on", sent(stranger) and not signatures(stranger), stranger
    yield "a domain below", is_good(below, 1) and signatures(below) == ["d=part.example s=sel"], below
    yield "a domain without a key", sent(other) and not signatures(other), other
    waits = not sent(lost) and logged(lost, "stat=Deferred: DKIM: /mnt/dkim/lost.pem") and len(lost["queue"]) == 2
    yield "no key: it waits", waits, lost
    yield "a message of this host", is_good(submitted), submitted
    yield "the key is there: it goes", is_good(back, 1), back
    gone = {"client": LOCAL, "steps": [], "after": [["file", "gone", "lost.pem"]]}
    _, unsigned = run("FEATURE(`dkim_sign', `/mnt/dkim/table', `unsigned')", [gone, session(domain="lost.example")])
    yield "no key, unsigned: it goes", sent(unsigned) and not signatures(unsigned) and logged(unsigned, "sent without a signature"), unsigned


def main(canonify, *more):
    tools = all(map(shutil.which, ("opendkim", "openssl", "ip")))
    if os.geteuid() != 0 or not tools:
        print("SKIPPED: needs root, openssl, ip and Debian's package opendkim\n0 passed, 0 failed")
        return 0
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="mail_auth", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        for name in ("sendmail", "makemap"):
            pathlib.Path(folder, name).symlink_to(os.path.abspath(canonify))
        bed = mail_bed.Bed(f"{folder}/sendmail", f"{folder}/makemap", "mail_auth")

        def run(features, cases):
            site = mail_site.SITE.replace("@FEATURES@", features)
            cf = subprocess.run([canonify, "mc", "-"], input=site.encode(), stdout=subprocess.PIPE, check=True).stdout.decode("latin-1")
            lines = [line for line in cf.split("\n") if not line.startswith("O DaemonPortOptions")]
            return bed.run({"cf": "\n".join([*lines, PORT, ""]), "arguments": [], "cases": cases})

        for what, good, result in signing(run):
            print(f"{'ok' if good else 'FAILED'}: {what}")
            passed, failed = passed + good, failed + (not good)
            if "start" in result and not good:
                print(*result["start"], *result["daemon"], sep="\n    ")
            if not good or "--show" in more:
                print(*result["session"], *result["log"], *sum(result["remote"], []), sep="\n    ")
        bed.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
