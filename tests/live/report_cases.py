"""Random messages that come back, come late or are receipted: groups of cases, each group with a configuration and a daemon of its own.

`groups(seed, count)` draws them; the same seed gives the same ones. A case is a session, and what happens to the queue after it (`after`,
see AFTERWARDS in mail_bed.py): the messages are made older, the queue is run.
"""
import json, random, re

import table_rows
from session_cases import FIELDS, LINES, PLAIN_LINES, eight

DAY = 86400
OPTIONS = {  # name: values; the empty ones of session_cases.py are of no concern here
    "SendMimeErrors": ["False"], "PostmasterCopy": ["carol", "boss@good.example", "nosuchuser", "postmaster", "x@rcpt5.example"],
    "DoubleBounceAddress": ["bob", "", "nosuchuser", "x@rcpt5.example", "x@good.example", "staff"],
    "ErrorHeader": ["Something went wrong at $j.", "/mnt/mail/errorheader", "/mnt/mail/nosuch", "Two\\nlines of $w\\n"], "ErrorMode": ["p", "m", "w", "q", "e"],
    "PrivacyOptions": ["nobodyreturn", "noreceipts", "noactualrecipient", "nobodyreturn,noreceipts", "noactualrecipient,nobodyreturn"],
    "MaxHeadersLength": ["16384", "2000"], "DontPruneRoutes": ["True"], "RrtImpliesDsn": ["True"], "UseErrorsTo": ["True"], "Timeout.queuewarn": ["1h", "4h", "0"],
    "Timeout.queuereturn": ["2d", "5d"], "Timeout.queuewarn.urgent": ["30m"], "Timeout.queuereturn.non-urgent": ["7d"], "Timeout.queuewarn.dsn": ["1h"], "Timeout.queuereturn.dsn": ["1d"],
    "MaxHopCount": ["5"], "DeadLetterDrop": ["/mnt/spool/dead"], "DeliveryMode": ["i", "q"], "LogLevel": ["5", "10", "14"], "SuperSafe": ["True"], "CheckpointInterval": ["1"],
    "DeliverByMin": ["300"], "TimeZoneSpec": ["CET-1"], "MaxAliasRecursion": ["4"]}
FEATURES = ["FEATURE(`always_add_domain')", "MASQUERADE_AS(`masq.example')FEATURE(`masquerade_envelope')", "define(`LUSER_RELAY', `local:nosuchuser')",
            "define(`SMART_HOST', `esmtp:[mx.plain.example]')", "define(`SMTP_MAILER_MAX', `600')define(`ESMTP_MAILER_MAX', `600')", "define(`LOCAL_MAILER_MAX', `600')",
            "define(`confCOPY_ERRORS_TO', `carol')", "define(`MAIL_HUB', `good.example')FEATURE(`stickyhost')", "FEATURE(`accept_unresolvable_domains')",
            "define(`ESMTP_MAILER_MAXRCPTS', `2')", "define(`SMTP_MAILER_MAXMSGS', `1')", "define(`LOCAL_MAILER_DSN_DIAGNOSTIC_CODE', `X-Local')", "define(`confMAILER_NAME', `Postman')"]
SENDERS = ["ann@elsewhere.example"] * 14 + ["alice@site.example", "www@site.example", "carol", "bob+box@site.example"] * 2 + [
    "", "", "owner-list@site.example", "owner-far@site.example", "list-request@site.example", "owner-nosuch@site.example", "MAILER-DAEMON@site.example", "MAILER-DAEMON", "postmaster@site.example",
    "nosuch@site.example", "x@rcpt5.example", "x@rcpt4.example", "x@down.example", "x@mail5.example", "x@dot5.example", "x@nullmx.example", "x@plain.example", "x@old.example", "x@by.example", "staff@site.example",
    "loop1@site.example", "prog69@site.example", "@good.example:ann@elsewhere.example", "@good.example,@second.example:x@plain.example", "MAILER-DAEMON@good.example", '"odd name"@elsewhere.example', "x@hub.example",
    "j\xc3\xb6rg@elsewhere.example", "y" * 200 + "@elsewhere.example", "root", "x@[127.0.1.1]", "a!b@elsewhere.example", "moved@site.example", "x@seven.example"]
