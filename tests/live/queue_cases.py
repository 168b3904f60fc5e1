"""Random queues and what is done with them: groups of cases, each group with a configuration of its own.

`groups(seed, count)` draws them; the same seed gives the same ones. What a case holds is said in queue_bed.py.
"""
import random, re

GROUPS = "QUEUE_GROUP(`slow', `P=/mnt/mqueue/slow, F=f, I=10m')QUEUE_GROUP(`far', `P=/mnt/mqueue/far, F=f, R=2, r=2')"
STARRED = "define(`QUEUE_DIR', `/mnt/mqueue/q*')"
GROUP_FOLDERS = ["mqueue", "mqueue/slow", "mqueue/far"]
STARRED_FOLDERS = ["mqueue/q1", "mqueue/q2", "mqueue/slow", "mqueue/far"]
LIMITED = "QUEUE_GROUP(`slow', `P=/mnt/mqueue/slow, J=1')QUEUE_GROUP(`far', `P=/mnt/mqueue/far, N=5, J=2, r=1')FEATURE(`queuegroup')"
LAYOUTS = [  # (lines of the .mc, directories)
    ("", ["mqueue"]), ("", ["mqueue"]), ("", ["mqueue"]), ("", ["mqueue", "mqueue/df"]), ("", ["mqueue", "mqueue/qf", "mqueue/df", "mqueue/xf"]),
    (STARRED, ["mqueue/q1", "mqueue/q2"]), (STARRED, ["mqueue/q1", "mqueue/q1/df", "mqueue/q2", "mqueue/q3"]),
    (GROUPS, GROUP_FOLDERS), (STARRED + GROUPS + "define(`SMTP_MAILER_QGRP', `far')define(`LOCAL_MAILER_QGRP', `slow')", STARRED_FOLDERS),
    (GROUPS + "FEATURE(`queuegroup')", GROUP_FOLDERS), (STARRED + "QUEUE_GROUP(`odd', `Path=/mnt/elsewhere')", STARRED_FOLDERS),
    (STARRED + "QUEUE_GROUP(`slow', `P=/mnt/mqueue/slow, R=2')", STARRED_FOLDERS), (LIMITED, GROUP_FOLDERS)]
FEATURES = [""] * 6 + ["MODIFY_MAILER_FLAGS(`SMTP', `+e')", "MODIFY_MAILER_FLAGS(`SMTP', `+%')", "FEATURE(`nocanonify')", "define(`SMART_HOST', `esmtp:[mx.good.example]')"]
OPTIONS = {
    "QueueSortOrder": ["priority", "host", "filename", "time", "modification", "none", "random", "host", "t", "h"],
    "MinQueueAge": ["10m", "2h", "1m"], "MaxQueueAge": ["2h", "10m"], "MaxQueueRunSize": ["1", "2", "3"], "QueueLA": ["0", "1"], "QueueFactor": ["1", "100000", "60000"],
    "RetryFactor": ["0", "5000"], "ClassFactor": ["500"], "RecipientFactor": ["1000"], "Timeout.queuereturn": ["5d", "4h", "1m", "30d", "now"], "Timeout.queuewarn": ["4h", "1m", "20d", "0"],
    "Timeout.queuereturn.urgent": ["1h", "30d"], "Timeout.queuereturn.non-urgent": ["1h", "30d"], "Timeout.queuereturn.normal": ["2h"], "Timeout.queuereturn.dsn": ["1h", "now"], "Timeout.queuewarn.urgent": ["1m"],
    "Timeout.queuewarn.dsn": ["1m"], "Timeout.queuewarn.non-urgent": ["1m"], "DeliverByMin": ["300", "0"], "CheckpointInterval": ["1", "2"], "SuperSafe": ["false", "interactive", "postmilter"],
    "QueueFileMode": ["0600", "0660", "0644"], "ForkEachJob": ["True"], "DeliveryMode": ["i", "q", "d", "b"], "HoldExpensive": ["True"], "PrivacyOptions": ["restrictmailq", "restrictqrun", "goaway", "restrictmailq,restrictqrun"],
    "MaxRunnersPerQueue": ["2", "4"], "MaxQueueChildren": ["1", "3"], "NiceQueueRun": ["5"], "LogLevel": ["1", "5", "8", "12", "14", "20"], "DoubleBounceAddress": ["bob", ""], "FallbackMXhost": ["mx.second.example"],
    "TrustedUser": ["root"], "HostStatusDirectory": ["/mnt/hoststat"], "SingleThreadDelivery": ["True"], "Timeout.hoststatus": ["30m", "1s", "0"], "DeadLetterDrop": ["/mnt/spool/dead"], "RequiresDirfsync": ["False"],
    "DontPruneRoutes": ["True"], "ConnectionCacheSize": ["0", "2"], "MaxHopCount": ["2"], "SendMimeErrors": ["False"], "FastSplit": ["0"], "DefaultUser": ["bob:mail"], "ProcessTitlePrefix": ["x"], "PidFile": ["/mnt/mail/other.pid"]}

