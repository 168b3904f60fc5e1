#!/usr/bin/env python3
"""The transcripts in testdata/bt, run by Debian's sendmail and by canonify: the same bytes.

usage: bt.py CANONIFY [THEME...]           compares; themes by their file names without .bt
       bt.py --record THEME...             writes what sendmail answers into testdata/bt/THEME.bt
Needs root, unshare and CANONIFY_REFERENCE.

tests/bt/case_file.rs tells the format (`@DIR@` stands for the folder of the run; a file NAME.mapsrc is a
makemap source whose first line holds makemap's words). Both programs run in a namespace with the host
name test.example.com and without DNS. Closes with "N passed, N failed".
"""
import os, re, shutil, subprocess, sys, tempfile

import bt_cases

HERE = os.path.dirname(os.path.abspath(__file__))
CASES = os.path.join(HERE, "../../testdata/bt")
INSIDE = "CANONIFY_BT_INSIDE"
HOSTS = "127.0.0.1 localhost\n10.9.9.9 test.example.com test\n"
SERVICES = "hosts: files\npasswd: files\ngroup: files\n"


def enter_namespace():
    """A host name and a set of host files of our own, no network."""
    if os.environ.get(INSIDE):
        return
    folder = tempfile.mkdtemp()
    for name, text in (("hosts", HOSTS), ("nsswitch.conf", SERVICES), ("resolv.conf", "")):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
    script = "hostname test.example.com; for f in hosts nsswitch.conf resolv.conf; do mount --bind $0/$f /etc/$f; done; exec \"$@\""
    command = ["unshare", "-u", "-m", "-n", "sh", "-c", script, folder, sys.executable, *sys.argv]
    status = subprocess.run(command, env=dict(os.environ, **{INSIDE: "1"})).returncode
    shutil.rmtree(folder, ignore_errors=True)
    sys.exit(status)


def prepare(case, folder, makemap):
    os.makedirs(folder, mode=0o755)
    for name in ("hosts", "service.switch"):  # beside every case
        with open(os.path.join(CASES, name), "rb") as file:
            case.files.setdefault(name, file.read())
    for name, text in {**case.files, "case.cf": case.cf}.items():
        text = text.replace(b"@DIR@", folder.encode())
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(text)
        os.chmod(path, 0o755 if text.startswith(b"#!") else 0o644)
    for name in [name for name in case.files if name.endswith(".mapsrc")]:
        with open(os.path.join(folder, name), "rb") as file:
            head, _, body = file.read().partition(b"\n")
        words = head.decode().split()[1:]
        target = os.path.join(folder, words[-1])
        command = [*makemap, "-C", os.path.join(folder, "case.cf"), "-s", *words[1:-1], words[0], target]
        subprocess.run(command, input=body, check=True, capture_output=True)


def answer(case, folder, server, makemap):
    prepare(case, folder, makemap)
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}
    text = case.input.replace(b"@DIR@", folder.encode())
    result = subprocess.run([*server, "-bt", "-C", "case.cf", *case.arguments], input=text, cwd=folder,
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    said = result.stdout.replace(folder.encode(), b"@DIR@")
    said = re.sub(rb"0x[0-9a-f]{9,}", b"0xPTR", said)
    return re.sub(rb"canonify-[0-9.]+[0-9]", b"8.17.1.9", said), result.returncode


def compare(cases, programs, top):
    passed = failed = 0
    for case in cases:
        answers = [answer(case, os.path.join(top, who, case.theme, case.name), *programs[who]) for who in programs]
        if answers[0] == answers[1]:
            passed += 1
        else:
            failed += 1
            print(f"not ok: {case.title} (status {answers[1][1]}, reference {answers[0][1]})")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def main():
    enter_namespace()
    record = sys.argv[1] == "--record"
    wanted = sys.argv[2:] or sorted(name[:-3] for name in os.listdir(CASES) if name.endswith(".bt"))
    themes = {theme: bt_cases.read(os.path.join(CASES, theme + ".bt")) for theme in wanted}
    sbin = os.path.join(os.environ["CANONIFY_REFERENCE"], "usr/libexec/sendmail")
    programs = {"reference": ([os.path.join(sbin, "sendmail")], [os.path.join(sbin, "makemap")])}
    if not record:
        canonify = os.path.abspath(sys.argv[1])
        programs["canonify"] = ([canonify, "sendmail"], [canonify, "makemap"])
    # not below a world-writable directory: file safety checks are part of what is compared
    top = tempfile.mkdtemp(prefix="bt", dir="/var/lib")
    os.chmod(top, 0o755)
    try:
        if not record:
            return compare([case for cases in themes.values() for case in cases], programs, top)
        for theme, cases in themes.items():
            folder = os.path.join(top, theme)
            answers = {case.name: answer(case, os.path.join(folder, case.name), *programs["reference"]) for case in cases}
            bt_cases.record(os.path.join(CASES, theme + ".bt"), answers)
        return 0
    finally:
        shutil.rmtree(top, ignore_errors=True)


sys.exit(main())
