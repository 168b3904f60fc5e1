"""Generated cases, Debian's sendmail and canonify side by side: what every such comparison shares.

`main(doc, groups, table, kind)` is the whole command: groups(seed, count) draws the cases, `table` names the page of the differences that stay,
`kind` is about where they run: SMTP sessions unless it is said. `rows` are those of the table (table_rows.py); `kept` gives the row that a case
which differs belongs to, whatever else it holds.

usage: NAME.py CANONIFY [--seed N] [--cases K] [--jobs J] [--show N] [--only CASE] [--all] [--known N,N] [--cache DIR]

The reference runs each case twice; what it does not answer alike twice is left out. Its answers are kept in --cache, so that only
canonify runs the next time. Differences are shown by kind, the most frequent first, with one example each; --only shows one case whole.
Closes with "N passed, N failed". See session_text.py for what is not compared.
"""
import argparse, collections, concurrent.futures, hashlib, json, os, pathlib, queue, re, subprocess, sys, tempfile

import mail_bed, mail_site, session_text, table_rows

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = pathlib.Path(os.environ.get("CANONIFY_REFERENCE", "/nonexistent"))
LIBRARY = REFERENCE / "usr/share/sendmail/cf"
MAKEMAP = str(REFERENCE / "usr/libexec/sendmail/makemap")

# bed: the module whose serve() runs the groups; files: what the reference's answers depend on, beside a group;
# complete(group): the group with its configuration; describe(case, group): lines for the reader
Kind = collections.namedtuple("Kind", "bed files complete describe")


def expanded(mc):
    """The cf of a .mc, without what holds the program's version or the moment it was made."""
    run = subprocess.run(["m4", f"-D_CF_DIR_={LIBRARY}/", LIBRARY / "m4/cf.m4", "-"], input=mc.encode(), stdout=subprocess.PIPE, check=True)
    return re.sub("^##### (built by|in) .*", "", run.stdout.decode("latin-1").replace("($v/$Z)", "(V)"), flags=re.M)


def cf_text(features, made={}):
    """The cf of a site with these lines."""
    if features not in made:
        lines = expanded(mail_site.SITE.replace("@FEATURES@", features)).split("\n")
        made[features] = "\n".join(line for line in lines if not line.startswith("O DaemonPortOptions"))
    return made[features]


def complete(group):
    return {**group, "cf": cf_text(group["features"]) + "\n" + "\n".join(group["options"]) + "\n"}


class Side:
    """A program and the beds that serve it."""

    def __init__(self, program, kind, jobs):
        self.pool, self.beds = concurrent.futures.ThreadPoolExecutor(jobs), queue.SimpleQueue()
        for _ in range(jobs):
            self.beds.put(None)
        self.program, self.kind = program, kind

    def run(self, group):
        bed = self.beds.get()
        try:
            bed = bed or mail_bed.Bed(self.program, MAKEMAP, self.kind.bed)
            answer = bed.run(group)
        except RuntimeError:
            bed = None
            raise
        finally:
            self.beds.put(bed)
        return answer

    def submit(self, group):
        return self.pool.submit(self.run, group)

    def close(self):
        self.pool.shutdown()
        while not self.beds.empty():
            if bed := self.beds.get():
                bed.close()


def kept(kind, cache, group):
    """Where the reference's two answers to a group are kept."""
    known = "".join((HERE / name).read_text() for name in kind.files) + json.dumps(group, sort_keys=True)
    return pathlib.Path(cache, hashlib.sha256(known.encode()).hexdigest()[:24] + ".json")


def reference_answers(side, group, cache):
    path = kept(side.kind, cache, group)
    if path.exists():
        return json.loads(path.read_text())
    runs = [side.submit(group) for _ in range(2)]
    answers = [run.result() for run in runs]
    path.write_text(json.dumps(answers))
    return answers


ABORTED = re.compile(r"\.c:\d+: SM_(REQUIRE|ASSERT|ENSURE)\(.*failed")
CRASHED = re.compile(r"corrupted|free\(\)|malloc|double free|SM_REQUIRE")


def is_sound(answers):
    """What a program answers that has lost its memory, or never comes to rest, says nothing. (A process of its own that dies spoils its case alone.)"""
    crashed = any(map(CRASHED.search, answers[0].get("daemon", [])))
    return not crashed and not any("(never settled)" in answer["log"] for answer in answers)


