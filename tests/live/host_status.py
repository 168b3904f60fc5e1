#!/usr/bin/env python3
"""Host status files, Debian's sendmail and canonify side by side: what is written of each kind of host, who is passed over, -bh and -bH.

See side_by_side.py for the options.
"""
import sys

import queue_states, side_by_side

TEXT = "From: Ann <ann@elsewhere.example>\nTo: somebody@site.example\nSubject: hello\n\nbody\n"
DIRECTORY = "O HostStatusDirectory=/mnt/hoststat"


def send(*recipients, mode="-odi"):
    return ["submit", TEXT, mode, "-oi", "-f", "ann@elsewhere.example", *recipients]


def known(host, errno=0, exit=0, status="2.0.0", reply="", age=-60, written=0):
    """A file as another program has left it, with its directories."""
    labels = host.split(".")[::-1]
    text = "V0\nE%d\nH0\nS%d\nD%s\n%sU@%+d@\n.\n" % (errno, exit, status, "R%s\n" % reply if reply else "", age)
    folders = ["hoststat/" + "/".join(label + "." for label in labels[:at]) for at in range(1, len(labels))]
    path = "hoststat/" + "".join(label + "./" for label in labels[:-1]) + labels[-1]
    return [*([folder, {"folder": True}, 0o755, 0, 0] for folder in folders), [path, text, 0o644, 0, written]]


BH, PURGE, RUN = ["run", "-bh"], ["run", "-bH"], ["run", "-q"]
HOSTS = ["good", "plain", "old", "greet5", "greet4", "greetdrop", "ehlo4", "helo5", "ehlodrop", "mail5", "mail4", "mail421", "maildrop", "rcpt5",
         "rcpt4", "rcptdrop", "rcptmany", "data5", "data4", "datadrop", "dot5", "dot4", "dot421", "dotdrop", "odd", "quitdrop"]
DOMAINS = ["down", "downup", "busyup", "fiveup", "tempup", "dropup", "nullmx", "backup", "mxgone", "mxcname", "cname", "wild"]
LITERALS = ["x@[127.0.1.1]", "x@[127.0.1.36]", "x@[good.example]", "x@twohops.example", "x@relayed.example"]


def case(*steps, files=()):
    return {"files": list(files), "ids": [], "locks": [], "steps": list(steps)}


def written():
    """One message to each kind of host, then a run of the queue."""
    for recipient in [f"x@{name}.example" for name in HOSTS + DOMAINS] + LITERALS:
        yield case(send(recipient), BH, RUN, BH)
    yield case(send("x@good.example", "y@rcpt5.example", "z@good.example"), BH)
    yield case(send("ok@picky.example", "bad@picky.example", "tmp@picky.example"), BH)
    yield case(send("alice"), BH)
    yield case(send("x@good.example", "y@down.example"), send("z@good.example"), BH, RUN)


def believed():
    """What the files say already."""
    refused = {"errno": 111, "exit": 75, "status": "4.4.1"}
    for title in ("good.example", "down.example", "downup.example"):
        host = {"good.example": "mx.good.example", "down.example": "down.example", "downup.example": "down.example"}[title]
        yield case(send("x@" + title), BH, RUN, files=known(host, **refused))
        yield case(send("x@" + title, mode="-odq"), RUN, BH, files=known(host, **refused))
        yield case(send("x@" + title), BH, RUN, files=known(host, age=-4000, **refused))
        yield case(send("x@" + title), BH, files=known(host, exit=69, status="5.0.0", reply="554 5.7.1 go away"))
        yield case(send("x@" + title), BH, files=known(host, exit=75, status="4.5.0", reply="421 Too busy"))
        yield case(send("x@" + title), BH, files=known(host, errno=110, exit=75, status="4.4.1"))
    yield case(send("x@good.example"), BH, files=known("mx.good.example", exit=68, status="5.1.2"))
    yield case(send("x@good.example"), BH, files=known("mx.good.example", exit=76, status="5.5.0"))
    yield case(send("x@good.example"), BH, files=known("mx.good.example", reply="250 2.0.0 before"))
    yield case(send("x@[127.0.1.1]"), BH, files=known("[127.0.1.1]", **refused))
    yield case(send("x@downup.example"), BH, files=known("mx.good.example", **refused))
    yield case(["age", 3000], BH, PURGE, BH, files=known("mx.good.example") + [["hoststat/odd", "V7\nU@-100@\n.\n", 0o644, 0, 0]])
    yield case(BH, PURGE, BH, ["age", 3000], BH, PURGE, BH, files=known("mx.good.example", reply="250 2.0.0 took it"))
    yield case(BH, files=[["hoststat/odd", "V7\nU@-100@\n.\n", 0o644, 0, 0], ["hoststat/late", "V0\nS75\nU@-200000@\n.\n", 0o644, 0, 0]])
    yield case(PURGE, BH, files=known("mx.good.example", age=-4000, written=4000) + known("down.example", written=4000)[1:])
    yield case(PURGE, BH, files=[["hoststat/example.", {"folder": True}, 0o755, 0, 0], ["hoststat/example./empty.", {"folder": True}, 0o755, 0, 0], ["hoststat/example./old.", {"folder": True}, 0o755, 0, 90000], ["hoststat/other", {"folder": True}, 0o755, 0, 0], ["hoststat/odd", "V7\n", 0o644, 0, 90000]])
    yield case(["run_as", "alice", "-bh"], ["run_as", "alice", "-bH"], files=known("mx.good.example"))
    yield case(["run", "-bh", "x"], ["run", "-bH", "x"], files=known("mx.good.example"))


def locked():
    """Somebody else talks to the host."""
    file = known("mx.good.example")
    yield {**case(BH, send("x@good.example"), BH, RUN, files=file), "locks": [file[-1][0]]}
    yield {**case(BH, send("x@down.example", "y@second.example", "z@good.example"), files=file), "locks": [file[-1][0]]}


GROUPS = [
    ([DIRECTORY], list(written())),
    ([DIRECTORY], list(believed())),
    ([DIRECTORY, "O Timeout.hoststatus=1m"], list(believed())[:6]),
    (["O HostStatusDirectory=nosuch"], [case(send("x@good.example"), BH, PURGE)]),
    (["O HostStatusDirectory=nosuch", "O SingleThreadDelivery=True"], [case(send("x@good.example"), BH, PURGE)]),
    (["O HostStatusDirectory=/mnt/hoststat/nosuch"], [case(send("x@good.example"), BH, PURGE)]),
    ([], [case(send("x@good.example"), BH, PURGE)]),
    (["O SingleThreadDelivery=True"], [case(send("x@good.example"), BH)]),
    ([DIRECTORY, "O SingleThreadDelivery=True"], [*locked(), *written(), *list(believed())[:8]]),
    ([DIRECTORY], list(locked())),
    ([DIRECTORY, "O ConnectionCacheSize=0"], list(written())[:3]),
    ([DIRECTORY, "O FallbackMXhost=mx.second.example"], [*list(believed())[:8]]),
    ([DIRECTORY, "O FallbackSmartHost=mx.second.example"], [*list(believed())[:8]]),
]


def groups(_seed, _count):
    made, number = [], 0
    for options, cases in GROUPS:
        for at in range(0, len(cases), 6):
            some = [{**one, "number": number + index} for index, one in enumerate(cases[at:at + 6])]
            number += len(some)
            made.append({"features": "", "options": options, "directories": ["mqueue"], "cases": some})
    return made


if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, groups, "host_status.py", queue_states.QUEUES))