HERE = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "first.last", "postmaster", "root", "nobody"]
LISTS = ["staff", "list", "far", "farfar", "nested", "loop1", "prog", "badone", "allbad", "gonehost", "nodomain", "twice", "badlist", "mixed", "deep1", "empty", "slowpair", "syntax", "incl", "inclnone", "tofile", "tofile",
         "moved", "abroad", "owner-list", "list-request", "prognone"]
PROGRAMS = ["prog%d" % status for status in (1, *range(64, 79), 100)]
FULL = ["alice+says%d" % status for status in (64, 67, 69, 73, 75, 77, 78)] + ["bob+exit%d" % status for status in (1, 65, 67, 68, 70, 71, 75, 76, 78)]
REFUSED = ["rcpt5", "rcptmany", "rcpt552", "rcptbare", "rcptempty", "rcptodd", "rcptlie", "rcpteight", "mail5", "mailbare", "maillines", "data5", "databare", "datalines", "dot5", "dotlines", "dotbare5", "greet5", "greetlines",
           "helo5", "odd", "fiveup"]
DEFERRED = ["rcpt4", "rcptlines4", "mail4", "mail421", "maildrop", "data4", "datadrop", "dot4", "dot421", "dotdrop", "dotlines4", "greet4", "greetdrop", "ehlo4", "ehlodrop", "rcptdrop", "down", "mxgone"]
NOWHERE = ["nosuchdomain.invalid", "nullmx.example", "loop.example", "nodata.example", "nosuch.good.example"]
TAKEN = ["good", "good", "second", "plain", "bare", "old", "nodsn", "seven", "by", "bylong", "sized", "downup", "tempup"]
PICKY = ["ok", "bad", "tmp", "drop", "421", "long"]
VIRTUAL = ["gone@virt.example", "soon@virt.example", "none@virt.example", "team@virt.example", "out@virt.example", "d@refused.example", "i@twohops.example", "e@relayed.example", "c@localized.example"]
ODD = ["@good.example:nosuch@site.example", "nosuch%site.example@site.example", '"odd name"@site.example', "nosuch@[127.0.0.1]", "x@[127.0.1.1]", "NoSuch@SITE.example", "n" * 230 + "@site.example",
       "u@x.REDIRECT", "nosuch+tag@site.example", "\\nosuch@site.example", "alice.nosuch", "x@[127.0.2.1]", "al\xc3\xafce@site.example"]
MAIL_PARAMETERS = ["RET=HDRS", "RET=FULL", "ENVID=env+2B42", "ENVID=QQ314159", "BY=600;N", "BY=600;NT", "BY=600;R", "BY=5;R", "BY=5;N", "BY=90;RT", "BODY=8BITMIME", "BODY=7BIT", "SIZE=1000"]
NOTIFY = ["NOTIFY=SUCCESS", "NOTIFY=FAILURE", "NOTIFY=DELAY", "NOTIFY=NEVER", "NOTIFY=SUCCESS,FAILURE", "NOTIFY=SUCCESS,DELAY", "NOTIFY=FAILURE,DELAY", "NOTIFY=SUCCESS,FAILURE,DELAY"]
ORCPT = ["ORCPT=rfc822;x+40y.example", "ORCPT=rfc822;Orig@else.example", "ORCPT=x400;foo+20bar", "ORCPT=rfc822;a+2Bb+3Dc@d.example"]
ADDED = ["Precedence: bulk", "Precedence: junk", "Precedence: list", "Precedence: special-delivery", "Priority: urgent", "Priority: non-urgent", "Errors-To: bob@site.example", "Errors-To: boss@good.example, carol",
         "Errors-To: nosuch@site.example", "Return-Receipt-To: carol@site.example", "Return-Receipt-To: ann@elsewhere.example", "Return-Path: <fake@x.example>", "Full-Name: Ann Other", "Bcc: alice@site.example", "Disposition-Notification-To: ann@elsewhere.example",
         "Content-Type: text/plain; charset=utf-8", "MIME-Version: 1.0", "Content-Transfer-Encoding: 8bit", "Auto-Submitted: auto-replied", "Subject: caf\xc3\xa9", "X-Long: " + "word " * 300, "Resent-From: bob", "Received: by x"]
CLIENTS = ["127.0.0.5"] * 12 + ["127.0.0.1", "127.0.0.1", "127.0.0.8"]


