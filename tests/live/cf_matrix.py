#!/usr/bin/env python3
"""Does our cf library mean what sendmail's own means?

Every testdata/mc/*.mc and a number of generated files (mc_generator.py) go through both libraries with
m4. The facts of the two cf files (options, macros, classes, maps, mailers, headers, rulesets and their
numbers) are compared as sets, then both are given to the real sendmail in test mode with the same
addresses at the same rulesets (cf_probes.py).

usage: cf_matrix.py [--generated N] [--seed S] [--only K] [--stock] [--addresses N] [--size N] [--keep DIR] [FILE.mc...]

CANONIFY_REFERENCE names the directory with the reference (usr/libexec/sendmail/sendmail, makemap,
usr/share/sendmail/cf); M4 the m4 to run. CANONIFY_MATRIX=full means 200 generated files, all stock ones
and 500 addresses. To be run in a namespace (live/namespace.sh). Prints `N passed, N failed`; without the
reference it says so and passes.
"""
import argparse, collections, concurrent.futures, os, pathlib, random, re, shutil, subprocess, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import cf_probes, mc_generator

ROOT = pathlib.Path(__file__).resolve().parents[2]
SITE = """define(`confSERVICE_SWITCH_FILE', `{0}/switch')define(`confHOSTS_FILE', `{0}/hosts')dnl
define(`confDOMAIN_NAME', `mail.site.example')define(`MAIL_SETTINGS_DIR', `{0}/')dnl
define(`confCW_FILE', `-o {0}/names')define(`confCT_FILE', `-o {0}/trusted')dnl
"""
END = """LOCAL_RULESETS
SStart
R$* $$| $*		$: $1 $| $2
SComma
R$* comma $*		$1 , $2
"""
HOSTS = """127.0.0.1 localhost
10.1.1.1 mail.site.example
10.1.1.2 example.com
10.1.1.3 example.org host.remote.example
10.1.1.4 relay.example.net hub.example.com short.site.example
10.1.1.5 v2.virt.example ok.example
"""


def known_differences():
    """Answers in which our library still differs: .mc (or *), tab, question or ruleset. To shrink."""
    known = collections.defaultdict(set)
    for line in (ROOT / "testdata/mc/known-differences").read_text().splitlines():
        if line and not line.startswith("#"):
            name, question = line.split("\t", 1)
            known[name].add(question)
    return known


KNOWN = known_differences()


class Trial:
    """Two libraries, one sendmail, a folder to work in."""

    def __init__(self, reference, m4, work, options):
        self.sendmail = reference / "usr/libexec/sendmail/sendmail"
        self.makemap = reference / "usr/libexec/sendmail/makemap"
        self.m4, self.work, self.options = m4, work, options
        self.stock = reference / "usr/share/sendmail/cf"
        self.libraries = {"reference": self.stock, "ours": ROOT / "m4-compat"}
        for name, library in self.libraries.items():  # stock files say ../m4/cf.m4
            (work / name / "cf").mkdir(parents=True)
            for folder in library.iterdir():
                if folder.name != "cf":
                    (work / name / folder.name).symlink_to(folder)
        (work / "end.mc").write_text(END)

    def expand(self, name, files):
        """One cf of that library; what m4 says aloud is not compared here."""
        library = self.libraries[name]
        run = subprocess.run([self.m4, "-D_NO_MAKEINFO_", f"-D_CF_DIR_={library}/", "../m4/cf.m4", *files],
                             capture_output=True, text=True, errors="replace", timeout=60, cwd=self.work / name / "cf")
        return run.stdout

    def folder(self, name):
        """Where the files lie that its site needs."""
        folder = self.work / "sites" / name
        folder.mkdir(parents=True)
        (folder / "switch").write_text(random.Random(name).choice(["hosts files\naliases files\n"] * 3 + ["hosts files dns\naliases files\n"]))
        (folder / "hosts").write_text(HOSTS)
        (folder / "names").write_text("alt.site.example\n")
        (folder / "relay-domains").write_text("relayed.example\n192.0.3\n")
        (folder / "begin.mc").write_text(SITE.format(folder))
        return folder

    def build_maps(self, folder):
        (folder / "site.mc").write_text((folder / "site.mc").read_text().replace("@DIR@", str(folder)))
        for source in folder.glob("*.txt"):
            with open(source, "rb") as text:
                subprocess.run([self.makemap, "-C", "/dev/null", "hash", source.with_suffix("")], stdin=text, check=True, capture_output=True)
        for words in folder.glob("*.words"):
            words.chmod(0o644)

    def answers(self, cf, probes):
        """What sendmail says last to each probe; a ruleset that does not exist marks the ends."""
        asked = "".join(f"{probe}\nmark{n} x\n" for n, probe in enumerate(probes))
        run = subprocess.run([self.sendmail, "-bt", "-C", cf], input=asked, capture_output=True, text=True, errors="replace", timeout=900)
        out = []
        for part in re.split(r"Undefined ruleset mark\d+\n", run.stdout)[: len(probes)]:
            returned = re.findall(r"returns: *(.*)", part)
            last = part.strip("> \n").split("\n")[-1]
            out.append((returned[-1] if returned else "") + ("" if "returns:" in last else f" / {last}"))
        return out, run.stdout[: run.stdout.find("ADDRESS TEST MODE")]


