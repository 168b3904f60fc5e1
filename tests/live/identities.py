#!/usr/bin/env python3
"""As whom local mailers, programs and files run: mailer flags S and o, U=, and who names them, one delivery per
row by sendmail and by canonify. usage: identities.py CANONIFY      Needs CANONIFY_REFERENCE and root."""

import os
import shutil
import subprocess
import sys
import tempfile

from namespaces import enter

PASSWD = """root:x:0:0:root:{work}/root:/bin/sh
daemon:x:1:1:daemon:/:/usr/sbin/nologin
smmsp:x:25:25:submission:/:/usr/sbin/nologin
joe:x:5001:5001:Joe:{work}/joe:/bin/sh
ann:x:5002:5002:Ann:{work}/ann:/bin/sh
noshell:x:5003:5003:No Shell:{work}/noshell:/bin/false
"""
GROUP = "root:x:0:\ndaemon:x:1:\nsmmsp:x:25:\njoe:x:5001:\nann:x:5002:\nnoshell:x:5003:\nextra:x:5100:joe\n"
CF = """V10/Berkeley
DjMail.Site.Example
DnMAILER-DAEMON
CwMail.Site.Example localhost
O QueueDirectory={work}/queue
O AliasFile={work}/aliases
O DefaultUser=1:1
O DeliveryMode=i
O LogLevel=12
O DontBlameSendmail=safe
O ForwardPath=$z/.forward
O PidFile={work}/pid
O StatusFile={work}/statistics
H?D?Date: $a
S3
R$*<$*>$*		$2
S0
R$* @ $=w		$1
R$* @ $*		$#error $: elsewhere
R$+			$#local $: $1
S5
S2
S4
Mlocal, P={work}/show, F=lsDFMA5:/|@qn{w}{local}{local_u}, T=DNS/RFC822/X-Unix, A=show local $u
Mprog, P={work}/show, F=lsDFMq9{prog}{prog_u}, D=/, T=X-Unix/X-Unix/X-Unix, A=show prog $u
M*file*, P=[FILE], F=lsDFMPEuq9{file}{file_u}, T=X-Unix/X-Unix/X-Unix, A=FILE $u
M*include*, P=/dev/null, F=su, A=INCLUDE $u
"""
ALIASES = """postmaster: root
by-alias: "|by-alias"
by-list: :include:{work}/lists/joe
by-root-list: :include:{work}/lists/root
file-by-alias: {work}/out/file
file-by-list: :include:{work}/lists/joe-file
"""
SHOW = """#!/bin/sh
cat >/dev/null
f=$(mktemp {work}/out/said.XXXXXX) || exit 75
echo "$* as $(id -u):$(id -g) $(id -G | tr ' ' '\\n' | sort -n | tr '\\n' ' ')" >$f
"""
U = ", U=ann:ann"

# name, fields of the cf, recipient
ROWS = []
for flags in ("", "o", "S", "oS"):
    for user in ("", U):
        title = f"F={flags or '-'}{user.replace(',', '')}"
        for who in ("joe", "root"):
            ROWS.append((f"local {title} for {who}", dict(local=flags, local_u=user, w="w"), who))
        ROWS.append((f"local without w {title} for nobody", dict(local=flags, local_u=user), "nobody-here"))
        ROWS.append((f"local without w {title} for joe", dict(local=flags, local_u=user), "joe"))
        for who in ("by-alias", "by-list", "by-root-list", "joe-forwards"):
            ROWS.append((f"prog {title} {who}", dict(prog=flags, prog_u=user, w="w"), who))
        for who in ("file-by-alias", "file-by-list"):
            ROWS.append((f"*file* {title} {who}", dict(file=flags, file_u=user, w="w"), who))


