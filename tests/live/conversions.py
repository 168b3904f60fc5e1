#!/usr/bin/env python3
"""Generated messages with 8 bits, MIME structure and encodings, Debian's sendmail and canonify side by side: what each kind of mailer gets.

usage: conversions.py CANONIFY [options of side_by_side.py]      conversions.md: the differences that stay

Deliveries and dialogues are compared byte for byte but for dates and ids.
"""
import sys

import conversion_cases, side_by_side

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, conversion_cases.groups, "conversions.md"))
