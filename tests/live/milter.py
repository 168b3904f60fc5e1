#!/usr/bin/env python3
"""Generated SMTP sessions with scripted mail filters, Debian's sendmail and canonify side by side: what each filter is told, packet by packet,
replies, deliveries, dialogue with remote hosts, queue, log.

usage: milter.py CANONIFY [options of side_by_side.py]      docs/milter.md: the differences that stay
"""
import json, sys

import milter_cases, side_by_side


def describe(case, group):
    options = " ".join(option.removeprefix("O ") for option in group["options"])
    yield f"  case {case['number']} from {case['client']} port {case['port']}; {group['features'] or 'plain'}; {options}"
    for name, script in case["filters"].items():
        yield f"    filter {name}: {json.dumps(script)}"


ROWS = [  # what a case and a line that differs have in them, and the row of docs/milter.md
    (r'"[+2]", "<nosuch@', r"nosuch|olderrors|User unknown|^\+C: MAIL From:<> ", "a filter that adds an unknown recipient"),
    (r'"[+2]", "<?(carol|staff|list)@', r"\bto=|nrcpts|^[-+]> D E.*\bu\||: alias <?(carol|staff|list)@\S+ => ", "a recipient that a filter adds and that is an alias"),
    (r'RCPT TO:(<[^>]*>).*RCPT TO:\1.*"R": .*\["[yrt45f]', r"^\+(local |C: RCPT |<22>.*stat=Sent)", "a recipient that has been taken and that a filter refuses when it is named again"),
    (r"RCPT TO:(<[^>]*>).*RCPT TO:\1", r"^-.*nrcpts(=|\}\|)\d", "a recipient that a filter has refused and that is named again"),
    (r'"q", "', r"^-qfID|^\+local|^\+C: MAIL", "a message behind one that was quarantined"),
    (r'"-", "|"R": .*\["[yrt45f]', r"^-.*stat=discarded$", "recipients that a filter has refused or struck out of a message that is discarded"),
    (r'"e", "(bob@|.*FROM:<>)|FROM:<>.*"e", "', r"^-.*(From: |Full-Name: |pri=\d|SIZE=)", "a field that says something only once a filter has set a sender"),
    (r'"b", "half\\r"', r"half", "a new body that ends with CR"),
    (r"Milter\.LogLevel=[0-3]\b", r"^-<21>sendmail: ID: [^:=]*$", "a reply of a filter with Milter.LogLevel below 4"),
    (r'"y", "[45]\d\d"\]', r"^[-+]S: [45]\d\d [45]\.0\.0 (<[^>]*>\.\.\. )?", "a reply of a filter that is a code alone"),
    (r"LogLevel=22", r"^-.*: quit filter$", "`quit filter` beyond Milter.LogLevel 18")]


def said(case, group):
    return json.dumps([case["steps"], case["filters"], group["options"]])


def kept(case, group, found):
    return side_by_side.row_of(ROWS, said(case, group), found)


KIND = side_by_side.Kind("milter_bed", ("milter_bed.py", "mail_bed.py", "mail_site.py"), side_by_side.complete, describe)

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, milter_cases.groups, "docs/milter.md", KIND, kept))