def compare(kind, groups, wish):
    """(case, group, differences) of each case; differences is None where the reference varies."""
    theirs = Side(str(REFERENCE / "usr/libexec/sendmail/sendmail"), kind, wish.jobs)
    with tempfile.TemporaryDirectory(prefix="sessions", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(wish.canonify))
        ours = Side(str(program), kind, wish.jobs)
        with concurrent.futures.ThreadPoolExecutor(2 * wish.jobs) as pool:
            references = [pool.submit(reference_answers, theirs, group, wish.cache) for group in groups]
            answers = [ours.submit(group) for group in groups]
            for group, reference, answer in zip(groups, references, answers):
                once, twice = reference.result()
                sound = is_sound(once) and is_sound(twice)
                for case, *three in zip(group["cases"], once, twice, answer.result()):
                    aborted = any(map(ABORTED.search, three[0].get("session", []))) or any(answer.get("died") for answer in three[:2])
                    steady = sound and not aborted and session_text.sections(three[0]) == session_text.sections(three[1])
                    found = session_text.differences(three[0], three[2]) + [("died", ["+" + name]) for name in three[2].get("died", [])]
                    yield case, group, found if steady else None, three
        ours.close()
    theirs.close()


def row_of(rows, said, found):
    """The row of a table that the differences of a case may belong to: its pattern is in what the case says, and another in a line that differs."""
    lines = [line for _, differences in found for line in differences if line[0] in "-+"]
    return next((row for case, seen, row in rows if re.search(case, said) and any(re.search(seen, line) for line in lines)), None)


def describe(case, group):
    options, ports = group["options"][:-2], group["options"][-2][25:]
    return [f"  case {case['number']} from {case['client']} port {case.get('port', 25)}; {group['features'] or 'plain'}; {' '.join(options + group['arguments'])}; {ports}"]


SESSIONS = Kind("mail_bed", ("mail_bed.py", "mail_site.py"), complete, describe)


def show_case(kind, case, group, three):
    print(*kind.describe(case, group), sep="\n")
    for step in [*case.get("steps", []), *case.get("after", [])]:
        print("   ", step)
    for name, lines in session_text.sections(three[0]).items():
        print(f"-- {name}", *lines, sep="\n    ")
    for name, lines in session_text.differences(three[0], three[2]):
        print(f"== {name}", *lines, sep="\n    ")


def main(doc, groups, table, kind=SESSIONS, kept=lambda case, group, found: None, rows=()):
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--cases", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--show", type=int, default=40)
    parser.add_argument("--lines", type=int, default=14)
    parser.add_argument("--only", type=int)
    parser.add_argument("--all", action="store_true", help="every section that differs, not the first of a case alone")
    parser.add_argument("--known", default="", help=f"cases that differ for reasons of {table}: not counted")
    parser.add_argument("--cache", default="/var/cache/canonify-sessions")
    wish = parser.parse_args()
    if not REFERENCE.exists():
        print("CANONIFY_REFERENCE names no sendmail, nothing is compared\n0 passed, 0 failed")
        return 0
    known = set(map(int, filter(None, wish.known.split(","))))
    os.makedirs(wish.cache, exist_ok=True)
    groups = [kind.complete(group) for group in groups(wish.seed, wish.cases)]
    if wish.only is not None:
        groups = [group for group in groups if any(case["number"] == wish.only for case in group["cases"])]
    kinds, passed, failed, unsteady = collections.defaultdict(list), 0, 0, 0
    explained = collections.Counter()
    for case, group, found, three in compare(kind, groups, wish):
        if wish.only == case["number"]:
            show_case(kind, case, group, three)
        if case["number"] in known:
            if found == []:
                print(f"case {case['number']} is known to differ, and does not")
            continue
        if found:
            found, said = table_rows.judge(case, group, three[0], three[2], rows)
            row = kept(case, group, found) if found else None
            explained.update(filter(None, [*said, row]))
            if (row or not found) and wish.only is None:
                continue
        unsteady += found is None
        passed += found == []
        failed += bool(found)
        # what follows from a first difference is none of its own
        for section, lines in (found or [])[:None if wish.all else 1]:
            kinds[session_text.signature(section, lines)].append((case, group, lines))
    for signature, examples in sorted(kinds.items(), key=lambda item: -len(item[1]))[:0 if wish.only is not None else wish.show]:
        case, group, lines = examples[0]
        print(f"\n{len(examples)} x {signature}   cases {' '.join(str(case['number']) for case, *_ in examples[:12])}")
        print(*kind.describe(case, group), *("    " + line[:300] for line in lines[:wish.lines]), sep="\n")
    for row, count in explained.most_common():
        print(f"{count} differ as {table} says: {row}")
    print(f"{unsteady} left out: the reference does not answer alike twice, or aborts")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0

