#!/usr/bin/env python3
"""Does every word of the .mc language do what it does in sendmail's own cf library?

Each case of testdata/sweep/*.cases is an .mc; each row of testdata/sweep/settings makes three
(the define set, set to nothing, undefined). Every .mc goes through both libraries with m4. What
m4 says on stderr, its exit status and the facts of the two cf files are compared; cases under
`== ` are also given to the real sendmail in test mode, twice: with the tables of
testdata/sweep/tables behind every map (a map that would ask the network included), and with the
maps as they are, the network being cut off. Cases under `-- ` are compared by facts alone.

CANONIFY_REFERENCE names the directory with the reference (usr/libexec/sendmail/{sendmail,makemap},
usr/share/sendmail/cf); M4 the m4 to run. usage: cf_sweep.py [-v] [-j JOBS] [-s STRIDE] [PATTERN...]
STRIDE n takes every n-th case only. Prints `N passed, N failed`; without the reference it says so.
"""
import argparse, collections, concurrent.futures, os, pathlib, re, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "testdata/sweep"
OURS = ROOT / "m4-compat"
SITE = """define(`confSERVICE_SWITCH_FILE', `{0}/switch')define(`confHOSTS_FILE', `{0}/hosts')dnl
define(`confDOMAIN_NAME', `mail.site.example')define(`MAIL_SETTINGS_DIR', `{0}/')define(`_SITE_', `{0}')dnl
"""
FRAME = "OSTYPE(`linux')dnl\n{}\nMAILER(`local')dnl\nMAILER(`smtp')dnl\n"
BLAME = ["-ODontBlameSendmail=MapInUnsafeDirPath,ClassFileInUnsafeDirPath"]
HOSTS = """127.0.0.1 localhost
10.1.1.1 mail.site.example
10.1.1.2 example.com
10.1.1.3 known.example www.known.example
10.1.1.4 host.known.example
10.1.2.0 rhs.example
10.1.2.1 rhsok.example
10.1.2.2 rhsslow.example
10.1.2.3 ldap.example
10.1.2.4 from.example
10.1.2.5 relay.example
10.1.2.6 mapped.example
10.1.2.7 badmx.example
10.1.2.8 badmxslow.example
10.1.2.9 slow.example
127.0.0.2 9.9.9.10.rbl.example
"""
NETWORK = re.compile(r"^K ?(\S+) (dns|bestmx|host|ldap|socket|hesiod)\b(.*)", re.M)

Case = collections.namedtuple("Case", "name text probed")


def sections(path):
    """Name and text of each part of a file that a line `== name` (or `-- name`) opens."""
    parts = re.split(r"^(==|--) (.*)\n", path.read_text(), flags=re.M)[1:]
    return [(parts[n + 1].strip(), parts[n + 2], parts[n] == "==") for n in range(0, len(parts), 3)]


def cases():
    for path in sorted(DATA.glob("*.cases")):
        for name, text, probed in sections(path):
            whole = "dnl whole" in text.split("\n")[0]
            yield Case(f"{path.stem}: {name}", text if whole else FRAME.format(text), probed)
    for line in (DATA / "settings").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        name, value, reader = (line.split("\t") + [""])[:3]
        for kind, text in (("set", f"define(`{name}', `{value}')dnl\n"), ("empty", f"define(`{name}', `')dnl\n"),
                           ("undefined", f"undefine(`{name}')dnl\n")):
            yield Case(f"settings: {name} {kind}", framed(text, reader), False)


def framed(text, reader):
    """A define and what reads it, as an .mc with a filter."""
    filtered = text + "INPUT_MAIL_FILTER(`f', `S=local:/f')dnl"
    if reader.startswith("A:"):
        return f"OSTYPE(`linux')dnl\n{text}{reader[2:]}dnl\n"
    if reader.startswith("B:"):
        return FRAME.format(filtered + "\n" + reader[2:] + "dnl")
    return FRAME.format(filtered) + (reader + "dnl\n" if reader else "")


def expand(library, m4, files):
    run = subprocess.run([m4, "-D_NO_MAKEINFO_", f"-D_CF_DIR_={library}/", f"{library}/m4/cf.m4", *files],
                         capture_output=True, text=True, errors="replace", timeout=60)
    said = run.stderr.replace(str(library), "LIBRARY")
    return run.stdout, re.sub(r"^[^:\n]*m4:", "m4:", said, flags=re.M), run.returncode


def facts(cf):
    """The lines of a cf that are not rules, as a bag; classes word by word, flags as a set."""
    found, line = collections.Counter(), ""
    for text in cf.split("\n") + ["#"]:
        if text[:1] in ("\t", " "):
            line += " " + text.strip()
            continue
        kind, body = line[:1], re.sub(r"\s+", " ", line[1:]).strip()
        if kind and kind in "CT":
            name, words = re.match(r"(\{\w+\}|.)(.*)", body).groups() if kind == "C" else ("t", body)
            name = name.strip("{}") if len(name) == 3 else name
            found.update({(name, word.lower()): 1 for word in words.split() if (name, word.lower()) not in found})
        elif kind == "M":
            found["M" + re.sub(r"F=(\S*?),", lambda m: "F=" + "".join(sorted(m[1])) + ",", body)] += 1
        elif kind == "S":
            found["S" + re.split(r"[=# ]", body)[0].lower()] = 1
        elif kind and kind in "ODFKHPQXEVL" and not line.startswith("DZ"):
            found[kind + body] += 1
        elif re.match(r"#(O \w|Ft|D[jn{])", line):
            found[line.strip()] += 1
        line = text
    return found


