#!/usr/bin/env python3
"""Does every OSTYPE, MAILER, HACK, DOMAIN and SITECONFIG file of our cf library mean what the stock one means?

Each of the small .mc texts below goes through both libraries with m4: exit status, what is said on stderr, and the facts
of the two cf files (see cf_matrix.py) must be equal. Mailers, hacks and domains are then asked as well: the real sendmail
gets both cf files in test mode, and odd addresses at every ruleset that a mailer of the stock cf names.

CANONIFY_REFERENCE and M4 as in cf_matrix.py; without the reference it says so and passes. Arguments choose cases whose
name contains one of them. Run it through tests/live/namespace.sh: some addresses would ask a name server. Prints `N passed, N failed`.
"""
import os, pathlib, re, subprocess, sys, tempfile

from cf_matrix import ROOT, facts

SITE = """define(`confSERVICE_SWITCH_FILE', `{0}/switch')define(`confHOSTS_FILE', `{0}/hosts')dnl
define(`confDOMAIN_NAME', `mail.site.example')define(`MAIL_SETTINGS_DIR', `{0}/')dnl
define(`confCW_FILE', `-o {0}/names')define(`confCT_FILE', `-o {0}/trusted')dnl
"""
ADDRESSES = """root user user+detail first.last "quoted user" user@example.com user@localhost user@host
    user@remote.example.net. user@[10.1.2.3] user@[IPv6:2001:db8::1] user@.remote user@remote..example user@
    @example.com @ <> <user@example.com> <@a.example:user@b.example> h!user h!user@example.com a!b!c!user
    user%remote.example user%a%b@example.com user@a@b user:x@example.com n::user user@host.uucp list:;
    :include:/etc/list |/bin/program /var/file \\root user@host.redirect user@node.DECNET node::user node.area::user user@fax.FAX 5551234@number.FAX user@FAX user@POP
    user@POP.example user.USENET alt.test.USENET alt.test.USENET@example.com user@USENET user@h.UUCP h.UUCP!user h.example!user
    h!user@remote.example h!a!user%b a!b@c.UUCP user@known.UUCP known!user smart!x!user plain!user user@plain.UUCP
    mail.site.example!user user@mail.site.example known.UUCP!user@example.com user+detail@example.com user+@example.com
    a@b.BITNET a%b.BITNET@gate.example x@y.z:w list:a,b; Some.Body@CS.Berkeley.EDU who@cory who@cory.Berkeley.EDU @ user@. .
    "a!b"@remote.example "a b"+c@remote.example user@[127.0.0.1] <> @route.example:user@remote.example""".split()
HEAD = "OSTYPE(`bsd4.4')define(`confDOMAIN_NAME', `mail.site.example')dnl\n"
LOCAL, SMTP = "MAILER(`local')\n", "MAILER(`smtp')\n"
BOTH = LOCAL + SMTP
NAMED = ("local smtp uucp usenet fax pop procmail mail11 phquery cyrus cyrusv2 qpage ssh xagent").split()
SSH = "define(`SSH_MAILER_USER', `mail')define(`SSH_MAILER_DIR', `/var/spool')dnl\n"
PREFIXES = ("LOCAL SHELL SMTP ESMTP SMTP8 DSMTP RELAY UUCP USENET PROCMAIL POP PH MAIL11 QPAGE CYRUS CYRUSV2 SSH FAX XAGENT "
            "CYRUS_BB").split()
FLAGS = "".join(f"MODIFY_MAILER_FLAGS(`{p}', `+zA')MODIFY_MAILER_FLAGS(`{p}', `-mn')dnl\n" for p in PREFIXES)
REPLACED = "".join(f"MODIFY_MAILER_FLAGS(`{p}', `{p[0]}mn')dnl\n" for p in PREFIXES)


