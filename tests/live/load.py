#!/usr/bin/env python3
"""Loading a large cf side by side: Debian's sendmail and canonify read the same file and end.

usage: namespace.sh load.py CANONIFY [--limit PERCENT] [--pairs N] [--times] [--keep DIR]
       load.py --write DIR      writes big.cf and its map files there, and does no more
CANONIFY_REFERENCE names an unpacked sendmail.

The cf is generated, the same at every run: 3,000 rules in 110 rulesets, 500 maps whose files exist, and
what stands around them in a real one. Both programs run `-bt` on it with nothing to read. What they print must be
the same bytes; canonify may take no more than PERCENT (20) of the reference's instructions, where valgrind is
there to count them. Times, medians of N alternating pairs, are told beside them and judged with --times: they hang
on the machine. Closes with "N passed, N failed".
"""
import argparse, os, pathlib, random, re, resource, shutil, statistics, subprocess, sys, tempfile, time

RULES, RULESETS, MAPS = 3000, 110, 500
NUMBERED = 12  # of the rulesets; 100 is the most that may have names
VERSION = re.compile(rb"canonify-\d+\.\d+\.\d+|8\.17\.1\.9")

WORDS = "gate relay site shop news list office branch north south harbour mill bridge garden tower river".split()
CODES = [("5.1.1", "550 User unknown"), ("5.7.1", "550 Relaying denied"), ("4.3.0", "451 Try again later"), ("5.1.3", "553 Address needs a user part")]

# Patterns with their number of wildcards; {c} is a class, {h} a host, {w} a word.
PATTERNS = [
    ("$* < @ $={c} . > $*", 3),
    ("$+ @ $={c}", 2),
    ("$* < @ $* {h} . > $*", 3),
    ("$+ < @ {h} . >", 1),
    ("$- . $+ < @ $+ >", 3),
    ("< ? > $+ < @ $+ >", 2),
    ("< $+ > < $* > $*", 3),
    ("< {w} : $- : $+ > $*", 3),
    ("$* $| $*", 2),
    ("$* $| {w} $* < $+ >", 3),
    ("< $={c} > $+", 2),
    ("$~{c} + $* < @ $j >", 2),
    ("$+ ! $+", 2),
    ("$* < @ [ $+ ] > $*", 3),
    ("{w} $: $+".replace(" $:", " :"), 1),
    ("$+ % $+", 2),
    ("$-", 1),
    ("$*", 1),
    ("< @ $+ > : $* @ $*", 3),
    ("$+ . {w} < @ $+ . $={{long{k}}} >", 3),
]
# Replacements by the number of bindings that they use; {r} is a ruleset, {m} a map, {d} and {e} an error's parts.
REPLACEMENTS = [
    ("$@ $1", 1),
    ("$: $1 < @ {h} >", 1),
    ("$#{mailer} $@ {h} $: $1", 1),
    ("$#local $: $1", 1),
    ("$@ $>{r} $1 < @ $2 >", 2),
    ("$: < $( {m} $1 $: ? $) > $1", 1),
    ("$: < $( {m} $2 $@ $1 $@ {w} $: NONE $) > < $1 > $2", 2),
    ("$: $1 < @ $[ $2 $: $2 . $] > $3", 3),
    ('$#error $@ {d} $: "{e}"', 0),
    ("$@ OK", 0),
    ("$1 $2", 2),
    ("$1 < @ $2 . {h} > $3", 3),
    ("$: $>{r} < $1 > $&{{client_addr}} $| $2", 2),
    ("$: $(macro {{seen{k}}} $@ $1 $) $1", 1),
    ("$: $1 $| $&f", 1),
    ("$: < $2 . $1 > $3", 3),
    ("$@ $M < @ $j > $1", 1),
]


