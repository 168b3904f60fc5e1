#!/usr/bin/env python3
"""Which files are read, refused or warned of, by mode, owner, directory, links and DontBlameSendmail's words:
sendmail and canonify answer the same. usage: unsafe_files.py CANONIFY [--seed N] [--first N] [--all]
Needs CANONIFY_REFERENCE and root. Closes with "N passed, N failed"."""
import argparse
import itertools
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

from namespaces import enter
from setgid_site import USERS, Syslog, folder, private_places, put

BOB = USERS["bob"]
FILES = pathlib.Path("/srv/files")
MODES = (0o644, 0o664, 0o666, 0o646, 0o600)
DIRECTORIES = (0o755, 0o775, 0o777, 0o1777)
LINKS = ("plain", "symbolic", "hard")
# words of DontBlameSendmail that concern the kind, beside those that concern all
EVERY = ("", "TrustStickyBit", "GroupWritableDirPathSafe", "AssumeSafeChown")


class Case:
    """One file: what it and its directory look like."""

    def __init__(self, number, mode, owner, directory, directory_owner, link):
        self.number, self.mode, self.owner = number, mode, owner
        self.directory, self.directory_owner, self.link = directory, directory_owner, link
        self.name = f"n{number:04d}"
        self.path = FILES / self.name / "file"

    def __str__(self):
        return (f"file {self.mode:o} of {self.owner}, directory {self.directory:o} of {self.directory_owner}, "
                f"{self.link}")

    def make(self, content, suffix=""):
        path = pathlib.Path(f"{self.path}{suffix}")
        folder(path.parent)
        real = path if self.link == "plain" else FILES / "real" / f"{self.name}{suffix}"
        put(real, content, self.mode, self.owner, self.owner)
        if self.link == "symbolic":
            path.symlink_to(real)
        if self.link == "hard":
            os.link(real, path)
        os.chown(path.parent, self.directory_owner, self.directory_owner)
        os.chmod(path.parent, self.directory)


def cases(choose, first, modes):
    grid = itertools.product(modes, (0, BOB), DIRECTORIES, (0, BOB), LINKS)
    every = [Case(number, *row) for number, row in enumerate(grid)]
    if first and first < len(every):
        every = sorted(choose.sample(every, first), key=lambda case: case.number)
    return every


class Kind:
    """A kind of file: how a configuration names it, and how an answer shows whether it was read."""

    words = ()
    modes = MODES
    users = ("root",)
    suffix = ""
    # files that one configuration may name
    together = 240

    def content(self, case):
        return f"{case.name}\n"

    def lines(self, case):
        return ""

    def prepare(self, chosen):
        shutil.rmtree(FILES, ignore_errors=True)
        folder(FILES)
        folder(FILES / "real")
        for case in chosen:
            case.make(self.content(case), self.suffix)

    def ask(self, program, cf, chosen, user):
        questions = "".join(self.question(case) for case in chosen)
        return run(program, user, ["-bt", "-C", cf], questions)


class ClassFile(Kind):
    words = ("ClassFileInUnsafeDirPath", "LinkedClassFileInWritableDir")
    users = ("root", "bob")

    def lines(self, case):
        return f"F{{unsafe}} {case.path}\n"

    def ask(self, program, cf, chosen, user):
        return run(program, user, ["-bt", "-C", cf], "$={unsafe}\n")


class OptionalClassFile(ClassFile):
    users = ("root",)

    def lines(self, case):
        return f"F{{unsafe}} -o {case.path}\n"


class TextMap(Kind):
    words = ("MapInUnsafeDirPath", "LinkedMapInWritableDir")
    users = ("root", "bob")

    def content(self, case):
        return "key\tvalue\n"

    def lines(self, case):
        return f"K{case.name} text {case.path}\n"

    def question(self, case):
        return f"/map {case.name} key\n"


class HashMap(TextMap):
    suffix = ".db"
    database = b""
    users = ("root",)

    def content(self, case):
        return HashMap.database

    def lines(self, case):
        return f"K{case.name} hash {case.path}\n"


