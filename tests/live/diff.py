#!/usr/bin/env python3
"""canonify diff: fifty single edits in ten sites, each beside a change that means nothing. The edit must be named as the
cause of all that changes, and nothing else; and a hundred thousand questions take no more than they may.
usage: diff.py CANONIFY [--questions N --seconds S]. Needs nothing but the program. Closes with "N passed, N failed"."""
import argparse, json, os, pathlib, subprocess, sys, tempfile, time

SITES = pathlib.Path(__file__).resolve().parents[2] / "testdata" / "diff"


def lines(field):
    if field == "-":
        return []
    return field.replace("\\t", "\t").removesuffix("\\n").split("\\n")


def edited(text, gone, come):
    block = "".join(line + "\n" for line in come)
    if gone:
        assert gone[0] + "\n" in text, gone
        return text.replace(gone[0] + "\n", block, 1)
    for mark in ["MAILER(", "FEATURE(`nullclient'"]:
        if mark in text:
            at = text.index(mark)
            return text[:at] + block + text[at:]
    return text + block


def compare(canonify, old, new, *words):
    done = subprocess.run([canonify, "diff", "--json", old, new, *words], capture_output=True, text=True, timeout=120)
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


def one(canonify, folder, row):
    site, kind, gone, come = row.split("\t")
    gone, come = lines(gone), lines(come)
    extension = "cf" if site == "old" else "mc"
    old = folder / f"{site}.{extension}"
    text = edited(old.read_text(), gone, come)
    comment = "# looked at again\n" if extension == "cf" else "dnl looked at again\n\n"
    new = folder / f"{site}-new.{extension}"
    new.write_text(comment + text)
    status, found = compare(canonify, old, new)
    causes = [[(edit["removed"], edit["added"]) for edit in group["edits"]] for group in found["groups"]] if status == 1 else found
    return None if status == 1 and causes and all(cause == [(gone, come)] for cause in causes) else f"{site}, {kind}: {status} {causes}"


def many(canonify, folder, questions):
    """The hub with a table of many partners, one of them gone: how long so many questions take."""
    names = "".join(f"To:partner{number}.example\tRELAY\n" for number in range(questions // 100))
    (folder / "access").write_text((folder / "access").read_text() + names)
    old, new = folder / "hub.mc", folder / "hub-new.mc"
    new.write_text(edited(old.read_text(), [], ["RELAY_DOMAIN(`friend.example')dnl"]))
    begun = time.monotonic()
    status, found = compare(canonify, old, new, "--limit", str(questions))
    return time.monotonic() - begun, found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("canonify")
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, help="what the questions may take; without it their time is told only")
    arguments = parser.parse_args()
    canonify = os.path.abspath(arguments.canonify)
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file in SITES.iterdir():
            (folder / file.name).write_text(file.read_text().replace("@DIR@", name))
        rows = [row for row in (folder / "edits").read_text().splitlines() if not row.startswith("#")]
        for row in rows:
            problem = one(canonify, folder, row)
            if problem:
                failed += 1
                print("FAILED", problem)
        seconds, found = many(canonify, folder, arguments.questions)
        print(f"{found['asked']} questions, {found['changed']} changes: {seconds:.1f} s")
        slow = found["asked"] < arguments.questions / 2 or not found["changed"] or (arguments.seconds or seconds) < seconds
    print(f"{len(rows) - failed + (not slow)} passed, {failed + slow} failed")
    return 1 if failed or slow else 0


if __name__ == "__main__":
    sys.exit(main())
