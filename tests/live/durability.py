#!/usr/bin/env python3
"""Nothing that was answered 250 is lost: the power fails, processes are killed, the disk is full, syncs fail.

usage: durability.py CANONIFY [WAY…] [--moments N] [--seed N] [--journal | --reference | --opensmtpd TREE]
Needs root; the ways cuts and errors need /dev/fuse, ext4 and unjournaled loop devices.

Eight clients send mail of every kind (KINDS in durable_bed.py) while it happens at random moments; then the daemon is started again, the queue
empties, and each message is looked for. Ways: cuts (the file system of tests/forgetful loses what was not synced), errors
(one sync of ten fails on top of that), ext4 and unjournaled (the kernel's file system, with and without a journal of its own: what it had not
written is gone), kills (kill -9 of supervisor, keeper, front or all), full (ENOSPC). With --journal
the daemon has one (QueueJournal), which is read by its description in docs/journal.md. With --reference or --opensmtpd another server is tried in its place (durable_opensmtpd.py says how that
one differs). Figures are in docs/durability.md. Closes with "N passed, N failed".
"""
import argparse, json, os, pathlib, re, shutil, subprocess, sys, tempfile

import durable_bed, mail_site, side_by_side

HERE = pathlib.Path(__file__).resolve().parent
SAMPLE = {"cuts": 6, "errors": 4, "ext4": 3, "kills": 20, "full": 2, "unjournaled": 6}
# not of the sample: without a journal, what is on the disk is not ours alone
RARE = ("unjournaled",)
FUSE, EXT4 = ("cuts", "errors"), ("ext4", "unjournaled")


def missing(way):
    """What a way needs that is not there."""
    if way in FUSE and not os.access("/dev/fuse", os.R_OK | os.W_OK):
        return "no /dev/fuse"
    if way in EXT4:
        lacking = [name for name in ("losetup", "mkfs.ext4", "e2fsck") if shutil.which(name) is None]
        if lacking or subprocess.run(["losetup", "-f"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            return "no " + (lacking or ["loop devices"])[0]
    return ""


def file_system(canonify):
    """The file system of the test suite, built beside the program or now."""
    places = [pathlib.Path(canonify).parent, *(HERE.parents[1] / "target" / profile for profile in ("release", "debug"))]
    there = next((place / "examples/forgetful" for place in places if (place / "examples/forgetful").exists()), None)
    if there is None:
        made = subprocess.run(["cargo", "build", "--example", "forgetful", "--message-format=json"], cwd=HERE.parents[1], stdout=subprocess.PIPE, check=True)
        last = [json.loads(line) for line in made.stdout.splitlines() if b'"forgetful"' in line]
        there = next(line["executable"] for line in last if line.get("executable"))
    return str(there)


def our_cf(canonify):
    """Users have Maildirs; all else is as at the reference."""
    mc = re.sub(r"define\(`(LOCAL_MAILER|LOCAL_SHELL|QUEUE_DIR|confMAX_MESSAGE_SIZE).*\n", "", mail_site.SITE)
    mc = mc.replace("@FEATURES@", durable_bed.FEATURES + "FEATURE(`local_maildir')")
    with tempfile.TemporaryDirectory() as folder:
        source, cf = pathlib.Path(folder, "site.mc"), pathlib.Path(folder, "site.cf")
        source.write_text(mc)
        subprocess.run([canonify, "mc", "-o", cf, source], check=True)
        return "\n".join(line for line in cf.read_text().split("\n") if not line.startswith("O DaemonPortOptions"))


def server(wish, canonify, program):
    """The module whose serve() runs the bed, what that is told, and its standard input."""
    if wish.opensmtpd:
        return "durable_opensmtpd", [os.path.abspath(wish.opensmtpd)], ""
    if wish.reference:
        return "durable_bed", [str(side_by_side.REFERENCE / "usr/libexec/sendmail/sendmail"), side_by_side.MAKEMAP], side_by_side.cf_text(durable_bed.FEATURES)
    return "durable_bed", [program, side_by_side.MAKEMAP, *["-OQueueJournal=True"] * wish.journal], our_cf(canonify)


def run(way, moments, seed, forgetful, module, words, cf):
    """`words`: what the bed's machine is told of its server."""
    spaces = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child"]
    command = [*spaces, sys.executable, "-c", f"import sys, {module} as bed; bed.serve(*sys.argv[1:])"]
    done = subprocess.run([*command, way, str(moments), str(seed), forgetful, *words], input=cf, stdout=subprocess.PIPE, text=True, cwd=HERE)
    if done.returncode or not done.stdout:
        raise SystemExit(f"{way}: the bed has ended with {done.returncode}")
    return json.loads(done.stdout)


def report(way, found, check):
    late = sorted(found["late"])
    ages = f", at most {late[-1]} s after the first copy" if late else ""
    print(f"-- {way}: {found['moments']} moments, {found['tried']} messages, {found['answered']} answered 250, {found['duplicates']} second copies{ages}; "
          f"{found['torn']} parts of messages in files; {found['seconds']:.0f} s {found.get('syncs', '')}")
    questions = [("nothing is lost", found["lost"]), ("nothing is damaged", found["damaged"]), ("nobody is told of a failure that is none", found["bounced"]),
                 ("nothing comes twice that was not on its way", found["needless"]), ("the queue empties", found["stuck"]), ("no refusal is for ever", found["bad_replies"])]
    if way == "unjournaled":
        # where a name comes back whose removal was not on the disk, its inode may be another file's by then: no program can help that
        print(f"   {', '.join(f'{what}: {len(wrong)} exceptions' for what, wrong in questions[1:] if wrong) or 'without exceptions'}")
        questions = questions[:1]
    for what, wrong in questions:
        check(f"{way}: {what}", not wrong)
        for line in wrong[:5]:
            print(f"    {line}")
        if len(wrong) > 5:
            print(f"    and {len(wrong) - 5} more")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"of {', '.join(SAMPLE)}; without any: all but unjournaled")
    parser.add_argument("--moments", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--journal", action="store_true", help="with QueueJournal")
    parser.add_argument("--reference", action="store_true", help="Debian's sendmail instead of CANONIFY")
    parser.add_argument("--opensmtpd", metavar="TREE", help="OpenSMTPD instead of CANONIFY: a system of its own with the package in it, as for benches/mail.py")
    parser.add_argument("--json", type=pathlib.Path, help="keeps all that was found in this file")
    wish = parser.parse_args()
    canonify = os.path.abspath(wish.canonify)
    counts, skipped, everything = [0, 0], 0, {}

    def check(what, good):
        counts[not good] += 1
        print(f"{'ok' if good else 'NOT OK'}: {what}", flush=True)

    with tempfile.TemporaryDirectory(prefix="durability", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        link = pathlib.Path(folder, "sendmail")
        link.symlink_to(canonify)
        chosen = None
        for way in wish.ways or [way for way in SAMPLE if way not in RARE]:
            if lacking := missing(way):
                print(f"SKIPPED: {way}: {lacking}")
                skipped += 1
                continue
            chosen = chosen or server(wish, canonify, str(link))
            forgetful = file_system(canonify) if way in FUSE else ""
            everything[way] = run(way, wish.moments or SAMPLE[way], wish.seed, forgetful, *chosen)
            report(way, everything[way], check)
    if wish.json:
        wish.json.write_text(json.dumps(everything, indent=1))
    print(f"{counts[0]} passed, {counts[1]} failed" + f", {skipped} skipped" * bool(skipped))
    sys.exit(counts[1] > 0)


main()
