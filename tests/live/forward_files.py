#!/usr/bin/env python3
""".forward and :include: files that others could have touched: which are followed, and what the log says of the
others, by sendmail and by canonify. usage: forward_files.py CANONIFY      Needs CANONIFY_REFERENCE and root."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from namespaces import enter

PASSWD = """root:x:0:0:root:{work}:/bin/sh
daemon:x:1:1:daemon:/:/usr/sbin/nologin
joe:x:5001:5001:Joe:{work}/home/joe:/bin/sh
ann:x:5002:5002:Ann:{work}/home/ann:/bin/sh
noshell:x:5003:5003:No Shell:{work}/home/noshell:/bin/false
"""
GROUP = "root:x:0:\ndaemon:x:1:\njoe:x:5001:\nann:x:5002:\nnoshell:x:5003:\n"
CF = """V10/Berkeley
DjMail.Site.Example
DnMAILER-DAEMON
CwMail.Site.Example localhost
O QueueDirectory={work}/queue
O AliasFile={work}/aliases
O DefaultUser=1:1
O OperatorChars=.:%@!^/[]+
O DeliveryMode=i
O LogLevel=14
O DontBlameSendmail={blame}
O ForwardPath={path}
H?D?Date: $a
S3
R$*<$*>$*		$2
S0
R$* @ $=w		$1
R$* @ $*		$#error $: elsewhere
R$+ + $*		$#local $@ $2 $: $1
R$+			$#local $: $1
S5
S2
S4
Mlocal, P={work}/show, F=lsDFMAw5:/|@qno, T=DNS/RFC822/X-Unix, A=show local $u
Mprog, P={work}/show, F=lsDFMqo9, D=/, T=X-Unix/X-Unix/X-Unix, A=show prog $u
M*file*, P=[FILE], F=lsDFMPEuq9o, T=X-Unix/X-Unix/X-Unix, A=FILE $u
M*include*, P=/dev/null, F=su, A=INCLUDE $u
"""
ALIASES = """postmaster: root
list: :include:{work}/home/joe/list
quoted: ":include:{work}/home/joe/list"
blanks: :include:  {work}/home/joe/list
outer: :include:{work}/outer
"""
SHOW = """#!/bin/sh
cat >/dev/null
f=$(mktemp {work}/out/said.XXXXXX) || exit 75
echo "$*" >$f
"""
JOE, ANN, ROOT = 5001, 5002, 0


class Row:
    """One arrangement: owner and mode of the file and of its directory, and what differs from the usual."""

    def __init__(self, name, owner=JOE, mode=0o644, home=(JOE, 0o755), text="ann\n", blame="safe",
                 path="$z/.forward", make=None, to="joe", stricter=None, shell=None):
        self.name, self.owner, self.mode, self.home, self.text = name, owner, mode, home, text
        self.blame, self.path, self.make, self.to = blame, path, make, to
        self.stricter, self.shell = stricter, shell


def link(work, file):
    os.rename(file, file + ".real")
    os.symlink(file + ".real", file)


def second(work, file):
    os.link(file, file + ".second")


def fifo(work, file):
    os.remove(file)
    os.mkfifo(file)


def directory(work, file):
    os.remove(file)
    os.mkdir(file)


def link_to_secret(work, file):
    os.remove(file)
    with open(f"{work}/secret", "w") as out:
        out.write("ann\n")
    os.chmod(f"{work}/secret", 0o600)
    os.symlink(f"{work}/secret", file)


def as_list(work, file):
    """The file is the list of an alias."""
    os.rename(file, os.path.dirname(file) + "/list")


def lists_of_another(work, file):
    """A .forward that names somebody else's list."""
    with open(f"{work}/home/ann/list", "w") as out:
        out.write("ann\n")
    os.chown(f"{work}/home/ann/list", ANN, ANN)


