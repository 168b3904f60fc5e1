"""Random SMTP sessions: groups of cases, each group with a configuration and a daemon of its own.

`groups(seed, count)` draws them; the same seed gives the same ones. A case is a client address and steps (see Session in mail_bed.py).
"""
import json, random, re

import session_text, table_rows

FEATURES = [  # lines of the .mc; the first is drawn most often
    "", "FEATURE(`delay_checks')", "FEATURE(`always_add_domain')", "MASQUERADE_AS(`masq.example')FEATURE(`masquerade_envelope')",
    "define(`LUSER_RELAY', `local:bob')", "define(`SMART_HOST', `esmtp:[mx.plain.example]')", "FEATURE(`accept_unqualified_senders')",
    "FEATURE(`preserve_local_plus_detail')", "FEATURE(`allmasquerade')MASQUERADE_AS(`masq.example')", "FEATURE(`nocanonify')",
    "FEATURE(`relay_entire_domain')FEATURE(`relay_based_on_MX')", "FEATURE(`bestmx_is_local')", "FEATURE(`stickyhost')define(`MAIL_HUB', `good.example')",
    "FEATURE(`accept_unresolvable_domains')", "FEATURE(`block_bad_helo')", "FEATURE(`nouucp', `reject')", "FEATURE(`local_no_masquerade')MASQUERADE_AS(`masq.example')",
    "define(`confCOPY_ERRORS_TO', `carol')", "define(`LOCAL_MAILER_FLAGS', `PrmnE9')", "define(`LOCAL_MAILER_MAX', `600')", "define(`SMTP_MAILER_MAX', `600')",
    "MODIFY_MAILER_FLAGS(`LOCAL', `+78')", "define(`SMTP_MAILER_MAXMSGS', `1')", "define(`ESMTP_MAILER_MAXRCPTS', `2')define(`SMTP_MAILER_MAXRCPTS', `2')",
    "MODIFY_MAILER_FLAGS(`SMTP', `+9')", "MODIFY_MAILER_FLAGS(`SMTP', `+7')", "MODIFY_MAILER_FLAGS(`SMTP', `+e')", "MODIFY_MAILER_FLAGS(`LOCAL', `+aSl')"]
OPTIONS = {  # name: values; every one can change a reply, a header, a report or a log line
    "PrivacyOptions": ["needmailhelo", "noexpn", "novrfy", "noverb", "goaway", "noetrn", "nobodyreturn", "noreceipts", "noactualrecipient",
                       "authwarnings", "goaway,noreceipts", "needexpnhelo,needvrfyhelo"],
    "EightBitMode": ["p", "m", "s"], "SevenBitInput": ["True"], "DeliveryMode": ["i", "q", "d", "b"], "HoldExpensive": ["True"],
    "ErrorHeader": ["Something went wrong at $j.", "/mnt/mail/errorheader", "/mnt/mail/nosuch"], "SaveFromLine": ["True"], "MatchGECOS": ["True"],
    "HelpFile": ["/mnt/mail/nosuch"], "MaxHopCount": ["3", "5"], "ForwardPath": ["$z/.forward", "/mnt/home/$u/.forward+$h", ""], "SendMimeErrors": ["False"],
    "ConnectionCacheSize": ["0", "1", "2"], "UseErrorsTo": ["True"], "LogLevel": ["0", "1", "3", "5", "8", "10", "12", "14"], "MeToo": ["False"],
    "OldStyleHeaders": ["False", "True"], "PostmasterCopy": ["carol", "boss@good.example"], "SuperSafe": ["interactive", "false"],
    "NoRecipientAction": ["none", "add-to", "add-apparently-to", "add-bcc", "add-to-undisclosed"], "MaxMessageSize": ["2000", "0"],
    "ColonOkInAddr": ["True", "False"], "DontExpandCnames": ["True"], "MustQuoteChars": [".", ".'!"], "SmtpGreetingMessage": ["$j here", "$j one\\ntwo; $b", "Welcome"],
    "UnixFromLine": ["From $g on $d"], "SingleLineFromHeader": ["True"], "AllowBogusHELO": ["True"], "DoubleBounceAddress": ["bob", "", "x@rcpt5.example"],
    "MaxRecipientsPerMessage": ["2", "4"], "MaxAliasRecursion": ["2", "4"], "ConnectOnlyTo": ["127.0.1.1"], "MaxMimeHeaderLength": ["200/100", "128/40"],
    "MaxHeadersLength": ["16384", "2000"], "RrtImpliesDsn": ["True"], "DontPruneRoutes": ["True"], "TryNullMXList": ["True"], "DefaultCharSet": ["iso-8859-1"],
    "BadRcptShutdown": ["2"], "DeliverByMin": ["300", "-1", "0"], "SoftBounce": ["True"], "FallbackSmartHost": ["mx.second.example"], "HeloName": ["other.name.example"],
    "MaxNOOPCommands": ["3"], "RejectNUL": ["True"], "FallbackMXhost": ["mx.second.example"], "BlankSub": ["."], "FastSplit": ["0", "1"],
    "SingleThreadDelivery": ["True"], "HostStatusDirectory": ["/mnt/hoststat"], "DeadLetterDrop": ["/mnt/spool/dead"], "ResolverOptions": ["+AAONLY", "WorkAroundBrokenAAAA"],
    "ClientPortOptions": ["Name=c,Addr=127.0.0.30,Family=inet"], "DontInitGroups": ["True"], "QueueFileMode": ["0600"], "CheckpointInterval": ["1"],
    "DefaultUser": ["alice:mail"], "MaxQueueRunSize": ["1"], "MinQueueAge": ["5m"], "DialDelay": ["1s"], "SafeFileEnvironment": ["/mnt/spool"],
    "IgnoreDots": ["True"], "TimeZoneSpec": ["", "CET-1"], "ErrorMode": ["m", "q"], "RecipientFactor": ["1000"], "ClassFactor": ["500"], "QueueSortOrder": ["host"],
    "ProcessTitlePrefix": ["x"], "StatusFile": ["/mnt/mail/nosuch"]}
