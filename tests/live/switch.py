#!/usr/bin/env python3
"""The switch, as an admin makes it: a Debian 12 with its sendmail, users and mail; `canonify install`, restart; what the site's people and
programs do then; `canonify install --remove` with mail in both queues.

usage: switch.py CANONIFY [TREE]      TREE is a Debian 12 (/var/cache/canonify-debian); without one it is made with debootstrap, which
takes minutes and a mirror (`--mirror URL`). It is not changed: everything happens in an overlay and in name spaces of its own. Needs root.
Not part of `run`. Closes with "N passed, N failed"."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

from checks import check, close, until

PACKAGES = ("sendmail sendmail-bin sendmail-base sensible-mda mutt bsd-mailx msmtp git git-email libmailtools-perl php-cli perl python3 procmail cron make m4 "
            "logwatch fail2ban monitoring-plugins-standard iproute2 swaks rsyslog").split()
HOST = "mail.switch.example"
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}


def make_tree(tree, mirror):
    """A Debian with the packages, none of whose services starts."""
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", tree, *mirror], check=True, stdout=subprocess.DEVNULL)
    never = tree / "usr/sbin/policy-rc.d"
    never.write_text("#!/bin/sh\nexit 101\n")
    never.chmod(0o755)
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
    install = "mount -t proc proc /proc; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends " + " ".join(PACKAGES)
    subprocess.run(["unshare", "-m", "chroot", tree, "sh", "-c", install], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    never.unlink()


class Remote(threading.Thread):
    """The rest of the world: takes mail at 127.0.0.5, while it is open."""

    def __init__(self):
        super().__init__(daemon=True)
        self.taken, self.open, self.listener = [], False, socket.create_server(("127.0.0.5", 25))
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(client,), daemon=True).start()

    def talk(self, client):
        file = client.makefile("rb")
        say = lambda text: client.sendall(text.encode() + b"\r\n")
        say("220 remote.example ESMTP" if self.open else "421 4.3.2 closed")
        while self.open and (line := file.readline()):
            verb = line[:4].upper()
            if verb == b"DATA":
                say("354 go on")
                message = b"".join(iter(file.readline, b".\r\n"))
                self.taken.append(message.decode(errors="replace"))
            unknown = line.upper().startswith(b"RCPT TO:<UNKNOWN@")
            say("550 5.1.1 no such user" if unknown else {b"EHLO": "250-remote.example\r\n250 8BITMIME", b"QUIT": "221 bye"}.get(verb, "250 ok"))
            if verb == b"QUIT":
                break
        client.close()

    def has(self, subject):
        return sum(f"Subject: {subject}\r\n" in message for message in self.taken)


class Machine:
    def __init__(self, tree, canonify):
        self.top = pathlib.Path(tempfile.mkdtemp())
        subprocess.run(["mount", "-t", "tmpfs", "none", self.top], check=True)
        for name in ("upper", "work", "root"):
            (self.top / name).mkdir()
        self.root = self.top / "root"
        options = f"lowerdir={tree},upperdir={self.top}/upper,workdir={self.top}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, self.root], check=True)
        subprocess.run(["mount", "-t", "proc", "proc", self.root / "proc"], check=True)
        shutil.copy(canonify, self.root / "usr/local/bin/canonify")
        self.write("etc/hosts", f"127.0.0.1 {HOST} mail localhost\n127.0.0.5 remote.example\n")
        self.write("etc/resolv.conf", "")
        self.write("etc/nsswitch.conf", "hosts: files\npasswd: files\ngroup: files\nshadow: files\n")
        self.write("etc/hostname", "mail\n")
        self.write("etc/mailname", HOST + "\n")
        for user in ("alice", "bob", "carol"):
            self.must("useradd", "-m", "-s", "/bin/bash", user)

    def write(self, name, text, owner=None):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if owner:
            self.must("chown", f"{owner}:{owner}", "/" + name)

    def run(self, *words, text="", user=None, limit=180):
        # a service that starts keeps what it was given: files, no pipes
        with tempfile.TemporaryFile("w+", errors="replace") as said:
            prefix = ["chroot", *([f"--userspec={user}:{user}"] if user else []), self.root]
            home = {"HOME": f"/home/{user}", "USER": user, "LOGNAME": user} if user else {}
            done = subprocess.run([*prefix, *words], input=text.encode(), stdout=said, stderr=said, timeout=limit, env={**ENVIRONMENT, **home})
            said.seek(0)
            return done.returncode, said.read()

    def must(self, *words, **others):
        status, said = self.run(*words, **others)
        if status:
            check(" ".join(words), False, (status, said))
        return said

    def shell(self, line, **others):
        return self.run("sh", "-c", line, **others)

    def mailbox(self, user):
        path = self.root / f"var/mail/{user}"
        return path.read_text(errors="replace") if path.exists() else ""

    def log(self):
        path = self.root / "var/log/mail.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def has(self, user, subject):
        return len(re.findall(rf"^Subject: {re.escape(subject)}$", self.mailbox(user), re.M))

    def queued(self, queue="mqueue"):
        return len(list((self.root / f"var/spool/{queue}").glob("qf*")))


def sendmail_is(machine, name):
    said = machine.shell("/usr/sbin/sendmail -d0.1 -bt </dev/null")[1]
    greeting = until(lambda: greeted())
    check(f"/usr/sbin/sendmail and the daemon are {name}'s", (name == "canonify") == ("canonify" in said) == ("canonify" in greeting), (said, greeting))


def greeted():
    try:
        with socket.create_connection(("127.0.0.1", 25), 5) as client:
            client.settimeout(30)
            return client.recv(200).decode()
    except OSError:
        return ""


def configure(machine):
    """What the admin of this site has made of Debian's sendmail.mc."""
    path = machine.root / "etc/mail/sendmail.mc"
    text = path.read_text()
    own = ("define(`confREFUSE_LA', `200')dnl\ndefine(`confQUEUE_LA', `200')dnl\ndefine(`SMART_HOST', `[127.0.0.5]')dnl\nFEATURE(`nocanonify')dnl\nFEATURE(`accept_unresolvable_domains')dnl\n"
           "FEATURE(`blocklist_recipients')dnl\nFEATURE(`virtusertable')dnl\nFEATURE(`smrsh')dnl\nMAILER_DEFINITIONS\n")
    path.write_text(text.replace("MAILER_DEFINITIONS\n", own).replace("FEATURE(`greet_pause', `1000')dnl", "dnl").replace(
        "define(`confCONNECTION_RATE_THROTTLE', `15')dnl", "dnl"))
    machine.write("etc/mail/virtusertable", f"sales@{HOST}\tbob\n")
    access = machine.root / "etc/mail/access"
    access.write_text(access.read_text() + "To:nobody@\tERROR:5.1.1:550 User unknown\n")
    machine.write("etc/mail/aliases", "postmaster: root\nroot: carol\nteam: alice, bob\narchive: /var/mail/archive\n"
                  "robot: \"|/etc/mail/smrsh/robot -l list\"\n")
    machine.write("etc/mail/smrsh/robot", "#!/bin/sh\n{ echo \"$@\"; cat; } > /tmp/robot.$$\n")
    machine.must("chmod", "755", "/etc/mail/smrsh/robot")
    machine.write("home/carol/.forward", "\"|/usr/bin/procmail\"\n", owner="carol")
    machine.write("home/carol/.procmailrc", ":0\n* ^Subject:.*recipe\n/home/carol/filtered\n", owner="carol")
    machine.write("var/mail/archive", "", owner="mail")


