#!/usr/bin/env python3
"""The programs around the daemon beside the reference's: mail.local, smrsh and rmail are called alike, and what they say, their exit
status, mailboxes and what sendmail is called with are compared. What stays different stands below with its reason (KNOWN).
usage: around.py CANONIFY      Needs root and the reference; runs in name spaces of its own. Closes with "N passed, N failed"."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from checks import check, close

REFERENCE = pathlib.Path(os.environ.get("CANONIFY_REFERENCE", "/var/cache/canonify-reference"))
THEIRS = REFERENCE / "usr/libexec/sendmail"
SPOOL, SMRSH, SBIN = pathlib.Path("/var/mail"), pathlib.Path("/etc/mail/smrsh"), pathlib.Path("/usr/sbin")
COMMANDS = [
    "ok", "ok a b", "/usr/bin/ok x", "./ok y", "ok 'a b' c", 'ok "a" $x', "exec ok 1", "exec /bin/ok 1", "echo hi", "echo hi && ok 2", "ok 1 || ok 2",
    "fail || ok 2", "fail && ok 2", "fail || exit 75", "ok; ls", "ok | cat", "ok & ok", "ok > /tmp/x", "ok < /tmp/x", "ok `id`", "ok $(id)", "ok $HOME",
    "ok (x)", "ok ^x", "ok\nls", "ok a\nls", "ok a\rls", "ls", "dir", "link", "linkdir", "noexec", "../../../bin/ls", "", "   ok 3", "ok ||", "|| ok", "&& ok",
    "ok && && ok", "exec", "exit", "exit 7", "exit 7 && ok", "ok\tt", "ok #x", "ok *", "ok [a]", "ok ~", "ok {a,b}", "ok &&ls", "ok&&ok", "ok || /bin/ls",
    "ok 1 && exec ok 2", "env", "env A=1", "A=1 ok", ". ok", "ok 'a", "exec  ok", "echo", "echox", "execok", "ok 'x;y'", "ok \x01", "ok \xff", "ok ||| ok",
    "ok &&& ok", "ok |", "ok &", "-c", "ok -c", "bad space", "a" * 3000,
]
MESSAGES = {
    "plain": "Subject: x\n\nbody\nmore\n", "several": "Subject: x\nTo: a\n b\n\nbody\n\n\nend\n", "greater": "Subject: x\n\n>From z\n.\n..\n", "empty body": "Subject: x\n\n",
    "eight": "Subject: \xe4\n\n\xfc\xff\n",
}
UUCP = {
    name: text.replace("DATE", "Tue Dec  1 10:00:00 2026") for name, text in {
        "one": "From ann DATE remote from sysa\nSubject: x\n\nbody\n", "two": "From b!ann DATE remote from sysb\n>From ann DATE remote from sysa\n\nb\n",
        "alone": "From ann DATE\nX: y\n\nb\n", "none": "Subject: x\n\nbody\n", "nothing": "", "corrupted": "From \n", "at": "From ann@x.example DATE remote from sysa\n\nb\n",
        "bang": "From sysc!sysb!ann DATE remote from sysa\n\nb\n", "dateless": "From ann remote from sysa\n\nb\n", "domain": "From ann DATE remote from sys.a.example\n\nb\n",
        "three": "From a DATE remote from s1\n>From s2!b DATE remote from s2\n>From c DATE remote from s3\n\nb\n>From x\n", "long": "From " + "a" * 3000 + " DATE\n\nb\n",
        "mixed": "From a DATE remote from s1\n>From b DATE\n\nb\n",
    }.items()}
LMTP = {
    "whole": "LHLO x\nMAIL FROM:<a@b.example>\nRCPT TO:<games@x.example>\nRCPT TO:<nosuch>\nRCPT TO:<bin>\nDATA\nSubject: y\n\n..dot\nend\n.\nQUIT\n",
    "out of turn": "LHLO x\nDATA\nRCPT TO:<bin>\nMAIL FROM:<>\nMAIL FROM:<a>\nDATA\nRSET\nRCPT TO:<bin>\nNOOP\nVRFY bin\nHELP\nEXPN x\nEHLO x\nHELO x\nfoo\n\nQUIT\n",
    "parameters": "LHLO x\nMAIL\nMAIL FROM:<a> SIZE=10 BODY=8BITMIME\nRCPT\nRCPT TO: bin\nRCPT TO:<bin> NOTIFY=NEVER\nRCPT TO:<bin+detail@x>\nRCPT TO:<>\nRCPT TO:<BIN>\nDATA x\nQUIT\n",
    "routes": "LHLO x\nMAIL FROM:<a>\nRCPT TO:<@x.example:bin>\nRCPT TO:<bin@>\nrcpt to:<bin@a@b>\nQUIT\n",
    "cut": "LHLO x\nMAIL FROM:<a>\nRCPT TO:<bin>\nDATA\nabc",
    "null": "LHLO x\nMAIL FROM:<>\nRCPT TO:<bin>\nDATA\nX: y\n\nb\n.\nQUIT\n",
    "twice": "LHLO x\nMAIL FROM:<a>\nRCPT TO:<bin>\nDATA\nX: y\n\nb\n.\nMAIL FROM:<c>\nRCPT TO:<games>\nRCPT TO:<bin>\nDATA\nX: z\n\nb\n.\nQUIT\n",
    "nothing": "",
}
KNOWN = {
    "mail.local: a line without end": "the reference adds two blanks to it and counts them",
    "mail.local: From lines": "the reference leaves them as they are and trusts Content-Length; here they get the `>' of its manual page, since not every reader does",
    "rmail: a status": "the reference ends with 0; here uucp learns of it",
}


def call(program, arguments, text="", **environment):
    done = subprocess.run([program, *arguments], input=text.encode("latin-1"), capture_output=True, timeout=120, env={"PATH": "/usr/bin:/bin", "FOO": "x", "CANONIFY_LOG": "stderr", **environment})
    said = [output.decode("latin-1").replace(str(program), "PROGRAM") for output in (done.stdout, done.stderr)]
    return [*said, f"exit {done.returncode}"]


def boxes():
    """Mailboxes without what hangs on the moment, and that no lock is left."""
    found = []
    for path in sorted(SPOOL.iterdir()):
        about = path.lstat()
        text = re.sub(rb"^(From .*) \w{3} \w{3} +\d+ [\d:]{8} \d{4}$", rb"\1 DATE", path.read_bytes(), flags=re.M) if path.is_file() else b""
        found.append((path.name, oct(about.st_mode), about.st_uid, about.st_gid, text))
    return found


def clean():
    for path in SPOOL.iterdir():
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()


def both(what, pair, arguments, text="", prepare=lambda: None, **environment):
    seen = []
    for program in pair:
        clean()
        prepare()
        seen.append([call(program, arguments, text, **environment), boxes()])
    check(what, seen[0] == seen[1], f"\n    {seen[0]}\n    {seen[1]}")


def mail_local(pair):
    for name, text in MESSAGES.items():
        both(f"mail.local: {name}", pair, ["-f", "ann@x.example", "games", "bin"], text)
    for arguments in (["games"], ["nosuch"], [], ["-x", "games"], ["-f", "a", "-r", "b", "games"], ["-d", "games", "nosuch", "bin"], ["games@x.example"], ["-f", "", "bin"],
                      ["-7", "bin"], ["-D", "pw", "bin"], ["-D", "foo", "bin"], ["-l", "games"], ["-b", "bin"], ["-h"]):
        both(f"mail.local {arguments}", pair, arguments, MESSAGES["plain"])
    for name, text in LMTP.items():
        for more in ([], ["-7"]):
            both(f"mail.local -l {more}: {name}", pair, ["-l", *more], text.replace("\n", "\r\n"))
    odd = {
        "a link": lambda: (SPOOL / "bin").symlink_to("/etc/hostname"), "a directory": lambda: (SPOOL / "bin").mkdir(),
        "another's": lambda: (SPOOL / "bin").touch(), "two names": lambda: ((SPOOL / "xx").touch(), os.chown(SPOOL / "xx", 2, 2), os.link(SPOOL / "xx", SPOOL / "bin")),
        "one with mail": lambda: ((SPOOL / "bin").write_text("From x\n\n"), os.chown(SPOOL / "bin", 2, 2)),
    }
    for name, prepare in odd.items():
        both(f"mail.local: {name}", pair, ["bin"], MESSAGES["plain"], prepare)
        both(f"mail.local -l: {name}", pair, ["-l"], LMTP["whole"].replace("\n", "\r\n"), prepare)
    ours = pair[1]
    clean()
    call(ours, ["-f", "a", "bin"], "Subject: x\n\nFrom me\n\nFrom you\nlast")
    text = (SPOOL / "bin").read_text()
    check("mail.local: no line begins another message", re.findall("^From ", text, re.M) == ["From "] and text.endswith(">From you\nlast\n\n"), text)
    clean()
    crowd = [subprocess.Popen([ours, "-f", f"a{number}", "bin", "games"], stdin=subprocess.PIPE) for number in range(12)]
    for process in crowd:
        process.stdin.write(b"Subject: x\n\n" + b"line\n" * 5000)
        process.stdin.close()
    good = all(process.wait(120) == 0 for process in crowd)
    text = (SPOOL / "bin").read_bytes()
    check("mail.local: twelve at once, each whole", good and re.sub(rb"From a\d+ .*\nSubject: x\nContent-Length: 25000\n\n(line\n){5000}\n", b"", text) == b"" and text.count(b"From a") == 12)
    check("mail.local: no lock stays", not list(SPOOL.glob("*.lock")))


def smrsh(pair):
    for line in COMMANDS:
        both(f"smrsh {line[:40]!r}", pair, ["-c", line.encode("latin-1")], HOME="/x", IFS=":")
    for arguments in ([], ["-x"], ["-c"], ["-c", "ok", "more"], ["ok"], ["-cok"], ["-v", "-c", "ok"]):
        both(f"smrsh {arguments}", pair, arguments)


def rmail(pair):
    for name, text in UUCP.items():
        both(f"rmail: {name}", pair, ["joe"], text)
    for arguments in ([], ["-T", "joe"], ["-D", "x.example", "joe"], ["-D"], ["-z", "joe"], ["a b"], ["--", "-x"], ["a", "b c", "<d>", "e,f"], ["joe", "-D", "y"]):
        both(f"rmail {arguments}", pair, arguments, UUCP["one"])
    ours = call(pair[1], ["joe"], UUCP["one"], EXITWITH="75")
    check("rmail: sendmail's status is its own", ours[1:] == ["rmail: /usr/sbin/sendmail: terminated with 75 (non-zero) status\n", "exit 75"], ours)


def prepare(folder):
    """Private places for what these programs know by their paths."""
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for place, mode in ((SPOOL, 0o1777), (SMRSH.parent, 0o755)):
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", place], check=True)
        place.chmod(mode)
    (SMRSH / "dir").mkdir(parents=True)
    for name, text in (("ok", 'echo ok "$@"'), ("fail", "exit 5"), ("env", "/usr/bin/env | grep -v '^_='"), ("bad space", "echo x")):
        (SMRSH / name).write_text(f"#!/bin/sh\n{text}\n")
        (SMRSH / name).chmod(0o755)
    (SMRSH / "noexec").write_text("x")
    (SMRSH / "link").symlink_to("ok")
    (SMRSH / "linkdir").symlink_to("dir")
    programs = folder / "sbin"
    programs.mkdir()
    (programs / "sendmail").write_text('#!/bin/sh\nfor word in "$@"; do printf "[%s]" "$word"; done\necho\ncat\nexit ${EXITWITH:-0}\n')
    (programs / "sendmail").chmod(0o755)
    subprocess.run(["mount", "--bind", programs, SBIN], check=True)


def package(folder):
    """Debian's rmail, which has a package of its own."""
    done = subprocess.run(["apt-get", "download", "-qq", "rmail"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    files = list(folder.glob("rmail_*.deb"))
    if done.returncode or not files:
        return None
    subprocess.run(["dpkg", "-x", files[0], folder / "rmail"], check=True)
    return folder / "rmail/usr/sbin/rmail"


def main(canonify):
    with tempfile.TemporaryDirectory(dir="/var/lib") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        theirs = package(folder)
        prepare(folder)
        pairs = {}
        for program, reference in (("mail.local", THEIRS / "mail.local"), ("smrsh", THEIRS / "smrsh"), ("rmail", theirs)):
            ours = folder / "ours" / program
            ours.parent.mkdir(exist_ok=True)
            ours.symlink_to(canonify)
            pairs[program] = (reference, ours)
        mail_local(pairs["mail.local"])
        smrsh(pairs["smrsh"])
        rmail(pairs["rmail"]) if theirs else print("SKIPPED: no package rmail can be had")
        subprocess.run(["umount", SBIN], check=True)
    for what, why in KNOWN.items():
        print(f"known: {what}: {why}")
    return close()


if __name__ == "__main__":
    if len(sys.argv) == 2:
        os.execvp("unshare", ["unshare", "--mount", sys.executable, __file__, os.path.abspath(sys.argv[1]), "inside"])
    sys.exit(main(sys.argv[1]))
