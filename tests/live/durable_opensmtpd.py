"""OpenSMTPD on a machine whose power fails: the bed of durable_bed.py around a server that runs by chroot in a system of its own.

`serve(way, moments, seed, forgetful, TREE)` is that of durable_bed.py with this machine. TREE holds the package (benches/mail.py says how it is
made) and stays as it is: the server's spool and the Maildirs lie on the disk that forgets, its control socket and what programs say on a tmpfs.

What differs from what canonify is asked:

- The list has no owner, and no host tells how much it takes: OpenSMTPD refuses to send there what is longer.
- An attempt that failed is made again after minutes; `smtpctl schedule all` has it made at once, while the queue empties. It does not wait
  between two connections to a host either.
- A report is known by its subject, since it is no multipart/report, and the moment of a delivery by the file's time.
- Its processes are killed all at once (`kills`), not one of them.
- Envelopes that have no text, or are empty, are not waited for: they count as what no run empties.
"""
import os, pathlib, shutil, subprocess

import durable_bed, mail_bed as bed, mail_site as site
from durable_disks import HOME

SPOOL = HOME + "/smtpd"
# as the site has them, in the lines that it reads
ALIASES = """staff: alice, bob, carol
list: bob, carol@good.example, someone@plain.example
prog: "|/mnt/bin/capture viaprog"
""" + durable_bed.ALIASES
CONFIGURATION = f"""table aliases file:{site.TOP}/mail/smtpd.aliases
mta limit conn-delay-route 0
mta limit reconn-delay-route 0
listen on 127.0.0.1 port 25 hostname {site.HOST}
action "local" maildir alias <aliases>
action "relay" relay
match from any for domain "site.example" action "local"
match from any for any action "relay"
"""
# the mounts of the disk are new after each cut, and gone with the last process that sees them
START = f"""mount --bind {HOME} "$1{HOME}"
mount --bind {SPOOL} "$1/var/spool/smtpd"
exec chroot "$1" /usr/sbin/smtpd -F -f {site.TOP}/mail/smtpd.conf"""


def accounts(tree, file):
    """The lines of the tree's passwd or group that are the server's: its control program is set-group-id, so the numbers matter."""
    return "".join(line + "\n" for line in pathlib.Path(tree, "etc", file).read_text().split("\n") if line.startswith("opensmtp"))


def serve(*words):
    site.SYSTEM_USERS += accounts(words[-1], "passwd")
    site.SYSTEM_GROUPS += accounts(words[-1], "group")
    site.HOSTS["plain"] = {"ehlo": []}
    durable_bed.serve(*words, kind=OpenSmtpd)


class OpenSmtpd(durable_bed.Machine):
    report_sign = "Subject: Delivery status notification: failed"
    roles = ("all",)

    def __init__(self, disk, tree):
        self.disk, self.tree, self.program, self.daemon = disk, tree, tree + "/usr/sbin/smtpd", None

    def prepare(self):
        bed.write("mail/smtpd.aliases", ALIASES)
        bed.write("mail/smtpd.conf", CONFIGURATION)
        for place in ("/dev", "/proc", site.TOP, *(f"/etc/{name}" for name in bed.system_files())):
            bed.command("mount", "--bind", place, self.tree + place)
        for place in ("/run", "/tmp"):
            bed.command("mount", "-t", "tmpfs", "tmpfs", self.tree + place)
        # it asks for the addresses of hosts only where the machine has one beside 127.0.0.1 (AI_ADDRCONFIG of getaddrinfo(3))
        bed.command("ip", "address", "add", "192.0.2.1/32", "dev", "lo")
        os.makedirs(SPOOL)
        os.chmod(SPOOL, 0o711)
        # programs and files of aliases are this user's
        shutil.chown(HOME + "/boxes", "opensmtpd", "opensmtpd")

    def start(self):
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", START, "sh", self.tree]
        self.daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def delivered(self, path):
        """The names tell seconds only."""
        return path.stat().st_mtime

    def envelopes(self, deliverable):
        # os.walk does not mind a folder that is gone when its turn comes
        for folder, _, names in os.walk(SPOOL + "/queue"):
            for name in set(names) - {"message"}:
                try:
                    size = os.stat(f"{folder}/{name}").st_size
                except OSError:
                    continue
                if deliverable == (size > 0 and "message" in names):
                    yield pathlib.Path(folder, name)

    def waiting(self):
        return list(map(describe, self.envelopes(True)))

    def set_aside(self):
        return list(map(describe, self.envelopes(False)))

    def run_queue(self):
        subprocess.run(["nsenter", "-t", str(self.daemon.pid), "-m", "chroot", self.tree, "smtpctl", "schedule", "all"], stdout=subprocess.DEVNULL)

    def tidy_queue(self):
        for path in [path for folder in ("queue/*", "incoming", "temporary", "purge") for path in pathlib.Path(SPOOL).glob(folder + "/*")]:
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def describe(path):
    """An envelope, for the reader; it may be gone by now."""
    try:
        return f"{path.relative_to(SPOOL)}: {path.read_text('latin-1')[:400]!r}"
    except OSError:
        return path.name