class AliasDatabase(HashMap):
    together = 1
    words = ("MapInUnsafeDirPath", "LinkedMapInWritableDir", "GroupWritableAliasFile", "WorldWritableAliasFile",
             "LinkedAliasFileInWritableDir")

    def lines(self, case):
        return f"O AliasFile={case.path}\n"

    def ask(self, program, cf, chosen, user):
        return run(program, user, ["-bt", "-C", cf], "/map Alias0 key\n")


class AliasSource(Kind):
    together = 1
    words = AliasDatabase.words

    def content(self, case):
        return f"{case.name}: root\n"

    def lines(self, case):
        return f"O AliasFile={case.path}\n"

    def ask(self, program, cf, chosen, user):
        return run(program, user, ["-bi", "-C", cf], "", True)


class Include(Kind):
    together = 1
    words = ("IncludeFileInUnsafeDirPath", "IncludeFileInUnsafeDirPathSafe", "GroupWritableIncludeFile",
             "GroupWritableIncludeFileSafe", "WorldWritableIncludeFile", "LinkedIncludeFileInWritableDir",
             "IncludeFileInGroupWritableDirPath")

    def content(self, case):
        return "alice\n"

    def prepare(self, chosen):
        super().prepare(chosen)
        put("/etc/mail/aliases", "".join(f"{case.name}: :include:{case.path}\n" for case in chosen))

    def lines(self, case):
        return "O AliasFile=/etc/mail/aliases\n"

    def ask(self, program, cf, chosen, user):
        found = [""]
        for case in chosen:
            found.append(f"{case.name} " + run(program, user, ["-bv", "-C", cf, case.name], ""))
        return "\n".join(found)


class HelpFile(Kind):
    words = ("HelpFileInUnsafeDirPath",)
    # a front that has given up root cannot read what its owner alone may read
    modes = tuple(mode for mode in MODES if mode & 0o044)

    def content(self, case):
        return "#vers\t2\nsmtp\tread\n-bt\tread\n"

    def ask(self, program, cf, chosen, user):
        found = [""]
        for case in chosen:
            answer = run(program, user, ["-bs", "-C", cf, f"-OHelpFile={case.path}"], "HELP\nQUIT\n")
            found += [f"{case.name} {line}" for line in answer.splitlines() if not line.startswith("220")]
        return "\n".join(found)


class SwitchFile(Kind):
    words = ("LinkedServiceSwitchFileInWritableDir",)

    def content(self, case):
        return "aliases nosuch\n"

    def ask(self, program, cf, chosen, user):
        found = [""]
        for case in chosen:
            words = ["-bt", "-C", cf, f"-OServiceSwitchFile={case.path}"]
            answer = run(program, user, words, "/map aliases postmaster\n")
            found += [f"{case.name} {line}" for line in answer.splitlines() if "ADDRESS TEST" not in line]
        return "\n".join(found)


KINDS = {kind.__name__: kind for kind in (ClassFile, OptionalClassFile, TextMap, HashMap,
                                          AliasDatabase, AliasSource, Include, HelpFile, SwitchFile)}
# each of their cases is a process of its own
SLOW = {"AliasDatabase": 24, "AliasSource": 24, "Include": 24, "HelpFile": 16, "SwitchFile": 16}


# said by the test shell alone, when a map is opened that is not refused
WARNINGS = re.compile(r"WARNING: (World|Group) writable directory \S+\n|WARNING: cannot open alias database \S+; .*\n")
VERSION = re.compile(r"Sendmail \S+ --")


def run(program, user, words, text, warnings=False):
    identity = {} if user == "root" else {"user": USERS[user], "group": USERS[user], "extra_groups": []}
    done = subprocess.run([program, *map(str, words)], input=text.encode(), stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env={"CANONIFY_LOG": "syslog"}, cwd="/", timeout=120, **identity)
    answer = VERSION.sub("Sendmail --", done.stdout.decode("latin-1"))
    return answer if warnings else WARNINGS.sub("", answer)