TWINS = {"ColonOkInAddr", "DefaultUser"}  # said only in the cf: elsewhere the order of lines counts
MODIFIERS = ["", "", "", "", "f", "r", "u", "c", "C", "E", "b", "h", "ru", "fc", "a", "S"]

CLIENTS = ["127.0.0.5"] * 8 + ["127.0.0.9"] * 5 + ["127.0.0.1"] * 3 + ["127.0.0.%d" % number for number in (6, 7, 8, 10, 11, 12, 13, 14, 18, 19, 20, 21, 22, 23)]
GREETINGS = ["EHLO client9.elsewhere.example"] * 12 + [
    "HELO client9.elsewhere.example", "HELO client9.elsewhere.example", "EHLO [127.0.0.9]", "EHLO localhost", "EHLO mail.site.example", "ehlo Other.Example",
    "EHLO", "HELO", "EHLO bad_name!", "HELO two words", "EHLO " + "x" * 300, "EHLO a(comment)", "HELO [IPv6:::1]", "EHLO caf\xe9.example", "EHLO x.", "HELO \ty.example"]
LOCAL = ["alice", "bob", "carol", "dave", "www", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "first.last", "Upper", "upper", "root", "postmaster", "MAILER-DAEMON", "nobody"]
ALIASES = ["staff", "list", "far", "farfar", "nested", "loop1", "prog", "progargs", "prog75", "prog69", "prog1", "prognone", "incl", "inclnone", "tofile", "badfile",
           "moved", "detail", "detail+foo", "detail+x", "badone", "allbad", "gonehost", "nodomain", "twice", "quoted", "badlist", "mixed", "deep1", "empty", "slowpair",
           "syntax", "abroad", "owner-list", "list-request"]
DETAILS = ["alice+box", "bob+a+b", "grace+box", "alice+tempfail", "bob+exit69", "carol+exit67", "nosuch+tag", "+x", "dave+"]
VIRTUAL = ["joe", "joe+box", "info", "team", "out", "gone", "soon", "sales+eu", "sales", "none"]
TABLED = ["a@hub.example", "b@x.sub.hub.example", "c@localized.example", "d@refused.example", "e@relayed.example", "f@smtpold.example", "g@smtp8.example", "h@dsmtp.example", "i@twohops.example"]
KINDS = ["good"] * 4 + ["second", "plain", "sized", "bare", "old", "nodsn", "seven", "by", "bylong", "pipeless", "pickyold", "slow", "greet5", "greet4", "greetmany",
         "greetodd", "greetdrop", "ehlo4", "helo5", "ehlodrop", "mail5", "mail4", "mail421", "maildrop", "mailbare", "rcpt5", "rcpt4", "rcptdrop", "rcptmany",
         "rcpt552", "data5", "data4", "datadrop", "dot5", "dot4", "dot421", "dotdrop", "dotmany", "dotbare", "odd", "rset5", "quitdrop", "down", "downup", "busyup",
         "fiveup", "tempup", "dropup", "nullmx", "loop", "backup", "mxgone", "mxcname", "cname", "nodata", "wild", "relayok", "nosuchdomain", "servfail", "relaydom", "elsewhere"]
