"""Command lines of sendmail in the bed of mail_bed.py: who calls, with which words, what is on standard input.

A group has `cf`, and `submit` (the text of a submit.cf, or none), and `daemon` (its words, or none); a case is a list of steps, each a
command line: `name` (argv[0]), `words`, `user`, `input` (None: /dev/null), `environment`, `dialogue` (chunks that wait for their answers).
What happened: exit status, stdout and stderr of each step, deliveries, dead letters, what was said to remote hosts, both queues, the log.
"""
import contextlib, os, pathlib, pwd, shutil, subprocess, threading, time

import mail_bed as bed

TOP = bed.TOP
NAMES = ["sendmail", "mailq", "newaliases", "sendmail-mta", "sendmail-msp", "send-mail", "hoststat", "purgestat", "smtpd", "bsmtp"]
SMMSP = 209
LONG = 25  # seconds for one command line


def build():
    """The site of mail_bed.py, its files in /etc/mail too, and a home for root."""
    bed.build()
    users = pathlib.Path(TOP, "etc/passwd")
    users.write_text(users.read_text().replace(":/root:", f":{TOP}/home/root:"))
    os.makedirs(TOP + "/home/root", mode=0o700)
    shutil.rmtree(TOP + "/etc/mail", ignore_errors=True)
    os.symlink(TOP + "/mail", TOP + "/etc/mail")
    os.chown(TOP + "/clientmqueue", SMMSP, SMMSP)
    os.chmod(TOP + "/clientmqueue", 0o770)


def install(program):
    """The program with its set-group-id bit, under all its names."""
    copy = pathlib.Path(TOP, "bin/sendmail")
    if not copy.exists():
        shutil.copyfile(os.path.realpath(program), copy)
        os.chown(copy, 0, SMMSP)
        copy.chmod(0o2755)
        for name in NAMES[1:]:
            os.symlink("sendmail", copy.with_name(name))
    return str(copy)


def identity(user):
    """uid and gid of a login name, or of a number without account."""
    if user.isdigit():
        return int(user), int(user)
    account = pwd.getpwnam(user)
    return account.pw_uid, account.pw_gid


def talk(process, chunks, out):
    """Says one chunk after the other, each when the last one is answered; a message only if it is wanted."""
    said = ""
    for kind, text in [("say", None), *chunks]:
        if kind == "message" and not said.startswith("354"):
            continue
        if text is not None:
            try:
                process.stdin.write(text.encode("latin-1"))
                process.stdin.flush()
            except OSError:
                break
        while line := process.stdout.readline():
            out.write(line)
            if line[3:4] != b"-":
                break
        said = line.decode("latin-1")
    try:
        process.stdin.close()
    except OSError:
        pass
    out.write(process.stdout.read())


def run_step(step):
    """One command line: its status, and the folder of what it said."""
    uid, gid = identity(step["user"])
    folder = pathlib.Path(TOP, "step")
    folder.mkdir(exist_ok=True)
    stdin = "/dev/null"
    if step["input"] is not None:
        stdin = folder / "stdin"
        stdin.write_bytes(step["input"].encode("latin-1"))
    environment = {"PATH": "/usr/bin:/bin", "HOME": f"{TOP}/home/{step['user']}", **step.get("environment", {})}
    words = [word.encode("latin-1") for word in (f"{TOP}/bin/{step['name']}", *step["words"])]
    chunks = step.get("dialogue")
    with open(stdin, "rb") as source, open(folder / "stdout", "wb") as out, open(folder / "stderr", "wb") as err:
        ends = (source, out) if chunks is None else (subprocess.PIPE, subprocess.PIPE)
        process = subprocess.Popen(words, stdin=ends[0], stdout=ends[1], stderr=err, cwd="/", env=environment,
                                   user=uid, group=gid, extra_groups=[], start_new_session=True)
        # a dialogue with somebody who never answers ends with him
        end = threading.Timer(LONG, process.kill)
        end.start()
        if chunks is not None:
            talk(process, chunks, out)
        status = process.wait()
        end.cancel()
        if end.finished.is_set() and status == -9:
            status = f"{status} (ran too long)"
    return status, folder


def said(folder, name):
    text = (folder / name).read_bytes().decode("latin-1")
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []


def run_case(daemon, case):
    bed.clean()
    result = {"exit": [], "stdout": [], "stderr": []}
    settled = True
    for number, step in enumerate(case["steps"], 1):
        status, folder = run_step(step)
        time.sleep(0.03)
        settled &= bed.settle(daemon.process.pid, daemon.residents) if daemon else bed.settle(0, 0)
        if not daemon:
            end_what_stays()
        result["exit"].append(f"{number}: {status}")
        for name in ("stdout", "stderr"):
            result[name].extend(f"{number}: {line}" for line in said(folder, name))
    return {**result, "deliveries": bed.deliveries(), "remote": [[talk.name, *talk.lines] for talk in bed.TALKS],
            "queue": bed.queue(), "client": bed.queue("clientmqueue"), "log": bed.LOG[:] + ([] if settled else ["(never settled)"])}


def end_what_stays():
    """A daemon that a step started."""
    for pid in bed.processes():
        with contextlib.suppress(ProcessLookupError):  # it has ended by itself
            os.kill(pid, 9)
    time.sleep(0.02)
    bed.reap(0)


def run_group(program, makemap, group):
    program = install(program)
    bed.set_up(program, makemap, group)
    time.sleep(0.15)  # what is logged of it comes late
    if group["submit"]:
        bed.write("mail/submit.cf", group["submit"])
    else:
        pathlib.Path(TOP, "mail/submit.cf").unlink(missing_ok=True)
    daemon = bed.Daemon(program, {**group, "arguments": group["daemon"]}) if group["daemon"] is not None else None
    results = [run_case(daemon, case) for case in group["cases"]]
    if daemon:
        daemon.stop()
    return results


def serve(program, makemap):
    """Inside the name spaces."""
    bed.serve(program, makemap, build, run_group)