def letter(machine, subject, to, user="alice", *flags):
    status, said = machine.run("/usr/sbin/sendmail", *flags, "-t", user=user, text=f"To: {to}\nSubject: {subject}\n\n{subject} text\n.dot\nend\n")
    check(f"sent: {subject}", status == 0, (status, said))


def fill_queues(machine, remote, mark):
    """Mail in both queues: the rest of the world is closed, then the daemon is stopped."""
    remote.open = False
    for number in range(10):
        letter(machine, f"{mark} remote {number}", f"x{number}@remote.example")
    check(f"{mark}: ten messages wait in the queue", until(lambda: machine.queued() >= 10), machine.must("mailq"))
    machine.must("/etc/init.d/sendmail", "stop")
    for number in range(5):
        letter(machine, f"{mark} client {number}", "alice, carol")
    check(f"{mark}: five messages wait in the client queue", machine.queued("mqueue-client") == 5, machine.must("mailq", "-Ac"))


def drain(machine, remote, mark):
    remote.open = True
    machine.run("/usr/sbin/sendmail", "-Ac", "-q")
    machine.run("/usr/sbin/sendmail", "-q")
    until(lambda: machine.queued() == machine.queued("mqueue-client") == 0)
    lost = [n for n in range(10) if remote.has(f"{mark} remote {n}") != 1]
    check(f"{mark}: every message of the queue has arrived once", not lost, (lost, machine.must("mailq"), machine.log()[-2000:]))
    until(lambda: all(machine.has("carol", f"{mark} client {n}") for n in range(5)))
    lost = [(user, n) for user in ("alice", "carol") for n in range(5) if machine.has(user, f"{mark} client {n}") != 1]
    check(f"{mark}: every message of the client queue has arrived once", not lost, (lost, machine.must("mailq", "-Ac"), machine.log()[-2000:]))
    texts = [message for message in remote.taken if f"Subject: {mark} remote" in message]
    check(f"{mark}: bodies are whole", all(" text\r\n..dot\r\nend\r\n" in text for text in texts), texts)


