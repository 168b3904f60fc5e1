#!/usr/bin/env python3
"""MTA-STS (RFC 8461): what a domain's policy says is done, whoever stands in the way; policies are fetched, kept and forgotten as they should.

usage: sts.py CANONIFY [--show]     Needs root and openssl; without them it skips. Domains, hosts, name server and web server are the test's own.
"""
import json, sys, time

import policy_bed
from policy_bed import logged, mail, protected, sent, waits

KEYWORDS = ["PIPELINING", "8BITMIME"]
# domain: (the certificate that its host shows, None: it offers no STARTTLS)
DOMAINS = {"ok": "ok", "wrongname": "ok", "selfsigned": "selfsigned", "expired": "expired", "notls": None, "testing": "selfsigned", "testclear": None, "unlisted": "unlisted",
           "wild": "wild", "off": "selfsigned", "badweb": "selfsigned", "redirect": "selfsigned", "big": "selfsigned", "nonsense": "selfsigned", "two": "selfsigned",
           "changed": "selfsigned", "old": "selfsigned", "valid": "selfsigned", "excused": "selfsigned"}
NAMES = {name: (f"mx.{name}.example", "ca", "40") for name in ("ok", "unlisted", "wild")}
NAMES |= {"web": ("*.example", "ca", "40"), "webok": ("*.ok.example", "ca", "40")}
NAMES |= {"selfsigned": ("mx.selfsigned.example", None, "40"), "expired": ("mx.expired.example", "ca", "21")}


def policy(domain, mode="enforce", mx=None, age=86400):
    return f"version: STSv1\r\nmode: {mode}\r\nmx: {mx or f'mx.{domain}.example'}\r\nmax_age: {age}\r\n"


def world():
    hosts = {name: {"ehlo": KEYWORDS, **({"tls": {"certificate": shown}} if shown else {})} for name, shown in DOMAINS.items()}
    zone, pages, shown = {}, {}, {}
    for name in DOMAINS:
        web = f"mta-sts.{name}.example"
        zone[f"{web} A"] = [policy_bed.WEB_ADDRESS]
        zone[f"_mta-sts.{name}.example TXT"] = ["v=STSv1; id=1;"]
        pages[web] = ["200 OK", policy(name)]
        shown[web] = f"web-{name}"
    del zone["_mta-sts.old.example TXT"], zone["_mta-sts.valid.example TXT"]
    zone["_mta-sts.two.example TXT"] = ["v=STSv1; id=1;", "v=STSv1; id=2;"]
    zone["_mta-sts.changed.example TXT"] = ["v=STSv1; id=2;"]
    pages["mta-sts.testing.example"][1] = policy("testing", "testing")
    pages["mta-sts.testclear.example"][1] = policy("testclear", "testing", "other.example")
    pages["mta-sts.unlisted.example"][1] = policy("unlisted", mx="mx.other.example")
    pages["mta-sts.wild.example"][1] = policy("wild", mx="*.wild.example")
    pages["mta-sts.off.example"][1] = policy("off", "none")
    pages["mta-sts.redirect.example"][0] = "301 Moved Permanently"
    pages["mta-sts.big.example"][1] += "x: " + "y" * 70000
    pages["mta-sts.nonsense.example"][1] = "<html>"
    shown["mta-sts.badweb.example"] = "ok"
    return {"hosts": hosts, "zone": zone, "pages": pages, "shown": shown, "access": "TLS_Policy:excused.example\tNONE\n"}


def line(domain, text, ago, number="1"):
    return json.dumps({"domain": f"{domain}.example", "id": number, "fetched": int(time.time()) - ago, "text": text}) + "\n"