def every_define():
    """Each define that a mailer file reads, with a value that can be told from all others."""
    parts = ("PATH ARGS FLAGS MAX MAXMSGS MAXRCPTS CHARSET LL EOL QGRP USER DIR HOST DSN_DIAGNOSTIC_CODE").split()
    values = {"PATH": "/p/{}", "ARGS": "run {} $h $u", "FLAGS": "mu", "MAX": "1{:03d}", "MAXMSGS": "2{:03d}", "MAXRCPTS": "3{:03d}",
              "CHARSET": "latin{}", "LL": "4{:03d}", "EOL": "\\n{}", "QGRP": "group{}", "USER": "u{}", "DIR": "/d/{}",
              "HOST": "host{}", "DSN_DIAGNOSTIC_CODE": "X-{}"}
    text = ""
    for number, prefix in enumerate(PREFIXES):
        for part in parts:
            text += f"define(`{prefix}_MAILER_{part}', `{values[part].format(number)}')dnl\n"
    return text + ("define(`LOCAL_SHELL_PATH', `/p/shell')define(`LOCAL_SHELL_ARGS', `shell -c $u')define(`LOCAL_SHELL_FLAGS', `e')"
                   "define(`LOCAL_SHELL_DIR', `/d/shell')define(`LOCAL_PROG_QGRP', `shells')define(`UUCP_MAX_SIZE', `777')dnl\n"
                   "define(`SSH_REMOTE_COMMAND', `remote -bs')dnl\n")


def site_of(letter):
    return f"SITECONFIG(`uucp.ucbvax', `ourname', `{letter}')\n"


def mailer_cases():
    together = SSH + BOTH + "".join(f"MAILER(`{m}')\n" for m in NAMED[2:])
    for name in NAMED:
        yield f"mailer-{name}", HEAD + SSH + BOTH + ("" if name in ("local", "smtp") else f"MAILER(`{name}')\n")
        yield f"alone-{name}", HEAD + f"MAILER(`{name}')\n"
        yield f"twice-{name}", HEAD + SSH + BOTH + f"MAILER(`{name}')\nMAILER(`{name}')\nMAILER(`{name}', `other')\n"
    yield "mailers-together", HEAD + together
    yield "mailers-defines", HEAD + every_define() + together
    yield "mailers-flags", HEAD + FLAGS + together
    yield "mailers-flags-replaced", HEAD + REPLACED + together
    for feature in ("allmasquerade", "always_add_domain", "local_no_masquerade", "masquerade_envelope", "nouucp", "stickyhost",
                    "local_lmtp", "local_procmail", "smrsh", "nopercenthack", "masquerade_entire_domain"):
        argument = ", `reject'" if feature in ("nouucp", "nopercenthack") else ""
        yield (f"mailers-{feature}", HEAD + f"FEATURE(`{feature}'{argument})MASQUERADE_AS(`out.example')dnl\n" + together)
        if feature in ("allmasquerade", "always_add_domain"):
            yield f"late-{feature}", HEAD + together + f"FEATURE(`{feature}'{argument})dnl\n"
    relays = "".join(f"define(`{r}_RELAY', `{r.lower()}.example')" for r in ("UUCP", "BITNET", "DECNET", "FAX")) + "dnl\n"
    yield "mailers-relays", HEAD + relays + together
    yield "mailers-userdb", HEAD + "define(`confUSERDB_SPEC', `/etc/userdb')dnl\n" + together
    yield "mailers-smart-host", HEAD + "define(`SMART_HOST', `uucp-new:smart')dnl\n" + together
    yield "uucp-first", HEAD + LOCAL + "MAILER(`uucp')\n" + SMTP
    yield "mailer-definitions", HEAD + BOTH + "MAILER_DEFINITIONS\nMmine,\tP=/bin/cat, F=lsD, S=EnvFromL, R=EnvToL, A=cat $u\n"