LOCAL = ["alice", "bob", "carol", "www", "root", "postmaster", "alice@site.example", "bob@site.example", "first.last@site.example", "Upper@site.example"]
ALIASES = ["staff@site.example", "list@site.example", "nested@site.example", "prog@site.example", "tofile@site.example", "incl@site.example", "erin@site.example", "dave@site.example", "twice@site.example", "far@site.example",
           "prog75@site.example", "mixed@site.example", "farfar@site.example"]
REMOTE = ["x@good.example", "y@good.example", "x@second.example", "x@plain.example", "x@bare.example", "x@wild.example", "x@hub.example", "x@downup.example", "x@by.example", "x@bylong.example"]
LATER = ["x@rcpt4.example", "x@greet4.example", "x@mail4.example", "x@dot4.example", "x@down.example", "y@down.example", "x@servfail.example", "x@maildrop.example", "tmp@picky.example", "z@ehlo4.example"]
FAILING = ["x@rcpt5.example", "nosuch@site.example", "x@nosuchdomain.invalid", "x@dot5.example", "bad@picky.example", "x@nullmx.example"]
FORMS = ["<%s>"] * 6 + ["%s"] * 3 + ["Ann <%s>", " <%s>", "<%s> (x)", "%s,bob", ""]
SENDERS = ["<ann@elsewhere.example>"] * 8 + ["ann@elsewhere.example", "<>", "alice@site.example", "alice", "<x@rcpt5.example>", "<x@rcpt4.example>", "<MAILER-DAEMON@site.example>", "<unqual>", "", "<a@b@c>", "Ann <ann@elsewhere.example>",
                                                "<owner-list@site.example>", "<" + "y" * 200 + "@elsewhere.example>", "<odd\\name@elsewhere.example>", "<b\xe4r@elsewhere.example>"]
AGES = [0, 0, 600, 3600, 5 * 3600, 86400, 4 * 86400, 6 * 86400, 40 * 86400, 400 * 86400, -3600, -86400 * 3]
MESSAGES = ["Deferred: 451 4.2.1 Mailbox busy", "Deferred: Connection refused by mx.down.example.", "Warning: could not send message for past 4 hours", "", "host map: lookup (x): deferred", "x" * 150, "odd \\ \x01 text", "Deferred"]
FIELDS = ["H??From: Ann <ann@elsewhere.example>", "H??To: somebody@site.example", "H??Subject: hello", "H??Date: Sun, 01 Mar 2026 10:00:00 +0000", "H??Message-ID: <m1@elsewhere.example>"]
MORE_FIELDS = ["H?P?Return-Path: <\x81g>", "H?D?Date: Sun, 01 Mar 2026 10:00:00 +0000", "H?F?From: ann@elsewhere.example", "H?M?Message-Id: <202611221730.made@mail.site.example>", "H?x?Full-Name: Ann", "H??Priority: urgent", "H??Priority: non-urgent",
               "H??Precedence: bulk", "H??Precedence: first-class", "H??Precedence: junk", "HSubject: old form", "H??X-Folded: one\n\ttwo\n three", "H?${client_addr}?X-Macro: y", "H?$r?X-Short: y", "H?pD?X-Two: y", "H??No colon", "H??:", "H?",
               "H??Bcc: hidden@site.example", "H??Received: from a by b; Sun, 01 Mar 2026 10:00:00 +0000", "H??X-Long: " + "word " * 300, "H??X-Eight: caf\xe9", "H??Content-Type: text/plain; charset=utf-8", "H??Errors-To: bob@site.example", "H??Importance: high",
               "H??Return-Receipt-To: ann@elsewhere.example", "H??From: other@elsewhere.example", "H???X-Mark: y", "H?P?X-Flag: y", "H??Resent-To: alice@site.example", "H??Apparently-To: bob", "H??X-Blank:", "H??X-Percent: $j \x81g"]