PROG = '"|tool"\n'
ROWS = [
    Row("one's own"),
    Row("of root", owner=ROOT),
    Row("of another", owner=ANN),
    Row("of another, who cannot be read", owner=ANN, mode=0o600),
    Row("of root, who cannot be read", owner=ROOT, mode=0o600),
    Row("group writable", mode=0o664),
    Row("world writable", mode=0o646),
    Row("group writable, allowed", mode=0o664, blame="GroupWritableForwardFile"),
    Row("a program in it, group writable, allowed", mode=0o664, blame="GroupWritableForwardFile", text=PROG),
    Row("a program in it, all allowed", mode=0o664, text=PROG,
        blame="GroupWritableForwardFile,GroupWritableForwardFileSafe"),
    Row("home group writable", home=(JOE, 0o775)),
    Row("home world writable", home=(JOE, 0o777)),
    Row("home sticky and world writable", home=(JOE, 0o1777)),
    Row("home sticky, trusted", home=(JOE, 0o1777), blame="TrustStickyBit"),
    Row("home sticky, trusted, of another", home=(JOE, 0o1777), owner=ANN, blame="TrustStickyBit"),
    Row("home sticky, trusted, of root", home=(JOE, 0o1777), owner=ROOT, blame="TrustStickyBit"),
    Row("home world writable, allowed", home=(JOE, 0o777), blame="ForwardFileInUnsafeDirPath"),
    Row("home world writable, allowed, of another", home=(JOE, 0o777), owner=ANN, blame="ForwardFileInUnsafeDirPath"),
    Row("home world writable, allowed, a program", home=(JOE, 0o777), blame="ForwardFileInUnsafeDirPath", text=PROG),
    Row("home world writable, safe, a program", home=(JOE, 0o777), text=PROG,
        blame="ForwardFileInUnsafeDirPath,ForwardFileInUnsafeDirPathSafe"),
    Row("home of another", home=(ANN, 0o755)),
    Row("home of root", home=(ROOT, 0o755)),
    Row("home closed", home=(ROOT, 0o700)),
    Row("symbolic link", make=link),
    Row("symbolic link, home world writable, allowed", make=link, home=(JOE, 0o777), blame="ForwardFileInUnsafeDirPath"),
    Row("symbolic link to a secret", make=link_to_secret),
    Row("hard link", make=second),
    Row("fifo", make=fifo),
    Row("directory", make=directory),
    Row("empty", text=""),
    Row("a program", text=PROG),
    Row("a program, no shell", text=PROG, to="noshell"),
    Row("two files, the first bad", owner=ANN, path="$z/.forward:$z/.second"),
    Row("a relative path", path=".forward:$z/.forward"),
    Row("a list", make=as_list, to="list"),
    Row("a list of root", make=as_list, to="list", owner=ROOT),
    Row("a list with a program", make=as_list, to="list", text=PROG),
    Row("a list in quotes", make=as_list, to="quoted"),
    Row("a list behind blanks", make=as_list, to="blanks"),
    Row("a list in a list", make=as_list, to="outer"),
    Row("a list, group writable", make=as_list, to="list", mode=0o664),
    Row("a list, group writable, allowed", make=as_list, to="list", mode=0o664, blame="GroupWritableIncludeFile"),
    Row("a program in a list, group writable, allowed", make=as_list, to="list", mode=0o664, text=PROG,
        blame="GroupWritableIncludeFile"),
    Row("a list, home world writable", make=as_list, to="list", home=(JOE, 0o777)),
    Row("a list that DefaultUser cannot read", make=as_list, to="list", mode=0o600),
    Row("a .forward with a list of another", make=lists_of_another, text=":include:{work}/home/ann/list\n"),
    Row("a list that is not there", make=lambda work, file: os.remove(file), to="list"),
    Row("detail", path="$z/.forward+$h:$z/.forward", to="joe+x"),
    Row("detail names another file", path="$z/.forward+$h:$z/.forward", to="joe+x:second"),
]


class Log:
    def __init__(self, path):
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            self.lines.append(self.socket.recv(65536).decode(errors="replace"))


