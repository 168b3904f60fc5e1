"""Random command lines: groups of cases, each group with an installation (sendmail.cf, submit.cf or none, a daemon or none) of its own.

`groups(seed, count)` draws them; the same seed gives the same ones. A case is steps, each a command line (see submission_bed.py).
Addresses, header fields and bodies are those of session_cases.py.
"""
import random, re

import report_cases, session_cases, table_rows
from session_cases import ALIASES, DETAILS, FIELDS, GREETINGS, LOCAL, NOISE, ODD_RECIPIENTS, SENDERS, Drawer

OPTIONS = {  # name: values; every one can change what a submission does
    "PrivacyOptions": ["authwarnings", "", "goaway,restrictqrun", "restrictmailq,authwarnings", "restrictexpand", "noactualrecipient,authwarnings", "nobodyreturn"],
    "DeliveryMode": ["i", "q", "d", "b"], "ErrorMode": ["p", "m", "q", "e", "w"], "IgnoreDots": ["True"], "SaveFromLine": ["True"], "MeToo": ["False"],
    "NoRecipientAction": ["none", "add-to", "add-apparently-to", "add-bcc", "add-to-undisclosed"], "OldStyleHeaders": ["False", "True"],
    "MustQuoteChars": [".", ".'!"], "DeadLetterDrop": ["/mnt/spool/dead"], "SuperSafe": ["interactive", "false"], "LogLevel": ["0", "1", "4", "5", "8", "10", "12"],
    "MatchGECOS": ["True"], "MaxMessageSize": ["2000"], "MaxRecipientsPerMessage": ["2"], "SevenBitInput": ["True"], "TimeZoneSpec": ["", "CET-1"],
    "DirectSubmissionModifiers": ["c", "C", "f", "u", "E"], "UseErrorsTo": ["True"], "RejectNUL": ["True"], "ColonOkInAddr": ["True", "False"],
    "SingleLineFromHeader": ["True"], "MaxHopCount": ["3"], "MaxAliasRecursion": ["2"], "QueueFileMode": ["0600"], "HoldExpensive": ["True"], "BlankSub": ["."],
    "DontPruneRoutes": ["True"], "UnixFromLine": ["From $g on $d"], "MaxMimeHeaderLength": ["200/100"], "AllowBogusHELO": ["True"], "SoftBounce": ["True"],
    "SafeFileEnvironment": ["/mnt/spool"], "DoubleBounceAddress": ["bob", "", "nosuch"], "RrtImpliesDsn": ["True"], "TempFileMode": ["0644", "0660"]}
ANYONE = {  # option of the command line: (letter, values); these any user may set
    "IgnoreDots": ("i", ["True", ""]), "DeliveryMode": ("d", ["i", "b", "q", "d", "interactive", "x", ""]), "ErrorMode": ("e", ["m", "p", "q", "w", "e", "mail", "x"]),
    "SevenBitInput": ("7", ["True"]), "EightBitMode": ("8", ["pass8", "mime", "strict"]), "MeToo": ("m", ["", "False"]), "OldStyleHeaders": ("o", ["False", ""]),
    "LogLevel": ("L", ["0", "14", "5"]), "PrivacyOptions": ("p", ["noreceipts", "goaway"]), "Verbose": ("v", [""]), "SendMimeErrors": ("j", ["False"]),
    "SuperSafe": ("s", ["False", "i"]), "NoRecipientAction": ("", ["add-to", "add-bcc"]), "ColonOkInAddr": ("", ["False"]), "SingleLineFromHeader": ("", ["True"]),
    "DefaultCharSet": ("", ["iso-8859-1"]), "MaxRecipientsPerMessage": ("", ["2"]), "CheckpointInterval": ("C", ["1"]), "MinFreeBlocks": ("b", ["1"])}
ROOTS = {"DeadLetterDrop": ["/mnt/spool/dead"], "QueueDirectory": ["/mnt/mqueue", "/mnt/nosuch"], "MaxMessageSize": ["500"], "SaveFromLine": ["True"], "MaxHopCount": ["3"],
         "NoSuchOption": ["1"], "UnixFromLine": ["From $g at $d"], "Timeout.queuereturn": ["1h"], "HoldExpensive": ["True"], "ForwardPath": [""], "RunAsUser": ["alice"], "Timeout.nosuch": ["1h"]}
