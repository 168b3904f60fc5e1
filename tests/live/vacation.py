#!/usr/bin/env python3
"""vacation, Debian's and ours: who is answered with what, exit statuses, complaints, and what is remembered; each reads the other's
database. usage: vacation.py CANONIFY
Needs root; runs in name spaces of its own. Closes with "N passed, N failed"."""
import os, pathlib, re, subprocess, sys, tempfile

from checks import check, close, until
from namespaces import enter

REFERENCE = pathlib.Path(os.environ.get("CANONIFY_REFERENCE", "/var/cache/canonify-reference"), "usr/libexec/sendmail/vacation.sendmail")
UID = 61234
ANSWER = "From: joe@x.example (Joe)\nSubject: away\n\nI am away\n"
HEADERS = ["", "Precedence: bulk", "Precedence: junk", "precedence:list", "Precedence: first-class", "Auto-Submitted: no", "X-Precedence: bulk"]
RECEIVERS = ["Joe <JOE@y.example>", "bob@x.example", "xjoe@x.example", "joey@x.example", "joe.x@x.example", "joe", "bob@x.example,\n joe@x.example", '"joe" <x@y>', "bob (joe)", "joe+a@x.example", "x-joe@a",
             "bob@x.example\nCc: joe@x.example", "bob@x.example\nBcc: joe@x.example", "bob@x.example\nResent-To: joe@x.example"]
FLAGS = [["-a", "bob"], ["-j"], ["-z"], ["-R", "bounce@x.example"], ["-t", "5"]]
SENDERS = ["postmaster@b.example", "MAILER-DAEMON", "owner-list@b.example", "uucp", "mailer@b.example", "daemon@b.example", "xpostmaster@b.example"]
# What Debian's answers although its manual says otherwise.
LISTS = ["list-request@b.example", "list-owner@b.example", "list-relay@b.example"]
# A sendmail that keeps what it is given, in a file for each recipient.
SENDMAIL = """#!/bin/sh
for to; do :; done
{ echo "$*"; cat; } >"/run/answers/.$to" && mv "/run/answers/.$to" "/run/answers/$to"
"""


class Home:
    """One program with a home directory; every run is told as a line."""

    def __init__(self, top, name, program):
        self.home, self.program, self.told = top / name, program, []
        self.home.mkdir()
        os.chown(self.home, UID, UID)
        (self.home / ".vacation.msg").write_text(ANSWER)

    def run(self, *words, text="", login=("joe",)):
        command = [self.program, "-d", *words, *login]
        passwd = pathlib.Path("/etc/passwd")
        passwd.write_text(re.sub(r"^joe:.*\n", "", passwd.read_text(), flags=re.M) + f"joe:x:{UID}:{UID}:Joe:{self.home}:/bin/sh\n")
        done = subprocess.run(command, input=text, capture_output=True, text=True, user=UID, group=UID, extra_groups=[])
        said = re.sub(r"uid \d+", "uid UID", done.stdout + done.stderr).replace(str(self.home), "~joe")
        self.told.append((words, text, done.returncode, re.sub(r" \w{3} \w{3} [ \d]{2} [\d:]{8} \d{4}", " TIME", said)))
        return done

    def message(self, sender, receiver="joe@x.example", header="", words=()):
        field = header + "\n" if header else ""
        self.run(*words, text=f"From {sender} Tue Dec  1 00:00:00 2026\nFrom: {sender}\nTo: {receiver}\n{field}Subject: hi\n\nbody\n")


def cases(home):
    home.run("-i")
    number = 0
    for header in HEADERS:
        number += 1
        home.message(f"u{number}@b.example", header=header)
    for receiver in RECEIVERS:
        number += 1
        home.message(f"u{number}@b.example", receiver)
    for words in FLAGS:
        number += 1
        home.message(f"u{number}@b.example", "bob@x.example" if words[0] in ("-a", "-j") else "joe@x.example", words=words)
    for sender in SENDERS:
        home.message(sender)
    home.message("v1@b.example", words=["-s", "other@b.example"])
    home.run("-x", text="ex@b.example\n@dom.example\n")
    for sender in ("ex@b.example", "a@dom.example", "a@sub.dom.example", "EX@b.example"):
        home.message(sender)
    home.message("u1@b.example")
    home.message("u1@b.example", words=["-r", "0"])
    for words, login in (([], ["nosuch"]), ([], []), (["-Q"], ["joe"]), ([], ["joe", "bob"]), (["-U"], ["joe"])):
        home.run(*words, login=login)
    home.run(text="From \nTo: joe\n\nx\n")
    home.run(text="Subject: x\n\nx\n")
    (home.home / ".vacation.msg").unlink()
    home.message("w1@b.example")
    (home.home / ".vacation.msg").write_text(ANSWER)


def answers(wanted):
    folder = pathlib.Path("/run/answers")
    until(lambda: wanted <= {path.name for path in folder.iterdir() if path.name[0] != "."})
    found = {path.name: path.read_text() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    return found


def surroundings(top):
    """Accounts of our own, and a sendmail of our own where vacation looks for it."""
    accounts = top / "passwd"
    accounts.write_text(pathlib.Path("/etc/passwd").read_text())
    subprocess.run(["mount", "--bind", accounts, "/etc/passwd"], check=True)
    programs = top / "sbin"
    programs.mkdir()
    (programs / "sendmail").write_text(SENDMAIL)
    (programs / "sendmail").chmod(0o755)
    subprocess.run(["mount", "--bind", programs, "/usr/sbin"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "answers", "/run"], check=True)
    os.mkdir("/run/answers")
    os.chmod("/run/answers", 0o777)


def main(canonify):
    with tempfile.TemporaryDirectory() as folder:
        top = pathlib.Path(folder)
        top.chmod(0o755)
        surroundings(top)
        (top / "vacation").symlink_to(canonify)
        ours, theirs = Home(top, "ours", top / "vacation"), Home(top, "theirs", REFERENCE)
        cases(ours)
        said = answers(set())
        check("somebody is answered", len(said) > 15, said)
        cases(theirs)
        other = answers(set(said))
        for name in sorted(said.keys() | other.keys()):
            check(f"the answer to {name}", said.get(name) == other.get(name), (said.get(name), other.get(name)))
        for one, another in zip(ours.told, theirs.told):
            check(f"{one[:2]}", one == another, (one, another))
        listed = [sorted(home.run("-l").stdout.splitlines()) for home in (ours, theirs)]
        plain = [[re.sub(r"\w{3} \w{3} [ \d]{2} [\d:]{8} \d{4}", "TIME", line) for line in lines] for lines in listed]
        # Debian's remembers whom it could not answer for want of a message; here he is answered once there is one
        plain[1] = [line for line in plain[1] if not line.startswith("w1@b.example")]
        check("the list", plain[0] == plain[1], plain)
        kept = [(home.home / ".vacation.db").read_bytes() for home in (theirs, ours)]
        for home, database in zip((ours, theirs), kept):
            (home.home / ".vacation.db").write_bytes(database)
        for home, lines in ((ours, listed[1]), (theirs, listed[0])):
            check(f"{home.home.name} reads the other's database", sorted(home.run("-l").stdout.splitlines()) == lines)
        for sender in LISTS:
            ours.message(sender)
        for number, header in enumerate(("List-Id: <x.example>", "Auto-Submitted: auto-replied")):
            ours.message(f"l{number}@b.example", header=header)
        check("lists and programs get no answer", answers(set()) == {})
    return close()


if __name__ == "__main__":
    enter()
    sys.exit(main(os.path.abspath(sys.argv[1])))
