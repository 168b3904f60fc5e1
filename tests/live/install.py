#!/usr/bin/env python3
"""`canonify install` as root, on a copy of this machine that forgets everything: Debian's sendmail is there, canonify takes its
place, mail flows, and it is given back. usage: install.py CANONIFY
Needs root and an overlay file system; runs in name spaces of its own. Closes with "N passed, N failed"."""
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import sys
import tempfile

from checks import check, close, until
from namespaces import enter

REFERENCE = pathlib.Path(os.environ.get("CANONIFY_REFERENCE", "/var/cache/canonify-reference"))
CANONIFY = "/usr/local/bin/canonify-new"
MC = """divert(-1)
VERSIONID(`install')
OSTYPE(`debian')
DAEMON_OPTIONS(`Port=smtp, Addr=127.0.0.1')
define(`confDELIVERY_MODE', `background')
FEATURE(`nocanonify')
FEATURE(`accept_unqualified_senders')
FEATURE(`local_maildir', `/srv/mail/$u')
FEATURE(`accept_unresolvable_domains')
MAILER(`local')
MAILER(`smtp')
"""
SUBMIT = """divert(-1)
VERSIONID(`install')
OSTYPE(`debian')
define(`MSP_QUEUE_DIR', `/var/spool/mqueue-client')
FEATURE(`msp', `[127.0.0.1]')
"""
# what useradd and the kernel leave behind
NOT_OURS = ("etc/passwd-", "etc/group-", "etc/shadow-", "etc/gshadow-", "etc/.pwd.lock", "etc/subuid-", "etc/subgid-", "tmp",
            "srv", "var/spool/mqueue", "var/spool/mqueue-client", "run/sendmail", "etc/mail", "var/log", "etc/ld.so.cache")


class Machine:
    """The copy: an overlay over this machine's files."""

    def __init__(self):
        self.top = pathlib.Path(tempfile.mkdtemp())
        subprocess.run(["mount", "-t", "tmpfs", "none", self.top], check=True)
        for name in ("upper", "work", "root"):
            (self.top / name).mkdir()
        self.root, self.upper = self.top / "root", self.top / "upper"
        options = f"lowerdir=/,upperdir={self.upper},workdir={self.top}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)
        subprocess.run(["mount", "--bind", "/proc", self.root / "proc"], check=True)
        subprocess.run(["mount", "--bind", "/dev", self.root / "dev"], check=True)

    def run(self, *words, user=None, text="", limit=120):
        prefix = ["chroot"] + ([f"--userspec={user}"] if user else []) + [str(self.root)]
        # the terminal of whoever runs this is not the mailer's
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CANONIFY_LOG": "stderr"}
        done = subprocess.run([*prefix, *words], input=text, capture_output=True, text=True, timeout=limit, env=environment)
        return done.returncode, done.stdout + done.stderr

    def must(self, *words, **others):
        status, said = self.run(*words, **others)
        assert status == 0, (words, status, said)
        return said

    def changed(self):
        """Everything that is not as on the machine below."""
        found = {}
        for path in sorted(self.upper.rglob("*")):
            name, about = str(path.relative_to(self.upper)), path.lstat()
            if name.startswith(NOT_OURS) or stat.S_ISDIR(about.st_mode):
                continue
            content = os.readlink(path) if path.is_symlink() else path.read_bytes() if stat.S_ISREG(about.st_mode) else b""
            below = pathlib.Path("/", name)
            if stat.S_ISREG(about.st_mode) and below.is_file() and below.read_bytes() == content:
                continue
            # mode, ids, what it is
            found[name] = (about.st_mode, about.st_uid, about.st_gid, content)
        return found


def prepare(machine, canonify):
    """Debian's sendmail as its packages leave it, and a site."""
    shutil.copy(canonify, machine.root / CANONIFY[1:])
    for part in ("usr/libexec/sendmail", "usr/share/sendmail", "etc/init.d", "usr/sbin"):
        shutil.copytree(REFERENCE / part, machine.root / part, symlinks=True, dirs_exist_ok=True)
    for name in ("smmta", "smmsp"):
        machine.run("groupadd", "--system", name)
        machine.run("useradd", "--system", "--gid", name, "--no-create-home", "--home-dir", "/var/lib/sendmail", name)
    machine.must("useradd", "--create-home", "--user-group", "visitor")
    program = "/usr/libexec/sendmail/sendmail"
    machine.must("chown", "root:smmsp", program)
    machine.must("chmod", "2755", program)
    machine.must("update-alternatives", "--install", "/usr/sbin/sendmail-mta", "sendmail-mta", program, "25",
                 "--slave", "/usr/bin/mailq", "mailq", "/usr/share/sendmail/mailq")
    machine.must("update-alternatives", "--install", "/usr/sbin/sendmail-msp", "sendmail-msp", program, "25",
                 "--slave", "/usr/sbin/sendmail", "sendmail", program, "--slave", "/usr/lib/sendmail", "lib.sendmail", program)
    for path, owner, mode in (("var/spool/mqueue", "smmta:smmsp", "2750"), ("var/spool/mqueue-client", "smmsp:smmsp", "2770"),
                              ("run/sendmail/mta", "root:root", "755"), ("run/sendmail/msp", "smmsp:smmsp", "755"),
                              ("srv/mail", "root:root", "1777"), ("etc/mail", "root:root", "755"), ("usr/share/sendmail", "root:root", "755")):
        (machine.root / path).mkdir(parents=True, exist_ok=True)
        machine.must("chown", owner, "/" + path)
        machine.must("chmod", mode, "/" + path)
    for name, text in (("sendmail", MC), ("submit", SUBMIT)):
        (machine.root / f"etc/mail/{name}.mc").write_text(text)
        machine.must(CANONIFY, "mc", "-o", f"/etc/mail/{name}.cf", f"/etc/mail/{name}.mc")
    (machine.root / "etc/mail/aliases").write_text("postmaster: root\n")
    (machine.root / "etc/mail/trusted-users").write_text("")