def by_case(answer, chosen):
    """What an answer says of each case: the lines that name it."""
    told = {case.name: [] for case in chosen}
    last = chosen[0].name if len(chosen) == 1 else None
    for line in answer.splitlines():
        if not line.strip("> ") or line.startswith(("ADDRESS TEST MODE", "Enter <ruleset>")):
            continue
        named = [case.name for case in chosen if case.name in line]
        if named:
            last = named[0]
        if last:
            told[last].append(line)
    return told


def asked(program, base, kind, word, chosen, user):
    told = {}
    for start in range(0, len(chosen), kind.together):
        some = chosen[start:start + kind.together]
        text = base + (f"O DontBlameSendmail={word}\n" if word else "") + "".join(map(kind.lines, some))
        cf = put("/srv/unsafe.cf", text.encode("latin-1"))
        told.update(by_case(kind.ask(program, cf, some, user), some))
    return told


def compare(theirs, ours, base, kind, word, chosen):
    passed, differences = 0, []
    for user in kind.users if not word else kind.users[:1]:
        answers = []
        for program in (theirs, ours):
            kind.prepare(chosen)
            answers.append(asked(program, base, kind, word, chosen, user))
        for case in chosen:
            if answers[0][case.name] == answers[1][case.name]:
                passed += 1
            else:
                differences.append((user, case, answers[0][case.name], answers[1][case.name]))
    return passed, differences


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("canonify")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=60, help="how many of the 240 files for each kind and word")
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--show", type=int, default=8)
    options = parser.parse_args()
    enter()
    private_places()
    Syslog()
    reference = pathlib.Path(os.environ["CANONIFY_REFERENCE"]) / "usr/libexec/sendmail"
    folder("/srv/bin")
    theirs = shutil.copy(reference / "sendmail", "/srv/bin/sendmail")
    canonify = shutil.copy(options.canonify, "/srv/bin/canonify")
    os.chmod(theirs, 0o755)
    ours = "/srv/bin/mine/sendmail"
    folder("/srv/bin/mine")
    os.symlink(canonify, ours)
    put("/etc/mail/aliases", "postmaster: root\n")
    put("/srv/site.mc", SITE)
    base = subprocess.run([canonify, "mc", "/srv/site.mc"], check=True, stdout=subprocess.PIPE).stdout.decode("latin-1")
    base = "\n".join(line for line in base.split("\n") if not line.startswith("O AliasFile"))
    folder("/var/spool/mqueue", 0o700)
    put("/srv/source", "key value\n@ @\n")
    put("/srv/site.cf", base.encode("latin-1"))
    makemap = [canonify, "makemap", "-C", "/srv/site.cf", "hash", "/srv/made.db"]
    subprocess.run(makemap, stdin=open("/srv/source"), check=True)
    HashMap.database = pathlib.Path("/srv/made.db").read_bytes()
    choose = random.Random(options.seed)
    passed = failed = 0
    for name in options.kind or KINDS:
        kind = KINDS[name]()
        first = min(options.first, SLOW.get(name, options.first))
        for word in EVERY + kind.words:
            good, bad = compare(theirs, ours, base, kind, word, cases(choose, first, kind.modes))
            passed += good
            failed += len(bad)
            for user, case, expected, found in bad[:options.show]:
                print(f"{name} {word or 'no word'}, read by {user}: {case}\n    sendmail: {expected}\n    canonify: {found}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


SITE = """OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `test.example.com')dnl
define(`QUEUE_DIR', `/var/spool/mqueue')dnl
define(`ALIAS_FILE', `')dnl
define(`STATUS_FILE', `')dnl
define(`PROCMAIL_MAILER_PATH', `/bin/true')dnl
define(`LOCAL_MAILER_PATH', `/bin/true')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""

if __name__ == "__main__":
    main()
