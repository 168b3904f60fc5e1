#!/usr/bin/env python3
"""Generated queues, Debian's sendmail and canonify side by side: queue runs, mailq, quarantine, host status.

See side_by_side.py for the options, queue_states.md for the differences that stay.
"""
import sys

import queue_cases, side_by_side



def describe(case, group):
    return [f"  case {case['number']}; {group['features'] or 'plain'}; {' '.join(group['options'])}; {' | '.join(map(str, case['steps']))}"]


QUEUES = side_by_side.Kind("queue_bed", ("mail_bed.py", "mail_site.py", "queue_bed.py"), side_by_side.complete, describe)

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, queue_cases.groups, "queue_states.md", QUEUES))
