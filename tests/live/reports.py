#!/usr/bin/env python3
"""Generated messages that fail, wait or are receipted, Debian's sendmail and canonify side by side: reports byte for byte, queue, log.

usage: reports.py CANONIFY [options of side_by_side.py]      reports.md: the differences that stay
"""
import sys

import report_cases, side_by_side

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, report_cases.groups, "reports.md", rows=report_cases.ROWS))