WRONG = [["-Z"], ["-f"], ["-bq"], ["-bz"], ["-h", "x"], ["-N", "sometimes"], ["-R", "all"], ["-V", "a b"], ["-B", "9BIT"], ["-R", "full", "-R", "hdrs"], ["-fa", "-rb"], ["-q", "-bs"],
         ["-qx"], ["-q1z"], ["-qGnone"], ["-q!G", "x"], ["-Qbad", "-bs"], ["-d", "-D", "/mnt/spool/debug"], ["-D/mnt/nosuch/debug"], ["-X", "/mnt/nosuch/log"], ["-bt", "-q"], ["-M"], ["-Mx"], ["-oQ"],
         ["-C", "/mnt/mail/nosuch.cf"], ["-N", "never,success"], ["-N", ""], ["-V", ""], ["-V", "e" * 110], ["-h", "-1"], ["-h", "40"], ["-L", "a b%c"], ["-p"], ["-I"], ["-E", "x"], ["-J", "x"], ["-x"], ["-c"], ["--"], ["-"],
         ["-A"], ["-b"], ["-e"], ["-O"], ["-o"], ["-oZ1"], ["-OFoo"], ["-O="], ["-G"], ["-bO"], ["-bP"], ["-bh"], ["-bH"], ["-bC"], ["-bD", "-bp"], ["-qp", "-bs"], ["-Q"], ["-qLx"], ["-q30m", "-bs"]]
FROM = ["bob", "alice", "ann@elsewhere.example", "", "<>", "<ann@elsewhere.example>", "Ann <ann@elsewhere.example>", "root", "nosuch", "nosuch@site.example", "MAILER-DAEMON", "a b c", "x@nullmx.example", "ann@elsewhere.example (Ann)",
        "alice@site.example", "@good.example:a@b.example", "first.last", "b\xe4r@elsewhere.example", "a@b@c", "www", "x" * 260, "<", "bob,alice", "bob@site.example\nX: y", "\"odd name\"@site.example", "alice+box"]
NAMES = ["Ann Other", "Ann (x) Other", "Ann \"Q\" Other", "Ann, B.", "J\xf6rg", "", "a@b", "Dot. Name", "CronDaemon", "x" * 100, "two\nlines"]
BOXES = ["alice", "bob", "carol", "dave", "www", "erin", "grace", "staff", "list", "far", "x@good.example", "y@plain.example", "z@old.example"]
FORMS = ["%s", "%s", "%s", "<%s>", "Name Surname <%s>", "%s (Comment)", "\"Q, Name\" <%s>", "(c) %s", "Name\n <%s>"]
SMALL = "Subject: s\n\nhello\n"