def prepare(work):
    for name in ("queue", "home"):
        os.mkdir(f"{work}/{name}")
    for name, text in (("passwd", PASSWD), ("group", GROUP), ("show", SHOW)):
        with open(f"{work}/{name}", "w") as out:
            out.write(text.format(work=work) if "{work}" in text else text)
    with open(f"{work}/aliases", "w") as out:
        out.write(ALIASES.format(work=work))
    with open(f"{work}/outer", "w") as out:
        out.write(f":include:{work}/home/joe/list\n")
    os.chmod(f"{work}/show", 0o755)
    for name in ("passwd", "group"):
        subprocess.run(["mount", "--bind", f"{work}/{name}", f"/etc/{name}"], check=True)
    # a /dev of our own, for its log
    os.mkdir(f"{work}/dev")
    subprocess.run(["mount", "-t", "tmpfs", "none", f"{work}/dev"], check=True)
    for name in ("null", "zero", "urandom", "random"):
        open(f"{work}/dev/{name}", "w").close()
        subprocess.run(["mount", "--bind", f"/dev/{name}", f"{work}/dev/{name}"], check=True)
    subprocess.run(["mount", "--rbind", f"{work}/dev", "/dev"], check=True)


def arrange(work, row):
    for name in ("out", "queue", "home"):
        shutil.rmtree(f"{work}/{name}", ignore_errors=True)
        os.mkdir(f"{work}/{name}")
    os.chmod(f"{work}/out", 0o777)
    os.chmod(f"{work}/queue", 0o700)
    for name, uid in (("joe", JOE), ("ann", ANN), ("noshell", 5003)):
        os.mkdir(f"{work}/home/{name}")
        os.chown(f"{work}/home/{name}", uid, uid)
    who = "noshell" if row.to == "noshell" else "joe"
    file = f"{work}/home/{who}/.forward"
    for name, owner in ((file, row.owner if who == "joe" else 5003), (f"{work}/home/joe/.second", JOE)):
        with open(name, "w") as out:
            out.write(row.text.format(work=work))
        os.chown(name, owner, owner)
        os.chmod(name, row.mode)
    if row.make:
        row.make(work, file)
    if who == "joe":
        os.chown(f"{work}/home/joe", row.home[0], row.home[0])
        os.chmod(f"{work}/home/joe", row.home[1])
    with open(f"{work}/site.cf", "w") as out:
        out.write(CF.format(work=work, blame=row.blame, path=row.path))


def plain(line, work):
    """A line of the log without what differs from run to run; None for those that no row is about."""
    text = re.sub(r"^<\d+>.*?\]: ", "", line)
    text = re.sub(r"\b[0-9A-Za-z]{8}\d{6}: ", "ID: ", text).replace(work, "WORK").strip()
    return text if re.search(r"forward|nsafe|shell|annot open", text) and "=>" not in text else None


def said(work, log, program, row):
    arrange(work, row)
    log.lines.clear()
    command = program + ["-C", f"{work}/site.cf", "-odi", "-oi", "-f", "ann", row.to]
    subprocess.run(command, input=b"Subject: x\n\nbody\n", capture_output=True, timeout=60)
    time.sleep(0.1)
    if os.environ.get("RAW"):
        print(row.name, log.lines)
    mail = [open(f"{work}/out/{name}").read().strip() for name in os.listdir(f"{work}/out")]
    return sorted(mail), sorted({text for text in (plain(line, work) for line in list(log.lines)) if text})


def main():
    enter()
    canonify = os.path.realpath(sys.argv[1])
    reference = os.environ["CANONIFY_REFERENCE"] + "/usr/libexec/sendmail/sendmail"
    work = tempfile.mkdtemp(prefix="canonify-forward.", dir="/var/lib")
    os.chmod(work, 0o755)
    prepare(work)
    log = Log("/dev/log")
    passed = failed = 0
    try:
        for row in ROWS:
            theirs = said(work, log, [reference], row)
            ours = said(work, log, [canonify, "sendmail"], row)
            expected = row.stricter or theirs
            if ours == expected:
                passed += 1
            else:
                failed += 1
                print(f"not ok: {row.name}\n  sendmail: {theirs}\n  canonify: {ours}")
            if os.environ.get("SHOW"):
                print(f"{row.name}: {theirs}")
    finally:
        subprocess.run(["umount", "-l", f"{work}/dev"], check=False)
        shutil.rmtree(work, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