def prepare(work):
    for name in ("queue", "lists", "joe", "ann", "root", "noshell"):
        os.mkdir(f"{work}/{name}")
    os.mkdir(f"{work}/out")
    for name, text in (("passwd", PASSWD), ("group", GROUP), ("aliases", ALIASES), ("show", SHOW)):
        with open(f"{work}/{name}", "w") as out:
            out.write(text.format(work=work) if "{work}" in text else text)
    os.chmod(f"{work}/show", 0o755)
    for name, owner, text in (
        ("lists/joe", 5001, '"|by-list"\n'),
        ("lists/root", 0, '"|by-root-list"\n'),
        ("lists/joe-file", 5001, f"{work}/out/file\n"),
        ("joe/.forward", 5001, '"|joe-forwards"\n'),
    ):
        with open(f"{work}/{name}", "w") as out:
            out.write(text)
        os.chown(f"{work}/{name}", owner, owner)
        os.chmod(f"{work}/{name}", 0o644)
    os.chown(f"{work}/joe", 5001, 5001)
    for name in ("passwd", "group"):
        subprocess.run(["mount", "--bind", f"{work}/{name}", f"/etc/{name}"], check=True)


def said(work, program, row):
    _, fields, who = row
    shutil.rmtree(f"{work}/out")
    os.mkdir(f"{work}/out")
    os.chmod(f"{work}/out", 0o777)
    shutil.rmtree(f"{work}/queue")
    os.mkdir(f"{work}/queue", 0o700)
    values = dict(work=work, local="", local_u="", prog="", prog_u="", file="", file_u="", w="")
    forward = f"{work}/joe/.forward"
    recipient = who
    if who == "joe-forwards":
        recipient = "joe"
    elif os.path.exists(forward):
        os.rename(forward, forward + ".away")
    values.update(fields)
    text = CF.format(**values)
    with open(f"{work}/site.cf", "w") as out:
        out.write(text)
    command = program + ["-C", f"{work}/site.cf", "-odi", "-oi", "-f", "ann", recipient]
    done = subprocess.run(command, input=b"Subject: x\n\nbody\n", capture_output=True, timeout=60)
    if os.path.exists(forward + ".away"):
        os.rename(forward + ".away", forward)
    lines = []
    for name in sorted(os.listdir(f"{work}/out")):
        path = f"{work}/out/{name}"
        about = os.stat(path)
        if name == "file":
            lines.append(f"file of {about.st_uid}:{about.st_gid} {about.st_mode & 0o7777:o}")
        else:
            lines.append(open(path).read().strip())
    if not lines:
        lines = [f"nothing, exit {done.returncode}"]
        if os.environ.get("SHOW"):
            lines.append((done.stdout + done.stderr).decode(errors="replace"))
    return "; ".join(sorted(lines))


def table(row, theirs):
    """What keeper/rights.rs says, for rows where it is stricter than sendmail."""
    name, fields, who = row
    kind = name.split()[0]
    flags = fields.get({"*file*": "file"}.get(kind, kind), "")
    user = fields.get({"*file*": "file_u"}.get(kind, kind + "_u"), "")
    mode = " 600" if kind == "*file*" else ""
    one, ann = f"1:1{mode}" + (" 1" if not mode else ""), f"5002:5002{mode}" + (" 5002" if not mode else "")
    head = theirs.split(" as " if not mode else " of ")[0] + (" as " if not mode else " of ")
    if kind == "local" and "S" in flags and not user:
        return head + "0:0 0"  # root, without the groups of the recipient
    if kind == "local" and flags == "" and not user:
        return head + one  # nobody acts as the sender
    if kind != "local" and "S" in flags and not user:
        return head + one  # no file and no command is run as root
    if user and ("o" not in flags or "S" in flags or not (" 5001:5001" in theirs)):
        return head + ann  # U= and nobody's groups besides; no way back to root
    return theirs


def main():
    enter()
    canonify = os.path.realpath(sys.argv[1])
    reference = os.environ["CANONIFY_REFERENCE"] + "/usr/libexec/sendmail/sendmail"
    work = tempfile.mkdtemp(prefix="canonify-identities.", dir="/var/lib")
    os.chmod(work, 0o755)
    prepare(work)
    passed = failed = 0
    try:
        for row in ROWS:
            theirs = said(work, [reference], row)
            ours = said(work, [canonify, "sendmail"], row)
            if ours == table(row, theirs):
                passed += 1
            else:
                failed += 1
                print(f"not ok: {row[0]}\n  sendmail: {theirs}\n  canonify: {ours}")
            if os.environ.get("SHOW"):
                print(f"{row[0]}: {theirs}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