ODD_RECIPIENTS = ["@good.example:alice@site.example", "alice%site.example@site.example", "x%good.example@site.example", "good.example!x", "site.example!bob", '"alice"@site.example',
                  '"odd name"@site.example', "alice@[127.0.0.1]", "x@[127.0.1.1]", "ALICE@SITE.EXAMPLE", "alice@mail.site.example", "alice@mail", "alice", "Postmaster", "nosuchuser@site.example",
                  "nosuch", "a@b@c", "alice@site.example.", "alice@", "@site.example", "", "alice bob", "a,b@site.example", "|/bin/true", "/mnt/spool/x", ":include:/mnt/mail/members",
                  "\\alice@site.example", "\\dave", "al\xefce@site.example", "x" * 260 + "@site.example", "alice@site..example", "alice(comment)@site.example", "u@x.REDIRECT",
                  "blocked@site.example", "quota@site.example", "dropped@site.example", "hold@site.example", "z@sub.relaydom.example", "<alice@site.example>", "alice@nosuch.site.example",
                  "Alice.Example", "owner-nosuch@site.example", "alice;bob", "list:alice;", "x@a.b.c.nodomain.invalid", "first.last+x@site.example", "undisclosed-recipients:;"]
SENDERS = ["ann@elsewhere.example"] * 10 + [
    "", "", "www@site.example", "bob@site.example", "alice", "spammer@elsewhere.example", "x@bulk.example", "x@deep.bulk.example", "maybe@elsewhere.example", "quiet@elsewhere.example",
    "held@elsewhere.example", "unqual", "a@nodomain.invalid", "a@servfail.example", "a@b@c", "@good.example:ann@elsewhere.example", '"odd name"@elsewhere.example', "ann%x@elsewhere.example",
    "x@rcpt5.example", "x@rcpt4.example", "owner-list@site.example", "MAILER-DAEMON@site.example", "postmaster", "x@[127.0.1.1]", "a!b!c", "A@Good.EXAMPLE", "ann@elsewhere.example.",
    "b\xe4r@elsewhere.example", "y" * 260 + "@elsewhere.example", "nosuch@site.example", "alice+box@site.example", "x@nullmx.example", "x@cname.example", "root", "first last@elsewhere.example"]
MAIL_PARAMETERS = ["SIZE=100", "SIZE=1", "SIZE=90000", "SIZE=200000", "SIZE", "SIZE=", "SIZE=abc", "SIZE=-5", "SIZE=99999999999999999999", "BODY=7BIT", "BODY=8BITMIME", "BODY=8bitmime",
                   "BODY=BINARYMIME", "BODY", "RET=HDRS", "RET=FULL", "RET=hdrs", "RET=MAYBE", "RET", "RET=FULL RET=HDRS", "ENVID=env+2B42", "ENVID=a+zz", "ENVID=a ENVID=b", "ENVID",
                   "ENVID=" + "e" * 120, "AUTH=<>", "AUTH=ann@elsewhere.example", "AUTH", "AUTH=a+zz", "BY=600;N", "BY=600;NT", "BY=600;R", "BY=100;R", "BY=-5;R", "BY=0;N", "BY=abc;N",
                   "BY=400;Q", "BY=400", "BY=", "BY=9999999999;N", "FOO=bar", "FOO", "SMTPUTF8", "X=1 Y=2", " SIZE=100", "SIZE=100 RET=HDRS ENVID=x BODY=8BITMIME"]
RCPT_PARAMETERS = ["NOTIFY=SUCCESS", "NOTIFY=FAILURE", "NOTIFY=DELAY", "NOTIFY=NEVER", "NOTIFY=SUCCESS,FAILURE,DELAY", "NOTIFY=never", "NOTIFY=NEVER,SUCCESS", "NOTIFY=NOW", "NOTIFY",
                   "NOTIFY=", "NOTIFY=SUCCESS,,DELAY", "ORCPT=rfc822;x+40y.example", "ORCPT=rfc822;a+z", "ORCPT=nosemicolon", "ORCPT=rfc822;a ORCPT=rfc822;b", "ORCPT", "ORCPT=utf-8;x",
                   "NOTIFY=SUCCESS ORCPT=rfc822;Orig@else.example", "NOTIFY=SUCCESS,FAILURE ORCPT=x400;foo+20bar", "WHAT=1", "X Y", "NOTIFY=SUCCESS NOTIFY=DELAY"]