def facts(cf):
    """The lines of a cf that are not rules, as a bag; classes word by word, flags as a set, rulesets
    with the number that a new name gets."""
    found, line, next_number, last = collections.Counter(), "", 199, {}
    for text in cf.split("\n") + ["#"]:
        if text[:1] in ("\t", " "):
            line += " " + text.strip()
            continue
        kind, body = line[:1], re.sub(r"\s+", " ", line[1:]).strip()
        if kind in "CT" and kind:
            name, words = re.match(r"(\{\w+\}|.)(.*)", body).groups() if kind == "C" else ("t", body)
            found.update({(name, word.lower()): 1 for word in words.split() if (name, word.lower()) not in found})
        elif kind == "M":
            found["M" + re.sub(r"F=(\S*?),", lambda m: "F=" + "".join(sorted(m[1])) + ",", body)] += 1
        elif kind == "S":
            name = re.split(r"[# ]", body)[0].lower()
            if "=" not in name and not name.isdigit() and name not in last:
                last[name] = next_number
                next_number -= 1
            found["S" + (name if name not in last else f"{name} ({last[name]})")] = 1
        elif kind in "OD" and kind and not line.startswith("DZ"):
            name = re.match(r" ?(\{[^}]*\}|[\w.]+)", body)[0] if kind == "O" else re.match(r"\{[^}]*\}|.", body)[0]
            if name.lower().strip() in ("daemonportoptions", "clientportoptions"):
                found[kind + body] += 1
            else:
                last[kind + name] = kind + body
        elif kind in "FKHPQXEV" and kind:
            found[kind + body] += 1
        line = text
    found.update(value for value in last.values() if isinstance(value, str))
    return found


