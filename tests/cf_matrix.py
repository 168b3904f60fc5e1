#!/usr/bin/env python3
"""Does our cf library mean what sendmail's own means?

Every testdata/mc/*.mc goes through both libraries with m4. The facts of the two cf files
(options, macros, classes, maps, mailers, headers, rulesets) are compared as sets, then both
are given to the real sendmail in test mode with the same addresses at the same rulesets.

CANONIFY_REFERENCE names the directory with the reference (usr/libexec/sendmail/sendmail,
usr/share/sendmail/cf); M4 the m4 to run. Prints `N passed, N failed`; without the reference
it says so and passes. Further .mc files may be given as arguments.
"""
import collections, os, pathlib, re, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
ADDRESSES = """root user user+detail first.last "quoted user" user@example.com user@localhost user@host
    user@remote.example.net. user@[10.1.2.3] user@[IPv6:2001:db8::1] user@.remote user@remote..example user@
    @example.com @ <> <user@example.com> <@a.example:user@b.example> h!user h!user@example.com a!b!c!user
    user%remote.example user%a%b@example.com user@a@b user:x@example.com n::user user@host.uucp list:;
    :include:/etc/list |/bin/program /var/file \\root user@host.redirect info@virt.example bob@x.virtuser
    user@gen.example user@example.org user@h.example.org user@not.example.org root@example.org""".split()
ENTRIES = """3,0 3,1,4 3,2,4 3,1,EnvFromSMTP,4 3,1,HdrFromSMTP,4 3,2,EnvToSMTP,4 3,1,EnvFromL,4 3,1,HdrFromL,4
    3,2,EnvToL,4 3,2,HdrToL,4 5 check_mail check_rcpt CanonAddr ParseRecipient Rcpt_ok tls_rcpt""".split()
CLIENTS = [("", "", ""), ("10.9.9.9", "client.example", "OK"), ("10.9.9.9", "[10.9.9.9]", "FAIL")]
SITE = """define(`confSERVICE_SWITCH_FILE', `{0}/switch')define(`confHOSTS_FILE', `{0}/hosts')dnl
define(`confDOMAIN_NAME', `mail.site.example')define(`MAIL_SETTINGS_DIR', `{0}/')dnl
define(`confCW_FILE', `-o {0}/names')define(`confCT_FILE', `-o {0}/trusted')dnl
"""




def known_differences():
    """Answers in which our library still differs, from a list that is to shrink: .mc (or *), tab, question."""
    known = collections.defaultdict(set)
    for line in (ROOT / "testdata/mc/known-differences").read_text().splitlines():
        if line and not line.startswith("#"):
            name, question = line.split("\t", 1)
            known[name].add(question)
    return known


KNOWN = known_differences()


def expand(library, m4, files):
    """One cf: that library, an .mc with what must not depend on the machine, the .mc itself."""
    run = subprocess.run([m4, "-D_NO_MAKEINFO_", f"-D_CF_DIR_={library}/", f"{library}/m4/cf.m4", *files],
                         capture_output=True, text=True, errors="replace", timeout=60)
    return run.stdout


def facts(cf):
    """The lines of a cf that are not rules, as a bag; classes word by word, flags as a set."""
    found, line = collections.Counter(), ""
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
            found["S" + re.split(r"[=# ]", body)[0].lower()] = 1
        elif kind in "ODFKHPQXEV" and kind and not line.startswith("DZ"):
            found[kind + body] += 1
        line = text
    return found


def answers(sendmail, cf, probes):
    """What the real sendmail says last to each probe; a ruleset that does not exist marks the ends."""
    asked = "".join(f"{probe}\nmark{n} x\n" for n, probe in enumerate(probes))
    run = subprocess.run([sendmail, "-bt", "-C", cf], input=asked, capture_output=True, text=True,
                         errors="replace", timeout=600)
    out = []
    for part in re.split(r"Undefined ruleset mark\d+\n", run.stdout)[: len(probes)]:
        returned = re.findall(r"returns: *(.*)", part)
        out.append(returned[-1] if returned else part.strip("> \n").split("\n")[-1])
    return out


def probe_lines():
    for address, name, resolve in CLIENTS:
        yield from (f".D{{client_addr}}{address}", f".D{{client_name}}{name}", f".D{{client_resolve}}{resolve}")
        checks = ENTRIES if not address else [e for e in ENTRIES if "check" in e or "ok" in e]
        yield from (f"{entry} {each}" for entry in checks for each in ADDRESSES)


def compare(mc, reference, m4, work):
    site = work / "site.mc"
    cfs = []
    for name, library in (("reference", reference / "usr/share/sendmail/cf"), ("ours", ROOT / "m4-compat")):
        cf = work / f"{name}.cf"
        cf.write_text(expand(library, m4, [site, mc]))
        cfs.append(cf)
    theirs, ours = (facts(cf.read_text()) for cf in cfs)
    wrong = sorted(str(k) for k in set(theirs) | set(ours)
                   if theirs[k] != ours[k] and not (str(k).startswith("S") and k not in theirs))
    probes = list(probe_lines())
    said = [answers(reference / "usr/libexec/sendmail/sendmail", cf, probes) for cf in cfs]
    differ = [p for p, a, b in zip(probes, *said) if a != b]
    known = KNOWN.get(mc.stem, set()) | KNOWN.get("*", set())
    new = [p for p in differ if p not in known]
    print(f"{mc.stem}: facts {len(wrong)} differ of {len(set(theirs) | set(ours))}, "
          f"answers {len(differ)} differ of {len(probes)}, {len(differ) - len(new)} of them known")
    for text in wrong[:5] + new[:20]:
        print(f"    {mc.stem}\t{text}")
    return not wrong and not new


def main():
    named = os.environ.get("CANONIFY_REFERENCE")
    if not named:
        print("cf_matrix: CANONIFY_REFERENCE is not set, nothing is compared")
        print("0 passed, 0 failed")
        return 0
    reference, m4 = pathlib.Path(named), os.environ.get("M4", "m4")
    files = [pathlib.Path(a) for a in sys.argv[1:]] or sorted((ROOT / "testdata/mc").glob("*.mc"))
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        (work / "switch").write_text("hosts files\naliases files\n")
        (work / "hosts").write_text("127.0.0.1 localhost\n10.1.1.1 mail.site.example\n10.1.1.2 example.com\n")
        (work / "site.mc").write_text(SITE.format(tmp))
        results = [compare(mc, reference, m4, work) for mc in files]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