def admin_works(machine):
    """make -C /etc/mail, newaliases, mailq: the admin's fingers."""
    path = machine.root / "etc/mail/aliases"
    path.write_text(path.read_text() + "bulletin: bob\n")
    status, said = machine.run("newaliases")
    check("newaliases rebuilds", status == 0 and "6 aliases" in said, (status, said))
    machine.write("etc/mail/virtusertable", f"sales@{HOST}\tbob\nfresh@{HOST}\tcarol\n")
    status, said = machine.run("make", "-C", "/etc/mail")
    check("make -C /etc/mail", status == 0 and "rror" not in said, (status, said))
    letter(machine, "to a fresh entry", f"fresh@{HOST}")
    check("the new virtusertable entry holds", until(lambda: machine.has("carol", "to a fresh entry")), machine.log()[-1500:])
    letter(machine, "to a fresh alias", "bulletin")
    check("the new alias holds", until(lambda: machine.has("bob", "to a fresh alias")), machine.log()[-1500:])
    status, said = machine.run("mailq", user="alice")
    check("mailq as a user", "restricted" in said or "empty" in said, (status, said))
    path = machine.root / "etc/mail/sendmail.mc"
    path.write_text(path.read_text().replace("FEATURE(`smrsh')dnl\n", "FEATURE(`smrsh')dnl\ndefine(`confSMTP_LOGIN_MSG', `$j freshly made; $b')dnl\n"))
    status, said = machine.shell("make -C /etc/mail && /etc/init.d/sendmail reload")
    check("a changed sendmail.mc is made and reloaded", status == 0 and until(lambda: "freshly made" in greeted()), (status, said, greeted()))
    for words in (["sendmailconfig", "--no-reload"], ["/usr/share/sendmail/update_db"], ["/usr/share/sendmail/update_mk"]):
        status, said = machine.run(*words, text="y\n" * 20)
        check(f"Debian's {words[0]}", status == 0, (status, said[-1500:]))


