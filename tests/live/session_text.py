"""What happened in a session as text that can be compared: dates, ids, pids, names and versions of the program are put alike."""
import difflib, itertools, re

MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
ID = r"[0-9A-Za-z]{2}[0-9A-X][0-9A-Za-z]{5}\d{6,7}"
PLAIN = [(re.compile(pattern, re.M), text) for pattern, text in [
    (rf"\b({DAYS}), +\d+ ({MONTHS}) 20\d\d \d\d:\d\d:\d\d (GMT|[+-]\d{{4}}( \([A-Z]+\))?)", "DATE"),
    (rf"\b({DAYS}) ({MONTHS}) +\d+ \d\d:\d\d:\d\d 20\d\d", "CTIME"),
    (rf"(?<= )({DAYS}|{MONTHS}) ({MONTHS} )?[ \d]\d \d\d:\d\d(?= )", "MINUTE"),
    (rf"\b\d{{12}}\.(?={ID})", "STAMP."),
    (rf"(?<![0-9A-Za-z]){ID}\.\d{{9,11}}/", "ID.TIME/"),
    (rf"(?<![0-9A-Za-z])([dqthxQ]f)?{ID}(?![0-9A-Za-z])", r"\1ID"),
    (r"\b(x?delay)=(-?\d+\+)?-?\d+:-?\d\d:-?\d\d", r"\1=T"),
    (r"(?<= BY=)-?\d+(?=;[NR]T?$)", "SECONDS"),
    (r"(?<=/spool/)d\.[0-9A-Za-z_]{8}", "FILE"),
    (r"Sendmail (8\.17\.1\.9|canonify-[0-9][0-9A-Za-z.+-]*)(/[^ ;]*)?", "Sendmail VERSION"),
    # the CR of what a server sends behind its answer to QUIT: no bare one goes to another host
    (r"(?<=221 2\.0\.0 bye)[ \r]$", ""),
    (r"\b(8\.17\.1\.9|canonify-[0-9][0-9A-Za-z.+-]*)(?=[ ./;)]|$)", "VERSION"),
]]


def alike(text):
    for pattern, into in PLAIN:
        text = pattern.sub(into, text)
    return text


def visible(text):
    return "".join(char if " " <= char <= "~" or char == "\t" else f"\\x{ord(char):02x}" for char in text)


def log_line(line):
    line = re.sub(rf"^<(\d+)>({MONTHS}) +\d+ \d\d:\d\d:\d\d ", r"<\1>", line.rstrip("\0\n"))
    line = re.sub(r"\b([\w-]+)\[\d+\]: ", r"\1: ", line, count=1)
    # where a program is, and which message it had in hand when it was told to stop
    return re.sub(r": started as: /\S*/", ": started as: ", re.sub(rf": {ID}: (stopping daemon, )", r": \1", line))


# what each says of itself, and a library of TLS in each process of a run at LogLevel 14
OURS = re.compile(r": (confined: uid=|the front stays root: |engine=\(null\)|STARTTLS: \w+ missing|STARTTLS=client, init=)")


def log(lines):
    """Lines of one message stay in order; messages are sorted."""
    by_id = {}
    for line in (line for line in map(log_line, lines) if not OURS.search(line)):
        found = re.search(rf": ({ID}): ", line)
        by_id.setdefault(found[1] if found else "", []).append(visible(alike(line)))
    return [line for lines in sorted(by_id.values()) for line in lines]


def queue_file(lines):
    """Times, places on disk and what belongs to the process are left out."""
    kept = []
    for line in lines[1:]:
        if re.match(r"I\d+/", line):
            continue  # the place of the data file, known or not
        if re.match(r"[TK]\d", line):
            line = line[0] + " (time)"
        kept.append("  " + visible(alike(line)))
    return recipients_alike([alike(lines[0])] + kept)


def recipients_alike(lines):
    """To fields beside each other, in one order."""
    is_to = re.compile(r"(D: |  H\?\?)?To: ").match
    runs = [(found, list(run)) for found, run in itertools.groupby(lines, lambda line: bool(is_to(line)))]
    return [line for found, run in runs for line in (sorted(run) if found else run)]


def shared_file(block):
    """Messages of a file lie in the order in which their deliveries came to an end."""
    messages = []
    for line in block[1:]:
        if line.startswith("From ") or not messages:
            messages.append([])
        messages[-1].append(line)
    return block[:1] + sum(sorted(messages), [])


def deliveries(found):
    return blocks(found, shared_file)


def blocks(found, ordered=lambda block: block):
    texts = ([visible(alike(line)) for line in block] for block in found)
    return sum(sorted(recipients_alike(ordered(text) if text and text[0].startswith("file ") else text) for text in texts), [])


def unaddressed(found):
    """Names of the files of messages without a recipient: sendmail keeps what timed out unreported once more."""
    ids = [block[0].split("/")[-1].split(" ")[0][2:] for block in found if block[0].split("/")[-1][:2] in ("qf", "hf") and len(block) > 1 and not any(line.startswith("R") for line in block)]
    return {prefix + name for name in ids for prefix in ("qf", "hf", "df")}


def queue(found):
    left = unaddressed(found)
    return sum(sorted(queue_file(block) for block in found if block[0].split("/")[-1].split(" ")[0] not in left), [])


SECTIONS = {"filters": blocks, "deliveries": deliveries, "remote": blocks, "queue": queue, "client": queue, "log": log}  # all others are lines in their order


APART = {"start", "died"}  # for who asks for it


def sections(result):
    """name → lines."""
    return {name: SECTIONS[name](found) if name in SECTIONS else [visible(alike(line)) for line in found] for name, found in result.items() if name not in APART}


def differences(theirs, ours):
    """(section, unified difference) of each section that differs."""
    theirs, ours = sections(theirs), sections(ours)
    found = []
    for name in theirs:
        if theirs[name] != ours.get(name):
            lines = difflib.unified_diff(theirs[name], ours.get(name, []), "reference", "canonify", lineterm="", n=2)
            found.append((name, list(lines)[2:]))
    return found


def signature(section, lines):
    """Two differences of one kind have one signature: the first changed lines without what varies."""
    gone = next((line for line in lines if line.startswith("-")), "-")
    come = next((line for line in lines if line.startswith("+")), "+")
    if section == "exit":
        return f"exit | {gone} | {come}"
    return section + " | " + " | ".join(re.sub(r"<?[\w.+\\\"%!@:-]+@[\w.\[\]-]+>?|\d+|\b(alice|bob|carol|dave|grace|erin|www)\b", "#", line)[:110] for line in (gone, come))
