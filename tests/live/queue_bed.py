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
OWN_WORDS = re.compile(r"\]: (confined: uid=|engine=)")  # what each says of itself at a high LogLevel


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
    found = []
    for path in sorted(path for queue in QUEUES for path in pathlib.Path(TOP, queue).rglob("*")):
        about = path.lstat()
        name = f"{path.relative_to(TOP)} {about.st_mode:o} {about.st_uid}:{about.st_gid} {about.st_nlink}"
        readable = path.is_file() and not path.is_symlink()
        lines = path.read_text("latin-1").split("\n") if readable else []
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


def by_message(lines):
    """Messages of a run may be worked on side by side: the lines of each together."""
    id_of = re.compile(rf"\]: ({session_text.ID}|Q-\d+): ")
    return sorted(lines, key=lambda line: found[1] if (found := id_of.search(line)) else "")


def run_case(program, group, case):
    mail_bed.clean()
    start = int(time.time())
    make_directories(group)
    for file in case["files"]:
        lay(start, *file)
    locks = [lock(path) for path in case["locks"]]
    work = Work(program, len(case["ids"]) > 1)
    for verb, *arguments in case["steps"]:
        getattr(work, verb)(*arguments)
    for file in locks:
        file.close()
    into = alike(case, start)
    return {
        "session": list(map(into, work.lines)),
        "deliveries": [list(map(into, block)) for block in mail_bed.deliveries()],
        "remote": [[talk.name, *map(into, talk.lines)] for talk in mail_bed.TALKS],
        "queue": [list(map(into, block)) for block in tree(start)],
        "log": by_message(into(line) for line in mail_bed.LOG if not OWN_WORDS.search(line)) + ([] if work.settled else ["(never settled)"]),
    }


def make_directories(group):
    for folder in group["directories"]:
        pathlib.Path(TOP, folder).mkdir(mode=0o700, parents=True, exist_ok=True)


def run_group(program, makemap, group):
    make_directories(group)  # without them no database of aliases is made
    mail_bed.set_up(program, makemap, group)
    mail_bed.settle(None, 0)
    return [run_case(program, group, case) for case in group["cases"]]


def serve(program, makemap):
    """Inside the name spaces."""
    mail_bed.serve(program, makemap, run_group=run_group)