# what programs run, as alice; %s is the subject, the recipient is bob
PROGRAMS = {
    "mail": "echo text | mail -s '%s' bob",
    "mutt": "echo text | mutt -s '%s' bob",
    "msmtp": "printf 'To: bob\\nSubject: %s\\n\\ntext\\n' | msmtp --host=127.0.0.1 --from=alice@" + HOST + f" bob@{HOST}",
    "git send-email": "rm -rf w; git init -q w; cd w; git config user.name A; git config user.email alice@" + HOST + "; git commit -q --allow-empty -m first;"
                      f" echo 1 > f; git add f; git commit -q -m '%s'; git send-email --quiet --to=bob@{HOST} --confirm=never -1",
    "php": "php -r 'mail(\"bob\", \"%s\", \"text\");'",
    "perl, a pipe": "perl -e '$SIG{CHLD} = \"IGNORE\"; open(M, \"|/usr/sbin/sendmail -oi -t\"); print M \"To: bob\\nSubject: %s\\n\\ntext\\n\"; close(M)'",
    "perl, Net::SMTP": "perl -MNet::SMTP -e '$s = Net::SMTP->new(\"127.0.0.1\"); $s->mail(\"alice\\@mail.switch.example\"); $s->to(\"bob\"); $s->data(\"Subject: %s\\n\\ntext\\n\"); $s->quit'",
    "python, smtplib": f"python3 -c 'import smtplib; smtplib.SMTP(\"127.0.0.1\").sendmail(\"alice@{HOST}\", \"bob@{HOST}\", \"Subject: %s\\n\\ntext\")'",
    "python, a pipe": "python3 -c 'import subprocess; subprocess.run([\"/usr/sbin/sendmail\", \"-t\", \"-oi\"], input=b\"To: bob\\nSubject: %s\\n\\ntext\", check=True)'",
    "swaks": f"swaks --silent 2 --server 127.0.0.1 --from alice@{HOST} --to bob@{HOST} --header 'Subject: %s'",
    "swaks, a pipe": f"swaks --silent 2 --pipe '/usr/sbin/sendmail -bs' --from alice@{HOST} --to bob@{HOST} --header 'Subject: %s'",
}


def people_work(machine, remote):
    for name, line in PROGRAMS.items():
        subject = f"by {name.replace(',', '')}"
        status, said = machine.shell("cd; " + line % subject, user="alice")
        arrived = until(lambda: re.search(rf"^Subject: (\[PATCH\] )?{subject}$", machine.mailbox("bob"), re.M), 30)
        check(f"{name} sends", status == 0 and arrived, (status, said, machine.log()[-1500:]))
    letter(machine, "for a recipe", "carol")
    filtered = machine.root / "home/carol/filtered"
    check("procmail files it by its recipe", until(lambda: filtered.exists() and "for a recipe" in filtered.read_text()), machine.log()[-1500:])
    letter(machine, "for the team", "team")
    check("an alias of two", until(lambda: machine.has("alice", "for the team") and machine.has("bob", "for the team")), machine.log()[-1500:])
    letter(machine, "for the archive", "archive")
    check("an alias to a file", until(lambda: machine.has("archive", "for the archive")), machine.log()[-1500:])
    letter(machine, "for the robot", "robot")
    robots = lambda: [path.read_text() for path in (machine.root / "tmp").glob("robot.*")]
    check("an alias to a program, by smrsh", until(lambda: any(text.startswith("-l list\n") and "for the robot" in text for text in robots())), machine.log()[-1500:])
    letter(machine, "for outside", "y@remote.example")
    check("mail goes out", until(lambda: remote.has("for outside")), machine.log()[-1500:])
    status, said = machine.run("/usr/sbin/sendmail", "nobody-of-this-name", user="alice", text="Subject: for nobody\n\nx\n")
    check("an unknown user is told at once", status == 67 and "dead.letter" in said, (status, said))
    letter(machine, "for nobody outside", "unknown@remote.example")
    check("a bounce comes back", until(lambda: machine.has("alice", "Returned mail: see transcript for details")), machine.log()[-1500:])


