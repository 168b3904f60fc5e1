"""Queue states in the bed of mail_bed.py: files are laid into the queue, some are locked, commands are run, what is left is looked at.

A case: `files` ([path below TOP, text, mode, owner, age in seconds]; a text may be {"link": target}, {"twin": path} or {"folder": true}),
`locks` (paths), `steps` (see `Work`). The group's `directories` are made first. Times in a text are written `@-300@`: so many seconds from the
begin of the case; on the way back they are written so again, rounded down to five minutes.
"""
import fcntl, os, pathlib, re, signal, subprocess, time

import mail_bed, mail_site, session_text

TOP = mail_bed.TOP
REFERENCE = os.environ.get("CANONIFY_REFERENCE", "/nonexistent") + "/usr/libexec/sendmail/sendmail"
USERS = {"root": 0, "alice": 2001, "smmsp": 209}
QUEUES = ("mqueue", "clientmqueue", "hoststat")
ROUND = 300
# what each says of itself at a high LogLevel, and how often it connects
OWN_WORDS = re.compile(r"\]: (confined: uid=|engine=|\w+: SMTP outgoing connect on )")


# ---------------------------------------------------------------- before
def at(start, text):
    return re.sub(r"@([+-]\d+)@", lambda found: str(start + int(found[1])), text)


def lay(start, path, text, mode, owner, age):
    path = pathlib.Path(TOP, path)
    if isinstance(text, str):
        path.write_bytes(at(start, text).encode("latin-1"))
    elif "link" in text:
        return path.symlink_to(text["link"])
    elif "twin" in text:
        return path.hardlink_to(pathlib.Path(TOP, text["twin"]))
    else:
        path.mkdir()
    os.chown(path, owner, owner)
    path.chmod(mode)
    os.utime(path, (start - age, start - age))


def lock(path):
    file = open(pathlib.Path(TOP, path), "rb")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