def compare(trial, name, mc, folder):
    """One .mc; answers with whether all is equal, and what to print."""
    begin = [folder / "begin.mc"] if (folder / "begin.mc").exists() else []
    cfs = []
    for library in trial.libraries:
        cf = folder / f"{library}.cf"
        cf.write_text(trial.expand(library, [*begin, mc, trial.work / "end.mc"]))
        cfs.append(cf)
    theirs, ours = (facts(cf.read_text()) for cf in cfs)
    wrong = sorted(str(k) for k in set(theirs) | set(ours) if theirs[k] != ours[k] and not (str(k).startswith("S") and k not in theirs))
    probes = cf_probes.probes(cfs[0].read_text(), random.Random(name), trial.options.addresses, trial.options.size)
    (said, theirs_first), (we_said, ours_first) = (trial.answers(cf, probes) for cf in cfs)
    every = [(p, a, b) for p, a, b in zip(probes, said, we_said) if a != b]
    known = KNOWN.get(name, set()) | KNOWN.get("*", set())
    differ = [d for d in every if d[0] not in known and d[0].split()[0] not in known]
    if re.sub(r"line \d+", "", theirs_first).replace("reference.cf", "") != re.sub(r"line \d+", "", ours_first).replace("ours.cf", ""):
        wrong.append(f"said when read: {theirs_first[:200]!r} {ours_first[:200]!r}")
    if len(said) != len(probes) or len(we_said) != len(probes):
        wrong.append(f"{len(said)} and {len(we_said)} answers to {len(probes)} questions")
    text = [f"{name}: facts {len(wrong)} differ of {len(set(theirs) | set(ours))}, "
            f"answers {len(every)} differ of {len(probes)}, "
            f"{len(every) - len(differ)} of them known"]
    text += [f"    fact  {fact}" for fact in wrong[: trial.options.show]]
    text += [f"    {p}\n        reference {a}\n        ours      {b}" for p, a, b in differ[: trial.options.show]]
    if trial.options.keep:
        (folder / "differences").write_text("".join(f"{p}\t{a}\t{b}\n" for p, a, b in every))
        (folder / "probes").write_text("".join(p + "\n" for p in probes))
    elif not (wrong or differ):
        shutil.rmtree(folder)
    return not wrong and not differ, "\n".join(text)


def jobs(trial):
    """Name, .mc, folder: the named files, or those of testdata, the stock ones and the generated ones."""
    options = trial.options
    named = [pathlib.Path(file).resolve() for file in options.files]
    if not named and options.only is None:
        named = sorted((ROOT / "testdata/mc").glob("*.mc"))
    for mc in named:
        yield mc.stem, mc, trial.folder(mc.stem)
    if options.stock:
        for mc in sorted(trial.stock.glob("cf/*.mc")):
            folder = trial.folder(f"stock-{mc.stem}")
            (folder / "begin.mc").unlink()
            yield folder.name, mc, folder
    numbers = [int(number) for number in options.only.split(",")] if options.only else range(options.generated)
    for number in numbers:
        name = f"generated-{options.seed * 1000 + number}"
        folder = trial.folder(name)
        made = mc_generator.write(folder / "made", options.seed * 1000 + number, trial.libraries["ours"])
        for path in made.parent.iterdir():
            path.rename(folder / path.name)
        trial.build_maps(folder)
        yield name, folder / "site.mc", folder


def arguments():
    full = os.environ.get("CANONIFY_MATRIX") == "full"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--generated", type=int, default=200 if full else 20, help="how many generated files")
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--only", help="the numbers of generated files, with commas between")
    parser.add_argument("--stock", action="store_true", default=full, help="the stock .mc files too")
    parser.add_argument("--addresses", type=int, default=500 if full else 150)
    parser.add_argument("--size", type=int, default=12 if full else 4, help="clients, and probes for each ruleset")
    parser.add_argument("--show", type=int, default=10, help="differences printed for a file")
    parser.add_argument("--keep", help="a new folder to leave everything in")
    parser.add_argument("files", nargs="*")
    return parser.parse_args()


def main():
    options = arguments()
    named = os.environ.get("CANONIFY_REFERENCE")
    if not named:
        print("cf_matrix: CANONIFY_REFERENCE is not set, nothing is compared")
        print("0 passed, 0 failed")
        return 0
    # not below a world-writable folder: sendmail would not open maps there
    work = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="cf_matrix", dir="/var/lib")).resolve()
    work.mkdir(exist_ok=True)
    work.chmod(0o755)
    trial = Trial(pathlib.Path(named), os.environ.get("M4", "m4"), work, options)
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for equal, text in pool.map(lambda job: compare(trial, *job), jobs(trial)):
            print(text, flush=True)
            passed, failed = passed + equal, failed + (not equal)
    if not options.keep:
        shutil.rmtree(work)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
