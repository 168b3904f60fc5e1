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


KIND = side_by_side.Kind("milter_bed", ("milter_bed.py", "mail_bed.py", "mail_site.py"), side_by_side.complete, describe)

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, milter_cases.groups, "docs/milter.md", KIND))
