#!/usr/bin/env python3
"""Generated sessions with STARTTLS, AUTH and a mail filter, Debian's sendmail and canonify side by side: replies, what the filter is told of both at each
stage, deliveries, queue, log. Needs Debian's packages sasl2-bin and libsasl2-modules.

usage: secure.py CANONIFY [options of side_by_side.py]      auth.md, docs/tls.md, docs/milter.md: the differences that stay
"""
import sys

import auth, milter, secure_cases, side_by_side

FILES = ("secure_bed.py", "auth_bed.py", "milter_bed.py", "tls_bed.py", "tls_certificates.py", "mail_bed.py", "mail_site.py")
KIND = side_by_side.Kind("secure_bed", FILES, side_by_side.complete, milter.describe)

ROWS = [  # of auth.md
    (r'"421', r"^\+S: 421 ", "421 of a filter under TLS"),
    (r'AUTH=(?s:.*)(STARTTLS|"secure")', r"auth_author", "the author of a MAIL that was refused before STARTTLS")]


def kept(case, group, found):
    row = side_by_side.row_of(ROWS, milter.said(case, group), found)
    return row or milter.kept(case, group, found) or auth.kept(case, group, found)


if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, secure_cases.groups, "auth.md, docs/tls.md and docs/milter.md", KIND, kept))