# ---------------------------------------------------------------- the work
class Work:
    """Runs the steps of a case; `lines` is what the commands said."""

    def __init__(self, program, several):
        """`several`: more than one message may be worked on at a time, in any order."""
        self.program, self.lines, self.settled, self.several = program, [], True, several

    def command(self, program, arguments, user="root", text=""):
        """A command, and all that it leaves in the background."""
        who = {"user": USERS[user], "group": USERS[user], "extra_groups": []} if user != "root" else {}
        words = [program, f"-C{TOP}/mail/sendmail.cf", *arguments]
        try:
            run = subprocess.run(words, input=text.encode("latin-1"), capture_output=True, timeout=25, cwd="/", **who)
            said, status = (run.stdout, run.stderr), run.returncode
        except subprocess.TimeoutExpired as late:
            said, status = (late.stdout or b"", late.stderr or b""), "did not end"
        self.lines.append(f"$ {user} {' '.join(arguments)}")
        for name, stream in zip("12", said):
            lines = re.sub(r" 00:00:\d\d ", " (just now) ", stream.decode("latin-1"))
            lines = re.sub(r"( (?:\d+\+)?\d\d:\d)\d:\d\d(?= )", r"\1x:xx", lines).split("\n")
            if not {"-bp", "-v"} & set(arguments):
                lines.sort()  # messages may be worked on side by side; hosts stand in the order of their directory
            self.lines.extend(f"{name}: {line}" for line in lines if line)
        several = "-qf" in arguments and self.several
        self.lines.append("= (of the last message)" if several else f"= {status}")
        self.settle()

    def settle(self):
        self.settled &= mail_bed.settle(None, 0)

    def run(self, *arguments):
        self.command(self.program, arguments)

    def run_as(self, user, *arguments):
        self.command(self.program, arguments, user)

    def reference(self, text, *arguments):
        """The reference writes into the queue, whoever is compared."""
        self.command(REFERENCE, arguments, text=text)

    def submit(self, text, *arguments):
        self.command(self.program, arguments, text=text)

    def stay(self, seconds, *arguments):
        """A runner that goes on and on is stopped after some seconds."""
        process = subprocess.Popen([self.program, f"-C{TOP}/mail/sendmail.cf", *arguments], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
        time.sleep(seconds)
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.signal(number)
            if mail_bed.settle(None, 0, limit=5):
                break
        process.poll()
        self.lines.append(f"$ {seconds} seconds of {' '.join(arguments)}")
        self.settle()

    def signal(self, number):
        for pid in mail_bed.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def age(self, seconds):
        """Host status files become older."""
        for path in sorted(pathlib.Path(TOP, "hoststat").rglob("*")):
            if path.is_file():
                text = re.sub(rb"^U(\d+)", lambda found: b"U%d" % (int(found[1]) - seconds), path.read_bytes(), flags=re.M)
                path.write_bytes(text)


# ---------------------------------------------------------------- afterwards
def relative(start, line):
    """T, K and U lines, written from the begin of the case."""
    found = re.fullmatch(r"([TKU])(\d{10})", line)
    return f"{found[1]} {(int(found[2]) - start) // ROUND * ROUND:+}" if found else line


def tree(start):
    """Queue files. Where the body of a message lies once or more, and in which of several directories a new one, is left out."""
    found = []
    for path in sorted(path for queue in QUEUES for path in pathlib.Path(TOP, queue).rglob("*")):
        try:
            about = path.lstat()
            readable = path.is_file() and not path.is_symlink()
            lines = path.read_text("latin-1").split("\n") if readable else []
        except FileNotFoundError:
            continue  # whoever works on it is not done
        links = "-" if path.name.startswith("df") else about.st_nlink
        name = f"{path.relative_to(TOP)} {about.st_mode:o} {about.st_uid}:{about.st_gid} {links}"
        if not path.is_dir() or path.parent.name not in QUEUES:
            found.append([name, *(relative(start, line) for line in lines)])
    return found


def plain_dates(case, start):
    """How the dates of the case are written by mailq → from the begin of the case."""
    ages = {int(age) for file in case["files"] for age in re.findall(r"@([+-]\d+)@", str(file[1]))}
    ages.update(range(-60, 180, 60))
    dates = {}
    for age in sorted(ages, key=abs, reverse=True):
        date = time.asctime(time.gmtime(start + age - 5 * 3600))[:16]
        dates[date], dates[date[4:]] = f"[now{age // ROUND * ROUND:+}]", f"[{age // ROUND * ROUND:+}]"
    return dates


def alike(case, start):
    """Ids of the case are named by their number, its dates from its begin."""
    names = {name: f"Q-{number}" for number, name in enumerate(case["ids"])}
    names.update(plain_dates(case, start))
    # a date with seconds is none of mailq's
    pattern = re.compile("(?:" + "|".join(map(re.escape, sorted(names, key=len, reverse=True))) + r")(?!:\d\d)")
    # the errno of a call that had nothing to do with it
    stray = re.compile("(is not a regular file|not subpath of QueueDirectory [^ ]*/): No such file or directory")
    return lambda text: stray.sub(r"\1", pattern.sub(lambda found: names[found[0]], text))


def any_place(case, name, lines):
    """New messages are in whichever of several directories comes next, their bodies there or where they were cut off."""
    old = "|".join(map(re.escape, case["ids"])) or "-"
    name = re.sub(rf"^mqueue/q\d(?=/(?:[dq]f/)?[a-z]f(?!{old}))", "mqueue/q?", name)
    name = re.sub(rf"^mqueue/.*/(df(?!{old})\S+) \S+", r"mqueue/?/\1", name)
    return [name, *(line for line in lines if not re.match(r"d[^ ]", line) or not re.search(rf"/[hq]f(?!{old})", name))]


def dialogues(talks):
    """What was said to hosts, each transaction by itself behind the greeting: messages may share a connection or not."""
    found = []
    for talk in talks:
        lines = [line for line in talk.lines if line not in ("C: QUIT", "S: 221 2.0.0 bye")]
        begins = [at for at, line in enumerate(lines) if line.startswith("C: MAIL ")]
        greeting, ends = lines[:begins[0] if begins else None], [*begins[1:], None]
        pieces = [lines[begin:end] for begin, end in zip(begins, ends)] or [[]]
        found += [[talk.name, *greeting, *without_resets(piece)] for piece in pieces]
    return found


def without_resets(lines):
    """RSET and what was answered."""
    return [line for at, line in enumerate(lines) if line != "C: RSET" and (at == 0 or lines[at - 1] != "C: RSET")]


def by_message(lines):
    """Messages of a run may be worked on side by side: the lines of each together."""
    id_of = re.compile(rf"\]: ({session_text.ID}|Q-\d+): ")
    return sorted(lines, key=lambda line: found[1] if (found := id_of.search(line)) else "")


def run_case(program, group, case):
    mail_bed.clean()
    start = int(time.time())
    mail_bed.make_directories(group)
    for file in case["files"]:
        lay(start, *file)
    locks = [lock(path) for path in case["locks"]]
    handed_in = [step for step in case["steps"] if step[0] in ("submit", "reference")]
    work = Work(program, len(case["ids"]) + len(handed_in) > 1)
    for verb, *arguments in case["steps"]:
        getattr(work, verb)(*arguments)
    for file in locks:
        file.close()
    if not work.settled:
        work.signal(signal.SIGKILL)  # the next case is to be alone
    into = alike(case, start)
    return {
        "session": list(map(into, work.lines)),
        "deliveries": [list(map(into, block)) for block in mail_bed.deliveries()],
        "remote": [list(map(into, lines)) for lines in dialogues(mail_bed.TALKS)],
        "queue": [list(map(into, any_place(case, name, lines))) for name, *lines in tree(start)],
        "log": by_message(into(line) for line in mail_bed.LOG if not OWN_WORDS.search(line)) + ([] if work.settled else ["(never settled)"]),
    }


def run_group(program, makemap, group):
    mail_bed.set_up(program, makemap, group)
    mail_bed.settle(None, 0)
    return [run_case(program, group, case) for case in group["cases"]]


def serve(program, makemap):
    """Inside the name spaces."""
    mail_bed.serve(program, makemap, run_group=run_group)