def other_cases(library):
    for path in sorted((library / "ostype").glob("*.m4")):
        name = path.stem
        yield f"ostype-{name}", f"OSTYPE(`{name}')dnl\n" + BOTH
        yield f"ostype-{name}-all", (f"OSTYPE(`{name}')dnl\n" + SSH + BOTH + "".join(f"MAILER(`{m}')\n" for m in NAMED[2:]))
        yield f"ostype-{name}-before", every_define() + kept() + f"OSTYPE(`{name}')dnl\n" + BOTH + "MAILER(`uucp')\n"
    yield "ostype-twice", "OSTYPE(`linux')OSTYPE(`bsd4.4')dnl\n" + BOTH
    for name in ("generic", "debian-mta", "debian-msp", "berkeley-only", "Berkeley.EDU", "CS.Berkeley.EDU", "EECS.Berkeley.EDU",
                 "S2K.Berkeley.EDU"):
        yield f"domain-{name}", HEAD + f"DOMAIN(`{name}')dnl\n" + BOTH
        yield f"domain-{name}-debian", f"OSTYPE(`debian')DOMAIN(`{name}')dnl\n" + BOTH
    for name, before, arguments in HACKS:
        title = f"hack-{name}" + (f"-{len(arguments)}" if arguments else "")
        yield title, HEAD + before + f"HACK(`{name}'{arguments})dnl\n" + BOTH
        yield title + "-debian", "OSTYPE(`debian')dnl\n" + before + f"HACK(`{name}'{arguments})dnl\n" + BOTH
    for site in sorted((library / "siteconfig").glob("*.m4")):
        for letter in "UVWXY":
            yield (f"siteconfig-{site.stem}-{letter}",
                   HEAD + BOTH + f"MAILER(`uucp')\nSITECONFIG(`{site.stem}', `ourname', `{letter}')\n")
    yield "siteconfig-missing", HEAD + BOTH + "MAILER(`uucp')\nSITECONFIG(`nowhere', `ourname', `U')SITE(`known', `S')SITE(`a b')\n"
    yield "siteconfig-sites", HEAD + BOTH + "MAILER(`uucp')\n" + SITES
    yield "siteconfig-sites-relay", HEAD + "define(`UUCP_RELAY', `smart.example')dnl\n" + BOTH + "MAILER(`uucp')\n" + SITES
    yield "siteconfig-no-uucp", HEAD + BOTH + SITES
    yield "uucpsmtp", HEAD + BOTH + "MAILER(`uucp')\nLOCAL_RULE_3\nUUCPSMTP(`known', `known.example')\n"


SITES = "".join(f"SITECONFIG(`nowhere', `{name}', `{letter}')SITE(`{hosts}')SITE(`{more}', `S')\n" for name, letter, hosts, more in (
    ("us", "U", "known other", "smart clever"), ("vee", "V", "plain", "p2"), ("double", "W", "h", "a"), ("ex", "X", "x y", "z")))
ACCESS = "FEATURE(`access_db', `text -o -T<TMPF> /nowhere/access')dnl\n"
HACKS = (("cssubdomain", "", ""), ("debian_auth", "", ""), ("debian_auth", "define(`DEBIAN_DEBUG', `1')", ", `1'"), ("nodns", "", ""),
         ("dnsblaccess", ACCESS, ", `zone.example'"), ("dnsblaccess", ACCESS, ", `zone.example', `\"550 no\"', `t', `mytag'"),
         ("dnsblaccess", ACCESS, ", `zone.example', `', `\"451 later\"'"),
         ("dnsblaccess", "", ", `zone.example', `x'"), ("dnsblaccess", ACCESS, ""), ("msp_nullclient", "", ""),
         ("msp_nullclient", "", ", `hub.example'"), ("msp_nullclient", "DOMAIN(`debian-msp')", ", `[hub.example]'"),
         ("spamtrap", ACCESS, ""), ("spamtrap", "", ", `'"), ("virthost_by_ip", "", ""),
         ("virthost_by_ip", "CLIENT_OPTIONS(`Family=inet')dnl\n", ", `'"),
         ("xconnect", ACCESS, ""), ("xconnect", "", ", `'"))


def kept():
    """The places that an OSTYPE moves, set by the site before it."""
    return "".join(f"define(`{n}', `/site/{n.lower()}')" for n in (
        "QUEUE_DIR STATUS_FILE HELP_FILE ALIAS_FILE PROCMAIL_MAILER_PATH confEBINDIR confPID_FILE confDEF_USER_ID MAIL_SETTINGS_DIR "
        "confTRUSTED_USER confTIME_ZONE confDONT_BLAME_SENDMAIL").split()) + "dnl\n"


def expand(library, m4, files):
    run = subprocess.run([m4, "-D_NO_MAKEINFO_", f"-D_CF_DIR_={library}/", f"{library}/m4/cf.m4", *files],
                         capture_output=True, text=True, errors="replace", timeout=60)
    said = re.sub(r"\S*(m4|mc):\d+: |\S*/(?=(ostype|domain|hack|feature|mailer|siteconfig)/)", "", run.stderr)
    return run.stdout, said, run.returncode