class Drawer:
    """One random source and what a group fixes."""

    def __init__(self, chance):
        self.chance = chance

    def often(self, share):
        return self.chance.random() < share

    def pick(self, values):
        return self.chance.choice(values)

    # ------------------------------------------------------------ envelopes
    def recipient(self):
        there = lambda hosts: self.pick(["x", "y", "z"]) + "@" + self.pick(hosts) + ".example"
        return self.pick([
            lambda: self.pick(HERE) + "@site.example", lambda: self.pick(LISTS) + "@site.example", lambda: self.pick(LISTS) + "@site.example", lambda: self.pick(PROGRAMS) + "@site.example",
            lambda: self.pick(FULL) + "@site.example", lambda: there(REFUSED), lambda: there(REFUSED), lambda: there(REFUSED), lambda: there(DEFERRED), lambda: there(DEFERRED), lambda: there(TAKEN), lambda: there(TAKEN),
            lambda: "x@" + self.pick(NOWHERE), lambda: self.pick(PICKY) + self.pick(["@picky.example", "@picky.example", "@pickyold.example"]), lambda: self.pick(VIRTUAL), lambda: self.pick(ODD)])()

    def mail(self):
        parameters = self.chance.sample(MAIL_PARAMETERS, self.pick([0, 0, 0, 1, 1, 2, 3]))
        one_each = {word.split("=")[0]: word for word in parameters}.values()
        return " ".join([f"MAIL FROM:<{self.pick(SENDERS)}>", *one_each])

    def rcpt(self, notify):
        said = self.pick(notify) if self.often(0.5 if notify is NOTIFY else 0.9) else None
        return " ".join(filter(None, [f"RCPT TO:<{self.recipient()}>", said, self.pick(ORCPT) if self.often(0.15) else None]))

    # ------------------------------------------------------------ messages
    def header(self):
        lines = ["From: Ann <ann@elsewhere.example>", "To: somebody@site.example", "Subject: hello", "Date: Sun, 01 Mar 2026 10:00:00 +0000", "Message-ID: <m1@elsewhere.example>"]
        lines = [line for line in lines if self.often(0.9)]
        for line in self.chance.sample(ADDED, self.pick([0, 0, 1, 1, 2, 3])):
            lines.insert(self.chance.randrange(len(lines) + 1), line)
        if self.often(0.15):
            name = self.pick(sorted(FIELDS))
            lines.append(name + ": " + self.pick(FIELDS[name]).replace("\x00", ""))
        if self.often(0.06):
            lines += ["Received: from h%d by i; Sun, 01 Mar 2026 10:00:00 +0000" % number for number in range(self.pick([6, 27]))]
        if self.often(0.04):
            lines += ["X-Many-%d: %s" % (number, "v" * 60) for number in range(self.pick([30, 60]))]
        return lines

    def body(self):
        kind = self.chance.random()
        if kind < 0.6:
            return [self.pick(PLAIN_LINES) for _ in range(self.chance.randrange(6))]
        if kind < 0.75:
            return [self.pick(LINES).replace("\r", "").replace("\x00", "") for _ in range(self.chance.randrange(6))]
        if kind < 0.85:
            return ["z" * 70] * self.pick([50, 200])
        return [eight(self.chance) for _ in range(self.chance.randrange(1, 4))]

    def message(self):
        lines = [part for line in self.header() for part in line.split("\n")] + [""] + self.body()
        return "".join(("." if line.startswith(".") else "") + line + "\r\n" for line in lines) + ".\r\n"

    # ------------------------------------------------------------ cases
    def afterwards(self):
        """Runs of the queue: soon, when a warning is due, when time is over."""
        steps = []
        for age in self.pick([[], [], [0], [5 * 3600], [6 * DAY], [5 * 3600, 6 * DAY], [5 * 3600, 5 * 3600, 6 * DAY], [0, 0, 6 * DAY], [3 * DAY], [8 * DAY, 8 * DAY]]):
            steps += [["age", age], ["run", ["-q"]]]
        return steps

    def submission(self):
        words = self.pick([[], ["-oem"], ["-oep"], ["-oeq"], ["-oew"], ["-oee"]]) + self.pick([[], ["-f", self.pick(["ann@elsewhere.example", "alice", "x@rcpt5.example"])]])
        words += self.pick([[], [], ["-N", self.pick(["success", "failure,delay", "never", "success,failure"])], ["-R", self.pick(["hdrs", "full"])], ["-V", "env42"]])
        text = "\n".join([part for line in self.header() for part in line.split("\n")] + [""] + self.body()) + "\n"
        return ["run", words + ["--"] + [self.recipient() for _ in range(self.pick([1, 1, 2, 3]))], text]

    def case(self):
        if self.often(0.08):
            return {"client": "127.0.0.1", "steps": [], "after": [self.submission(), *self.afterwards()]}
        # receipts come when nothing fails: mixtures of everything would hardly show them
        notify = NOTIFY if self.often(0.75) else ["NOTIFY=SUCCESS", "NOTIFY=SUCCESS,FAILURE,DELAY"]
        count = self.pick([1, 1, 1, 1, 2, 2, 3, 4, 6])
        commands = ["EHLO client9.elsewhere.example", self.mail(), *(self.rcpt(notify) for _ in range(count))]
        steps = [["say", command] for command in commands] + [["message", self.message()], ["say", "QUIT"]]
        return {"client": self.pick(CLIENTS), "steps": steps, "after": self.afterwards()}

    def group(self, cases):
        chosen = self.chance.sample(sorted(OPTIONS), self.pick([0, 1, 1, 2, 2, 3, 4]))
        options = [f"O {name}={self.pick(OPTIONS[name])}" for name in chosen]
        options += ["O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A", "O DaemonPortOptions=Name=MSA, Addr=127.0.0.1, Port=587, M=AE"]
        return {"features": "" if self.often(0.6) else self.pick(FEATURES), "options": options, "arguments": [], "cases": [apart(self.case(), options) for _ in range(cases)]}


