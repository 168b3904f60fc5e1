"""What the attacks on a set-group-id installation share: the installation, the attacker's files, what may not leak."""
import os
import pathlib
import signal
import subprocess
import time

from setgid_site import Sink, Site, USERS, folder, put

SMMSP, MALLORY = USERS["smmsp"], USERS["mallory"]
SECRET = "TOP-SECRET-TEXT"
GROUP_FILE = pathlib.Path("/var/spool/group-file")
ROOT_FILE = pathlib.Path("/var/spool/root-file")
PLAY = pathlib.Path("/home/mallory")
MESSAGE = "Subject: hello\n\nThe body, three\nlines\nlong.\n"
TESTS = []


def test(name):
    def keep(function):
        TESTS.append((name, function))
        return function
    return keep


def mc(canonify, name, text):
    source = put(f"/srv/{name}.mc", "OSTYPE(`linux')dnl\ndefine(`confDOMAIN_NAME', `test.example.com')dnl\n" + text)
    cf = subprocess.run([canonify, "mc", str(source)], check=True, stdout=subprocess.PIPE).stdout
    return put(f"/etc/mail/{name}.cf", cf)


SUBMIT = """define(`MSP_QUEUE_DIR', `/var/spool/mqueue-client')dnl
define(`confQUEUE_FILE_MODE', `0660')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""
SENDMAIL = """define(`QUEUE_DIR', `/var/spool/mqueue')dnl
define(`ALIAS_FILE', `/etc/mail/aliases')dnl
define(`LOCAL_MAILER_PATH', `/bin/true')dnl
define(`confPID_FILE', `/srv/sendmail.pid')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_CONFIG
Ksecret text -v1 /var/spool/group-file
"""


def stop_services():
    """Ends what of the installation still runs."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "exe").startswith("/srv/bin/"):
                os.kill(int(process.name), signal.SIGKILL)
        except OSError:
            pass  # it has ended meanwhile


class Attack:
    """What the attacks need: the site, files of the attacker, and whether something leaked."""

    def __init__(self, canonify):
        self.site = Site(canonify)
        self.canonify = canonify
        mc(canonify, "submit", SUBMIT)
        mc(canonify, "sendmail", SENDMAIL)
        put("/etc/mail/aliases", "postmaster: root\nsecret: :include:/var/spool/group-file\n")
        put(GROUP_FILE, f"key {SECRET}\nO {SECRET}\n", 0o640, 0, SMMSP)
        put(ROOT_FILE, f"{SECRET} of root\n", 0o600)
        self.sink = None

    def listening(self, yes):
        """Is there a daemon on port 25?"""
        if yes and not self.sink:
            self.sink = Sink()
        if not yes and self.sink:
            self.sink.stop()
            self.sink = None

    def run(self, *words, user="mallory", **more):
        return self.site.run(user, *words, **more)

    def quiet(self, *words, **more):
        """The run shows nothing of the group's file."""
        result = self.run(*words, **more)
        return SECRET not in result.text, result

    def dropped(self, *words, **more):
        """The run could not even list a queue that only the group may look into."""
        result = self.run(*words, "-bp", **more)
        return "Permission denied" in result.text and "is empty" not in result.text, result

    def script(self, name="run.sh"):
        """A program that would copy the group's file to where its author finds it."""
        put(PLAY / name, f"#!/bin/sh\n(id; cat {GROUP_FILE}) >{PLAY}/loot 2>&1\ncat >/dev/null\n", 0o755, MALLORY, MALLORY)
        (PLAY / "loot").unlink(missing_ok=True)
        return PLAY / name

    def no_loot(self, result):
        end = time.time() + 3
        while time.time() < end and not (PLAY / "loot").exists():
            time.sleep(0.05)
        loot = (PLAY / "loot").read_text() if (PLAY / "loot").exists() else ""
        return SECRET not in loot and "smmsp" not in loot, (result, loot)

    def cf(self, extra, name="evil.cf"):
        """The attacker's own configuration, with a queue of his own."""
        folder(PLAY / "queue", 0o700, MALLORY, MALLORY)
        base = pathlib.Path("/etc/mail/sendmail.cf").read_bytes().decode("latin-1")
        base = base.replace("/var/spool/mqueue", str(PLAY / "queue"))
        return put(PLAY / name, (base + extra).encode("latin-1"), 0o644, MALLORY, MALLORY)

    def queued(self):
        return sorted(path.name for path in self.site.client_queue.iterdir())

    def clear(self):
        for path in self.site.client_queue.iterdir():
            path.unlink()

    def submit(self, user="bob", stdin=MESSAGE, **more):
        """Hands a message in while nothing listens; gives the result and its control file."""
        self.clear()
        self.listening(False)
        result = self.run("alice", user=user, stdin=stdin, **more)
        found = list(self.site.client_queue.glob("qf*"))
        return result, found[0] if found else None