NOISE = ["NOOP", "NOOP words", "noop", "RSET", "HELP", "HELP mail", "HELP nothing", "HELP helo", "VRFY alice", "VRFY <alice@site.example>", "VRFY nosuch", "VRFY staff", "VRFY", "VRFY x@good.example",
         "VRFY prog", "VRFY moved", "VRFY alice+box", "EXPN staff", "EXPN list", "EXPN nested", "EXPN nosuch", "EXPN", "EXPN loop1", "EXPN prog", "EXPN dave", "EXPN incl", "EXPN x@good.example", "VERB",
         "ETRN", "ETRN good.example", "ETRN @good.example", "ETRN #nogroup", "ETRN #mqueue", "FOO", "", "  NOOP", "SEND FROM:<a@b>", "SAML FROM:<a@b>", "SOML FROM:<a@b>", "TURN", "WIZ", "DEBUG", "SHOWQ",
         "BDAT 10", "BDAT", "XFOO \t tab", "STARTTLS x", "AUTH", "AUTH FOO", "XCLIENT a", "NOOP x", "NOOP caf\xe9", "x" * 600, "DATA", "RCPT TO:<alice@site.example>", "MAIL FROM:<ann@elsewhere.example>",
         "QUIT now", "EHLO again.example", "HELO again.example", "MAIL", "MAIL FROM", "MAIL FROM:", "MAIL TO:<a@b>", "MAIL FROM ann", "RCPT", "RCPT TO", "RCPT TO:", "RCPT FROM:<x>", "RCPT TO:<alice",
         "RCPT TO:alice>", "MAIL FROM:<a@elsewhere.example", "QUIT x", "GET / HTTP/1.0", "POST / HTTP/1.0", "USER x", "HELP\t", "RSET x", "DATA x", "EXPN postmaster", "VRFY \"Alice Example\"", "VRFY a b", "VRFY <>"]
ADDRESS_FIELDS = ["Ann <ann@elsewhere.example>", "ann@elsewhere.example", "ann@elsewhere.example (Ann)", '"Ann, A." <ann@elsewhere.example>', "alice", "www", "Alice <alice>", "bob@site.example, carol", "a@x.example,\n b@y.example",
                  "list: a@b.example, c;", "undisclosed-recipients:;", "<ann@elsewhere.example>", "broken <ann@elsewhere.example", "ann@elsewhere.example, ", "", "=?utf-8?q?J=C3=B6rg?= <j@elsewhere.example>",
                  "J\xc3\xb6rg <j@elsewhere.example>", "a b c", "@a,@b:c@d.example", "ann at elsewhere", "very.long." * 40 + "@x.example", "Bob <bob+box@site.example>", "a@b.example;c@d.example", "(only comment)", "root@localhost", "x!y!z", '"quoted \\" str"@x.example',
                  ", ".join("person%d@faraway.example" % number for number in range(30))]
