#!/usr/bin/env python3
"""Whole -bt transcripts, ours against sendmail's: generated .mc files over the stock library or cf files as if
written by hand, random lines.

usage: transcripts.py CANONIFY [--hand] [--configs N] [--lines N] [--seed N] [--first N] [--show N] [--keep DIR] [FILE.mc ...]

Each configuration is expanded with m4 and the library of CANONIFY_REFERENCE; then both programs read the same
cf, the same maps and the same lines, in a namespace without network. Every line that is typed is followed by
a mark, so a difference is shown beside the line that made it. Pointers and version numbers are made alike.
Closes with "N passed, N failed": configurations.
"""
import argparse, contextlib, concurrent.futures, os, pathlib, random, re, subprocess, sys, tempfile

import cf_sites, mc_sites, probes
from namespaces import enter

HERE = pathlib.Path(__file__).resolve().parent
MARK = re.compile(rb'(?:> )?Unknown "=" command =Zmark\d+\n')
POINTER = re.compile(rb"0x[0-9a-f]{9,}|\b[0-9a-f]{12}\b")
# a child may complain while its parent goes on; libdb writes to stderr itself
BDB = re.compile(rb"BDB\d+ [^\n]*\n")
DATE = re.compile(rb"\w{3}, \d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d (GMT|[+-]\d{4})")
# of the envelope: macro i
IDENTIFIER = re.compile(rb"[0-9A-Za-x][A-L][0-9A-V][0-9A-N][0-9A-Za-x]{4}\d{6}")
VERSION = re.compile(rb"canonify-\d+\.\d+\.\d+|8\.17\.1\.9")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("files", nargs="*", help="further .mc files instead of generated ones")
    parser.add_argument("--hand", action="store_true", help="cf files as if written by hand (cf_sites.py)")
    parser.add_argument("--configs", type=int, default=4)
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first configuration")
    parser.add_argument("--show", type=int, default=3, help="differences shown of each configuration")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--open", default="", help="SITE:ANSWERS,...: configurations known to differ in so many answers: told, not failed")
    parser.add_argument("--keep", help="work in this directory and leave everything there")
    return parser.parse_args()


def expand(reference, mc):
    library = reference / "usr/share/sendmail/cf"
    command = ["m4", "-D_NO_MAKEINFO_", f"-D_CF_DIR_={library}/", f"{library}/m4/cf.m4", str(mc)]
    return subprocess.run(command, capture_output=True, timeout=60).stdout


def transcript(program, folder, cf, typed):
    """The answers, one for each line typed, and the exit status."""
    asked = b"".join(line + b"\n=Zmark%d\n" % number for number, line in enumerate(typed))
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}
    run = subprocess.run([*program, "-bt", "-C", cf], input=asked, cwd=folder, env=environment,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=540)
    said = IDENTIFIER.sub(b"QUEUEID", run.stdout)
    said = VERSION.sub(b"VERSION", POINTER.sub(b"0xPTR", DATE.sub(b"DATE", BDB.sub(b"", said))))
    return MARK.split(said), run.returncode


def shown(typed, theirs, ours):
    """The first difference of an answer; rules stay unread, their words are masked."""
    a, b = theirs.split(b"\n"), ours.split(b"\n")
    at = next((n for n, pair in enumerate(zip(a, b)) if pair[0] != pair[1]), min(len(a), len(b)))
    cut = lambda lines: b" / ".join(map(masked, lines[at:at + 2]))[:300].decode("latin-1").encode("unicode_escape").decode()
    return f"  typed {typed[:200]!r}\n    reference: {cut(a)}\n    canonify:  {cut(b)}"


def configuration(number, wish, chance, folder, reference):
    """The cf of a site."""
    if wish.hand:
        return cf_sites.generate(chance, str(folder.parent)).encode()
    mc = folder / "site.mc"
    if wish.files:
        mc.write_bytes(pathlib.Path(wish.files[number]).read_bytes())
    else:
        mc.write_text(mc_sites.generate(chance, str(folder.parent)))
    return expand(reference, mc)


def compare(number, wish, work):
    reference = pathlib.Path(os.environ["CANONIFY_REFERENCE"])
    chance = random.Random(f"{wish.seed}/{number}")
    folder = work / f"site{number}"
    folder.mkdir(mode=0o755, exist_ok=True)
    cf = configuration(number, wish, chance, folder, reference)
    (folder / "site.cf").write_bytes(cf)
    typed = probes.lines(chance, cf, wish.lines)
    sendmail = reference / "usr/libexec/sendmail/sendmail"
    (theirs, status), (ours, our_status) = (
        transcript(program, folder, "site.cf", typed) for program in ([str(sendmail)], [wish.canonify, "sendmail"]))
    differ = [n for n in range(max(len(theirs), len(ours))) if theirs[n:n + 1] != ours[n:n + 1]]
    report = [f"{'ok' if not differ and status == our_status else 'not ok'}: site {number}: "
              f"{len(differ)} answers differ of {len(typed)}; exit status {our_status}, reference {status}"]
    pick = lambda parts, n: parts[n] if n < len(parts) else b"(nothing)"
    seen = set()
    for n in differ:
        kind = kind_of(pick(theirs, n), pick(ours, n))
        if kind not in seen and len(seen) < wish.show:
            seen.add(kind)
            report.append(shown(typed[n] if n < len(typed) else b"(end)", pick(theirs, n), pick(ours, n)))
    if wish.keep and differ:
        (folder / "typed").write_bytes(b"\n".join(typed) + b"\n")
        (folder / "differences").write_text("\n".join(shown(typed[n] if n < len(typed) else b"(end)", pick(theirs, n), pick(ours, n)) for n in differ))
    return not differ and status == our_status, "\n".join(report)


def masked(line):
    """Rules of the stock library are compared, not shown."""
    rule = re.match(rb"(?:> )?R[^\t]*\t|-----trying|-----rule matches", line)
    return re.sub(rb"\w", b"x", line) if rule else line


def kind_of(theirs, ours):
    """What makes two differences the same: their first differing lines without words."""
    for a, b in zip(theirs.split(b"\n"), ours.split(b"\n")):
        if a != b:
            return re.sub(rb"[\w.+-]+", b"w", a)[:40], re.sub(rb"[\w.+-]+", b"w", b)[:40]
    return b"", b""


def main():
    if not os.environ.get("CANONIFY_REFERENCE"):
        print("transcripts: CANONIFY_REFERENCE is not set, nothing is compared\n0 passed, 0 failed")
        return 0
    enter()
    wish = arguments()
    wish.canonify = os.path.abspath(wish.canonify)
    # not below a world-writable directory: file safety checks are part of what is compared
    with contextlib.ExitStack() as stack:
        top = wish.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="bt", dir="/var/lib"))
        work = pathlib.Path(top)
        work.mkdir(exist_ok=True)
        work.chmod(0o755)
        mc_sites.files(work, pathlib.Path(os.environ["CANONIFY_REFERENCE"]))
        cf_sites.files(work)
        numbers = range(len(wish.files)) if wish.files else range(wish.first, wish.first + wish.configs)
        with concurrent.futures.ThreadPoolExecutor(wish.jobs) as pool:
            passed = failed = 0
            for fine, report in pool.map(lambda number: compare(number, wish, work), numbers):
                site = re.search(r"site (\d+): (\d+) answers", report)
                known = f"{site[1]}:{site[2]}" in wish.open.split(",")
                passed, failed = passed + (fine or known), failed + (not fine and not known)
                report = report.replace("not ok:", "open:", 1) if known else report
                print(report.replace(str(work), "@DIR@"), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