def apart(case, options):
    """The same case without recipients that lead to rows of reports.md about a message as a whole: a circle of aliases beside others, a `.forward` that
    names nobody and is refused to the client, BY= with R and a server that is busy, two whose first host is the same."""
    said = json.dumps(case)
    if re.search(r" BY=\d+;RT?", said):
        said = re.sub(r"@(greet4|greetdrop|ehlo4|ehlodrop)\.example", "@rcpt4.example", said)
    if "@rcpt4." in said:
        said = said.replace("@tempup.example", "@good.example")
    if "O DeliveryMode=i" in options:
        said = said.replace("RCPT TO:<ivan@", "RCPT TO:<judy@")
    if "@greet5." in said:
        said = said.replace("@fiveup.example", "@good.example")
    if "@down." in said:
        said = said.replace("@downup.example", "@good.example").replace("@twohops.example", "@hub.example")
    case = json.loads(said)
    named = [step for step in case["steps"] if step[-1].startswith("RCPT ")]
    if len(named) > 1:
        case["steps"] = [step for step in case["steps"] if not step[-1].startswith("RCPT TO:<loop1@") or step is named[0]]
        if named[0][-1].startswith("RCPT TO:<loop1@"):
            named[0][-1] = named[0][-1].replace("loop1@", "deep1@")
    for step in case["after"]:
        if step[0] == "run" and len(step) > 2 and "--" in step[1]:
            step[1] = [word.replace("loop1@", "deep1@") for word in step[1]]
    return case


# ------------------------------------------------------------ rows of reports.md
def said_in(pattern):
    """Is this about what a case says and its group's options?"""
    return table_rows.says(pattern, lambda case, group: [case["steps"], case["after"], group["options"], group["features"]])


def runs_queue(case, group):
    return any(step[:2] == ["run", ["-q"]] for step in case["after"])


def transactions(result):
    """Each transaction by itself behind its greeting: messages of a run may share a connection or not."""
    found = []
    for name, *said in result["remote"]:
        said = [line for at, line in enumerate(said) if line not in ("C: QUIT", "S: 221 2.0.0 bye", "C: RSET") and (at == 0 or said[at - 1] != "C: RSET")]
        begins = [at for at, line in enumerate(said) if line.startswith("C: MAIL ")]
        pieces = [said[begin:end] for begin, end in zip(begins, [*begins[1:], None])] or [[]]
        found += [[name, *said[:begins[0] if begins else None], *piece] for piece in pieces]
    return {**result, "remote": found}


def seven_bits(result):
    """Lines of a transcript that name an address, without eighth bits."""
    strip = lambda line: "".join(chr(ord(char) & 0x7f) for char in line) if re.match(r"(D: )?\d\d\d \d\.\d\.\d .*\.\.\. ", line) else line
    return {**result, **{name: [list(map(strip, block)) for block in result[name]] for name in ("deliveries", "remote")}}