class Caller(Drawer):
    # what stands in submissions.md is not drawn

    # ------------------------------------------------------------ addresses
    def recipient(self):
        kind = self.chance.random()
        if kind < 0.45:
            return self.pick(BOXES)
        if kind < 0.6:
            return self.pick(LOCAL + ALIASES + DETAILS)
        if kind < 0.72:
            return self.pick(["nosuch", "nosuchuser", "nosuch@site.example", "x@rcpt5.example", "x@nosuchdomain.invalid", "gone@virt.example", "blocked@site.example", "bad@picky.example"])
        if kind < 0.76:
            return self.pick(ODD_RECIPIENTS)
        return super().recipient()

    def listed(self):
        """An address list, as header fields and arguments have them."""
        words = [self.pick(FORMS) % self.recipient() for _ in range(self.pick([1, 1, 1, 2, 2, 3, 5]))]
        if self.often(0.1):
            return "group: " + self.pick([", ", ","]).join(words) + ";"
        text = self.pick([", ", ", ", ",", ",\n\t", " , "]).join(words)
        return self.pick([text] * 20 + [text + ",", "", "(only a comment)", "a b c", text + ", undisclosed-recipients:;", "x;y", "<>"])

    def operands(self):
        words = [self.recipient() if self.often(0.85) else self.listed().replace("\n", " ") for _ in range(self.pick([1, 1, 1, 1, 2, 2, 3, 4]))]
        return self.pick([[]] * 5 + [["--"]]) + words

    # ------------------------------------------------------------ flags
    def spelled(self, letter, value):
        return self.pick([["-" + letter + value], ["-" + letter, value]]) if value else ["-" + letter, ""]

    def option(self, user):
        if user == "root" and self.often(0.2):
            name = self.pick(sorted(ROOTS))
            return self.pick([["-O", f"{name}={self.pick(ROOTS[name])}"], [f"-O{name}={self.pick(ROOTS[name])}"]])
        name = self.pick(["IgnoreDots", "DeliveryMode", "DeliveryMode", "ErrorMode", "ErrorMode"] + sorted(ANYONE))
        letter, values = ANYONE[name]
        value = self.pick(values)
        if letter and self.often(0.7):
            return ["-o" + letter + value] if self.often(0.9) else ["-o", letter + value]
        return self.pick([[f"-O{name}={value}"], ["-O", f"{name}={value}"], [f"-O{name.lower()}={value}"], ["-O" + name] if not value else [f"-O {name} = {value}"]])

    def flags(self, user):
        drawn = []
        for share, words in (
                (0.25, lambda: self.spelled(self.pick("ffffr"), self.pick(FROM))), (0.12, lambda: self.spelled("F", self.pick(NAMES))), (0.2, lambda: ["-i"]), (0.15, lambda: ["-v"]), (0.05, lambda: ["-m"]),
                (0.05, lambda: ["-n"]), (0.06, lambda: self.spelled("B", self.pick(["7BIT", "8BITMIME", "8bitmime"]))), (0.08, lambda: self.spelled("N", self.pick(["never", "success", "failure", "delay", "success,failure,delay", "NEVER"]))),
                (0.06, lambda: self.spelled("R", self.pick(["full", "hdrs", "HDRS"]))), (0.05, lambda: self.spelled("V", self.pick(["env1", "a+2Bb"]))), (0.04, lambda: self.spelled("h", self.pick(["1", "5", "20"]))),
                (0.04, lambda: self.spelled("p", self.pick(["UUCP:sys.example", "x", "FOO:a b"]))), (0.03, lambda: ["-G"]), (0.03, lambda: ["-s"]), (0.02, lambda: ["-U"]), (0.02, lambda: ["-T"]), (0.02, lambda: ["-L", "label"]),
                (0.25, lambda: self.pick([["-odi"], ["-odi"], ["-odb"], ["-odq"], ["-odd"]])), (0.2, lambda: [self.pick(["-o", "-"]) + "e" + self.pick("mpqwe")]), (0.1, lambda: ["-oi"]), (0.2, lambda: self.option(user)),
                (0.05, lambda: [self.pick(["-Am", "-Ac"])]), (0.04, lambda: ["-C/mnt/mail/sendmail.cf"]), (0.03, lambda: self.pick(WRONG)), (0.03, lambda: ["-bm"]),
                (0.02, lambda: ["-Mrfoo"]), (0.02, lambda: ["-M{daemon_flags}" + self.pick(["u", "c c", "CC f"])])):
            if self.often(share):
                drawn.append(words())
        self.chance.shuffle(drawn)
        return [word for words in drawn for word in words]

    # ------------------------------------------------------------ messages
    def header(self):
        # an address that is not closed is complained of wherever it is read, which says nothing about anything else
        lines = [line for line in super().header() if not any(word in line for word in ("broken <", '"open'))]
        for name, share in (("To", 0.5), ("Cc", 0.25), ("Bcc", 0.2), ("Resent-To", 0.06), ("Resent-Cc", 0.03), ("Resent-Bcc", 0.04), ("Apparently-To", 0.02), ("Resent-From", 0.03), ("Return-Receipt-To", 0.02), ("Errors-To", 0.02)):
            if self.often(share):
                if name == "To":
                    lines = [line for line in lines if not line.startswith("To:")]
                lines.insert(self.chance.randrange(len(lines) + 1), f"{name}: {self.listed()}")
        return lines

    def body(self):
        return [line for line in super().body() if "\0" not in line and "\r" not in line]

    def mime(self):
        lines, body = super().mime()
        short = [line for line in body if len(line) <= 250]
        return [line for line in lines if len(line) <= 250], short

    def text(self):
        if self.often(0.04):
            return self.pick(["", "\n", "\n\n", "no header at all\n", "Subject: only", "Subject: only\n", ".\n", "From x y\n\nz\n", "From ann Sun Mar  1 10:00:00 2026\nSubject: s\n\nb\n", " \n", "\0", "Subject: s\n\nno end of line", "X" * 5000 + "\n", ":\n\nx\n"])
        lines, body = self.header(), self.body()
        if self.often(0.1):
            more, body = self.mime()
            lines += more
        if self.often(0.05):
            lines.insert(0, self.pick(["From ann@elsewhere.example Sun Mar  1 10:00:00 2026", ">From x", "From: second <second@x.example>"]))
        lines = [part for line in lines for part in line.split("\n")]
        lines += ([""] if self.often(0.95) else []) + body + (["."] if self.often(0.05) else []) + (["after"] if self.often(0.05) else [])
        end = self.pick(["\n"] * 12 + ["\r\n", "\r\n", "\r"])
        return end.join(lines) + (end if self.often(0.95) else "")

    def smtp(self):
        """Chunks for -bs."""
        end = self.pick(["\r\n", "\r\n", "\n"])
        chunks = [["say", self.pick(GREETINGS)]] if self.often(0.95) else []
        for _ in range(self.pick([1, 1, 1, 2])):
            chunks += [["say", self.pick(NOISE)]] if self.often(0.15) else []
            chunks += [["say", text] for text in [self.mail(), *(self.rcpt() for _ in range(self.pick([1, 1, 2, 3]))), "DATA"]]
            chunks += [["message", self.message().removesuffix("\r\n").replace("\r\n", end)]]
        chunks += [["say", self.pick(NOISE)]] if self.often(0.1) else []
        chunks += [["say", "QUIT"]] if self.often(0.85) else []
        return [[kind, text + end] for kind, text in chunks]

    # ------------------------------------------------------------ command lines
    def user(self, group):
        if group["submit"]:
            return self.pick(["root"] * 3 + ["alice"] * 2 + ["bob"] * 5 + ["www", "carol", "first.last", "nobody", "erin", "3333"])
        return self.pick(["root"] * 15 + ["alice", "bob", "www"])

    def deliver(self, user):
        flags = self.flags(user)
        dashed = self.often(0.35)
        if dashed:
            flags.insert(self.chance.randrange(len(flags) + 1) if not flags else 0, "-t")
        operands = [] if dashed and self.often(0.75) else self.operands()
        if self.often(0.02):
            operands = []
        name = self.pick(["sendmail"] * 12 + ["sendmail-mta", "send-mail", "sendmail-msp", "bsmtp"])
        environment = {"NAME": self.pick(NAMES).replace("\n", " ")} if self.often(0.05) else {}
        return {"name": name, "words": flags + operands, "user": user, "input": None if self.often(0.01) else self.text(), "environment": environment}

    def session(self, user):
        step = {"name": "sendmail", "words": self.flags(user)[:self.pick([0, 0, 2, 4])] + ["-bs"], "user": user, "input": None, "dialogue": self.smtp()}
        return step

    def verify(self, user):
        return {"name": "sendmail", "words": self.pick([["-bv"], ["-bv"], ["-bv", "-v"], ["-v", "-bv"], ["-bv", "-t"], ["-bv", "-n"], ["-Am", "-bv"]]) + self.operands(), "user": user, "input": SMALL}

    def queued(self, user):
        words = self.flags(user)[:self.pick([0, 0, 1, 3])]
        return {"name": "sendmail", "words": words + ["-odq"] + self.operands(), "user": user, "input": self.text()}

    def run_queue(self, user):
        which = self.pick([["-q"], ["-q", "-v"], ["-v", "-q"], ["-qf"], ["-qIx"], ["-qRalice"], ["-qRgood"], ["-qSann"], ["-q!Ralice"], ["-qR", "alice"], ["-qQ"], ["-qL"], ["-Qreason", "-qR@"], ["-Qwhy", "-qRalice"], ["-Q", "-qQ"],
                           ["-q30m"], ["-bd"], ["-bd", "-q15m"], ["-qGmqueue"], ["-qf", "-v"], ["-Ac", "-q"], ["-Ac", "-q", "-v"], ["-bm", "-q"], ["-q", "bob"], ["-q1"], ["-qRx", "-qSy"], ["-qp", "-bD"], ["-bD", "-q"]])
        return {"name": "sendmail", "words": which, "user": user, "input": None}

    def print_queue(self, user):
        name, words = self.pick([("mailq", []), ("mailq", ["-v"]), ("sendmail", ["-bp"]), ("mailq", ["-Ac"]), ("mailq", ["-qRalice"]), ("mailq", ["-qQ"]), ("sendmail", ["-bp", "-v"]), ("mailq", ["-q!Salice"]), ("mailq", ["-bi"]), ("sendmail", ["-bP"])])
        return {"name": name, "words": words, "user": user, "input": None}

    def other(self, user):
        name, words, text = self.pick([("newaliases", [], None), ("sendmail", ["-bi"], None), ("newaliases", ["-v"], None), ("hoststat", [], None), ("purgestat", [], None), ("sendmail", ["-bC"], None), ("sendmail", ["-bt"], "3,0 alice\n=S local\n"),
                                       ("sendmail", ["-bt", "-C/mnt/mail/sendmail.cf"], "/parse bob\n$m\n"), ("sendmail", ["-ba", "bob"], self.text()), ("sendmail", [], SMALL), ("sendmail", ["-t"], SMALL), ("smtpd", ["-bp"], None),
                                       ("sendmail", self.pick(WRONG) + ["bob"], SMALL), ("sendmail", self.pick(WRONG) + ["bob"], SMALL), ("sendmail", self.pick(WRONG), SMALL), ("newaliases", ["-Ac"], None)])
        return {"name": name, "words": words, "user": user, "input": text}

    def case(self, group):
        user = self.user(group)
        kind = self.chance.random()
        if kind < 0.68:
            steps = [self.deliver(user)]
        elif kind < 0.78:
            steps = [self.session(user)]
        elif kind < 0.84:
            steps = [self.verify(user)]
        elif kind < 0.93:
            steps = [self.queued(self.user(group))] + [self.pick([self.run_queue, self.run_queue, self.print_queue])(user)]
            steps += [self.print_queue("root")] if self.often(0.3) else []
        else:
            steps = [self.other(user)]
        return {"steps": steps}

    def group(self, cases):
        options = [f"O {name}={self.pick(OPTIONS[name])}" for name in self.chance.sample(sorted(OPTIONS), self.pick([0, 0, 1, 2, 3]))]
        group = {"features": "" if self.often(0.6) else self.pick(session_cases.FEATURES), "options": options, "submit": self.often(0.5)}
        group["daemon"] = [] if group["submit"] and self.often(0.7) else None
        group["submit_options"] = [f"O {name}={self.pick(OPTIONS[name])}" for name in self.chance.sample(sorted(OPTIONS), self.pick([0, 0, 1]))]
        group["cases"] = [self.case(group) for _ in range(cases)]
        return group


