#!/usr/bin/env python3
"""Sessions with AUTH EXTERNAL, Debian's sendmail and canonify side by side: certificates that are found good and others, with and without a name as whom
the client acts, under letters of AuthOptions and lists of mechanisms. Needs Debian's packages sasl2-bin and libsasl2-modules.

usage: external.py CANONIFY [options of side_by_side.py]      auth.md: the differences that stay
"""
import sys

import auth_cases, secure, secure_cases, side_by_side, tls_cases
from auth_bed import SASL, b64

EHLO, QUIT = auth_cases.EHLO, auth_cases.QUIT
LOG_INS = [["AUTH EXTERNAL", "="], ["AUTH EXTERNAL", ""], ["AUTH EXTERNAL", b64("bob")], ["AUTH EXTERNAL", "*"], ["AUTH EXTERNAL ="], ["AUTH external " + b64("alice@site.example")],
           ["AUTH EXTERNAL " + b64("x" * 1024)], ["AUTH EXTERNAL " + b64("x" * 1025)], ["AUTH EXTERNAL " + b64("a\0b")], ["AUTH EXTERNAL " + b64(" a b,=+")], ["AUTH EXTERNAL !"]]
MAIL = [["say", "MAIL FROM:<ann@elsewhere.example>"], ["say", "RCPT TO:<x@second.example>"], ["say", "RSET"],
        ["say", "MAIL FROM:<ann@elsewhere.example> AUTH=ann"], ["say", "RCPT TO:<alice@site.example>"], ["message", "Subject: hi\r\n\r\nbody\r\n.\r\n"]]
NAMES = "O AuthMechanisms=EXTERNAL PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256"
LISTS = SASL.replace("PLAIN LOGIN", "PLAIN LOGIN EXTERNAL")
TRUST = "TRUST_AUTH_MECH(`EXTERNAL')\n"
SITES = [  # features, options, Sendmail.conf
    (TRUST, [NAMES], LISTS), ("", [NAMES], LISTS), (TRUST, [NAMES, "O AuthOptions=p"], LISTS), ("", [NAMES, "O AuthOptions=a"], LISTS), ("", [NAMES, "O AuthOptions=d"], LISTS),
    ("", [NAMES, "O AuthOptions=f"], LISTS), ("", [NAMES, "O AuthOptions=m"], LISTS), ("", [NAMES, "O AuthOptions=y"], LISTS), ("", [NAMES, "O AuthOptions=c"], LISTS), ("", [NAMES], SASL), (TRUST, [], LISTS)]


def sessions(full):
    """Whoever is offered nothing need not try everything."""
    secure_with = lambda certificate, *steps: [EHLO, ["secure", {"certificate": certificate}], EHLO, *steps, QUIT]
    said = [[["words", line] for line in lines] for lines in (LOG_INS if full else LOG_INS[:1])]
    for steps in said:
        yield secure_with("good", *steps, *MAIL)
    for certificate in (None, "selfsigned", "wrongca", "expired"):
        yield secure_with(certificate, *said[0], *MAIL[:2])
    yield [EHLO, *said[0], *MAIL[:2], QUIT]
    yield secure_with("good", *said[0], ["words", "AUTH PLAIN " + b64("\0alice\0secret")])


def groups(_seed, count):
    """The first of them."""
    drawn, number = [], 0
    for at, (features, options, sasl) in enumerate(SITES):
        lines = [secure_cases.FIELD, *tls_cases.OWN, *tls_cases.CA, *options, "O DaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port=25", "O DaemonPortOptions=Name=TLSMTA,Addr=127.0.0.1,Port=465,M=s"]
        cases = []
        for steps in sessions(at == 0):
            cases.append({"client": "127.0.0.9", "port": 25, "steps": steps, "filters": {}, "number": number})
            number += 1
        drawn.append({"features": features, "options": lines, "arguments": [], "sasl": sasl, "files": [["mail/access", auth_cases.ACCESS, 0o644]], "cases": cases})
    return [group for group in drawn if group["cases"][0]["number"] < count]


KIND = secure.KIND

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, groups, "auth.md", KIND, secure.kept))
