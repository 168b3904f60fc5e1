#!/usr/bin/env python3
"""DANE (RFC 7672): hosts whose TLSA records are in a signed zone, seen through a resolver that validates, and by canonify itself (DNSSECTrustAnchor)
through one that does not: good, wrong, expired, missing, bogus. And REQUIRETLS (RFC 8689), which needs such hosts.

usage: dane.py CANONIFY [--show]     Needs root, openssl and Debian's packages bind9, bind9-utils, bind9-dnsutils and unbound; without them it skips.
"""
import hashlib, os, pathlib, shutil, subprocess, sys

import policy_bed
from policy_bed import logged, mail, protected, sent, waits
from signed_zones import SIGNED

OWN = "O ServerCertFile=/mnt/tls/ee.pem\nO ServerKeyFile=/mnt/tls/ee.key\n"
KEYWORDS = ["PIPELINING", "8BITMIME"]
# host: (the certificate that it shows, None: no STARTTLS; its TLSA records: head, of which certificate)
HOSTS = {
    "ee": ("ee", [("3 1 1", "ee")]), "ee512": ("ee", [("3 0 2", "ee")]), "whole": ("ee", [("3 0 0", "ee")]), "wrong": ("ee", [("3 1 1", "other")]),
    "either": ("ee", [("3 1 1", "other"), ("3 1 1", "ee")]), "expired": ("old", [("3 1 1", "old")]), "missing": ("other", []), "bogus": ("ee", [("3 1 1", "ee")]),
    "ta": ("ta", [("2 0 1", "ca")]), "taname": ("ee", [("2 0 1", "ca")]), "taother": ("lone", [("2 0 1", "ca")]), "useless": ("other", [("0 0 1", "other"), ("1 1 1", "ee")]),
    "promise": ("ee", [("3 1 1", "ee")]), "unproven": ("other", []), "uselessclear": (None, [("1 1 1", "ee")]), "clear": (None, [("3 1 1", "ee")]), "direct": ("ee", [("3 1 1", "other")]), "aside": ("other", [("3 1 1", "ee")]),
    "must": ("ee", [("3 1 1", "ee")]), "mustnone": ("ee", []), "mustuseless": ("ee", [("1 1 1", "ee")]), "mustmx": ("ee", [("3 1 1", "ee")]), "musttls": ("other", []), "mustclear": (None, []),
}
NAMES = {"ee": ("mx.elsewhere.example", "ca", "40"), "old": ("mx.old.example", "ca", "21"), "other": ("mx.other.example", None, "40"),
         "ta": (f"mx.ta.{SIGNED}", "ca", "40"), "lone": (f"mx.taother.{SIGNED}", "other", "40")}


ENTRIES = "".join(f"TLS_Policy:{name}\t{word}\n" for name, word in (
    (f"direct.{SIGNED}", "STS"), (f"musttls.{SIGNED}", "MUST-TLS"), (f"mustclear.{SIGNED}", "MUST-TLS"), (f"mx.mustnone.{SIGNED}", "MUST-DANE"), ("mustlured.example", "MUST-DANE"),
    *((f"{name}.{SIGNED}", "MUST-DANE") for name in ("must", "mustnone", "mustuseless")), (f"127.0.1.{list(HOSTS).index('mustclear') + 1}", "MUST-TLS"), (f"ee.{SIGNED}", "MUSTDANE")))


def data(folder, head, name):
    """The digits of a record."""
    file = f"{folder}/{name}.pem"
    certificate = subprocess.run(["openssl", "x509", "-in", file, "-outform", "DER"], check=True, stdout=subprocess.PIPE).stdout
    key = subprocess.run(["openssl", "x509", "-in", file, "-noout", "-pubkey"], check=True, stdout=subprocess.PIPE).stdout
    key = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, check=True, stdout=subprocess.PIPE).stdout
    content = key if head[2] == "1" else certificate
    content = {"0": content.hex(), "1": hashlib.sha256(content).hexdigest(), "2": hashlib.sha512(content).hexdigest()}[head[4]]
    return f"{head} {content}"


