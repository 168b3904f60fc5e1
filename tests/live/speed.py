#!/usr/bin/env python3
"""Rewriting side by side: Debian's sendmail, our -bt, `canonify rewrite`; answers and rates.

usage: namespace.sh speed.py CANONIFY [LINES [ROUNDS]]      CANONIFY_REFERENCE names an unpacked sendmail.

Makes a .mc (access, mailertable, virtusertable, genericstable, domaintable, masquerading, MAILER(smtp)),
expands it with the stock library, makes the maps with the reference's makemap, and asks everybody
for the rulesets 3,0 on LINES distinct addresses (2000 unless said otherwise). Equal answers are what is counted;
rates depend on the machine: they are printed, medians of ROUNDS alternating rounds, starting and
loading subtracted. Closes with "N passed, N failed".
"""
import os, random, resource, shutil, statistics, subprocess, sys, tempfile, time

MAPS = {
    "access": [f"Connect:10.{i // 250}.{i % 250}\tREJECT" for i in range(2500)]
    + [f"From:spam{i}@bad{i % 99}.example\tREJECT" for i in range(2500)]
    + ["Connect:127.0.0.1\tRELAY", "To:example.com\tRELAY"],
    "mailertable": [f"host{i}.example.com\tsmtp:[gw{i % 10}.example.com]" for i in range(0, 1000, 2)]
    + [".sub.example.org\tsmtp:[sub.example.org]"],
    "virtusertable": [f"user{i}@virt{i % 100}.example.net\tu{i % 8 + 1}" for i in range(5000)]
    + [f"@virt{i}.example.net\t%1@dest{i}.example.com" for i in range(100)],
    "genericstable": [f"u{i}\tfirst{i}.last@bench.example" for i in range(1000)],
    "domaintable": ["old.example\tnew.example.com"],
}
WORDS = {
    "virtdomains": [f"virt{i}.example.net" for i in range(100)],
    "genericsdomains": ["bench.example", "localhost"],
    "local-host-names": [f"local{i}.example" for i in range(50)],
}


def quoted(text):
    return "`" + text + "'"


def mc(folder):
    lines = ["divert(0)dnl", "OSTYPE(`linux')dnl"]
    for name, value in (
        ("ALIAS_FILE", f"{folder}/aliases"),
        ("confCW_FILE", f"{folder}/local-host-names"),
        ("confDOMAIN_NAME", "bench.example"),
        ("confDONT_BLAME_SENDMAIL", "TrustStickyBit"),
    ):
        lines.append(f"define({quoted(name)}, {quoted(value)})dnl")
    for feature, name in (("mailertable",) * 2, ("virtusertable",) * 2, ("access_db", "access"), ("genericstable",) * 2, ("domaintable",) * 2):
        flags = "-T<TMPF> " if name == "access" else ""
        lines.append(f"FEATURE({quoted(feature)}, {quoted(f'hash {flags}-o {folder}/{name}')})dnl")
    for feature in ("always_add_domain", "masquerade_envelope", "nocanonify", "use_cw_file", "accept_unresolvable_domains"):
        lines.append(f"FEATURE({quoted(feature)})dnl")
    lines += ["MASQUERADE_AS(`bench.example')dnl", f"VIRTUSER_DOMAIN_FILE({quoted(folder + '/virtdomains')})dnl"]
    lines += [f"GENERICS_DOMAIN_FILE({quoted(folder + '/genericsdomains')})dnl"]
    lines += ["MAILER(`local')dnl", "MAILER(`smtp')dnl", "MAILER(`uucp')dnl", ""]
    return "\n".join(lines)


def addresses(count):
    """Mixed forms, all distinct, always the same ones."""
    random.seed(7)
    found = []
    for n in range(count):
        kind, host = random.random(), random.randrange(1000)
        if kind < 0.25:
            found.append(f"u{n}@bench.example")
        elif kind < 0.35:
            found.append(f"u{n}")
        elif kind < 0.50:
            found.append(f"user{n}@virt{n % 100}.example.net")
        elif kind < 0.60:
            found.append(f"First.Last{n}@host{host}.example.com")
        elif kind < 0.80:
            found.append(f"user{n}@host{host}.example.com")
        elif kind < 0.85:
            found.append(f"Some User <user{n}@sub{host}.deep.example.org>")
        elif kind < 0.90:
            found.append(f"a{host}.sub.example.org!b!user{n}")
        elif kind < 0.95:
            found.append(f"user{n}%host{host}.example.com@local{host % 50}.example")
        else:
            found.append(f"<@host{host}.example.com,@relay.example:user{n}@host{host}.example.org>")
    assert len(set(found)) == count
    return found