class Site:
    """The text of the cf and where its files are."""

    def __init__(self, folder):
        self.folder, self.random = folder, random.Random(1981)
        self.lines = []
        self.maps = [f"{self.random.choice(WORDS)}{n}" for n in range(MAPS)]
        self.rulesets = [str(n) for n in range(NUMBERED)] + [f"Check_{WORDS[n % 16]}{n}" for n in range(RULESETS - NUMBERED)]

    def host(self):
        pick = self.random
        return f"{pick.choice(WORDS)}{pick.randrange(300)}.example.{pick.choice(['com', 'net', 'org'])}"

    def write(self):
        self.head()
        self.maps_and_classes()
        rules = [RULES // RULESETS + (n < RULES % RULESETS) for n in range(RULESETS)]
        for name, count in zip(self.rulesets, rules):
            self.lines += ["", "#" * 60, f"###  Ruleset {name}: addresses of one kind are looked at", "#" * 60, f"S{name}"]
            for n in range(count):
                self.rule(n)
        self.tail()
        with open(f"{self.folder}/big.cf", "w") as file:
            file.write("\n".join(self.lines) + "\n")

    def head(self):
        self.lines += ["# a cf of many rules", "V10/Berkeley", "", "# names", "Djmail.example.com", "DMmasq.example.com", "DnMAILER-DAEMON"]
        self.lines += [f"D{{seen{n}}}" for n in range(8)] + ["DR", "DSsmtp:relay.example.com", "Dq$?x$x <$g>$|$g$.", "D{client_addr}"]
        options = "SevenBitInput=False AliasWait=10 BlankSub=. CheckpointInterval=10 DeliveryMode=background TempFileMode=0600 HoldExpensive=False"
        options += " ConnectionCacheSize=2 ConnectionCacheTimeout=5m ForwardPath=$z/.forward MinQueueAge=10m MaxHopCount=25 LogLevel=9 MeToo=True"
        options += " OldStyleHeaders=True QueueLA=8 RefuseLA=12 RecipientFactor=30000 SendMimeErrors=True Timeout.initial=5m Timeout.queuereturn=5d"
        options += " Timeout.queuewarn=4h Timeout.resolver.retrans=5s SuperSafe=True UserDatabaseSpec=/nowhere/db OperatorChars=.:%@!^/[]+ DontProbeInterfaces=True"
        self.lines += [f"O {option}" for option in options.split()] + [f"O QueueDirectory={self.folder}", "O PrivacyOptions=authwarnings,noexpn,novrfy"]
        self.lines += ["O SmtpGreetingMessage=$j mail $v; $b", "", "Pfirst-class=0", "Pspecial-delivery=100", "Plist=-30", "Pbulk=-60", "Troot daemon", ""]

    def maps_and_classes(self):
        kinds = ["hash", "hash -o", "hash -a<OK> -T<TMPF>", "btree -f", "text -k1 -v2 -o"]
        for n, name in enumerate(self.maps):
            kind = kinds[n % len(kinds)]
            path = f"{self.folder}/{name}"
            with open(path + ("" if kind.startswith("text") else ".db"), "w") as file:
                file.write("key value\n")
            line = f"K{name} {kind} {path}"
            line = {41: f"K{name} regex -a@ -s1,2 ^([a-z]+)[0-9]*\\.({WORDS[n % 16]}|list)$$", 42: f"K{name} sequence {' '.join(self.maps[n - 5 : n - 2])}"}.get(n % 50, line)
            self.lines.append({43: f"K{name} dequote -s.", 44: f"K{name} arith"}.get(n % 100, line))
        self.lines += ["Kmacro macro", ""]
        for letter in "DEFGPRVX":
            self.lines += [f"C{letter}{' '.join(self.host() for _ in range(6))}" for _ in range(10)]
        for n in range(8):
            self.lines += [f"C{{long{n}}}{self.random.choice(WORDS)}{word}" for word in range(20)]
        self.lines += ["Cwlocalhost mail", "C. : . ! %", ""]

    def rule(self, number):
        pick = self.random
        left, bound = pick.choice(PATTERNS)
        right, used = pick.choice([row for row in REPLACEMENTS if row[1] <= bound])
        code, text = pick.choice(CODES)
        parts = dict(c=pick.choice("DEFGPRVXw"), h=self.host(), w=pick.choice(WORDS), k=pick.randrange(8), m=pick.choice(self.maps))
        parts.update(r=pick.choice(self.rulesets), mailer=pick.choice(["esmtp", "relay"]), d=code, e=text)
        comment = f"\t\t{pick.choice(WORDS)} of the {pick.choice(WORDS)}" if pick.random() < 0.4 else ""
        if number % 9 == 4:
            self.lines.append(f"# what has a {parts['w']} goes to {parts['h']}")
        self.lines.append(f"R{left.format(**parts)}\t{pick.choice(['', chr(9)])}{right.format(**parts)}{comment}")

    def tail(self):
        self.lines += ["", "H?P?Return-Path: <$g>", "HReceived: $?sfrom $s $.$?_($?s$|from $.$_)$.\n\tby $j ($v)$?r with $r$. id $i$?u\n\tfor $u; $|;\n\t$.$b"]
        self.lines += ["H?D?Date: $a", "H?F?From: $?x$x <$g>$|$g$.", "H?M?Message-Id: <$t.$i@$j>", f"HSubject: $>{self.rulesets[20]}", ""]
        self.lines += [f"Mlocal, P=/bin/true, F=lsDFMAw5:/|@qm9, S={self.rulesets[1]}/{self.rulesets[2]}, R={self.rulesets[3]},\n\tT=DNS/RFC822/X-Unix, A=true -d $u"]
        self.lines += ["Mprog, P=/bin/sh, F=lsDFMoqeu9, D=$z:/, T=X-Unix/X-Unix/X-Unix, A=sh -c $u"]
        self.lines += [f"M{name}, P=[IPC], F=mDFMuXa8, S={self.rulesets[4]}, E=\\r\\n, L=990, T=DNS/RFC822/SMTP, A=TCP $h" for name in ("esmtp", "relay")]


def commands(canonify, reference, folder):
    tail = ["-bt", "-C", f"{folder}/big.cf"]
    return [f"{reference}/usr/libexec/sendmail/sendmail", *tail], [canonify, "sendmail", *tail]


def timed(command, folder):
    """Seconds on the wall and on the processor, and page faults."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=folder, check=False)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_minflt - before.ru_minflt


def instructions(command, folder):
    """What callgrind counts, the dynamic linker and the end included; None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    # a program with a group to lend cannot be watched: a copy lends none
    copy = shutil.copyfile(shutil.which(command[0]), f"{folder}/watched")
    os.chmod(copy, 0o755)
    callgrind = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", copy, *command[1:]]
    said = subprocess.run(callgrind, stdin=subprocess.DEVNULL, capture_output=True, cwd=folder, check=False)
    found = re.search(rb"refs:\s+([\d,]+)", said.stderr)
    return int(found.group(1).replace(b",", b"")) if found else None


def printed(command, folder):
    said = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, cwd=folder, check=False)
    return said.returncode, VERSION.sub(b"VERSION", said.stdout + said.stderr)


