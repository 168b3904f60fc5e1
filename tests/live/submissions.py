#!/usr/bin/env python3
"""Generated command lines, Debian's sendmail and canonify side by side: exit status, what is said, deliveries, dead letters, both queues, log.

usage: submissions.py CANONIFY [options of side_by_side.py]      submissions.md: the differences that stay
"""
import shlex, sys

import side_by_side, submission_cases

SUBMIT = r"""OSTYPE(`linux')
define(`__OSTYPE__', `')
define(`confDOMAIN_NAME', `mail.site.example')
define(`confTIME_ZONE', `EST5')
define(`confDONT_INIT_GROUPS', `True')
define(`confTO_IDENT', `0')
define(`confTO_ICONNECT', `2s')
define(`confTO_CONNECT', `2s')
define(`confCT_FILE', `/mnt/mail/trusted-users')
define(`confSERVICE_SWITCH_FILE', `/mnt/mail/service.switch')
define(`MSP_QUEUE_DIR', `/mnt/clientmqueue')
define(`confPID_FILE', `/mnt/clientmqueue/sm-client.pid')
define(`STATUS_FILE', `/mnt/clientmqueue/sm-client.st')
FEATURE(`use_ct_file')
FEATURE(`msp', `[127.0.0.1]')
"""
# AUTH is no part of this: a mechanism that nobody has is not offered
COMMON = ["O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A", "O AuthMechanisms=NONE"]


def complete(group, made={}):
    if group["submit"] and not made:
        made["submit"] = side_by_side.expanded(SUBMIT)
    lines = [side_by_side.cf_text(group["features"]), *group["options"], *COMMON, ""]
    submit = "\n".join([made["submit"], *group["submit_options"], *COMMON[1:], ""]) if group["submit"] else None
    return {**group, "cf": "\n".join(lines), "submit": submit}


def describe(case, group):
    submit = f"; submit.cf {' '.join(group['submit_options'])}" if group["submit"] else ""
    daemon = "no daemon" if group["daemon"] is None else "daemon"
    yield f"  case {case['number']}: {group['features'] or 'plain'}; {' '.join(group['options'])}{submit}; {daemon}"
    for step in case["steps"]:
        named = "".join(f"{name}={shlex.quote(value)} " for name, value in step.get("environment", {}).items())
        text = "".join(text for _, text in step.get("dialogue", [])) or step["input"] or "(nothing)"
        yield f"    {step['user']}$ {named}{shlex.join([step['name'], *step['words']])} <<< {text[:600]!r}"


FILES = ("mail_bed.py", "mail_site.py", "submission_bed.py")
KIND = side_by_side.Kind("submission_bed", FILES, complete, describe)

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, submission_cases.groups, "submissions.md", KIND, rows=submission_cases.ROWS))
