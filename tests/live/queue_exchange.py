#!/usr/bin/env python3
"""Mixed messages are queued by one program and delivered by the other: Debian's sendmail and canonify, both ways.

usage: queue_exchange.py CANONIFY [--messages N] [--seed S]
What each message became (recipients and bytes, but for Received fields, ids and dates) is compared with what sendmail makes of a queue of its own.
Messages: for users, aliases, lists, files, programs and other hosts; 8-bit and long ones, with DSN parameters, some held back in between.
Closes with "N passed, N failed". Needs CANONIFY_REFERENCE and root.
"""
import argparse, collections, concurrent.futures, os, pathlib, random, re, subprocess, sys, tempfile

import mail_bed, queue_bed, queue_cases, session_text, side_by_side

WAYS = [("sendmail", "canonify"), ("canonify", "sendmail"), ("canonify", "canonify")]  # who queues, who delivers
RECIPIENTS = queue_cases.LOCAL[:8] + queue_cases.ALIASES[:8] + queue_cases.REMOTE
BODIES = ["one line\n", "", ".dot\n..\n", "no end", "caf\xe9 8-bit\n", "x" * 1500 + "\n", "line\n" * 4000, "From here\n\n>From there\n", "\ttab \n  \n"]
HEADERS = ["X-Folded: one\n\ttwo", "X-Long: " + "word " * 150, "Priority: urgent", "Precedence: bulk", "Cc: Ann <ann@elsewhere.example>, bob@site.example", "Content-Type: text/plain; charset=utf-8",
           "Reply-To: (a comment) x@y.example", "Resent-To: alice@site.example", "X-Empty:", "Return-Receipt-To: ann@elsewhere.example"]
OPTIONS = [[], [], [], ["-B8BITMIME"], ["-N", "failure,delay"], ["-N", "never"], ["-R", "hdrs"], ["-V", "id+2B7"], ["-F", "Ann Other"]]
SENDERS = ["ann@elsewhere.example"] * 4 + ["<>", "alice@site.example", "owner-list@site.example"]


def messages(seed, count):
    chance = random.Random(f"exchange/{seed}")
    for number in range(count):
        fields = [f"Message-ID: <{number}@exchange.example>", "From: Ann <ann@elsewhere.example>", f"Subject: {number}", *chance.sample(HEADERS, chance.choice([0, 0, 1, 2]))]
        chance.shuffle(fields)
        words = ["-f", chance.choice(SENDERS), *chance.choice(OPTIONS), "--", *chance.sample(RECIPIENTS, chance.choice([1, 1, 2, 3, 6]))]
        yield {"words": words, "text": "\n".join(fields) + "\n\n" + chance.choice(BODIES)}


# ---------------------------------------------------------------- inside the name spaces
def call(program, words, text=""):
    command = [program, f"-C{mail_bed.TOP}/mail/sendmail.cf", *words]
    return subprocess.run(command, input=text.encode("latin-1"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd="/").returncode


def run_group(program, makemap, group):
    mail_bed.set_up(program, makemap, group)
    programs = {"sendmail": queue_bed.REFERENCE, "canonify": program}
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(lambda message: call(programs[group["queues"]], ["-odq", "-oi", *message["words"]], message["text"]), group["messages"]))
    queued = sum(path.name.startswith("qf") for path in pathlib.Path(mail_bed.TOP, "mqueue").iterdir())
    call(programs[group["delivers"]], ["-q"])
    settled = mail_bed.settle(None, 0, limit=300)
    left = sum(path.name.startswith("qf") for path in pathlib.Path(mail_bed.TOP, "mqueue").iterdir())
    found = mail_bed.deliveries() + queue_bed.dialogues(mail_bed.TALKS)
    return {"ends": ends, "queued": queued, "left": left, "settled": settled, "found": found}


def serve(program, makemap):
    mail_bed.serve(program, makemap, run_group=run_group)


# ---------------------------------------------------------------- outside
def without_received(lines):
    """The fields that name the program and the moment, and what they count for."""
    kept, inside = [], False
    for line in lines:
        field = line.removeprefix("D: ")
        inside = bool(re.match(r"(?i)received:", field)) or inside and field.startswith(("\t", " "))
        if not inside:
            kept.append(re.sub(r" SIZE=\d+", "", session_text.alike(line)))
    return kept


def each(lines):
    """A file of messages, each by itself: in which order a run delivers to it is nobody's business."""
    if not lines[0].startswith("file mbox"):
        return [lines]
    begins = [at for at, line in enumerate(lines) if re.match(r"\s*From \S* CTIME", session_text.alike(line))]
    return [[lines[0], *"\n".join(lines[begin:end]).rstrip().split("\n")] for begin, end in zip(begins, [*begins[1:], None])]


def outcome(answer):
    return collections.Counter("\n".join(without_received(one)) for lines in answer["found"] for one in each(lines))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--messages", type=int, default=60)
    parser.add_argument("--seed", default="1")
    wish = parser.parse_args()
    if not side_by_side.REFERENCE.exists():
        print("CANONIFY_REFERENCE names no sendmail, nothing is compared\n0 passed, 0 failed")
        return 0
    group = side_by_side.complete({"features": "", "options": [], "messages": list(messages(wish.seed, wish.messages))})
    with tempfile.TemporaryDirectory(prefix="exchange", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(wish.canonify))
        bed = mail_bed.Bed(str(program), side_by_side.MAKEMAP, "queue_exchange")
        answers = {way: bed.run({**group, "queues": way[0], "delivers": way[1]}) for way in [("sendmail", "sendmail"), *WAYS]}
        bed.close()
    passed, failed = 0, 0
    theirs = answers["sendmail", "sendmail"]
    for way in WAYS:
        ours = answers[way]
        wanted, got = outcome(theirs), outcome(ours)
        same = ours["settled"] and theirs["settled"] and (ours["queued"], ours["left"]) == (theirs["queued"], theirs["left"])
        print(f"queued by {way[0]}, delivered by {way[1]}: {ours['queued']} messages, {ours['left']} left, {sum(got.values())} deliveries, "
              f"{sum(((wanted - got) + (got - wanted)).values())} of them differ")
        for text in list((wanted - got).elements())[:2] + list((got - wanted).elements())[:2]:
            print("   ", "sendmail alone" if text in wanted else "here", text[:600].replace("\n", "\n      "))
        passed, failed = (passed + 1, failed) if same and wanted == got else (passed, failed + 1)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