def judge(title, base, ours, limit, shown):
    share = 100 * ours / base
    good = share <= limit
    print(f"{'ok' if good else 'over'}: {title:18} reference {shown(base):>12}  canonify {shown(ours):>12}  {share:5.1f} % of {limit:g} %")
    return good


def measure(canonify, reference, folder, limit, pairs, times):
    Site(folder).write()
    both = commands(canonify, reference, folder)
    said = [printed(command, folder) for command in both]
    results = [said[0] == said[1]]
    print(f"{'ok' if results[0] else 'not ok'}: both print the same: {len(said[0][1])} bytes, status {said[0][0]}")
    if not results[0]:
        print(said[0][1][:600].decode(errors="replace"), said[1][1][:600].decode(errors="replace"), sep="\n--\n")
    runs = [[], []]
    for _ in range(pairs):
        for kept, command in zip(runs, both):
            kept.append(timed(command, folder))
    middle = [[statistics.median(run[kind] for run in kept) for kind in range(3)] for kept in runs]
    for kind, title in enumerate(("wall time", "processor time")):
        good = judge(title, middle[0][kind], middle[1][kind], limit, lambda seconds: f"{seconds * 1e3:.2f} ms")
        results += [good] if times else []
    counts = [instructions(command, folder) for command in both]
    if all(counts):
        results.append(judge("instructions", *counts, limit, lambda count: f"{count / 1e6:.2f} M"))
    print(f"page faults: reference {middle[0][2]:.0f}, canonify {middle[1][2]:.0f}; {pairs} pairs")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify", nargs="?")
    parser.add_argument("--limit", type=float, default=20)
    parser.add_argument("--pairs", type=int, default=31, help="of runs")
    parser.add_argument("--times", action="store_true", help="times over the limit fail, too")
    parser.add_argument("--keep", help="work in this directory and leave everything there")
    parser.add_argument("--write", help="write the cf and its maps into this directory")
    args = parser.parse_args()
    if args.write:
        Site(os.path.abspath(args.write)).write()
        return 0
    # not below a world-writable directory: maps there are refused
    folder = os.path.abspath(args.keep) if args.keep else tempfile.mkdtemp(prefix="load", dir="/var/lib")
    pathlib.Path(folder).mkdir(mode=0o755, exist_ok=True)
    os.chmod(folder, 0o755)
    try:
        return measure(os.path.abspath(args.canonify), os.environ["CANONIFY_REFERENCE"], folder, args.limit, args.pairs, args.times)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)


sys.exit(main())