def kept_for_nobody(result):
    """What waits in the queue: not what is kept there as a Qf, nor bodies, of which nothing tells whose they are."""
    return {**result, "queue": [block for block in result["queue"] if block[0][:2] not in ("Qf", "df")]}


def dead_letter(result):
    """That DeadLetterDrop keeps something: the last report quotes the one before."""
    return {**result, "deliveries": [block[:1] if block[0].startswith("file dead ") else block for block in result["deliveries"]]}


REPORTS = "deliveries remote"
LATE = r'"age", (518400|691200)'
ROWS = [table_rows.Row(*row) for row in [
    ("BY= with R over a connection that has carried a message", said_in(r" BY=\d+;RT?"), table_rows.all_of(
        table_rows.lines(REPORTS, r"^(D: )?(    \(reason: 250 |Diagnostic-Code: SMTP; 250 )"), table_rows.lines(REPORTS, r"^((D: )?Status: )(2\.0\.0|5\.4\.7)?$", r"\1"))),
    ("a host that did not answer, once more in one run of the queue", said_in(r'FROM:<x@down\..*"age", [1-9]'), table_rows.all_of(
        table_rows.lines("log", r"(relay=[\w.]*down\.example\.) \[127\.0\.2\.1\]", r"\1"), table_rows.lines("log", r": makeconnection \(down\.example\."))),
    ("what times out while nobody is to be told", said_in(r"(NOTIFY=(DELAY|NEVER|SUCCESS)(,DELAY)?[ \"]|\"-N\", \"(never|success)\").*" + LATE + r".*LogLevel=1"), table_rows.lines("log", r": done; delay=")),
    ("nobody is left to tell", said_in(r"DoubleBounceAddress=(nosuchuser|x@rcpt5)|LOCAL_MAILER_MAX"), table_rows.all_of(
        kept_for_nobody, dead_letter, table_rows.lines("log", r"savemail panic|savemail: cannot save|: to=nosuchuser|Saved message in|return to sender: User unknown"))),
    ("eighth bits in a report on a message with BODY=7BIT", said_in(r"BODY=7BIT"), table_rows.all_of(
        table_rows.lines(REPORTS + " queue log", r"pas trouv.*", "pas trouv"), table_rows.lines("remote", r"^(C: MAIL From:<>.*) BODY=8BITMIME", r"\1"), table_rows.lines(REPORTS, "^(D: )?Return-Path: <j(C6|\xc3\xb6)rg@"))),
    ("a connection that ends at RCPT, with more commands under way", said_in(r"<(421|drop)@picky(old)?\..*@picky|@picky(old)?\..*<(421|drop)@picky"), table_rows.all_of(
        table_rows.lines("log", r"(: to=(?:<[^>]*@picky[^>]*>,?)+.*?), dsn=.*", r"\1"), table_rows.lines("queue", r"^M(Deferred|User unknown).*"),
        table_rows.lines(REPORTS, r"^((D: )?<[^>]*@picky[^>]*>\.\.\. Deferred).*", r"\1"), table_rows.lines(REPORTS, r"^(D: )?(Remote-MTA: DNS; mx\.picky|Status: 4\.|Diagnostic-Code: SMTP; 4|    \(reason: 4)"))),
    ("eighth bits in addresses of a command line", said_in(r'"--".*\\u00c3'), table_rows.all_of(
        seven_bits, table_rows.lines("log session stdout", r"(?:[^ ]*\.\.\. )?8-bit character in mailbox address.*", "8-bit character in mailbox address"))),
    ("BODY=8BITMIME of reports behind the first", said_in(""), table_rows.lines("remote", r"^(C: MAIL From:<>.*) BODY=8BITMIME", r"\1")),
    ("a host that nobody asked for (exit status 68)", said_in(r"prog68@|exit68@"), table_rows.lines(REPORTS + " log", r"Host unknown \(Name server: [^)]*\)", "Host unknown")),
    ("messages of a run that are for one host", runs_queue, transactions)]]


def groups(seed, count, size=8):
    """That many cases, in groups."""
    drawn = []
    for number, first in enumerate(range(0, count, size)):
        drawer = Drawer(random.Random(f"reports/{seed}/{number}"))
        drawn.append(drawer.group(min(size, count - first)))
        for at, case in enumerate(drawn[-1]["cases"]):
            case["number"] = first + at
    return drawn