ODD_LINES = ["", "From ann Sun Mar  1 10:00:00 2026", "Xunknown", "Dother", "Eowner@x", "L100", "?", "a", "R", "R:", "S", "C", "Q", "M", "H", "F", "q", "P", "T", "N-1", "Nabc", "Nx9", "P-999999", "P99999999999999999999", "T99999999999", "K99999999999", "Tabc", "BBINARY", "B7bit", "B",
             "$", "${", "${unclosed", "$sother.host", "${daemon_flags}c u", "${nosuch}value", "!", "!\x01 abc", "d/mnt/mqueue/other", "d", "d/etc", "I1/2/3", "Iodd", "A<>", "Aann@elsewhere.example", "Zenv+2B42", "Z", "V8", "V9", "V0", "Vx", ".more", " continuation", "\tcontinuation",
             "Calice:2001:2001:alice", "Calice", "C:0:0:x", "Cnosuch:1:1:x", "Calice:abc:def:x", "rRFC822; x@y.example", "r", "Qrfc822;orig@else.example", "Qodd", "RPFD:nocolon", "RZZ:<bob>", "R<bob@site.example>", "RPNS:<bob@site.example>", "RPFDA:bob", "RB:<carol@site.example>", "x" * 3000,
             "nul\0in", "H??X-Nul: a\0b", "S<second@elsewhere.example>", "Y", "W", "w", "1", "\x80", "~"]
FLAGS = ["s", "bs", "8s", "rs", "ws", "", "dn", "bdns", "w", "r", "zz", "e", "wr"]
NAMES = ["qfshort", "qf6AMHDk09022879toolong", "df6AMHZZ09000001", "xf6AMHZZ09000002", "tf6AMHZZ09000003", "Tf6AMHZZ09000004", "ds6AMHZZ09000005", "README", ".hidden", "QF6AMHZZ09000007", "af6AMHZZ09000008", "core"]
BODIES = ["line one\nline two\n", "", "x" * 70 + "\n", ".dot\n\nFrom here\n", "no end", "caf\xc3\xa9 8-bit\n", "z" * 2000 + "\n", ("y" * 70 + "\n") * 300]
SELECTORS = ["-qRgood", "-qRalice", "-qR@", "-qSann", "-qSelsewhere", "-qS<>", "-q!Rgood", "-q!Sann", "-qRGOOD", "-qI6A", "-q!I6A", "-qQ", "-qQodd", "-q!Qodd", "-qL", "-qInosuch", "-qR", "-qS", "-qI", "-qGmqueue", "-qGslow", "-qGnosuch", "-qGfar", "-qQheld", "-qLx", "-q!L", "-q!Q", "-qRdown"]
ODD_RUNS = ["-q0", "-q-1", "-qx", "-q1x", "-q!", "-q!G", "-q!Gslow", "-qG", "-q!z", "-qR", "-qi6A", "-qrgood", "-q5"]
RUNNERS = ["-q5"]  # run on until somebody ends them
SUBMISSION = "From: Ann <ann@elsewhere.example>\nTo: somebody@site.example\nSubject: from the reference\n\nits body\n"


def runnable(text, lines, held):
    """The text of a control file for a run, which sendmail does not survive without an S line; one that says itself that it is held, but in an hf, or that it needs SMTPUTF8, is for listings only."""
    if not held:
        text = re.sub("^q.*\n", "", text, flags=re.M)
    text = re.sub("^Fe$", "F", text, flags=re.M)
    text += "" if "\n" in text else "\n"
    if re.search("^!", text, re.M):  # BY=: queue_states.md
        text = re.sub("@(greet4|ehlo4|maildrop)", "@rcpt4", text)
    if "@down.example" in text:  # hosts that share an exchanger: queue_states.md
        text = text.replace("@downup.example", "@good.example")
    return text if re.search("^S", text, re.M) or "\n." not in text else "\n".join(line for line in lines if held or line[0] != "q") + "\n.\n"


