#!/usr/bin/env python3
"""STARTTLS, Debian's sendmail and canonify side by side: state of the certificate × entry of the access map × direction, commands, options.

usage: tls.py CANONIFY [--only GROUP] [--reference]

Compared are the session, the dialogue with remote hosts, deliveries, the queue and the log; macros stand in the log (a rule writes them)
and in a header field. Certificates are made by openssl when it runs. --only takes the beginning of a group's name (tls_cases.py);
--reference shows what the reference does. What stays different is in KEPT and in docs/tls.md. Closes with "N passed, N failed".
"""
import argparse, concurrent.futures, json, os, pathlib, queue, re, sys, tempfile

import mail_bed, session_text, tls_cases, tls_certificates
from side_by_side import MAKEMAP, REFERENCE, cf_text

# Lines of the log that are not compared: of OpenSSL's own, of other rooms than TLS, and what a server without TLS says
# of the random bytes of a client that begins its handshake nevertheless.
LEFT_OUT = re.compile(
    r"engine=|SSL_shutdown|STARTTLS=\w+: error:|STARTTLS: read error|: AUTH: available|: done; delay|STARTTLS=client, (start|init)=|SMTP outgoing connect|STARTTLS: \w+ missing$|stat=aborted by sender|timeout waiting for input|bare carriage return in command$")
# Lines of queue files of which the reference has another: no inode of a message that was never queued before; what a
# connection that ended said; why tls_rcpt refused the first recipient, for the others as well.
QUEUE_LEFT_OUT = re.compile(r"I\d|M(reply: read error|Deferred$|Deferred: (Connection reset|421)|authentication failed|encryption too weak)")
# Differences that stay, each with its reason: (pattern, what it becomes on both sides).
KEPT = [
    # the syslog map has no queue id here
    (r"ID: (?=tls_(client|server|rcpt)\.)", ""),
    # OpenSSL's numbers of an error
    (r"(error: \w+ failed)=-1, (reason=[^,]*), SSL_error=\d+, errno=\d+", r"\1=-1, \2, SSL_error=1, errno=0"),
]


def alike(result):
    lines = [session_text.alike(line) for line in result["log"] if not LEFT_OUT.search(line)]
    for pattern, into in KEPT:
        lines = [re.sub(pattern, into, line) for line in lines]
    lines.sort(key=session_text.log_line)  # the syslog map does not wait for the log's own thread
    queue = [[line for line in file if not QUEUE_LEFT_OUT.match(line)] for file in result["queue"]]
    # a recipient whom tls_rcpt refuses is not waited for with MAIL
    remote = [re.sub(r"\nC: MAIL[^\n]*\nS: 250[^\n]*\nC: RSET\nS: 250[^\n]*", "", "\n".join(talk)).split("\n") for talk in result["remote"]]
    return {key: value for key, value in result.items() if key not in ("daemon", "start")} | {"log": lines, "queue": queue, "remote": remote}


def complete(group):
    ports = [f"O DaemonPortOptions={port}" for port in group.ports]
    cf = [cf_text(tls_cases.RULES + group.features), *group.options, "O LogLevel=12", "O DeliveryMode=i", *ports, tls_cases.FIELD, ""]
    cases = [dict(case, number=f"{group.name} {at}") for at, case in enumerate(group.cases)]
    return {"features": "", "options": group.options, "arguments": [], "cases": cases, "cf": "\n".join(cf)}


def show(group, answers):
    print("\n== start", group.name, *session_text.log(answers[0]["start"]), sep="\n    ")
    for case, answer in zip(group.cases, answers):
        print("\n==", group.name, case["client"], *case["steps"][2:3])
        for title, lines in session_text.sections(alike(answer)).items():
            print("--", title, *lines, sep="\n    ")


def compare(group, theirs, ours):
    """How many cases are alike, and how many not."""
    counts = [0, 0]
    for case, their, our in zip(group.cases, theirs, ours):
        found = session_text.differences(alike(their), alike(our))
        counts[bool(found)] += 1
        for title, lines in found:
            print("\n==", group.name, case["client"], *case["steps"][2:3], title)
            print(*("    " + line for line in lines), sep="\n")
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--only", default="")
    parser.add_argument("--reference", action="store_true")
    wish = parser.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="tls", dir="/var/lib") as folder:
        certificates = pathlib.Path(folder, "certificates")
        certificates.mkdir()
        tls_certificates.make(certificates)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(wish.canonify))
        programs = [REFERENCE / "usr/libexec/sendmail/sendmail", *([] if wish.reference else [program])]
        more = [str(certificates), json.dumps(tls_cases.hosts()), tls_cases.access()]
        groups = [group for group in tls_cases.groups() if group.name.startswith(wish.only)]
        # most of the time is spent waiting: two groups at a time, each by both programs
        sides = [[mail_bed.Bed(str(path), MAKEMAP, "tls_bed", *more) for path in programs] for _ in groups[:2]]
        free = queue.SimpleQueue()
        for beds in sides:
            free.put(beds)

        def run(group):
            beds, whole = free.get(), complete(group)
            with concurrent.futures.ThreadPoolExecutor(2) as both:
                answers = list(both.map(lambda bed: bed.run(whole), beds))
            free.put(beds)
            return answers

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for group, answers in zip(groups, pool.map(run, groups)):
                if wish.reference:
                    show(group, answers[0])
                    continue
                good, bad = compare(group, *answers)
                passed, failed = passed + good, failed + bad
        for bed in sum(sides, []):
            bed.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