def mail_flows(machine):
    """A user's message goes through the client queue and the daemon to a mailbox."""
    letters = lambda: [path.read_text() for path in (machine.root / "srv/mail").glob("visitor/new/*")]
    status, said = machine.run("/usr/sbin/sendmail", "visitor", user="visitor:visitor", text="Subject: while it is down\n\nx\n")
    waiting = list((machine.root / "var/spool/mqueue-client").glob("qf*"))
    owner = [path.stat().st_uid for path in waiting] if waiting else None
    check("a user's message waits in the client queue while there is no daemon", status == 0 and len(waiting) == 1, (status, said))
    status, said = machine.run("/usr/bin/mailq", "-Ac", user="visitor:visitor")
    check("mailq answers", status in (0, 78) or "empty" in said, (status, said))
    daemon = subprocess.Popen(["chroot", machine.root, "/usr/sbin/sendmail", "-bD"], env={"PATH": "/usr/sbin:/usr/bin:/bin", "CANONIFY_LOG": "stderr"},
                              stdout=subprocess.DEVNULL, stderr=open(machine.top / "log", "w"))
    try:
        pid_file = machine.root / "run/sendmail/mta/sendmail.pid"
        check("the daemon starts as the system's script would start it", until(pid_file.exists), (machine.top / "log").read_text())
        machine.run("/usr/sbin/sendmail", "-Ac", "-q")
        found = until(letters)
        log = (machine.top / "log").read_text()
        check("the client queue is delivered", found and "while it is down" in found[0], (found, owner, log))
        status, said = machine.run("/usr/lib/sendmail", "visitor", user="visitor:visitor", text="Subject: while it runs\n\nx\n")
        found = until(lambda: len(letters()) == 2 and letters())
        check("a user's message arrives while the daemon runs", found, (status, said))
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)


def main(canonify):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    machine = Machine()
    prepare(machine, canonify)
    before = machine.changed()
    queue_before = machine.must("stat", "-c", "%U:%G %a", "/var/spool/mqueue")
    planned = machine.must(CANONIFY, "install", "--dry-run").splitlines()
    check("a dry run changes nothing", machine.changed() == before)
    done = machine.must(CANONIFY, "install").splitlines()
    check("what was announced is done", planned[:-1] == done, (planned, done))
    about = machine.must("stat", "-c", "%U:%G %a", "/usr/sbin/canonify").strip()
    check("the program is set-group-id", about == "root:smmsp 2755", about)
    for name in ("/usr/sbin/sendmail", "/usr/lib/sendmail", "/usr/sbin/sendmail-mta", "/usr/sbin/sendmail-msp"):
        said = machine.run(name, "-d0.1", "-bt")[1]
        check(f"{name} is canonify", "canonify" in said.split("Compiled")[0], said)
    check("there is a user canonify", machine.run("id", "canonify")[0] == 0)
    mail_flows(machine)
    again = machine.must(CANONIFY, "install")
    check("a second time there is nothing to do", again.endswith("nothing to do\n"), again)
    machine.must("/usr/sbin/canonify", "install", "--remove")
    after = machine.changed()
    # useradd and userdel keep the order of lines
    differ = {name: (before.get(name, (0,))[:3], after.get(name, (0,))[:3]) for name in before.keys() | after.keys()
              if before.get(name) != after.get(name) and stat.S_IFMT(after.get(name, (0,))[0]) != stat.S_IFCHR}
    check("--remove leaves everything as it was", not differ, differ)
    queue_after = machine.must("stat", "-c", "%U:%G %a", "/var/spool/mqueue")
    check("the queue is its owner's again", queue_before == queue_after, (queue_before, queue_after))
    said = machine.run("/usr/sbin/sendmail", "-d0.1", "-bt")[1]
    check("/usr/sbin/sendmail is Debian's again", "8.17" in said.split("Compiled")[0], said)


if __name__ == "__main__":
    enter()
    main(sys.argv[1])
    sys.exit(close())