def answers(sendmail, cf, probes):
    """What sendmail says last to each probe; a ruleset that does not exist marks the ends."""
    asked = "".join(f"{probe}\nmark{n} x\n" for n, probe in enumerate(probes))
    run = subprocess.run([sendmail, "-bt", "-C", cf], input=asked, capture_output=True, text=True, errors="replace", timeout=600)
    out = []
    for part in re.split(r"Undefined ruleset mark\d+\n", run.stdout)[: len(probes)]:
        returned = re.findall(r"returns: *(.*)", part)
        out.append(returned[-1] if returned else part.strip("> \n").split("\n")[-1])
    return out


def rulesets(cf):
    """Every ruleset that an M line names: the side, sender or recipient, and the name."""
    found = {"S": set(), "R": set()}
    for side, names in re.findall(r"(?<=[ \t,])([SR])=(\S+?),", "\n".join(cf.split("\n"))):
        found[side].update(names.split("/"))
    yield from (f"3,1,{name},4" for name in sorted(found["S"]))
    yield from (f"3,2,{name},4" for name in sorted(found["R"]))


def compare(name, text, reference, m4, work, asked):
    mc = work / "case.mc"
    mc.write_text(text)
    sides = [expand(library, m4, [work / "site.mc", mc]) for library in (reference / "usr/share/sendmail/cf", ROOT / "m4-compat")]
    wrong = []
    (theirs, said, status), (ours, we_said, our_status) = sides
    if status != our_status:
        wrong.append(f"exit status {our_status}, not {status}")
    if said != we_said:
        wrong.append(f"says {we_said!r}, not {said!r}")
    a, b = facts(theirs), facts(ours)
    for key in sorted(set(a) | set(b), key=str):
        if a[key] != b[key] and not (str(key).startswith("S") and key not in a):
            wrong.append(f"{'lacks' if a[key] > b[key] else 'adds'} {key}")
    if asked:
        cfs = [work / "theirs.cf", work / "ours.cf"]
        cfs[0].write_text(theirs), cfs[1].write_text(ours)
        entries = ["3,0", "3,1,4", "3,2,4", *rulesets(theirs)]
        entries += [e for e in EXTRA.get(name.partition("-")[2].partition("-")[0], ()) if name.startswith("hack")]
        probes = [*STATE.get(name.partition("-")[2].partition("-")[0], ()), *(f"{e} {x}" for e in entries for x in ADDRESSES)]
        both = [answers(reference / "usr/libexec/sendmail/sendmail", cf, probes) for cf in cfs]
        wrong += [f"{p}\t{x}\t{y}" for p, x, y in zip(probes, *both) if x != y]
    print(f"{name}: {len(wrong)} differ")
    for line in wrong[:25]:
        print(f"    {line}")
    return not wrong


# What more a hack's rules are asked, and the macros that must be set before.
EXTRA = {"cssubdomain": ["3"], "debian_auth": ["trust_auth", "Local_trust_auth"],
         "dnsblaccess": ["check_relay", "Basic_check_relay"],
         "msp_nullclient": ["5", "Local_localaddr"], "spamtrap": ["check_rcpt", "Local_check_rcpt", "CheckTo", "check_eoh"],
         "xconnect": ["x_connect"], "nodns": ["check_mail", "check_rcpt"], "virthost_by_ip": ["check_mail"]}
STATE = {"dnsblaccess": [".D{client_addr}10.9.9.9"], "debian_auth": [".D{auth_type}PLAIN", ".D{auth_authen}root"],
         "xconnect": [".D{client_addr}10.9.9.9"]}


def main():
    named = os.environ.get("CANONIFY_REFERENCE")
    if not named:
        print("cf_files: CANONIFY_REFERENCE is not set, nothing is compared")
        print("0 passed, 0 failed")
        return 0
    reference, m4 = pathlib.Path(named), os.environ.get("M4", "m4")
    library = reference / "usr/share/sendmail/cf"
    cases = [(name, text, True) for name, text in mailer_cases()]
    cases += [(name, text, not name.startswith("ostype")) for name, text in other_cases(library)]
    cases = [c for c in cases if not sys.argv[1:] or any(part in c[0] for part in sys.argv[1:])]
    with tempfile.TemporaryDirectory() as tmp:
        work = pathlib.Path(tmp)
        (work / "switch").write_text("hosts files\naliases files\n")
        (work / "hosts").write_text("127.0.0.1 localhost\n10.1.1.1 mail.site.example\n10.1.1.2 example.com\n")
        (work / "site.mc").write_text(SITE.format(tmp))
        results = [compare(*case[:2], reference, m4, work, case[2]) for case in cases]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
