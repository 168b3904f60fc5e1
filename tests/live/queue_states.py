#!/usr/bin/env python3
"""Generated queues, Debian's sendmail and canonify side by side: queue runs, mailq, quarantine, host status.

See side_by_side.py for the options, queue_states.md for the differences that stay.
"""
import re, sys

import queue_bed, queue_cases, session_text, side_by_side, table_rows

# Hosts that fail before anything is said of a message: sendmail's run does not try them for the next one.
UNREACHABLE = re.compile(r"@(down|greet4|ehlo4|maildrop|mail4|servfail)(?:up)?\.example")


def describe(case, group):
    return [f"  case {case['number']}; {group['features'] or 'plain'}; {' '.join(group['options'])}; {' | '.join(map(str, case['steps']))}"]


def runs(case):
    return any("-bp" not in step and any(str(word).startswith("-q") for word in step) for step in case["steps"])


def controls(case):
    """Texts of control files that a run reads: of held and lost messages too, if it asks for such."""
    asked = " ".join(str(word) for step in case["steps"] for word in step)
    kinds = ["qf"] + ["hf"] * bool(re.search(r"-q!?Q", asked)) + ["Qf"] * ("-qL" in asked)
    return [text for path, text, *_ in case["files"] if path.split("/")[-1][:2] in kinds and isinstance(text, str)]


def has_several_directories(group):
    return "/q*'" in group["features"] or "QUEUE_GROUP" in group["features"]


def shares_unreachable_hosts(case, group):
    handed_in = [" ".join(words) for verb, _, *words in case["steps"] if verb in ("submit", "reference")]
    hosts = [host for text in [*controls(case), *handed_in] for host in set(UNREACHABLE.findall(text))]
    return len(hosts) > len(set(hosts))


def is_put_aside(text):
    """Would a run rename this control file or leave it? Lines that none has, something behind the end or none, a later version."""
    head, *tail = re.split(r"^\.[^\n]*\n", text, maxsplit=1, flags=re.M)
    lines = head.split("\n")[:-1]
    odd = any(not line or line[0] not in "VTKNPIBqMF$SZA!CQrRHDELd \t" or line.startswith("From ") for line in lines)
    return odd or not tail or bool(tail[0]) or any(re.match(r"V9|B(?!7BIT|8BITMIME)|d", line) for line in lines)


# senders, recipients and header fields of which something is said as soon as they are read
REFUSED = re.compile(r"^S(?:|<a@b@c>|<unqual>|[^<>]*<[^>]*)$|^R[^<>]*<[^>]*$|^R.*(?:nosuch|Upper|bob@|@bob|,bob|a@b@c|invalid)|^H(?:\?[^?]*|\?\?[^:]*|\?\?:.*|[^?:]*)$", re.M)


def looks_into_what_it_puts_aside(case, group):
    return any(is_put_aside(text) and REFUSED.search(text) for text in controls(case))


def lists_without_body(case, group):
    names = {path.split("/")[-1] for path, text, *_ in case["files"] if isinstance(text, str)}
    controls = [path.split("/")[-1] for path, text, *_ in case["files"] if path.split("/")[-1][:2] in ("qf", "hf", "Qf") and isinstance(text, str)]
    # a run that is done with one of two takes the body of both away
    shared = runs(case) and len({name[2:] for name in controls}) < len(controls)
    return any("-bp" in step for step in case["steps"]) and (shared or any("df" + name[2:] not in names for name in controls))


def names_recipients_before_the_sender(case, group):
    return any(re.search(r"^R.*\n(?:.*\n)*?S", text, re.M) for text in controls(case))


def ends_within_a_line(case, group):
    bodies = [path for path, text, *_ in case["files"] if isinstance(text, str) and path.split("/")[-1][:2] == "df" and text and not text.endswith("\n")]
    return bool(bodies) and any("tofile" in text for text in controls(case))


def names_included_list(case, group):
    return any("incl@site.example" in str(part) for part in [*case["steps"], *controls(case)])


def lists_new_messages(case, group):
    """What came in, or came back, is in any of several directories; where is shown by a listing. So is the order of what has one priority."""
    verbs = [step[0] for step in case["steps"]]
    if any("-bp" in step for step in case["steps"]) and any(step[0] == "submit" and re.search(OWNED, str(step)) for step in case["steps"]):
        return True
    return has_several_directories(group) and any("-bp" in step for step in case["steps"]) and ("submit" in verbs or "reference" in verbs or runs(case))


def unordered(result):
    """Lines of listings without their order, and without how many there are in each directory."""
    return {**result, "session": sorted(line for line in result["session"] if not COUNTS.match(line))}


def apart(result):
    """Conversations that came to no message, once, whoever sent it; and the host's address left out where nobody was called again."""
    talks, dropped = [], set()
    for talk in result["remote"]:
        if talk[-1] == "S: (drops)":
            if talk[0] in dropped:
                continue
            dropped.add(talk[0])
        if any(line.startswith("C: MAIL ") for line in talk) or talk not in talks:
            talks.append(talk)
    return {**result, "remote": talks}