def world(folder):
    for name in ("ee", "ta", "lone"):  # an authority that a record names has to be sent
        path = pathlib.Path(folder, f"{name}.pem")
        path.write_text(path.read_text() + pathlib.Path(folder, "ca.pem").read_text())
    hosts, zone = {}, {}
    for number, (name, (shown, records)) in enumerate(HOSTS.items(), 1):
        promises = ["REQUIRETLS"] if name in ("promise", "unproven") else []
        hosts[name] = {"ehlo": KEYWORDS + promises, **({"tls": {"certificate": shown}} if shown else {})}
        mx = f"{name}.{SIGNED}" if name == "direct" else f"mx.{name}.{SIGNED}"
        if name != "direct":
            zone[f"{name}.{SIGNED} MX"] = [(10, mx)]
        zone[f"{mx} A"] = [f"127.0.1.{number}"]
        if records:
            zone[f"_25._tcp.{mx} TLSA"] = [data(folder, *record) for record in records]
    # a host, or a domain, whose zone is not signed
    aside = list(HOSTS).index("aside") + 1
    zone |= {"plain.example MX": [(10, "mx.plain.example")], "mx.plain.example A": [f"127.0.1.{aside}"], "_25._tcp.mx.plain.example TLSA": [data(folder, "3 1 1", "ee")], "mustlured.example MX": [(10, f"mx.mustmx.{SIGNED}")],
             "lured.example MX": [(10, f"mx.aside.{SIGNED}")]}
    return {"hosts": hosts, "zone": zone, "name_server": "signed_zones", "access": ENTRIES,
            "mailertable": f"named.example\tesmtp:[mx.wrong.{SIGNED}]\nmustnamed.example\tesmtp:[mx.mustnone.{SIGNED}]\nmustaddress.example\tesmtp:[127.0.1.{list(HOSTS).index('mustclear') + 1}]\n"}


def cases(run, why_bogus="look-up failed"):
    """(what, is it so, the result) of each."""
    domains = [f"{name}.{SIGNED}" for name in HOSTS if name != "direct"] + ["plain.example", "lured.example", "named.example", "mustlured.example", "mustnamed.example", "mustaddress.example"]
    results = dict(zip(domains, run("FEATURE(`tls_policy', `dane')", [mail(f"x@{domain}") for domain in domains])))

    def got(name):
        return results.get(f"{name}.{SIGNED}") or results[name + ".example"]
    for name, what in (("ee", "the host's key"), ("ee512", "its certificate, SHA-512"), ("whole", "its certificate, whole"), ("either", "one of two records"),
                       ("expired", "an old certificate: its key counts"), ("ta", "an authority")):
        yield what, sent(got(name)) and logged(got(name), "STARTTLS=client", f"relay=mx.{name}.{SIGNED}.", "verify=TRUSTED"), got(name)
    for name, what, why in (("wrong", "another key", "no matching DANE TLSA records"), ("taname", "an authority, but another host", "hostname mismatch"),
                            ("taother", "another authority", "")):
        # in the words of ruleset tls_server, as with sendmail
        yield what, waits(got(name), "DANE check failed") and logged(got(name), "policy=dane, reason=" + why), got(name)
    yield "bogus records", waits(got("bogus"), why_bogus, "dsn=4.4.3") and not got("bogus")["remote"], got("bogus")
    yield "no records", sent(got("missing")) and logged(got("missing"), "verify=FAIL"), got("missing")
    yield "no useful records: TLS with anybody", sent(got("useless")) and protected(got("useless")), got("useless")
    yield "no useful records, and no TLS", waits(got("uselessclear"), "no TLS", "dsn=4.7.4"), got("uselessclear")
    yield "no TLS", waits(got("clear"), "no TLS", "dsn=4.7.4"), got("clear")
    yield "a zone that is not signed", sent(got("plain")) and not logged(got("plain"), "DANE"), got("plain")
    yield "MX records that are not signed", sent(got("lured")) and not logged(got("lured"), "DANE"), got("lured")
    yield "a host that the mailertable names", waits(got("named"), "DANE check failed"), got("named")
    yield from insisting(got, run)
    (direct,) = run("FEATURE(`tls_policy', `dane')", [mail("x@direct." + SIGNED)])
    yield "an entry of the access map", sent(direct) and not logged(direct, "DANE"), direct
    (direct,) = run("", [mail("x@direct." + SIGNED)], "O TLSARecords=true\n")
    yield "a domain without MX records", waits(direct, "DANE check failed"), direct
    (wrong,) = run("", [mail("x@wrong." + SIGNED)])
    yield "nobody has asked for DANE", sent(wrong) and not logged(wrong, "DANE"), wrong


def validated_here(site):
    """The same decisions where nobody else validates."""
    def run(features, cases, lines=""):
        return site.run(features, cases, lines + "O DNSSECTrustAnchor=/mnt/zones/anchor\n")
    yield from (("validated here: " + what, good, result) for what, good, result in cases(run, "DNSSEC validation failed"))
    (unasked,) = site.run("FEATURE(`tls_policy', `dane')", [mail("x@wrong." + SIGNED)])
    yield "nobody validates: nothing is believed", sent(unasked) and not logged(unasked, "DANE"), unasked
    lines = "O DNSSECTrustAnchor=/mnt/zones/nowhere\n"
    (missing,) = site.run("FEATURE(`tls_policy', `dane')", [mail("x@ee." + SIGNED)], lines)
    yield "no keys: nothing is sent", waits(missing, "DNSSEC validation failed"), missing
    yield "and the daemon says why", any("DNSSECTrustAnchor: /mnt/zones/nowhere: No such file" in line for line in missing["daemon"] + missing.get("start", []) + missing["log"]), missing


