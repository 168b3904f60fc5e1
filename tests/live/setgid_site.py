"""A set-group-id installation in name spaces of its own: root, smmsp and three ordinary users, their mail
directories, a syslog that is kept, and one sendmail-like program. Used by setgid.py and unsafe_files.py."""
import os
import pathlib
import shutil
import socket
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
TOP = pathlib.Path("/srv")
USERS = {"alice": 2001, "bob": 2002, "mallory": 2003, "trusted": 2004, "smmsp": 2100, "nobody": 65534}
ROOT = 0
NAMES = ("sendmail", "mailq", "newaliases", "hoststat", "purgestat", "smtpd")


def put(path, text, mode=0o644, owner=0, group=0):
    """A file with this content, mode and owner; directories above are made."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or path.exists():
        path.unlink()
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.chown(path, owner, group)
    os.chmod(path, mode)
    return path


def folder(path, mode=0o755, owner=0, group=0):
    path = pathlib.Path(path)
    path.mkdir(parents=True, exist_ok=True)
    os.chown(path, owner, group)
    os.chmod(path, mode)
    return path


def mount(source, target):
    subprocess.run(["mount", "--bind", source, target], check=True)


class Syslog(threading.Thread):
    """/dev/log: keeps every line."""

    def __init__(self):
        super().__init__(daemon=True)
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.start()

    def run(self):
        while True:
            self.lines.append(self.socket.recv(65536).decode("latin-1"))

    def holds(self, text, since=0, timeout=3.0):
        end = time.time() + timeout
        while True:
            if any(text in line for line in self.lines[since:]):
                return True
            if time.time() > end:
                return False
            time.sleep(0.05)


def private_places():
    """What a mail program reads and writes outside of its own directories is this run's alone."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "none", str(TOP)], check=True)
    for name in ("null", "zero", "full", "random", "urandom", "tty"):
        (TOP / "dev" / name).parent.mkdir(exist_ok=True)
        (TOP / "dev" / name).touch()
        mount(f"/dev/{name}", TOP / "dev" / name)
    subprocess.run(["mount", "--rbind", str(TOP / "dev"), "/dev"], check=True)
    for place in ("/etc/mail", "/var/spool", "/home", "/var/run", "/var/lib", "/var/log"):
        own = folder(TOP / "places" / place.lstrip("/"))
        folder(place) if not os.path.isdir(place) else None
        mount(own, place)
    passwd = ["root:x:0:0:root:/root:/bin/sh"]
    group = ["root:x:0:", "mail:x:8:", "daemon:x:1:"]
    passwd.append("daemon:x:1:1:daemon:/usr/sbin:/bin/sh")
    for name, uid in USERS.items():
        passwd.append(f"{name}:x:{uid}:{uid}:{name}:/home/{name}:/bin/sh")
        group.append(f"{name}:x:{uid}:")
        folder(f"/home/{name}", 0o755, uid, uid)
    mount(put(TOP / "passwd", "\n".join(passwd) + "\n"), "/etc/passwd")
    mount(put(TOP / "group", "\n".join(group) + "\n"), "/etc/group")


class Site:
    """One installation: `program` under sendmail's names, its directories as an installer makes them."""

    def __init__(self, program, is_reference=False):
        self.is_reference = is_reference
        smmsp = USERS["smmsp"]
        self.bin = folder(TOP / "bin")
        binary = self.bin / ("sendmail" if is_reference else "canonify")
        shutil.copyfile(program, binary)
        os.chown(binary, 0, smmsp)
        os.chmod(binary, 0o2755)
        for name in NAMES:
            if name != binary.name:
                (self.bin / name).symlink_to(binary.name)
        folder("/var/spool/mqueue", 0o700)
        folder("/var/spool/mqueue-client", 0o770, smmsp, smmsp)
        self.client_queue = pathlib.Path("/var/spool/mqueue-client")
        self.queue = pathlib.Path("/var/spool/mqueue")
        self.log = Syslog()

    def run(self, user, *words, stdin="", name="sendmail", argv0=None, environment=None, timeout=60, cwd=None, **more):
        """Runs the program as `user` (a name; root is 0); what it said and its status."""
        command = [str(self.bin / name), *map(str, words)]
        demote = {}
        if user != "root":
            uid = USERS[user]
            demote = {"user": uid, "group": uid, "extra_groups": []}
        env = {"PATH": "/usr/bin:/bin", **(environment or {})}
        if argv0 is not None:
            command = [argv0, *command[1:]]
            more["executable"] = str(self.bin / name)
        done = subprocess.run(command, input=stdin.encode() if isinstance(stdin, str) else stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, timeout=timeout,
                              cwd=cwd or "/", **demote, **more)
        return Result(done.returncode, done.stdout.decode("latin-1"))


class Sink(threading.Thread):
    """An SMTP server that takes everything on port 25, while it is up."""

    def __init__(self):
        super().__init__(daemon=True)
        self.messages = []
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 25))
        self.socket.listen(50)
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.join()

    def serve(self, client):
        file, data = client.makefile("rwb"), None

        def say(text):
            file.write(text.encode() + b"\r\n")
            file.flush()
        say("220 sink ESMTP")
        for line in file:
            if data is not None:
                if line == b".\r\n":
                    self.messages.append(b"".join(data).decode("latin-1"))
                    data = None
                    say("250 2.0.0 taken")
                else:
                    data.append(line)
            elif line[:4].upper() == b"DATA":
                data = []
                say("354 go on")
            elif line[:4].upper() == b"QUIT":
                say("221 bye")
                break
            else:
                say("250 2.0.0 ok")
        client.close()

    def holds(self, text, timeout=8.0):
        end = time.time() + timeout
        while not any(text in message for message in self.messages):
            if time.time() > end:
                return False
            time.sleep(0.05)
        return True


class Result:
    def __init__(self, status, text):
        self.status, self.text = status, text

    def __repr__(self):
        return f"[{self.status}] {self.text!r}"