def groups(seed, count, size=8):
    """That many cases, in groups."""
    drawn = []
    for number, first in enumerate(range(0, count, size)):
        drawn.append(Caller(random.Random(f"{seed}/{number}")).group(min(size, count - first)))
        for at, case in enumerate(drawn[-1]["cases"]):
            case["number"] = first + at
    return drawn


def said_in(pattern):
    """Is this about what is said in a case: the options of its group, and its steps behind them?"""
    return table_rows.says(pattern, lambda case, group: [group["options"] + group["submit_options"], case["steps"]])


def nothing(_result):
    """Where one side takes a command line and the other does not, nothing is alike."""
    return {}


def in_any_order(result):
    """Steps as such: sendmail tells some of them twice, from several processes."""
    return {**result, "stdout": sorted(set(result["stdout"]))}


def waiting(pattern):
    """Messages that wait in a queue are left out, with their bodies, where a line of the control file has the pattern."""
    found = re.compile(pattern)

    def alter(result):
        ids = {block[0][2:] for name in ("queue", "client") for block in result[name] if block[0][:1] in "qQ" and any(map(found.search, block))}
        return {**result, **{name: [block for block in result[name] if block[0][2:] not in ids] for name in ("queue", "client")}}

    return alter


def without_circles(result):
    """Reports say nothing of whose alias is a circle; those that say nothing else are left out."""
    entry = re.compile(r"^(?:D: )?Final-Recipient: .*loop[12]")
    line = re.compile(r"^(D: )?(loop[12]( |$)|.*expanded from: loop[12]|554 5\.4\.6 .*loop broken)")

    def kept(block):
        paragraphs, found = [[]], []
        for text in block:
            paragraphs[-1].append(text)
            if text in ("", "D: "):
                paragraphs.append([])
        for paragraph in paragraphs:
            found += [] if any(map(entry.search, paragraph)) else [text for text in paragraph if not line.search(text)]
        return found

    def among(blocks):
        left = [kept(block) for block in blocks]
        told = lambda block: any("Final-Recipient: " in text for text in block)
        return [after for before, after in zip(blocks, left) if told(after) or not told(before)]

    return {**result, "deliveries": among(result["deliveries"]), "remote": among(result["remote"])}


