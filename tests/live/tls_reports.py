#!/usr/bin/env python3
"""TLS reports (RFC 8460): what sessions with the hosts of a domain came to is told a day later, by mail and to a web server, to whom the domain names.

usage: tls_reports.py CANONIFY [--show]     Needs root and openssl; without them it skips. Domains, hosts, name server and web server are the test's own.
"""
import base64, email, gzip, itertools, json, sys

import policy_bed
from policy_bed import logged, mail, sent

# domain: (the certificate that its host shows, None: no STARTTLS; the mode of its policy; where it wants its reports)
MAIL, WEB = "mailto:tls@inbox.example", "https://web.inbox.example/report"
DOMAINS = {"ok": ("ok", "enforce", MAIL), "bad": ("selfsigned", "enforce", f"{MAIL},{WEB}"), "clear": (None, "testing", MAIL), "plain": ("selfsigned", None, MAIL),
           "silent": ("ok", "testing", None), "inbox": (None, "enforce", None), "gone": ("ok", "gone", MAIL), "odd": ("ok", "of a kind of its own", MAIL), "web": ("ok", "enforce", MAIL)}
# domains whose policy cannot be had: what reports call that
LOST = {"gone": "sts-policy-fetch-error", "odd": "sts-policy-invalid", "web": "sts-webpki-invalid"}
NAMES = {"ok": ("mx.ok.example", "ca", "40"), "selfsigned": ("mx.selfsigned.example", None, "40"), "web": ("web.inbox.example", "ca", "40")}


def world():
    hosts, zone, pages, shown = {}, {"web.inbox.example A": [policy_bed.WEB_ADDRESS]}, {"web.inbox.example": ["201 Created", ""]}, {}
    for name, (certificate, mode, receivers) in DOMAINS.items():
        hosts[name] = {"ehlo": ["PIPELINING", "8BITMIME"], **({"tls": {"certificate": certificate}} if certificate else {})}
        web = f"mta-sts.{name}.example"
        shown[web] = "selfsigned" if name == "web" else f"web-{name}"
        if mode:
            zone[f"{web} A"] = [policy_bed.WEB_ADDRESS]
            zone[f"_mta-sts.{name}.example TXT"] = ["v=STSv1; id=1;"]
            pages[web] = ["404 Not Found" if mode == "gone" else "200 OK", f"version: STSv1\r\nmode: {mode}\r\nmx: mx.{name}.example\r\nmax_age: 86400\r\n"]
        if receivers:
            zone[f"_smtp._tls.{name}.example TXT"] = [f"v=TLSRPTv1; rua={receivers}"]
    return {"hosts": hosts, "zone": zone, "pages": pages, "shown": shown}


def reports(result):
    """Those that came by mail: domain → (the message, what the report says)."""
    found = {}
    # several may have come over one connection
    told = [itertools.groupby(talk, lambda line: line.startswith("D: ")) for talk in result["remote"]]
    texts = ["\n".join(line[3:] for line in lines) for talk in told for is_message, lines in talk if is_message]
    for message in map(email.message_from_string, texts):
        parts = [part for part in message.walk() if part.get_content_type() == "application/tlsrpt+gzip"]
        if parts:
            found[message["TLS-Report-Domain"]] = (message, json.loads(gzip.decompress(parts[0].get_payload(decode=True))))
    return found


def only(found, domain):
    """(type of the policy, sessions that were good, that were not, types of failures) of a domain's report."""
    if domain not in found:
        return None
    (about,) = found[domain][1]["policies"]
    summary = about["summary"]
    return (about["policy"]["policy-type"], summary["total-successful-session-count"], summary["total-failure-session-count"],
            [failure["result-type"] for failure in about["failure-details"]])


def cases(run):
    """(what, is it so, the result) of each."""
    to = [mail(f"x@{name}.example") for name in ("ok", "ok", "bad", "clear", "plain", "silent", *LOST, *LOST)]
    to.append({"client": "127.0.0.1", "steps": [], "after": [["next_day", 5 + len(LOST)], ["web", "asked"]]})
    *_, day = run(to)
    found = reports(day)
    yield "a good host, two sessions", only(found, "ok.example") == ("sts", 2, 0, []), day
    yield "a certificate that is not trusted", only(found, "bad.example") == ("sts", 0, 1, ["certificate-not-trusted"]), day
    yield "no STARTTLS", only(found, "clear.example") == ("sts", 0, 1, ["starttls-not-supported"]), day
    yield "no policy", only(found, "plain.example") == ("no-policy-found", 1, 0, []), day
    for name, kind in LOST.items():
        yield f"a policy that cannot be had: {kind}", only(found, f"{name}.example") == ("no-policy-found", 0, 2, [kind]), day
    yield "who has not asked hears nothing", set(found) == {f"{name}.example" for name in ("ok", "bad", "clear", "plain", *LOST)}, day
    message, report = found.get("bad.example", ({}, {}))
    fields = ("multipart/report" in message.get("Content-Type", "") and message.get("TLS-Report-Submitter") == report.get("organization-name")
              and report.get("report-id", "?") in message.get("Subject", "") and message.get("TLS-Required") == "No")
    yield "the fields of the message", fields, day
    policy = report["policies"][0]["policy"] if report else {}
    shown = policy.get("policy-domain") == "bad.example" and policy.get("mx-host") == ["mx.bad.example"] and "mode: enforce" in policy.get("policy-string", [])
    yield "the policy, as it was", shown, day
    bodies = [line.removeprefix("web: BODY ") for line in day["session"] if line.startswith("web: BODY ")]
    posted = [json.loads(gzip.decompress(base64.b64decode(body))) for body in bodies]
    yield "the web server has the same", posted == [report] and "web: POST /report HTTP/1.1 web.inbox.example" in day["session"], day
    yield "the log tells of it", logged(day, "TLS report: domain=bad.example", f"to={WEB}, sent") and logged(day, "to=tls@inbox.example, sent"), day
    # those who get it are told although their own TLS fails
    yield "a report waits for no TLS", sent(day), day
    (again,) = run([{"client": "127.0.0.1", "steps": [], "after": [["next_day", 0]]}])
    yield "nothing is told twice", not set(reports(again)) & set(found), again


if __name__ == "__main__":
    sys.exit(policy_bed.with_policies(sys.argv[1:], "FEATURE(`tls_policy', `sts', `reports')", NAMES, DOMAINS, world(), cases))