def first(run):
    """(what, is it so, the result): each domain once."""
    names = [name for name in DOMAINS if name not in ("changed", "old", "valid")]
    asked = [["web", "asked"]]
    results = dict(zip(names, run([mail(f"x@{name}.example", asked) for name in names])))

    def got(name):
        return results[name]
    good = sent(got("ok")) and protected(got("ok")) and logged(got("ok"), "MTA-STS: domain=ok.example, policy fetched, mode=enforce")
    yield "a good host", good, got("ok")
    yield "the web server is asked by its name", "web: GET /.well-known/mta-sts.txt HTTP/1.1 mta-sts.ok.example" in got("ok")["session"] and "web: SNI mta-sts.ok.example" in got("ok")["session"], got("ok")
    yield "another name", waits(got("wrongname"), "hostname mismatch", "dsn=4.7.5"), got("wrongname")
    yield "signed by itself", waits(got("selfsigned"), "self-signed certificate", "dsn=4.7.5"), got("selfsigned")
    yield "an old certificate", waits(got("expired"), "certificate has expired", "dsn=4.7.5"), got("expired")
    yield "no TLS", waits(got("notls"), "no TLS", "dsn=4.7.4"), got("notls")
    yield "a host that the policy does not name", waits(got("unlisted"), "does not name this host", "dsn=4.7.5") and not got("unlisted")["remote"], got("unlisted")
    yield "a star", sent(got("wild")) and protected(got("wild")), got("wild")
    tested = logged(got("testing"), "policy=sts, domain=testing.example, mode=testing, reason=self-signed certificate")
    yield "testing: it goes, and the log knows", sent(got("testing")) and tested, got("testing")
    yield "testing: even in the clear", sent(got("testclear")) and logged(got("testclear"), "mode=testing, reason=no TLS"), got("testclear")
    yield "mode none", sent(got("off")) and logged(got("off"), "policy fetched, mode=none"), got("off")
    for name, why in (("badweb", "hostname mismatch"), ("redirect", "answer 301"), ("big", "length limit"), ("nonsense", "no version STSv1")):
        yield f"{name}: no policy", sent(got(name)) and logged(got(name), f"domain={name}.example, policy cannot be fetched: {why}"), got(name)
    yield "two records: no policy", sent(got("two")) and not [text for text in got("two")["session"] if text.startswith("web: GET")], got("two")
    yield "an entry of the access map", sent(got("excused")) and not logged(got("excused"), "MTA-STS"), got("excused")


def later(run):
    """Restarted, with a web server that does not answer, and policies in the file."""
    asked, gone = [["web", "asked"]], [["web", "off"]]
    cases = [mail("x@wild.example", [*asked, *gone]), mail("x@selfsigned.example"), mail("x@redirect.example")]
    known, selfsigned, redirect = run(cases)
    yield "known after a restart", sent(known) and not [text for text in known["session"] if text.startswith("web: GET")], known
    yield "and what it forbids", waits(selfsigned, "self-signed certificate"), selfsigned
    yield "what could not be fetched is asked for again", sent(redirect) and logged(redirect, "policy cannot be fetched: "), redirect
    text = line("old", policy("old"), 90000) + line("valid", policy("valid"), 80000) + line("changed", policy("changed", "testing"), 10)
    cases = [{"client": "127.0.0.1", "steps": [], "after": [["known", text], ["web", "off"]]}, mail("x@old.example"), mail("x@valid.example"), mail("x@changed.example", [["web", "on"]])]
    _, old, valid, unfetched = run(cases)
    yield "older than max_age: forgotten", sent(old), old
    yield "younger: it counts without record and web server", waits(valid, "self-signed certificate"), valid
    yield "a new id, but no policy: the old one counts", sent(unfetched) and logged(unfetched, "changed.example, policy cannot be fetched", "the old one counts") and logged(unfetched, "mode=testing, reason"), unfetched
    (changed,) = run([mail("x@changed.example")])
    yield "a new id: the new policy counts", waits(changed, "self-signed certificate") and logged(changed, "domain=changed.example, policy fetched, mode=enforce"), changed


if __name__ == "__main__":
    sys.exit(policy_bed.with_policies(sys.argv[1:], "FEATURE(`tls_policy', `sts')", NAMES, DOMAINS, world(), lambda run: [*first(run), *later(run)]))