FIELDS = {
    "From": ADDRESS_FIELDS, "To": ADDRESS_FIELDS, "Cc": ADDRESS_FIELDS, "Bcc": ADDRESS_FIELDS, "Reply-To": ADDRESS_FIELDS, "Sender": ADDRESS_FIELDS, "Errors-To": ADDRESS_FIELDS, "Resent-From": ADDRESS_FIELDS,
    "Resent-To": ADDRESS_FIELDS, "Resent-Cc": ADDRESS_FIELDS, "Resent-Bcc": ADDRESS_FIELDS, "Resent-Date": ["Sun, 01 Mar 2026 10:00:00 +0000"], "Resent-Message-Id": ["<r1@x.example>"], "Apparently-To": ADDRESS_FIELDS,
    "Return-Receipt-To": ADDRESS_FIELDS, "Disposition-Notification-To": ADDRESS_FIELDS, "Subject": ["hello", "", "odd\n folded\n\tline", "caf\xc3\xa9", "x" * 1200, "=?utf-8?b?w6k=?=", " two  blanks ", "nul\x00in"],
    "Date": ["Sun, 01 Mar 2026 10:00:00 +0000", "not a date", ""], "Message-ID": ["<m1@elsewhere.example>", "no-brackets", "<a b>", "", "<" + "m" * 250 + "@x>"], "Return-Path": ["<fake@x.example>", "x"],
    "Received": ["from a by b; Sun, 01 Mar 2026 10:00:00 +0000", "by x"], "Precedence": ["bulk", "junk", "list", "first-class", "special-delivery", "odd"], "Priority": ["urgent", "non-urgent", "normal"], "Importance": ["high"],
    "X-Empty": ["", " "], "X-Long": ["word " * 300, "y" * 990], "Content-Length": ["10"], "Full-Name": ["Ann Other"], "X-Mailer": ["tool"], "Comments": ["(unbalanced", "text"], "Lines": ["1"], "Status": ["RO"], "Auto-Submitted": ["auto-generated"],
    "Delivered-To": ["alice@site.example"], "Posted-Date": ["Sun, 01 Mar 2026 10:00:00 +0000"], "Mail-From": ["x"], "X400-Received": ["by x"], "Via": ["x"], "References": ["<a@b> <c@d>"], "Encrypted": ["x"]}
LINES = ["line one", ".", ".dot line", "..", "From here on", ">From quoted", "", "  blanks  ", "x" * 80, "x" * 998, "x" * 1100, "y" * 2500, "tab\there", "caf\xc3\xa9 8-bit", "\xe9\xff", "nul \x00 here", "=3D equals=", "-", "--edge", "--edge--", "cr \r alone",
         "trailing ", "\x01\x1b control", "last"]
PLAIN_LINES = ["line one", ".dot line", "From here on", "more text", "x" * 80, "", "last line"]


def eight(chance):
    return chance.choice(["caf\xc3\xa9", "na\xefve", "\xff\xfe" * 20, "\xe2\x82\xac 5", "h\xe9" * 60])