def without_refused_messages(result):
    """Conversations without those in which a message was refused for now."""
    return {**result, "remote": [talk for talk in result["remote"] if not any(line.startswith("S: 451 4.3.0 ") for line in talk)]}


def without_sender(result):
    """Mailers with flag f, without who runs the queue or this host's daemon."""
    heads = [[re.sub(r"\['-f', '(?:root|MAILER-DAEMON)', ", "[", head), *lines] for head, *lines in result["deliveries"]]
    return {**result, "deliveries": heads}


def lacks_a_sender(case, group):
    return runs(case) and any(re.search(r"^S(?:$|<a@b@c>|<unqual)", text, re.M) for text in controls(case))


def put_aside(result):
    """Control files have the name of what is put aside or the usual one."""
    return {**result, "queue": sorted([re.sub(r"/Qf", "/qf", name), *lines] for name, *lines in result["queue"])}


def asks_for_no_report(case, group):
    """Is the end of somebody's time nobody's news, and is the queue looked at after a run?"""
    silent = any(re.search(r"^S<>$|^R[A-EG-Z]*:", text, re.M) for text in controls(case))
    return silent and any(word[:3] in ("-bp", "-Q", "-Qa") for step in case["steps"][1:] for word in map(str, step))


# what one line of a listing begins: a message; how many there are
ENTRY = re.compile(r"1: (?:Q-\d+|\w{14,15}(?:\W|readqf|[A-Z<]))")
COUNTS = re.compile(r"1: (\t\t/.* requests?\b.*\)|/.* is empty|\t\tTotal requests: \d+|-----Q-ID.*)$")


def without_entries(result, is_left_out):
    """Listings without the messages whose lines fit, and without how many there are."""
    shown, entry = [], []
    for line in [*result["session"], "$"]:
        if ENTRY.match(line) or not line.startswith("1: ") or COUNTS.match(line):
            shown += [] if is_left_out("\n".join(entry)) else entry
            entry = []
        if not COUNTS.match(line):
            entry.append(line)
    return {**result, "session": shown}


def without_unaddressed(result):
    """Nothing of messages without a recipient, in listings and in what is said of holding them."""
    names = {name[2:] for name in session_text.unaddressed(result["queue"])}
    held = [line for line in result["log"] if not any(re.search(rf"{name}: (un)?quarantine", line) for name in names)]
    nobody = lambda entry: ENTRY.match(entry) and not re.search(r"^1: \t{5,}", entry, re.M) and "(no control file)" not in entry
    return without_entries({**result, "log": held}, nobody)


def without_bodiless(result):
    """Nothing of messages without their df in listings."""
    return without_entries(result, lambda entry: re.search(r"^1: (Q-\d+|\w{14,15})?[ *?X-]? +-1 |cannot open .*df", entry, re.M))


def without_bare_connections(result):
    """Conversations without those over which nothing was sent, and without RSET before the first message."""
    talks = [queue_bed.without_resets(talk) for talk in result["remote"] if any(line.startswith("C: MAIL ") for line in talk)]
    return {**result, "remote": talks}


# aliases with an owner
OWNED = r"(far|farfar|list|badlist|nested)@site\.example"
DELAYED = re.compile(r"^(?:D: )?\n(?:D: )?Final-Recipient: [^\n]*\n(?:(?:D: )?X-Actual-Recipient: [^\n]*\n)?(?:D: )?Action: delayed\n(?:(?:D: )?[A-Z][A-Za-z-]+: [^\n]*\n)*", re.M)


def names_owned_lists(case, group):
    return runs(case) and any(re.search(rf"^R.*{OWNED}", text, re.M) for text in controls(case)) or any(re.search(OWNED, str(step)) for step in case["steps"])


def cuts_members_off(case, group):
    """A list with an owner, or members of other queue groups."""
    return names_owned_lists(case, group) or runs(case) and "QUEUE_GROUP" in group["features"]


def without_delayed_members(result):
    """Reports without what they say of members of owned lists that wait."""
    left = lambda block: DELAYED.sub("", "\n".join(block) + "\n").split("\n")[:-1]
    return {**result, **{name: [left(block) for block in result[name]] for name in REPORTS.split()}}


def cuts_lost_messages(case, group):
    return "QUEUE_GROUP" in group["features"] and any("-qL" in step for step in case["steps"])


