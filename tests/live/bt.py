#!/usr/bin/env python3
"""The transcripts in testdata/bt, run by Debian's sendmail and by canonify: the same bytes.

usage: bt.py CANONIFY [DIRECTORY]      Needs root, unshare and CANONIFY_REFERENCE.

Each case is a folder: case.cf, input, and whatever files they name (`@DIR@` stands for the folder;
NAME.mapsrc is a makemap source whose first line holds makemap's words). Both programs run in a
namespace with the host name test.example.com and without DNS. Closes with "N passed, N failed".
"""
import os, re, shlex, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
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
        common = os.path.join(os.path.dirname(case), name)
        if os.path.exists(common):
            shutil.copy(common, folder)
    for name in sorted(os.listdir(case)):
        with open(os.path.join(case, name), "rb") as file:
            text = file.read().replace(b"@DIR@", folder.encode())
        path = os.path.join(folder, name)
        with open(path, "wb") as file:
            file.write(text)
        os.chmod(path, 0o755 if text.startswith(b"#!") else 0o644)
    for name in [name for name in os.listdir(folder) if name.endswith(".mapsrc")]:
        with open(os.path.join(folder, name), "rb") as file:
            head, _, body = file.read().partition(b"\n")
        words = head.decode().split()[1:]
        target = os.path.join(folder, words[-1])
        command = [*makemap, "-C", os.path.join(folder, "case.cf"), "-s", *words[1:-1], words[0], target]
        subprocess.run(command, input=body, check=True, capture_output=True)


def answer(case, folder, server, makemap):
    prepare(case, folder, makemap)
    words = []
    if os.path.exists(os.path.join(folder, "args")):
        with open(os.path.join(folder, "args")) as file:
            words = shlex.split(file.read())
    with open(os.path.join(folder, "input"), "rb") as file:
        text = file.read()
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}
    result = subprocess.run([*server, "-bt", "-C", "case.cf", *words], input=text, cwd=folder, env=environment,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    said = result.stdout.replace(folder.encode(), b"@DIR@")
    said = re.sub(rb"0x[0-9a-f]{9,}", b"0xPTR", said)
    return re.sub(rb"canonify-[0-9.]+[0-9]|8\.17\.1\.9", b"VERSION", said), result.returncode


def main():
    enter_namespace()
    canonify = os.path.abspath(sys.argv[1])
    cases = sys.argv[2] if len(sys.argv) > 2 else os.path.join(HERE, "../../testdata/bt")
    sbin = os.path.join(os.environ["CANONIFY_REFERENCE"], "usr/libexec/sendmail")
    programs = {
        "reference": ([os.path.join(sbin, "sendmail")], [os.path.join(sbin, "makemap")]),
        "canonify": ([canonify, "sendmail"], [canonify, "makemap"]),
    }
    # not below a world-writable directory: file safety checks are part of what is compared
    top = tempfile.mkdtemp(prefix="bt", dir="/var/lib")
    os.chmod(top, 0o755)
    passed = failed = 0
    for name in sorted(os.listdir(cases)):
        case = os.path.join(cases, name)
        if not os.path.exists(os.path.join(case, "case.cf")):
            continue
        answers = [answer(case, os.path.join(top, who, name), *programs[who]) for who in programs]
        if answers[0] == answers[1]:
            passed += 1
        else:
            failed += 1
            print(f"not ok: {name} (status {answers[1][1]}, reference {answers[0][1]})")
    shutil.rmtree(top, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


sys.exit(main())