class Drawer:
    """One random source and what a group fixes."""

    def __init__(self, chance):
        self.chance = chance

    def often(self, share):
        return self.chance.random() < share

    def pick(self, values):
        return self.chance.choice(values)

    # ------------------------------------------------------------ addresses
    def recipient(self):
        kind = self.chance.random()
        if kind < 0.2:
            return self.pick(LOCAL) + self.pick(["@site.example"] * 5 + ["", "@mail.site.example"])
        if kind < 0.45:
            return self.pick(ALIASES) + "@site.example"
        if kind < 0.5:
            return self.pick(DETAILS) + "@site.example"
        if kind < 0.56:
            return self.pick(VIRTUAL) + "@virt.example" if self.often(0.85) else "any.user@cat.example"
        if kind < 0.62:
            return self.pick(TABLED)
        if kind < 0.68:
            return self.pick(["ok", "bad", "tmp", "drop", "421", "long"]) + self.pick(["@picky.example"] * 4 + ["@pickyold.example"])
        if kind < 0.9:
            host = self.pick(KINDS) if self.often(0.985) else self.pick(["mute", "rcptmute"])
            return self.pick(["x", "y", "z"]) + "@" + host + ".example"
        return self.pick(ODD_RECIPIENTS)

    def mail(self):
        sender = self.pick(SENDERS)
        form = self.pick(["MAIL FROM:<%s>"] * 12 + ["MAIL FROM: <%s>", "mail from:<%s>", "MAIL FROM:%s", "MAIL FROM:Ann <%s>", "Mail From:<%s> "])
        return form % sender + self.parameters(MAIL_PARAMETERS, 0.3)

    def rcpt(self):
        form = self.pick(["RCPT TO:<%s>"] * 12 + ["RCPT TO: <%s>", "rcpt to:<%s>", "RCPT TO:%s", "RCPT TO:Joe <%s>"])
        return form % self.recipient() + self.parameters(RCPT_PARAMETERS, 0.25)

    def parameters(self, values, share):
        drawn = ""
        while self.often(share):
            drawn += " " + self.pick(values)
        return drawn

    # ------------------------------------------------------------ messages
    def header(self):
        lines = []
        if self.often(0.85):
            lines += ["From: Ann <ann@elsewhere.example>", "To: somebody@site.example", "Subject: hello", "Date: Sun, 01 Mar 2026 10:00:00 +0000", "Message-ID: <m1@elsewhere.example>"]
            lines = [line for line in lines if self.often(0.85)]
        for _ in range(self.chance.choice([0, 0, 0, 1, 1, 2, 3, 5])):
            name = self.pick(sorted(FIELDS))
            name = self.pick([name] * 6 + [name.upper(), name.lower()])
            lines.insert(self.chance.randrange(len(lines) + 1), name + self.pick([": "] * 8 + [":", " : ", ":\t"]) + self.pick(FIELDS[name] if name in FIELDS else ["text"]))
        if self.often(0.05):
            lines += ["Received: from h%d by i; Sun, 01 Mar 2026 10:00:00 +0000" % number for number in range(self.pick([2, 4, 6, 27]))]
        if self.often(0.03):
            lines += ["X-Many-%d: %s" % (number, "v" * 60) for number in range(self.pick([40, 300, 600]))]
        if self.often(0.04):
            lines.insert(self.chance.randrange(len(lines) + 1), self.pick(["this line has no colon", " continuation first", "Space Name: x", "From someone Sun Mar  1 10:00:00 2026", ":", "X-8\xe9: x", "Bad\x01Name: y", ">From a@b"]))
        return lines

    def body(self):
        kind = self.chance.random()
        if kind < 0.5:
            return [self.pick(PLAIN_LINES) for _ in range(self.chance.randrange(6))]
        if kind < 0.85:
            return [self.pick(LINES) for _ in range(self.chance.randrange(8))]
        if kind < 0.93:
            return ["z" * 70] * self.pick([50, 200, 600, 1500])
        return [eight(self.chance) for _ in range(self.chance.randrange(1, 5))]

    def leaf(self):
        encoding = self.pick(["7bit", "8bit", "quoted-printable", "base64", "binary", None, None])
        kind = self.pick(["text/plain", "text/plain; charset=utf-8", 'text/html; charset="iso-8859-1"', "application/octet-stream", "image/png", "message/rfc822", "text/plain; charset=us-ascii; name=\"" + "n" * 300 + "\""])
        lines = ["Content-Type: " + kind] + ([f"Content-Transfer-Encoding: {encoding}"] if encoding else [])
        if kind == "message/rfc822":
            body = ["Subject: inner", "", eight(self.chance)]
        else:
            body = [self.pick([eight(self.chance), "plain", "=C3=A9", "w6k="]) for _ in range(self.chance.randrange(3))]
        return lines, body

    def mime(self):
        lines, body = self.leaf()
        if self.often(0.5):
            edge, parts = "edge", []
            for _ in range(self.chance.randrange(1, 4)):
                head, text = self.leaf()
                parts += ["--" + edge, *head, "", *text]
            lines = ["Content-Type: multipart/" + self.pick(["mixed", "alternative", "digest", "signed; protocol=x", "report"]) + f'; boundary="{edge}"']
            body = self.pick([[], ["preamble"], [eight(self.chance)]]) + parts + self.pick([["--" + edge + "--"], ["--" + edge + "--", "epilogue"], []])
        return self.pick([["MIME-Version: 1.0"]] * 6 + [[], ["MIME-Version: 1.0 (x)"]]) + lines, body

    def message(self):
        lines, body = self.header(), self.body()
        if self.often(0.2):
            more, body = self.mime()
            lines += more
        lines = [part for line in lines for part in line.split("\n")]
        all_lines = lines + ([""] if self.often(0.97) else []) + body
        text = "".join(("." if line.startswith(".") else "") + line + "\r\n" for line in all_lines)
        if self.often(0.03):
            at = self.chance.randrange(len(text) + 1)
            text = text[:at] + self.pick(["\n", "\r", "\n.\r\n", "\r\n.\n", "\0"]) + text[at:]
        return text + ".\r\n"

    # ------------------------------------------------------------ sessions
    def noise(self, share):
        return [["say", self.pick(NOISE)]] if self.often(share) else []

    def transaction(self):
        commands = [self.mail()] + [self.rcpt() for _ in range(self.chance.choice([1, 1, 1, 2, 2, 3, 3, 4, 6]))]
        if self.often(0.03):
            self.chance.shuffle(commands)
        if self.often(0.15):
            steps = [["pipeline", commands]]
        else:
            steps = [step for command in commands for step in [*self.noise(0.05), ["say", command]]]
        steps += self.noise(0.05)
        ending = self.chance.random()
        if ending < 0.9:
            return steps + [["message", self.message()]]
        if ending < 0.93:
            return steps + [["say", "RSET"]]
        if ending < 0.95:
            return steps + [["drop"]]
        if ending < 0.97:
            return steps + [["say", "DATA"], ["raw", "Subject: cut\r\n\r\npartial\r\n", 0], ["drop"]]
        return steps

    def case(self):
        steps = [["say", self.pick(GREETINGS)]] if self.often(0.97) else []
        steps += self.noise(0.12)
        for _ in range(self.chance.choice([1, 1, 1, 1, 2, 3])):
            steps += self.transaction() + self.noise(0.1)
        if self.often(0.05):
            steps += [["say", self.pick(NOISE)] for _ in range(self.pick([4, 8, 12]))]
        if self.often(0.95):
            steps.append(["say", "QUIT"])
        return {"client": self.pick(CLIENTS), "port": 25 if self.often(0.9) else 587, "steps": steps}

    def group(self, cases):
        options, arguments = [], []
        for name in self.chance.sample(sorted(OPTIONS), self.chance.choice([0, 1, 2, 3, 4, 5])):
            value = self.pick(OPTIONS[name])
            if self.often(0.4) and name not in TWINS:
                arguments.append(f"-O{name}={value}")
            else:
                options.append(f"O {name}={value}")
        options.append(f"O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A{self.pick(MODIFIERS)}")
        options.append(f"O DaemonPortOptions=Name=MSA, Addr=127.0.0.1, Port=587, M=AE{self.pick(['', '', 'a', 'u', 'r'])}")
        features = "" if self.often(0.5) else self.pick(FEATURES)
        return {"features": features, "options": options, "arguments": arguments, "cases": [self.case() for _ in range(cases)]}


