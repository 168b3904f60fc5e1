#!/usr/bin/env python3
"""Generated SMTP sessions, Debian's sendmail and canonify side by side: replies, deliveries, dialogue with remote hosts, queue, log.

usage: sessions.py CANONIFY [options of side_by_side.py]      sessions.md: the differences that stay
"""
import sys

import session_cases, side_by_side

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, session_cases.groups, "sessions.md", rows=session_cases.ROWS))
