#!/usr/bin/env python3
"""Generated sessions with AUTH, both sides of it, Debian's sendmail with Cyrus SASL and canonify side by side: replies, deliveries, dialogue
with remote hosts, queue, log. Needs Debian's packages sasl2-bin and libsasl2-modules.

usage: auth.py CANONIFY [options of side_by_side.py]      auth.md: the differences that stay
"""
import json, sys

import auth_cases, side_by_side


def describe(case, group):
    options = " ".join(option.removeprefix("O ") for option in group["options"])
    return [f"  case {case['number']} from {case['client']}; {group['features'].strip()}; {options}; {group['sasl'].strip()}".replace("\n", " | ")]


ROWS = [  # what a case and a line that differs have in them, and the row of auth.md
    (r"AuthOptions=[^\"]*p", r"^-C: AUTH (PLAIN|LOGIN)", "an exchange that failed before"),
    (r"AUTH(?!.*mech_list)", r"possible SMTP attack: command=AUTH", "mechanisms that are not there count among those that may be tried")]


def kept(case, group, found):
    return side_by_side.row_of(ROWS, json.dumps([case["steps"], group["options"], group["sasl"]]), found)


KIND = side_by_side.Kind("auth_bed", ("auth_bed.py", "mail_bed.py", "mail_site.py"), side_by_side.complete, describe)

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, auth_cases.groups, "auth.md", KIND, kept))