def numbered(draw, seed, count, size):
    """That many cases, in groups of that size: draw(random source, cases) makes one."""
    drawn = []
    for number, first in enumerate(range(0, count, size)):
        drawn.append(draw(random.Random(f"{seed}/{number}"), min(size, count - first)))
        for at, case in enumerate(drawn[-1]["cases"]):
            case["number"] = first + at
    return drawn


def groups(seed, count):
    """That many cases, in groups."""
    drawn = numbered(lambda chance, cases: Drawer(chance).group(cases), seed, count, size=8)
    for group in drawn:
        group["cases"] = [apart(case, group) for case in group["cases"]]
    return drawn


def apart(case, group):
    """The same case without what leads to rows of sessions.md about a message as a whole: a file that cannot be written, a circle of aliases, a `.forward`
    that names nobody, or a program that its user may not run, and is refused to the client, BY= of a MAIL that was refused before another one, a message that is held before another one,
    eighth bits for a mailer that takes them off and puts them on, ETRN among commands that are sent together, and a message that is thrown away where the
    queue gives back what it has."""
    names = {"badfile@site.example": "tofile@site.example"}
    if json.dumps(case["steps"]).upper().count("RCPT TO") > 1:
        names["loop1@site.example"] = "deep1@site.example"
        if re.search("VERB|DeliveryMode=i", json.dumps([case["steps"], group["options"], group["arguments"]])):
            names |= {"ivan": "judy", "frank": "judy"}
    if "SafeFileEnvironment=/mnt/spool" in json.dumps([group["options"], group["arguments"]]):
        names["grace"] = "alice"
    said = json.dumps(case["steps"])
    for name, instead in names.items():
        said = said.replace(name, instead)
    steps, mails = [], len(re.findall(r"(?i)mail from", said))
    for step in json.loads(said):
        line = json.dumps(step)
        mails -= len(re.findall(r"(?i)mail from", line))
        if mails:
            step = json.loads(line.replace("held@elsewhere.example", "ann@elsewhere.example").replace("hold@site.example", "alice@site.example"))
        if step[0] == "message" and "LOCAL', `+78'" in group["features"]:
            step = ["message", re.sub("[\x80-\uffff]", "e", step[1])]
        steps.append(step)
        if re.search(r"BY=-5;R", json.dumps(step)):
            steps.append(["say", "RSET"])
        if step[0] == "pipeline":
            step[1] = [re.sub(r"(?i)^etrn\b", "HELP", command) for command in step[1]]
    discarded = case["client"] == "127.0.0.10" and "Timeout.queuereturn=-1s" in json.dumps(group["options"])
    return {**case, "steps": steps, "client": "127.0.0.9" if discarded else case["client"]}


# a part of this kind RFC 2046, 5.2.1 forbids to be encoded
ENCODED_MESSAGE = r"message/rfc822\\r\\nContent-Transfer-Encoding: (quoted-printable|base64)"