def comes_round(case, group):
    """Has the message come round too often, by -h and MaxHopCount?"""
    said = str(case["steps"]) + str(group["options"]) + str(group["submit_options"])
    hops = max(map(int, re.findall(r"'-h'?(?:, ')?(\d+)'", said)), default=0)
    return hops > (3 if "MaxHopCount=3" in said else 25)


ALL = "stdout log deliveries remote queue client"
ROWS = [table_rows.Row(*row) for row in [
    ("`-x`", said_in(r'"-x"'), nothing),
    ("`-bt` with `-q` or `-Q`, or a wrong `-N`, `-R` or `-V`", said_in(r'"-bt".*"-[qQNRV]|"-[qQNRV].*"-bt"'), table_rows.lines("stdout", r"^\d: (?!Can not)")),
    ("the whole dialogue at once on the standard input of `-bs`", said_in(r'(SuperSafe=i|"-s"|"-T"|"-v"|"-o", "v"|"-ov"|Verbose).*"-bs"'), nothing),
    ("a file named by an alias whose directory is missing (sessions.md)", said_in(r"badfile|\+box"), table_rows.all_of(
        waiting(r"nosuchdir|No such file"), table_rows.blocks("deliveries remote", r"Can't create output|Deferred: No such file|dead\.letter uid"),
        table_rows.lines("log", r"Can't create output|stat=Deferred: No such file|DSN: |notify: |mailer=local, .*stat=(Sent|User unknown)$"),
        table_rows.lines("exit", r"^(\d): (73|0)$", r"\1: 0"), table_rows.lines("stdout", r"dead\.letter|nosuchdir|root\.\.\. aliased"))),
    (r"`Sent (\n)` (sessions.md)", said_in(r"dotbare"), table_rows.lines("log stdout", r"Sent \(\\n\)", "Sent")),
    ("a greeting that is no SMTP (sessions.md)", said_in(r"greetodd"), table_rows.all_of(
        table_rows.lines("log stdout", r"greetodd"), table_rows.lines("queue client", r"^M"), table_rows.blocks("remote", r"^S: hello there"))),
    ("a circle of aliases (sessions.md)", said_in(r"loop1"), table_rows.all_of(
        table_rows.lines("log", r", (pri|nrcpts|size)=\d+", ""), table_rows.lines("log stdout", r"forwarding loop broken|DSN: "), table_rows.lines("queue client", r"^P\d+|^M"),
        without_circles)),
    ("an address that is not closed", said_in(r"<\"|\\\\\"open|broken <|<[^<>@]*,"), table_rows.all_of(
        table_rows.lines(ALL, r"Unbalanced '[<(\"]"), table_rows.lines("deliveries remote", r"^(D: )?From: ?(MAILER-DAEMON)?$"), table_rows.lines("queue client", r"^[MA]"), table_rows.lines("log", r"(pri|size)=\d+|notify: "))),
    ("`-ba`: complaints", said_in(r'"-ba"'), table_rows.lines("stdout", r"^(\d: )[2-5]\d\d (\d\.\d\.\d )?(.*?)\r?$", r"\1\3")),
    ("a newline in -f, -r or -F", said_in(r'"-[frF]", "[^"]*\\n|"-[frF][^"]*\\n'), nothing),
    ("a sender that begins with `-`", said_in(r'"-[fr]", "-|"-[fr]-'), table_rows.lines(ALL, r"<(-[^<>]*)>", r"\1")),
    ("a mailer of this host without flag S (sessions.md)", lambda case, group: re.search(r"LOCAL_MAILER_FLAGS', `[^S']*'", group["features"]), session_cases.AS_WHOM),
    ("LOCAL_MAILER_FLAGS with both 7 and 8 (sessions.md)", lambda case, group: "`+78'" in group["features"], nothing),
    ("a word of an address longer than 250 characters", said_in(r"[xm]{250}|(very\.long\.){20}"), table_rows.all_of(
        table_rows.lines(ALL, r"token too long|User address required|[xm]{100}|@site\.example$"), table_rows.lines("log", r", (size|pri)=\d+", ""), table_rows.lines("log", r"DSN: |message size \("),
        table_rows.lines("queue client", r"^M.*(Unbalanced '>'|parameter unrecognized)$"), table_rows.lines("deliveries remote", r"^(D: )?        .*,$"),
        table_rows.lines("deliveries remote queue client", r"^(D: )?(Status: 5\.1\.[03]|(Final|X-Actual)-Recipient: .*(553|@site\.example))"), table_rows.lines("exit", r"^(\d): 6\d$", r"\1: 64"))),
    ("a report that its receiver's server refuses, and the report on that (reports.md)", said_in(r'MaxMessageSize|[vwxyz]{60}|"-T"'), table_rows.all_of(
        waiting(r"^SMAILER-DAEMON$"), table_rows.lines("log", r"savemail panic|savemail: cannot save"), table_rows.lines("stdout", r"for zero seconds$|\[127\.0\.0\.1\]"))),
    ("a host that did not answer (reports.md)", lambda case, group: group["submit"] and group["daemon"] is None, table_rows.lines("log", r"(relay=\[127\.0\.0\.1\]) \[127\.0\.0\.1\], dsn=4\.4\.1", r"\1, dsn=4.4.1")),
    ("BODY=8BITMIME of a second report (reports.md)", said_in(""), table_rows.all_of(
        table_rows.lines("remote stdout", r"^(C: MAIL From:<>.*|\d: >>> MAIL From:<>.*) BODY=8BITMIME", r"\1"), table_rows.lines("log", r"(from=<>, .*), bodytype=8BITMIME", r"\1"))),
    ("which connections of a message and its reports are shared (reports.md)", said_in(""), report_cases.transactions),
    ("reports that SuperSafe keeps out of the queue (reports.md)", said_in(r'SuperSafe=([iI]|[fF]alse)|"-s"|"-os[iF]'), table_rows.all_of(
        table_rows.lines("remote deliveries", r"^(D: )?Return-Path: <MAILER-DAEMON>$"), table_rows.lines("remote deliveries", r"^((D: )?From: .*)<(\w+)@mail\.site\.example>$", r"\1<\3>"))),
    ("a body that ends within a line (queue_states.md)", lambda case, group: any(step["input"] and not step["input"].endswith("\n") for step in case["steps"]), table_rows.lines("deliveries", r"^$")),
    ("`-bs`, DeliveryMode=i (sessions.md)", said_in(r'(DeliveryMode=i|-odi|"-od", "i).*"-bs"'), nothing),
    ("a report, with `-n`", said_in(r'"-n"'), table_rows.all_of(
        table_rows.blocks("deliveries remote", r"Mail Delivery Subsystem"), waiting(r"^SMAILER-DAEMON$"), table_rows.lines("stdout", r"aliased to|dead\.letter|User unknown"),
        table_rows.lines("log", r"from=<>|notify: |DSN: |return to sender: |savemail|to=<?(MAILER-DAEMON|postmaster)|stat=Sent|stat=User unknown"))),
    ("`-h N` beyond MaxHopCount", comes_round, nothing),
    ("a `.forward` beyond MaxAliasRecursion", said_in(r"MaxAliasRecursion"), table_rows.all_of(
        table_rows.lines("deliveries remote", r"^(D: )?(dave|    \(expanded from: .*|(Final-Recipient|X-Actual-Recipient): .*|Action: failed|Status: 5\.4\.6|Last-Attempt-Date: .*|)$"),
        table_rows.lines("log", r", (nrcpts|pri|size)=\d+", ""), table_rows.lines("queue client", r"^P\d"))),
    ("`SIZE=99999999999999999999` (sessions.md)", said_in(r"SIZE=9{20}"), table_rows.lines("log", r"low on space")),
    ("`-d -D`", said_in(r'"-d", "-D"'), table_rows.lines("stdout", r"^\d: (?!-D file)")),
    ("DeliveryMode=d: what is too large", said_in(r'-odd|-odefer|DeliveryMode=d|"dd"'), table_rows.all_of(
        table_rows.blocks("deliveries remote", r"Message exceeds maximum fixed size"), table_rows.lines("log", r"Message exceeds maximum fixed size|mailer=local, pri=30000, dsn=2\.0\.0, stat=Sent$"))),
    ("a listing: messages of the same priority", said_in(r'"-bp"|mailq'), in_any_order),
    ("`-v`, `-bv`: in which order steps are told, and when a connection is said to be closed", said_in(r'"-v"|"-ov"|"-o", "v|"-bv"|Verbose'), table_rows.all_of(
        table_rows.lines("stdout", r"^\d: ((\S+\.\.\. )?Closing connection to|050 Closing|(050 )?>>> QUIT|(050 )?221 )"), in_any_order)),
]]