def insisting(got, run):
    """What the site itself wants of single domains."""
    must = got("must")
    yield "MUST-DANE: a host that proves who it is", sent(must) and logged(must, "STARTTLS=client", "verify=TRUSTED"), must
    for name, why in (("mustnone", "the host has no TLSA records that are validated"), ("mustuseless", "none of the TLSA records is of use"), ("mustlured", "the MX records of the domain are not validated"),
                      ("mustnamed", "the host has no TLSA records that are validated")):
        yield f"MUST-DANE: {name}", waits(got(name), "not met: DANE is required, and " + why, "dsn=4.7.5") and logged(got(name), "policy=site, reason=DANE is required") and not got(name)["remote"], got(name)
    yield "MUST-TLS: with whomever", sent(got("musttls")) and protected(got("musttls")), got("musttls")
    for name in ("mustclear", "mustaddress"):
        yield f"MUST-TLS: no TLS, {name}", waits(got(name), "no TLS", "dsn=4.7.4") and logged(got(name), "policy=site, reason=no TLS"), got(name)
    yield "a word that nobody knows", sent(got("ee")) and logged(got("ee"), f'ruleset tls_policy: ee.{SIGNED}: unknown word "MUSTDANE"'), got("ee")
    off, spared = run("FEATURE(`tls_policy', `sts')", [mail("x@must." + SIGNED), mail("x@ee." + SIGNED)])
    yield "MUST-DANE, and nobody may look for it", waits(off, "option TLSARecords is not set") and not off["remote"], off
    yield "others go as ever", sent(spared), spared


def requiring(run):
    """REQUIRETLS (RFC 8689): who asks for it, where it goes, how it waits."""
    def asks(to, parameters=" REQUIRETLS", fields="", tls=True):
        steps = [["say", "EHLO client.example"]] + [["say", "STARTTLS"], ["tls", {}], ["say", "EHLO client.example"]] * tls
        steps += [["say", f"MAIL FROM:<ann@site.example>{parameters}"], ["say", f"RCPT TO:<x@{to}.{SIGNED}>"], ["message", fields + "Subject: hello\r\n\r\nhello\r\n.\r\n"], ["say", "QUIT"]]
        return {"client": "127.0.0.1", "steps": steps, "after": []}
    cases = [asks("promise"), asks("ee"), asks("unproven"), asks("promise", tls=False), asks("wrong", "", "TLS-Required: No\r\n"), asks("wrong", "")]
    good, silent, unproven, clear, waived, wrong = run("FEATURE(`tls_policy', `dane', `requiretls')", cases, OWN)

    def offers(result):
        return [line for line in result["session"] if line.startswith("S: ") and line.endswith("REQUIRETLS")]
    said = any(line.startswith("C: MAIL From:<ann@site.example>") and line.endswith(" REQUIRETLS") for talk in good["remote"] for line in talk)
    yield "it is passed on", sent(good) and said, good
    yield "it is offered under TLS alone", len(offers(good)) == 1 and not offers(clear), clear
    yield "nobody may ask for it in the clear", any("555 5.5.4 REQUIRETLS parameter unrecognized" in line for line in clear["session"]), clear
    yield "a server that does not offer it", waits(silent, "does not offer REQUIRETLS", "dsn=4.7.30"), silent
    yield "a server that has proved nothing", waits(unproven, "has not proved", "dsn=4.7.30"), unproven
    file = next((file for file in silent["queue"] if file[0].startswith("qf")), [""])
    yield "sendmail will not touch its queue file", "V9" in file and any(line.startswith("F") and "T" in line for line in file), silent
    yield "TLS-Required: No", sent(waived), waived
    yield "and without it", waits(wrong, "DANE check failed"), wrong
    again = {"client": "127.0.0.1", "steps": asks("ee")["steps"], "after": [["run", ["-q"]]]}
    (again,) = run("FEATURE(`tls_policy', `dane', `requiretls')", [again], OWN)
    yield "it is kept with the message", waits(again, "does not offer REQUIRETLS") and sum("does not offer REQUIRETLS" in line and "stat=" in line for line in again["log"]) == 2, again


def main(canonify, *more):
    if os.geteuid() != 0 or not all(map(shutil.which, ("openssl", "named", "unbound", "dnssec-signzone", "dig"))):
        print("SKIPPED: needs root, openssl and Debian's packages bind9, bind9-utils, bind9-dnsutils and unbound\n0 passed, 0 failed")
        return 0
    site = policy_bed.World(canonify, "policy_bed", NAMES, world)
    found = [*cases(site.run), *requiring(site.run)]
    site.close()
    site = policy_bed.World(canonify, "policy_bed", NAMES, lambda folder: world(folder) | {"validates": False})
    found += validated_here(site)
    site.close()
    return policy_bed.report(found, "--show" in more)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