REPORTS = "deliveries remote"
ROWS = [table_rows.Row(*row) for row in [
    ("two messages for a host that cannot be reached", lambda case, group: runs(case) and shares_unreachable_hosts(case, group), table_rows.all_of(
        apart, table_rows.lines("log", r": makeconnection \(.* failed: "), table_rows.lines("log", r"(relay=[\w.]+)( \[[\d.]+\])?, dsn=4\.\d\.\d(, reply=[^,]*)?, stat=(Deferred).*", r"\1, stat=\4"), table_rows.lines("queue", r"^(MDeferred).*", r"\1"),
        table_rows.lines(REPORTS, r"^(D: )?(<?[xyz]@[^ ]*\.\.\. Deferred.*|Status: 4.*|<<< 4.*|\.*\.\.\. while talking to.*|451 4\.4\.1 .*|Remote-MTA: .*|Diagnostic-Code: SMTP; 4.*|>>> .*)$"))),
    ("a control file that is put aside", lambda case, group: runs(case) and looks_into_what_it_puts_aside(case, group), table_rows.all_of(
        table_rows.lines("log", r": (User unknown|setsender: |to=.*stat=User unknown|.*(header syntax error|Invalid|Unbalanced|must be|required|Unmatched|unbalanced|list:).*)"),
        table_rows.lines("session", r"^1: .*\.\.\. (User unknown|Invalid route address|Unbalanced '<')$"))),
    ("a control file that is put aside", lambda case, group: runs(case) and any(map(is_put_aside, controls(case))), table_rows.lines("log", r": alias \S+ => ")),
    ("a listing of a message without its df", lists_without_body, table_rows.all_of(
        put_aside, without_bodiless, table_rows.lines("log", r"NOQUEUE: SYSERR|stat=User unknown|SYSERR|setsender: |Losing |bogus |: alias \S+ => "))),
    ("the S line before what the client was called", lambda case, group: any(re.search(r"^S.*\n(?:.*\n)*?\$_", text, re.M) for text in controls(case)), table_rows.lines("log", r"(setsender: .*received from ).*", r"\1")),
    ("members of a list with an owner or of another group who wait in the pass that cuts them off", cuts_members_off, without_delayed_members),
    ("an R line before the S line", lambda case, group: runs(case) and names_recipients_before_the_sender(case, group), table_rows.all_of(
        table_rows.lines("log", r"q_finalrcpt is NULL"), table_rows.lines("log", r", pri=\d+", ""), table_rows.lines(REPORTS, r"^((?:D: )?Final-Recipient: ).*", r"\1"),
        table_rows.lines(REPORTS, r"^(D: )?X-Actual-Recipient: "), table_rows.lines("queue", r"^r"))),
    ("a message whose time is over, and of which nobody is told", asks_for_no_report, without_unaddressed),
    ("BODY=8BITMIME of reports behind the first", lambda case, group: runs(case), table_rows.lines("remote", r"^(C: MAIL From:<>.*) BODY=8BITMIME", r"\1")),
    ("a queue group that ruleset queuegroup names and nobody has", lambda case, group: "`queuegroup'" in group["features"], table_rows.lines("log", r"can't find queue group name")),
    ("BY= that a host cannot keep", lambda case, group: any(re.search(r"^!", text, re.M) for text in controls(case)), table_rows.all_of(
        without_bare_connections,
        table_rows.lines("log", r", dsn=[25]\.0\.0, stat=Service unavailable", ", stat=Service unavailable"),
        table_rows.lines(REPORTS, r"^(D: )?( +\(reason: 250 |Diagnostic-Code: SMTP; 250 |Status: (2\.0\.0|5\.4\.7)$)"))),
    ("whoever runs the queue in the place of a sender", lacks_a_sender, without_sender),
    ("a df that ends within a line", lambda case, group: runs(case) and ends_within_a_line(case, group), table_rows.lines("deliveries", r"^$")),
    ("members of an `:include:` file of root", names_included_list, table_rows.all_of(
        table_rows.lines("queue", r"^C(:|incl:).*", "C"), table_rows.lines("queue", r"^(R[A-Z]*)A:", r"\1:"))),
    ("two messages for a host that refuses what it was sent", lambda case, group: runs(case) and sum(text.count("@dot4.example") > 0 for text in controls(case)) > 1, table_rows.all_of(
        without_refused_messages, table_rows.lines("log", r"(to=<?x@dot4\.example.*relay=mx\.dot4\.example\.).*, stat=Deferred.*", r"\1, stat=Deferred"), table_rows.lines("queue", r"^(MDeferred).*", r"\1"),
        table_rows.lines(REPORTS, r"^(D: )?(<?x@dot4\.example>?\.\.\. Deferred.*|Status: 4.*|<<< 451 4\.3\.0.*|\.*\.\.\. while talking to mx\.dot4.*|Remote-MTA: DNS; mx\.dot4.*|Diagnostic-Code: SMTP; 451 4\.3\.0.*|>>> DATA)$"))),
    ("what a run of lost messages cuts off for another queue group", cuts_lost_messages, put_aside),
    ("which directory of a group an envelope gets", lists_new_messages, unordered),
]]


QUEUES = side_by_side.Kind("queue_bed", ("mail_bed.py", "mail_site.py", "queue_bed.py"), side_by_side.complete, describe)

if __name__ == "__main__":
    sys.exit(side_by_side.main(__doc__, queue_cases.groups, "queue_states.md", QUEUES, rows=ROWS))
