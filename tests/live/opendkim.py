#!/usr/bin/env python3
"""A real filter: Debian's opendkim signs a message that canonify takes from a friend, and verifies it when it comes back from a stranger;
broken on the way, it does not verify. The same with Debian's sendmail.

usage: opendkim.py CANONIFY      Needs root and Debian's packages opendkim and opendkim-tools; without them it skips.
"""
import os, pathlib, shutil, subprocess, sys, tempfile, time

import mail_bed, side_by_side

TOP = mail_bed.TOP
LINES = ["Xopendkim, S=inet:8891@127.0.0.1, F=T, T=C:10s;S:10s;R:20s;E:30s", "O InputMailFilters=opendkim", "O Milter.macros.connect=j, _, {daemon_name}, {if_name}, {if_addr}",
         "O Milter.macros.envfrom=i, {auth_type}, {auth_authen}, {mail_host}, {mail_addr}", "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A"]
SETTINGS = """Syslog no
Background no
Socket inet:8891@127.0.0.1
Mode sv
Domain site.example
Selector sel
KeyFile /mnt/mail/dkim/sel.private
InternalHosts /mnt/mail/dkim/internal
TestPublicKeys /mnt/mail/dkim/public
AuthservID mail.site.example
RequireSafeKeys no
"""
MESSAGE = "From: Ann <ann@site.example>\r\nTo: alice@site.example\r\nSubject: signed\r\nDate: Sun, 01 Mar 2026 10:00:00 +0000\r\nMessage-ID: <s1@site.example>\r\n\r\nHello  there,\r\n..with a dot\r\n.\r\n"
CASES = [{"number": 0, "client": "127.0.0.5", "text": MESSAGE}, {"number": 1, "client": "127.0.0.9", "again": ("", "")}, {"number": 2, "client": "127.0.0.9", "again": ("there", "here")}]
delivered = []  # lines of the message that was delivered last


def build():
    mail_bed.build()
    folder = pathlib.Path(TOP, "mail/dkim")
    folder.mkdir()
    subprocess.run(["opendkim-genkey", "-b", "2048", "-d", "site.example", "-s", "sel", "-D", folder], check=True)
    record = "".join((folder / "sel.txt").read_text().split('"')[1::2])
    (folder / "public").write_text(f"sel._domainkey.site.example {record}\n")
    (folder / "internal").write_text("127.0.0.5\n")
    (folder / "conf").write_text(SETTINGS)
    subprocess.Popen(["opendkim", "-x", folder / "conf"], stdin=subprocess.DEVNULL)
    time.sleep(0.5)


def run_case(daemon, case):
    text = case.get("text")
    if text is None:
        lines = [line.replace(*case["again"]) for line in delivered] if case["again"][0] else delivered
        text = "".join(("." if line.startswith(".") else "") + line + "\r\n" for line in lines) + ".\r\n"
    steps = [["say", "EHLO client.example"], ["say", "MAIL FROM:<ann@site.example>"], ["say", "RCPT TO:<alice@site.example>"], ["message", text], ["say", "QUIT"]]
    result = plain_case(daemon, {**case, "steps": steps})
    if result["deliveries"] and not delivered:
        delivered.extend(result["deliveries"][0][2:-1])  # without Return-Path
    return result


plain_case = mail_bed.run_case


def serve(program, makemap):
    mail_bed.run_case = run_case
    mail_bed.serve(program, makemap, build)


def field(result, name):
    """The fields of this name in what was delivered."""
    lines = result["deliveries"][0][1:] if result["deliveries"] else []
    text = "\n".join(lines).split("\n\n")[0].replace("\n\t", " ").replace("\n ", " ")
    return [line for line in text.split("\n") if line.lower().startswith(name.lower() + ":")]


def check(program):
    bed = mail_bed.Bed(program, side_by_side.MAKEMAP, "opendkim")
    group = side_by_side.complete({"features": "", "options": LINES, "arguments": [], "cases": CASES})
    signed, verified, broken = bed.run(group)
    bed.close()
    return [
        ("it signs", len(field(signed, "DKIM-Signature")) == 1 and "d=site.example" in field(signed, "DKIM-Signature")[0], signed),
        ("it verifies", any("dkim=pass" in line for line in field(verified, "Authentication-Results")), verified),
        ("it finds what was changed", any("dkim=fail" in line for line in field(broken, "Authentication-Results")), broken)]


def main(canonify):
    if os.geteuid() != 0 or not (shutil.which("opendkim") and shutil.which("opendkim-genkey")):
        print("SKIPPED: needs root and Debian's packages opendkim and opendkim-tools\n0 passed, 0 failed")
        return 0
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="opendkim", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(canonify))
        for name, path in (("sendmail", side_by_side.REFERENCE / "usr/libexec/sendmail/sendmail"), ("canonify", program)):
            if not path.exists():
                print(f"SKIPPED: {name} is not there")
                continue
            for what, good, result in check(str(path)):
                print(f"{'ok' if good else 'FAILED'}: {what} ({name})")
                passed, failed = passed + good, failed + (not good)
                if not good:
                    print(*result["session"], *result["log"], *sum(result["deliveries"], []), sep="\n    ")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
