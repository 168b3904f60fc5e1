#!/usr/bin/env python3
"""Generated sessions with AUTH, both sides of it, Debian's sendmail with Cyrus SASL and canonify side by side: replies, deliveries, dialogue
with remote hosts, queue, log. Needs Debian's packages sasl2-bin and libsasl2-modules.

usage: auth.py CANONIFY [options of side_by_side.py]      auth.md: the differences that stay
"""
import sys

import auth_cases, side_by_side


def describe(case, group):
    options = " ".join(option.removeprefix("O ") for option in group["options"])
    return [f"  case {case['number']} from {case['client']}; {group['features'].strip()}; {options}; {group['sasl'].strip()}".replace("\n", " | ")]


KIND = side_by_side.Kind("auth_bed", ("auth_bed.py", "mail_bed.py", "mail_site.py"), side_by_side.complete, describe)

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, auth_cases.groups, "auth.md", KIND))