class Drawer:
    """One random source, and the directories of its group."""

    def __init__(self, chance):
        self.chance, self.folders, self.grouped = chance, [], False

    def often(self, share):
        return self.chance.random() < share

    def pick(self, values):
        return self.chance.choice(values)

    # ------------------------------------------------------------ control files
    def identifier(self):
        letters = "".join(self.pick("0123456789ABCDEFGHIJKLMNOPQRSTUVWX") if at != 2 else self.pick("123456789ABCDEFGHIJ") for at in range(6))
        return "6A" + letters + "%06d" % self.chance.randrange(1000, 999999)

    def address(self):
        kind = self.chance.random()
        return self.pick(LOCAL if kind < 0.3 else ALIASES if kind < 0.45 else REMOTE if kind < 0.7 else LATER if kind < 0.94 else FAILING)

    def recipient(self):
        lines = [self.pick(MESSAGES[:4])] if self.often(0.2) else []
        lines = ["M" + line for line in lines]
        if self.often(0.08):
            lines.append(self.pick(["Calice:2001:2001:alice", "C", "Cbob:2002:2002:list", "Cdave:2004:2004:<dave@site.example>"]))
        address = self.address()
        if self.often(0.1):
            lines.append("Qrfc822;" + address)
        if self.often(0.8):
            lines.append("rRFC822; " + address)
        flags = self.pick(["PFD"] * 8 + ["PNS", "PNFD", "PN", "PNSFD", "", "FD", "PFDX", "PB", "A", "NS"])
        form = self.pick(FORMS) if self.often(0.3) else "<%s>"
        return lines + [f"R{flags}:" + (form % address if "%" in form else form)]

    def times(self):
        age = self.pick(AGES)
        tries = self.pick([0, 0, 1, 1, 2, 5, 300])
        last = self.pick([60, 900, 3600, 3 * 3600, max(age - 60, 0), -3600]) if tries else 0
        lines = [f"T@{-age:+}@", f"K@{-last:+}@" if tries else "K0", f"N{tries}", f"P{self.chance.randrange(30000, 400000)}"]
        return [line for line in lines if self.often(0.98)]

    def control(self, quarantined):
        version = self.pick(["V8"] * 12 + ["V7", "V6", "V5", "V4", "V3", "V2", "V1", "V0", "V9", None])
        lines = ([version] if version else []) + self.times()
        if self.often(0.2):
            lines.append("I0/41/67")
        if self.often(0.1):
            lines.append(self.pick(["B7BIT", "B8BITMIME"]))
        if quarantined or self.often(0.02):
            lines.append("q" + self.pick(["held for review", "odd sender", "", "x" * 130]))
        if self.often(0.3):
            lines.append("M" + self.pick(MESSAGES))
        lines += ["F" + self.pick(FLAGS if self.often(0.4) else ["s"]), "$_client9.elsewhere.example [127.0.0.9]", "$rESMTP", "$sclient9.elsewhere.example", "${daemon_flags}"]
        lines.append("S" + (self.pick(SENDERS) if self.often(0.6) else SENDERS[0]))
        if self.often(0.06):
            lines.append(self.pick(["Zenv42", "Aann@elsewhere.example", "!\x01 600", "!\x02 600", "!\x12 -60", "!\x11 999999"]))
        for _ in range(self.pick([1, 1, 1, 2, 2, 3, 5])):
            lines += self.recipient()
        lines += [line for line in FIELDS if self.often(0.9)]
        for _ in range(self.pick([0, 0, 1, 1, 2, 3])):
            lines.insert(self.chance.randrange(len(lines) - 3, len(lines) + 1), self.pick(MORE_FIELDS))
        return lines

    def damaged(self, lines):
        """The text of a qf with what a careless or hostile hand did to it."""
        kind = self.chance.random()
        if kind < 0.5:
            lines = lines[:]
            for _ in range(self.pick([1, 1, 2])):
                lines.insert(self.chance.randrange(len(lines) + 1), self.pick(ODD_LINES))
        elif kind < 0.6:
            lines = self.chance.sample(lines, len(lines))
        elif kind < 0.7:
            del lines[self.chance.randrange(len(lines))]
        text = "\n".join(lines) + "\n"
        if kind < 0.7:
            return text + ".\n"
        if kind < 0.8:
            return text[:self.chance.randrange(len(text))]
        return text + self.pick(["", ".", ".\nextra\n", ".\n\n", ".\nRPFD:<bob@site.example>\n", "..\n", ". \n", ".\r\n", ".\n.\n"])

    # ------------------------------------------------------------ files
    def place(self, prefix, folder):
        kind = {"d": "df", "x": "xf"}.get(prefix[0], "qf")
        below = f"{folder}/{kind}"
        return (below if below in self.folders else folder) + "/" + prefix

    def tops(self):
        return [folder for folder in self.folders if folder.split("/")[-1] not in ("qf", "df", "xf")]

    def body(self, name, folder):
        path = self.place("df" + name, folder)
        kind = self.chance.random()
        if kind < 0.9:
            return [[path, self.pick(BODIES), 0o600, 0, 0]]
        if kind < 0.94 and not self.running:
            return []
        if self.running:
            return [[path, "body\n", self.pick([0o600, 0o644, 0o666, 0o400]), 0, 0]]
        return [[path, self.pick([{"link": "/etc/hosts"}, {"folder": True}, {"link": "/nonexistent"}]) if self.often(0.4) else "body\n", self.pick([0o600, 0o644, 0o666, 0o400, 0]), self.pick([0, 2001, 209]), 0]]

    def message(self):
        """Files of one message; its id."""
        name, folder = self.identifier(), self.pick(self.tops())
        prefix = self.pick(["qf"] * 12 + ["hf", "hf", "Qf"])
        lines = self.control(prefix == "hf")
        text = "\n".join(lines) + "\n.\n" if self.often(0.8) else self.damaged(list(lines))
        if self.running and prefix in ("qf", "hf"):
            text = runnable(text, lines, held=prefix == "hf")
        if self.often(0.03):
            text = ""
        mode, owner, age = (0o600, 0, self.pick([0, 0, 0, 1200, 90000]))
        if self.often(0.1):
            mode, owner = self.pick([0o600, 0o644, 0o640, 0o660, 0o666, 0o400, 0o602]), 0 if self.running else self.pick([0, 0, 209, 2001, 2002])
        content = text if self.often(0.99) else {"folder": True}
        files = [[self.place(prefix + name, folder), content, mode, owner, age], *self.body(name, folder)]
        if self.often(0.08):
            other = self.pick(["tf", "xf", "hf", "Qf", "Tf", "qf"])
            if self.running and other == "xf":
                other = "Tf"  # a transcript that a crash left: listings only
            if other != prefix:
                files.append([self.place(other + name, folder), self.pick(["", "451 4.2.1 x... Mailbox busy\n", text]), 0o600, 0, 0])
        if self.often(0.02) and content == text:
            files.append([f"{folder}/twin{name}", {"twin": files[0][0]}, 0, 0, 0])
        return files, name

    # ------------------------------------------------------------ commands
    def option(self):
        return f"-O{self.pick(['QueueSortOrder=host', 'QueueSortOrder=time', 'QueueSortOrder=filename', 'QueueSortOrder=none', 'MinQueueAge=5m', 'Timeout.queuereturn=1m', 'QueueLA=0', 'MaxQueueRunSize=1', 'LogLevel=12'])}"

    def selectors(self):
        chosen = [self.pick(SELECTORS) for _ in range(self.pick([0, 0, 1, 1, 2, 3]))]
        if chosen and self.often(0.25) and self.ids:
            whole = self.pick(self.ids)
            chosen.append(self.pick(["-qI", "-q!I"]) + self.pick([whole, whole[3:9], whole.lower()]))
        return chosen

    def listing(self):
        arguments = ["-bp"] + self.selectors() + ([self.option()] if self.often(0.2) else [])
        if self.often(0.35):
            arguments.append("-v")
        self.chance.shuffle(arguments)
        return self.pick([["run", *arguments]] * 8 + [["run", "-bP"], ["run_as", "alice", *arguments]])

    def queue_run(self):
        kind = self.chance.random()
        selectors = self.selectors()
        if kind < 0.12:
            reason = self.pick(["-Qbad smell", "-Q", "-Qodd", "-Q."])
            return ["run", reason, *(selectors or [self.pick(["-qI6", "-qQ", "-qRgood", "-q", "-qSann"])])]
        if kind < 0.17:
            odd = self.pick(ODD_RUNS)
            return ["stay", 2.5, odd, *selectors] if odd in RUNNERS else ["run", odd, *selectors]
        if kind < 0.2:
            return ["stay", 2.5, self.pick(["-q1s", "-qp1s", "-qp", "-bD", "-q1h"]), "-ODaemonPortOptions=Port=2525,Addr=127.0.0.1"]
        if kind < 0.22:
            return ["run_as", "alice", "-q", *selectors]
        arguments = self.pick([["-q"], ["-q"], ["-qf"], ["-qf"], []]) + selectors
        return ["run", *(arguments or ["-q"]), *([self.option()] if self.often(0.2) else [])]

    def steps(self):
        """What is done; a case that runs the queue is known before its files are drawn."""
        steps = []
        if self.often(0.05):
            steps.append(["reference", SUBMISSION, "-odq", "-oi", "-f", "ann@elsewhere.example", self.address(), self.address()])
        if self.often(0.06):
            steps.append(["submit", SUBMISSION, "-odq", "-oi", "-f", "ann@elsewhere.example", self.address(), self.address()])
        if not self.running:
            return steps + [self.listing() for _ in range(self.pick([2, 3, 4]))]
        steps.append(self.queue_run())
        if self.hosts:
            steps += self.pick([[["run", "-bh"]], [["run", "-bh"], ["age", 3600], ["run", "-bH"], ["run", "-bh"]], [["run", "-q"], ["run", "-bh"]], [["age", 3600], ["run", "-bh"], ["run", "-qf"]], [["run", "-bH"], ["run", "-bh"]]])
        if self.often(0.4):
            steps.append(self.pick([["run", "-bp"], ["run", "-bp", "-v"], ["run", "-bp", "-qQ"], ["run", "-bp", "-qL"], ["run", "-qf"], ["run", "-Qagain", "-qI6"], ["run", "-Q", "-qQ"]]))
        return steps

    def case(self):
        files, self.ids, self.running = [], [], self.often(0.67)
        for _ in range(self.pick([0, 1, 1, 1, 2, 2, 3, 4, 6])):
            more, name = self.message()
            files, self.ids = files + more, self.ids + [name]
        if self.often(0.1):
            name, folder, text = self.pick(NAMES), self.pick(self.tops()), self.pick(["", "text\n"])
            # a listing that renames what is no control file is counted differently ever after
            files.append([self.place(name, folder), "" if name[:2] == "qf" else text, 0o600, 0, self.pick([0, 90000])])
        controls = [file[0] for file in files if file[0].split("/")[-1][:2] in ("qf", "hf") and isinstance(file[1], str)]
        locks = [self.pick(controls)] if controls and self.often(0.08) else []
        steps = self.steps()
        # what a crash left ends a run or is in the way of -Q: queue_states.md
        if self.running or any(str(word).startswith("-Q") for step in steps for word in step):
            files = [file for file in files if file[0].split("/")[-1][:2] != "tf"]
        return {"files": files, "ids": self.ids, "locks": locks, "steps": steps}

    def group(self, cases):
        layout, self.folders = self.pick(LAYOUTS)
        options = []
        for name in self.chance.sample(sorted(OPTIONS), self.chance.choice([0, 0, 1, 2, 3, 4])):
            options.append(f"O {name}={self.pick(OPTIONS[name])}")
        self.hosts = self.often(0.12)
        if self.hosts:
            options = [line for line in options if "HostStatus" not in line] + ["O HostStatusDirectory=/mnt/hoststat"]
        mounts = [folder for folder in self.folders if "/" in folder and self.often(0.15) and folder in self.tops()]
        return {"mounts": mounts, "features": layout + self.pick(FEATURES), "options": options, "directories": self.folders, "cases": [self.case() for _ in range(cases)]}


def groups(seed, count, size=5):
    """That many cases, in groups."""
    drawn = []
    for number, first in enumerate(range(0, count, size)):
        drawn.append(Drawer(random.Random(f"queue/{seed}/{number}")).group(min(size, count - first)))
        for at, case in enumerate(drawn[-1]["cases"]):
            case["number"] = first + at
    return drawn