def said_in(pattern):
    """Is this about what a case says and its group's options?"""
    return lambda case, group: bool(re.search(pattern, json.dumps([case["steps"], group["options"], group["arguments"]])))


ODD_GREETING = table_rows.all_of(
    table_rows.lines("log", r"timeout waiting for input from mx\.greetodd"), table_rows.lines("log", r"(relay=mx\.greetodd\.example\. \[[\d.]*\]), .*", r"\1"),
    table_rows.lines("queue", r"^M.*(mx\.greetodd\.|Remote protocol error|Connection timed out)"), table_rows.lines("deliveries remote", r"greetodd\.example.*(Deferred|timed out|read error)|read error from mx\.greetodd|... while talking to mx\.greetodd|<<< hello"))


def returned_path(result):
    """Return-Path as the first field of what a report gives back."""
    begins = re.compile(r"(D: )?Content-Type: (message/rfc822|text/rfc822-headers)$").match

    def within(block):
        leads = lambda at: at > 1 and block[at - 1] in ("", "D: ") and begins(block[at - 2])
        return [line for at, line in enumerate(block) if not (leads(at) and re.match(r"(D: )?Return-Path: ", line))]

    return {**result, **{name: list(map(within, result[name])) for name in ("deliveries", "remote", "queue")}}


def early_input(result):
    """The reports on those who were refused before a message that came too early, and what the log has of them."""
    logged = re.compile(rf": ({session_text.ID})(?:\[\d+\])?: (?:({session_text.ID}): (?:DSN|postmaster notify|return to sender): )?").search
    found = [logged(line) for line in result["log"]]
    early = {one[1] for one, line in zip(found, result["log"]) if one and ": rejecting server DATA from " in line}
    reports = {one[2] for one in found if one and one[2] and one[1] in early}
    # the sender himself is looked up for a report, and may not be had
    untold = lambda one, line: one[1] in early and ": to=" in line and "xdelay=" not in line
    kept = [line for one, line in zip(found, result["log"]) if not one or not (reports & {one[1], one[2]} or untold(one, line))]
    is_report = lambda block: block and (any(name in block[0] for name in reports) or any(line.endswith("<<< DATA") for line in block))
    return {**result, "log": kept, **{name: [block for block in result[name] if not is_report(block)] for name in ("deliveries", "remote", "queue")}}


# who runs a mailer of this host that is without flag S
AS_WHOM = table_rows.lines("deliveries", r"^(local \[.*\]) uid \d+", r"\1")
# the process that serves the client has called another host meanwhile
CALLED = table_rows.lines("log", r"(rejecting server DATA from )\S+ ", r"\1")
ROWS = [table_rows.Row(*row) for row in [  # of sessions.md
    ("the name of a client that comes too early", said_in(r'(?i)"verb|DeliveryMode=i|D=i'), CALLED),
    ("a greeting that is no SMTP", said_in("@greetodd"), ODD_GREETING),
    ("a mailer of this host without flag S", table_rows.says(r"LOCAL_MAILER_FLAGS', `[^S']*'", lambda case, group: group["features"]), AS_WHOM),
    ("a message that comes before the 354", said_in("pipeline.*DATA"), early_input),
    ("VERB: a name that cannot be looked up", said_in(r'(?i)"verb'), table_rows.lines("session", r"^S: 05[01] .*(: Name server timeout|... Transient parse error -- )")),
    ("LogLevel=15, lines that no client is sent", said_in("LogLevel=15"), table_rows.lines("log", r": --- (05\d|421 4\.4\.1) ")),
    ("a server that answers the dot with a bare 250", said_in("@dotbare"), table_rows.lines("log", r"stat=Sent \(\n\)|stat=Sent \(\\n\)", "stat=Sent")),
    ("SuperSafe=interactive, reports", said_in("SuperSafe=interactive"), returned_path),
    ("SIZE=99999999999999999999", said_in("SIZE=9{20}"), table_rows.lines("log", r": low on space \(")),
    ("BODY=8BITMIME of reports behind the first", said_in(""), table_rows.lines("remote", r"^(C: MAIL From:<>.*) BODY=8BITMIME", r"\1")),
    ("message/rfc822 that says it is encoded", said_in(ENCODED_MESSAGE), table_rows.blocks("remote", r"^D: Content-Type: message/rfc822"))]]
