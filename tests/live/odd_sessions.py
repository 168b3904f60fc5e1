#!/usr/bin/env python3
"""Generated SMTP sessions of clients that keep to no protocol, Debian's sendmail and canonify side by side.

usage: odd_sessions.py CANONIFY [options of side_by_side.py]      sessions.md: the differences that stay
"""
import sys

import odd_session_cases, session_cases, side_by_side

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, odd_session_cases.groups, "sessions.md", rows=session_cases.ROWS))