def cron_works(machine):
    machine.write("etc/cron.d/switch", "MAILTO=bob\n* * * * * alice echo from cron\n")
    cron = subprocess.Popen(["chroot", machine.root, "cron", "-f"], env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    arrived = until(lambda: "from cron\n" in machine.mailbox("bob"), 150)
    cron.terminate()
    (machine.root / "etc/cron.d/switch").unlink()
    check("cron's mail arrives", arrived, machine.log()[-1500:])


# lines of the log that sendmail does not write
OWN_LINES = {"confined", "new configuration", "queue files now belong"}


def unmatched(said):
    """What logwatch does not know; None without its section on sendmail."""
    if "sendmail End" not in said:
        return {None}
    behind = said.split("**Unmatched Entries**")[1].split("sendmail End")[0] if "**Unmatched" in said else ""
    lines = [line for line in behind.splitlines() if "Time" in line]
    return {next((own for own in OWN_LINES if own in line), line) for line in lines}


def watchers_work(machine):
    """Programs that read what we write: the log, the queue, their listings."""
    status, said = machine.shell("logwatch --service sendmail --range all --detail high --output stdout")
    check("logwatch counts our log", unmatched(said) <= OWN_LINES, (status, said[-3000:]))
    status, said = machine.shell("fail2ban-regex /var/log/mail.log sendmail-reject | grep -E 'lines:|Failregex'")
    check("fail2ban finds what was refused", re.search(r"Failregex: [1-9]", said), (status, said))
    status, said = machine.run("/usr/lib/nagios/plugins/check_mailq", "-M", "sendmail", "-w", "50", "-c", "100")
    check("check_mailq reads our mailq", status == 0 and "OK" in said, (status, said))
    status, said = machine.shell("perl /usr/share/sendmail/qtool.pl -h 2>&1; echo")
    check("qtool.pl starts", "usage" in said.lower(), (status, said))


def queue_tool_works(machine, remote):
    remote.open = False
    letter(machine, "moved by qtool", "z@remote.example")
    check("one message waits", until(lambda: machine.queued() == 1), machine.must("mailq"))
    machine.must("mkdir", "-p", "/var/spool/mqueue-held")
    status, said = machine.run("perl", "/usr/share/sendmail/qtool.pl", "/var/spool/mqueue-held", "/var/spool/mqueue")
    check("qtool.pl moves our queue files", status == 0 and machine.queued("mqueue-held") == 1 and machine.queued() == 0, (status, said))
    machine.must("perl", "/usr/share/sendmail/qtool.pl", "/var/spool/mqueue", "/var/spool/mqueue-held")
    remote.open = True
    machine.run("/usr/sbin/sendmail", "-q")
    check("and it is delivered from where it came back to", until(lambda: remote.has("moved by qtool") == 1), machine.log()[-1500:])


def refused(machine):
    """A stranger is refused, several times: something for fail2ban."""
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", 25), 5, ("127.0.0.9", 0)) as client:
            file = client.makefile("rwb", buffering=0)
            file.readline()
            for line in ("EHLO x.example", "MAIL FROM:<a@x.example>", f"RCPT TO:<nobody@{HOST}>", "QUIT"):
                file.write(line.encode() + b"\r\n")
                while file.readline()[3:4] == b"-":
                    pass


def main(canonify, tree):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    socket.sethostname(HOST)
    machine, remote = Machine(tree, canonify), Remote()
    machine.must("rsyslogd")
    configure(machine)
    status, said = machine.run("make", "-C", "/etc/mail")
    check("the site is made by Debian's own means", status == 0, said)
    machine.must("newaliases")
    machine.must("/etc/init.d/sendmail", "restart")
    sendmail_is(machine, "Debian")
    fill_queues(machine, remote, "before")
    print(machine.must("canonify", "install"), end="")
    machine.must("/etc/init.d/sendmail", "start")
    sendmail_is(machine, "canonify")
    drain(machine, remote, "before")
    people_work(machine, remote)
    admin_works(machine)
    refused(machine)
    cron_works(machine)
    queue_tool_works(machine, remote)
    watchers_work(machine)
    fill_queues(machine, remote, "back")
    machine.must("/usr/sbin/canonify", "install", "--remove")
    machine.must("/etc/init.d/sendmail", "start")
    sendmail_is(machine, "Debian")
    drain(machine, remote, "back")
    machine.must("/etc/init.d/sendmail", "stop")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if not word.startswith("--mirror")]
    tree = pathlib.Path(words[1] if len(words) > 1 else "/var/cache/canonify-debian").resolve()
    if not (tree / "etc/mail").is_dir():
        if not shutil.which("debootstrap"):
            print("SKIPPED: a Debian is made with debootstrap, which is not here\n0 passed, 0 failed")
            sys.exit(0)
        make_tree(tree, [word.removeprefix("--mirror=") for word in sys.argv[1:] if word.startswith("--mirror=")])
    if "CANONIFY_SWITCH" not in os.environ:
        os.environ["CANONIFY_SWITCH"] = "1"
        os.execvp("unshare", ["unshare", "-u", "-m", "-n", "-p", "-f", "--kill-child", sys.executable, *sys.argv])
    main(pathlib.Path(words[0]).resolve(), tree)
    sys.exit(close())