def canned(cf, work):
    """The cf with every map that would ask the network replaced by a table, and with a ruleset
    through which -bt can hand over two arguments."""
    def table(found):
        flags = " ".join(re.findall(r"(?<= )-[aT]<\S+", found[3]))
        return f"K{found[1]} hash {flags} -o {work}/map_{found[1]}"
    return NETWORK.sub(table, cf) if work else cf


TWO_ARGUMENTS = "\n\nSxlate\nR$* $$| $*\t$: $1 $| $2\n"


def answers(sendmail, cf, probes):
    """What the real sendmail says last to each probe; a ruleset that does not exist marks the ends."""
    asked = "".join(f"{probe}\nmark{n} x\n" for n, probe in enumerate(probes))
    run = subprocess.run([sendmail, "-bt", *BLAME, "-C", cf], input=asked, capture_output=True, text=True,
                         errors="replace", timeout=500)
    out = []
    for part in re.split(r"Undefined ruleset mark\d+\n", run.stdout)[: len(probes)]:
        returned = re.findall(r"returns: *(.*)", part)
        out.append(returned[-1] if returned else part.strip("> \n").split("\n")[-1])
    if len(out) < len(probes):
        out.append(f"sendmail stopped: {run.returncode} {run.stderr[-300:]} {run.stdout[-300:]}")
    return out


def probe_lines():
    """testdata/sweep/probes: a line is a probe; `RULESETS @NAME` is asked with each address of list NAME."""
    lists, probes = {}, []
    for name, text, _ in sections(DATA / "probes"):
        lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        if name != "probes":
            lists[name] = lines
            continue
        for line in lines:
            entry, _, argument = line.partition(" @@")
            probes += [f"{entry} {each}" for each in lists[argument]] if argument else [line]
    return probes


def compare(case, reference, m4, tables, probes):
    differences = []
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        mc = work / "case.mc"
        mc.write_text(case.text)
        made = [expand(library, m4, [tables / "site.mc", mc]) for library in (reference / "usr/share/sendmail/cf", OURS)]
        made = [(cf, said.replace(tmp, "."), status) for cf, said, status in made]
        if made[0][1] != made[1][1]:
            differences.append(f"stderr\n        theirs {made[0][1]!r}\n        ours   {made[1][1]!r}")
        if made[0][2] != made[1][2]:
            differences.append(f"exit status {made[0][2]} ours {made[1][2]}")
        theirs, ours = facts(made[0][0]), facts(made[1][0])
        for key in sorted(set(theirs) | set(ours), key=str):
            if theirs[key] != ours[key] and not (str(key).startswith("S") and key not in theirs):
                differences.append(f"{'only theirs' if theirs[key] > ours[key] else 'only ours'}: {key}")
        for mode in ("tables", "network") if case.probed else ():
            said = []
            for name, (cf, _, _) in zip(("theirs", "ours"), made):
                path = work / f"{name}.cf"
                path.write_text(canned(cf, tables if mode == "tables" else None) + TWO_ARGUMENTS)
                said.append(answers(reference / "usr/libexec/sendmail/sendmail", path, probes))
            if len(said[0]) != len(said[1]) or len(said[0]) != len(probes):
                differences.append(f"{mode}: {len(said[0])} and {len(said[1])} answers to {len(probes)} probes: {said[0][-1]} / {said[1][-1]}")
            differences += [f"{mode}: {p}\n        theirs {a}\n        ours   {b}"
                            for p, a, b in zip(probes, *said) if a.replace("theirs.cf", "") != b.replace("ours.cf", "")]
    return case, differences


def make_tables(work, reference):
    """The tables of testdata/sweep/tables as hash files, with what a site file sets."""
    for name, text, _ in sections(DATA / "tables"):
        for path in (work / name,):
            subprocess.run([reference / "usr/libexec/sendmail/makemap", "-C/dev/null", "hash", path], input=text.replace("%WORK%", str(work)),
                           text=True, check=True, stderr=subprocess.DEVNULL)
    (work / "switch").write_text("hosts files\naliases files\n")
    (work / "hosts").write_text(HOSTS)
    (work / "site.mc").write_text(SITE.format(work))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("-v", action="store_true", help="all differences, not the first twelve of a case")
    parser.add_argument("-j", type=int, default=1)
    parser.add_argument("-s", type=int, default=1)
    parser.add_argument("pattern", nargs="*")
    args = parser.parse_args()
    named = os.environ.get("CANONIFY_REFERENCE")
    if not named:
        print("cf_sweep: CANONIFY_REFERENCE is not set, nothing is compared")
        print("0 passed, 0 failed")
        return 0
    reference, m4 = pathlib.Path(named), os.environ.get("M4", "m4")
    chosen = [case for case in cases() if not args.pattern or any(re.search(p, case.name) for p in args.pattern)][:: args.s]
    failed = asked = 0
    with tempfile.TemporaryDirectory() as tmp, concurrent.futures.ThreadPoolExecutor(args.j) as pool:
        make_tables(pathlib.Path(tmp), reference)
        probes = probe_lines()
        work = [pool.submit(compare, case, reference, m4, pathlib.Path(tmp), probes) for case in chosen]
        for done in work:
            case, differences = done.result()
            asked += 2 * len(probes) if case.probed else 0
            failed += bool(differences)
            if differences:
                print(f"{case.name}: {len(differences)} differ")
                for text in differences if args.v else differences[:12]:
                    print(f"    {text}")
                sys.stdout.flush()
    print(f"{asked} questions asked of each library's cf")
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
