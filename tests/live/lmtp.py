#!/usr/bin/env python3
"""Delivery by LMTP and SMTP to programs on a pipe, UNIX sockets and TCP, Debian's sendmail and canonify side by side.

usage: lmtp.py CANONIFY [options of side_by_side.py]      lmtp.md: the differences that stay

Each kind of mailer gets every mixture of recipients that a server answers differently. What programs and servers were told, reports,
queue and log are compared.
"""
import re
import sys

import side_by_side

RULES = "S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP/HdrFromSMTP, L=990, T=DNS/RFC822/SMTP"
MAILERS = {  # name: path, flags, arguments
    "pipe": ("/mnt/bin/lmtp", "mDFMnXz", "lmtp -l"),
    "here": ("/mnt/bin/lmtp", "lsmDFMnXzS", "lmtp -l"),
    "host": ("/mnt/bin/lmtp", "mDFMnXz9", "lmtp -l $h"),
    "single": ("/mnt/bin/lmtp", "DFMnXz", "lmtp -l"),
    "smtp0": ("/mnt/bin/lmtp", "mDFMnX", "lmtp smtp"),
    "sulks": ("/mnt/bin/lmtp", "mDFMnXz", "lmtp sulks"),
    "mute": ("/mnt/bin/lmtp", "mDFMnXz", "lmtp mute"),
    "busy": ("/mnt/bin/lmtp", "mDFMnXz", "lmtp busy"),
    "gone": ("/mnt/bin/nosuch", "mDFMnXz", "lmtp -l"),
    "unix": ("[IPC]", "mDFMnXz", "FILE /mnt/lmtp.socket"),
    "unixhere": ("[IPC]", "lsmDFMnXz", "FILE /mnt/lmtp.socket"),
    "tcp": ("[IPC]", "mDFMnXz", "TCP [127.0.3.1] 24"),
    "nosocket": ("[IPC]", "mDFMnXz", "FILE /mnt/nosuch.socket"),
    "lpc": ("[LPC]", "mDFMnXz", "TCP $h"),
}
FEATURES = "\n".join([
    "MAILER_DEFINITIONS", *(f"M{name}, P={path}, F={flags}, {RULES}, E=\\r\\n, A={arguments}" for name, (path, flags, arguments) in MAILERS.items()),
    "LOCAL_RULE_0", "R$+ < @ $- . lmtp.example $* >\t$#$2 $@ host.example $: $1", "LOCAL_CONFIG"])
LOCAL = "FEATURE(`local_lmtp', `/mnt/bin/lmtp', `lmtp -l')"
MIXTURES = ["a", "a b c", "full", "never", "unknown", "later", "odd", "plain", "long", "a full never unknown later", "unknown never full b", "ends a", "a ends", "unknown unknown2", "later never"]
MESSAGE = "Subject: hi\r\n\r\n..a dot\r\nFrom here\r\nbody\r\n.\r\n"


def steps(recipients, parameters=""):
    return [["say", "EHLO x.example"], ["say", "MAIL FROM:<me@good.example>"], *(["say", f"RCPT TO:<{one}>{parameters}"] for one in recipients), ["message", MESSAGE], ["say", "QUIT"]]


def group(features, texts, more=()):
    options = ["O DeliveryMode=i", *more, "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25"]
    cases = [{"number": number, "client": "127.0.0.5", "steps": steps(*text)} for number, text in texts]
    return {"features": features, "options": [*options, "O LogLevel=9"], "arguments": [], "cases": cases}


def groups(seed, count):
    """The same ones with every seed."""
    numbers = iter(range(1000))
    for name in MAILERS:
        few = MIXTURES[:2] if name in ("mute", "busy", "gone", "nosocket", "lpc", "sulks") else MIXTURES
        texts = [(next(numbers), ([f"{one}@{name}.lmtp.example" for one in mixture.split()],)) for mixture in few]
        texts += [(next(numbers), ([f"{one}@{name}.lmtp.example" for one in "a full never".split()], " NOTIFY=SUCCESS,DELAY,FAILURE"))] if few is MIXTURES else []
        yield group(FEATURES, texts)
    users = ["alice", "alice grace www", "alice dave", "nosuchuser alice", "staff", "twice"]
    yield group(LOCAL, [(next(numbers), ([f"{one}@site.example" for one in text.split()],)) for text in users])


ROWS = [  # recipients: the row of lmtp.md
    (r"ends|never.*<b@|later@single", "the log when a server ends"), (r"@(sulks|mute)\.", "the line `mailer NAME exited`"), (r"@gone\.", "a program that is not there"),
    (r"@smtp0\.", "SMTP without LMTP on a pipe"), (r"@lpc\.", "`[LPC]` in a daemon"), (r" .*@single\.", "several deliveries to a mailer without flag m"),
    (r"(dave|staff)@site", "`nrcpts=` and `pri=`"),
]


def kept(case, group, _found):
    recipients = " ".join(step[1] for step in case["steps"] if step[1].startswith("RCPT"))
    return next((row for pattern, row in ROWS if re.search(pattern, recipients)), None)


def describe(case, group):
    return [f"  case {case['number']}: " + " ".join(step[1] for step in case["steps"] if step[1].startswith("RCPT"))]


KIND = side_by_side.SESSIONS._replace(bed="lmtp_bed", files=("mail_bed.py", "mail_site.py", "lmtp_bed.py"), describe=describe)

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, groups, "lmtp.md", KIND, kept))