def prepare(folder, reference):
    for name, lines in {**MAPS, **WORDS, "aliases": ["postmaster: root"]}.items():
        with open(f"{folder}/{name}", "w") as file:
            file.write("\n".join(lines) + "\n")
    with open(f"{folder}/empty.cf", "w") as file:
        file.write("V10/Berkeley\n")
    for name in MAPS:
        with open(f"{folder}/{name}") as file:
            makemap = [f"{reference}/usr/libexec/sendmail/makemap", "-C", f"{folder}/empty.cf", "hash", f"{folder}/{name}"]
            subprocess.run(makemap, stdin=file, check=True)
    with open(f"{folder}/speed.mc", "w") as file:
        file.write(mc(folder))
    library = f"{reference}/usr/share/sendmail/cf"
    with open(f"{folder}/speed.cf", "w") as file:
        command = ["m4", f"-D_CF_DIR_={library}/", f"{library}/m4/cf.m4", f"{folder}/speed.mc"]
        subprocess.run(command, stdout=file, check=True, cwd=f"{library}/cf")


def timed(command, folder, given, answer=None):
    """Seconds on the wall and on the processor; the answer is kept in a file if it has a name."""
    with open(f"{folder}/{given}", "rb") as stdin, open(f"{folder}/{answer}" if answer else os.devnull, "wb") as stdout:
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdin=stdin, stdout=stdout, check=True, cwd=folder)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def last_returns(path):
    """What the last ruleset of each line returned, in the order of the lines."""
    found = []
    with open(path, encoding="latin-1") as file:
        for line in file:
            if line.startswith("> "):
                found.append("")
            at = line.find("returns: ")
            if at >= 0 and found:
                found[-1] = line[at + 9 :].rstrip("\n")
    return [answer for answer in found if answer]


def compare(name, left, right):
    differ = [index for index, pair in enumerate(zip(left, right)) if pair[0] != pair[1]]
    if differ or len(left) != len(right):
        print(f"not ok: {name}: {len(differ)} differ, {len(left)} and {len(right)} lines")
        for index in differ[:3]:
            print(f"  reference {left[index]}\n  canonify  {right[index]}")
        return False
    print(f"{name}: {len(left)} equal")
    return True


def main():
    canonify = os.path.abspath(sys.argv[1])
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 3
    reference = os.environ["CANONIFY_REFERENCE"]
    # not below a world-writable directory: maps there are refused
    folder = tempfile.mkdtemp(prefix="speed", dir="/var/lib")
    os.chmod(folder, 0o755)
    try:
        return measure(canonify, reference, folder, lines, rounds)
    finally:
        if not os.environ.get("CANONIFY_SPEED_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


def measure(canonify, reference, folder, lines, rounds):
    prepare(folder, reference)
    all_of_them = addresses(lines)
    for name, some in (("many", all_of_them), ("one", all_of_them[:1])):
        with open(f"{folder}/{name}.bt", "w") as file:
            file.writelines(f"3,0 {address}\n" for address in some)
        with open(f"{folder}/{name}.txt", "w") as file:
            file.writelines(f"{address}\n" for address in some)
    cf = ["-C", f"{folder}/speed.cf"]
    programs = {
        "reference -bt": ([f"{reference}/usr/libexec/sendmail/sendmail", "-bt", *cf], "bt"),
        "canonify -bt": ([canonify, "sendmail", "-bt", *cf], "bt"),
        "canonify rewrite": ([canonify, "rewrite", "-j", "1", *cf], "txt"),
    }
    seconds = {name: ([], []) for name in programs}
    for turn in range(rounds):
        for name, (command, given) in programs.items():
            fixed = timed(command, folder, f"one.{given}")
            whole = timed(command, folder, f"many.{given}", name if turn == 0 else None)
            for kind in (0, 1):
                seconds[name][kind].append(max(whole[kind] - fixed[kind], 1e-9))
    print(f"{lines} distinct addresses, rulesets 3,0, {rounds} rounds")
    for kind, title in enumerate(("wall", "processor")):
        base = statistics.median(seconds["reference -bt"][kind])
        for name, kinds in seconds.items():
            middle = statistics.median(kinds[kind])
            each, rate, times = middle / lines * 1e6, lines / middle, base / middle
            spread = f"({min(kinds[kind]):.3f}-{max(kinds[kind]):.3f} s)"
            print(f"{title:10}{name:20} {each:8.2f} us an address {rate:10.0f}/s {times:7.1f} x {spread}")
    command, _ = programs["canonify rewrite"]
    with open(f"{folder}/many.txt", "rb") as stdin:
        said = subprocess.run([*command, "--stats"], stdin=stdin, capture_output=True, check=True, cwd=folder)
    print(said.stderr.decode(), end="")
    with open(f"{folder}/reference -bt", "rb") as one, open(f"{folder}/canonify -bt", "rb") as other:
        transcripts = [file.read().split(b"\n") for file in (one, other)]
    with open(f"{folder}/canonify rewrite", encoding="latin-1") as file:
        answers = file.read().split("\n")[:-1]
    results = [
        compare("whole transcripts", *transcripts),
        compare("last returns", last_returns(f"{folder}/reference -bt"), answers),
    ]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


sys.exit(main())
