"""Random messages for what a mailer's body conversions read: 8 bits, MIME structure, encodings, long lines; and sites that ask for them.

`groups(seed, count)` draws them as session_cases.groups does: each case is one session that sends one message to several kinds of mailer.
"""
import base64, quopri

import session_cases

FEATURES = ["", "", "", "define(`LOCAL_MAILER_FLAGS', `PrmnE')", "MODIFY_MAILER_FLAGS(`LOCAL', `+7')", "MODIFY_MAILER_FLAGS(`LOCAL', `+8')", "MODIFY_MAILER_FLAGS(`SMTP', `+7')",
            "MODIFY_MAILER_FLAGS(`SMTP', `+8')", "MODIFY_MAILER_FLAGS(`SMTP', `+9')", "MODIFY_MAILER_FLAGS(`SMTP', `+3')", "MODIFY_MAILER_FLAGS(`LOCAL', `+37')", "MODIFY_MAILER_FLAGS(`SMTP', `+E')",
            "MODIFY_MAILER_FLAGS(`LOCAL', `+6')", "MODIFY_MAILER_FLAGS(`SMTP', `+6')", "MODIFY_MAILER_FLAGS(`LOCAL', `+9b')", "MODIFY_MAILER_FLAGS(`LOCAL', `+1')", "MODIFY_MAILER_FLAGS(`LOCAL', `+X')",
            "define(`SMTP_MAILER_CHARSET', `iso-8859-15')", "define(`RELAY_MAILER_CHARSET', `koi8-r')", "define(`LOCAL_MAILER_EOL', `\\r\\n')MODIFY_MAILER_FLAGS(`LOCAL', `+7')"]
LINES = ["O EightBitMode=m", "O EightBitMode=p", "O EightBitMode=s", "O DefaultCharSet=iso-8859-1", "O SevenBitInput=True", "O MaxMimeHeaderLength=200/100", "O MaxMimeHeaderLength=60/30",
         "O SendMimeErrors=False", "Cbtext/plain", "Cqtext/plain text/html", "Cqapplication/octet-stream", "Cntext/html", "Cnmultipart/mixed", "Cebase64", "Cefoo", "Csglobal", "Csdelivery-status"]
RECIPIENTS = ["alice@site.example", "prog@site.example", "tofile@site.example", "x@good.example", "y@plain.example", "z@old.example", "w@seven.example", "v@bare.example", "u@pipeless.example",
              "t@smtp8.example", "s@smtpold.example", "q@relayed.example"]

TEXT = ["line one", "", "last", "caf\xc3\xa9", "na\xefve", "\xe9", ".", "..", ".dot", "From here", "From  there", "Fromage", ">From x", "blank ", "tab\t", " ", "\t", "a=b", "=", "=3D", "x" * 71, "x" * 72, "x" * 73, "x" * 74, "x" * 75,
        "x" * 76, "x" * 77, "x" * 150, "x" * 71 + ".", "x" * 72 + ".", "x" * 73 + "..", "x" * 74 + ".", "x" * 75 + " ", "x" * 72 + " y", "x" * 990, "x" * 998, "y" * 1100, "ctl\x01\x1b\x7f", "word " * 30, "w\xf6rd " * 20,
        "\xc3\xa4" * 24, "\xff" * 60, "h\xe9" * 40, "!\"#$@[\\]^`{|}~", "--", "--edg", "--edge", "--edge--", "--edge more", "--inner", "--inner--", "-- ", "nul\x00nul", "cr\rcr", "t\xe9" * 3 + "\t", "=E9=", "w6k=", "==="]
HUGE = ["x" * 2046, "x" * 2047, "x" * 2048, "\xe9" + "x" * 2100, "x" * 2047 + "\xe9", "y" * 5000, "\xe9" * 4100, "z " * 1500, ("k" * 75 + ".") * 40]
KINDS = ["text/plain", "text/plain; charset=utf-8", 'text/html; charset="iso-8859-1"', "application/octet-stream", "image/png; name=\"p.png\"", "message/rfc822", "message/delivery-status", "message/global", "message/partial; id=1",
         "multipart/mixed", "text", "text/", "/plain", "", "text / plain", "TEXT/PLAIN; CHARSET=us-ascii", "text/plain (comment); charset=x", "text/plain; name=\"a;b\"; x", "text/plain;", "unknown", "text/plain;\n\tcharset=utf-8",
         "application/x-" + "long" * 40, "\"text\"/\"plain\"", "text/plain; charset=", "text/plain; a=b; c=d; " + "e=f; " * 25, "text/html; name=\"" + "n" * 120 + "\"", "text/pl<ain", "text/plain; (open"]
ENCODINGS = ["7bit", "8bit", "quoted-printable", "base64", "binary", "8BIT", " 8bit ", "8bit (really)", "Quoted-Printable", "BASE64", "foo", "", "\"8bit\"", "8bit; x=y", "x-uuencode"]
BOUNDARIES = ["edge", "edge", "edge", "inner", "inner", "edge2", "e", "=_a.b_c", "a b", "x" * 70, "x" * 110, "edge--", "(c)"]
OUTER = ["Subject: caf\xc3\xa9", "Content-Description: " + "d" * 90, "Content-ID: <" + "i" * 90 + ">", "Content-Disposition: attachment; filename=\"" + "f" * 90 + "\"", "X-Eight: \xe9\xe8", "To: J\xf6rg <x@good.example>",
         "Content-Language: en", "Content-Length: 10", "X-MIME-Autoconverted: from 8bit to nowhere", "Lines: 3", "Bcc: x@y.example", "From: \"\xd6\" <o@elsewhere.example>", "Comments: \xe4"]


class Writer:
    def __init__(self, chance):
        self.chance, self.huge, self.declared = chance, False, False

    def often(self, share):
        return self.chance.random() < share

    def pick(self, values):
        return self.chance.choice(values)

    def text(self, most=8):
        """Lines, of one temper mostly: clean, or with eighth bits."""
        values = [line for line in TEXT if line.isascii()] if self.often(0.3) else TEXT
        lines = [self.pick(values) for _ in range(self.chance.randrange(most))]
        if self.huge and self.often(0.08):
            lines.append(self.pick(HUGE))
        if self.often(0.06):
            lines += [self.pick(["plain line of some length here", "\xe9t\xe9 " * 9, "\xff\xfe" * 30])] * self.pick([40, 150, 400])
        return lines

    def encoded(self, encoding):
        """What should be in an encoding, and what is not quite."""
        raw = "\r\n".join(self.text()).encode("latin-1")
        if encoding == "base64":
            text = base64.encodebytes(raw + self.pick([b"", b"\r\n"])).decode().split("\n")[:-1]
        else:
            text = quopri.encodestring(raw.replace(b"\r\n", b"\n"), self.often(0.5)).decode("latin-1").split("\n")
        if text and self.often(0.35):
            at = self.chance.randrange(len(text))
            text[at] = self.pick([text[at] + " ", text[at] + text[at], "", "=", "=e9x", "a=\t", "\xe9" + text[at], *([text[at] + "= ", text[at][:-1], "*" + text[at], "====", text[at].lower()] if encoding == "base64" else [])])
        return text

    def parameters(self):
        return self.pick(["", "", "", "; charset=utf-8", "; type=x", ";x=y;z"])

    def multipart(self, depth, header):
        edge, kind = self.pick(BOUNDARIES), self.pick(["mixed", "mixed", "alternative", "digest", "signed; protocol=x", "report", "related", "MIXED"])
        form = self.pick(['; boundary="%s"', '; boundary="%s"', "; boundary=%s", ';\n\tboundary="%s"', '; BOUNDARY="%s"; x=y', '; boundary = "%s"', ' ;boundary="%s"'])
        given = "" if self.often(0.04) else form % edge
        header.append(f"Content-Type: {self.pick(['multipart', 'multipart', 'Multipart'])}/{kind}{self.parameters()}{given}")
        if self.often(0.3):
            header.append("Content-Transfer-Encoding: " + self.pick(ENCODINGS))
        body = self.text(3) if self.often(0.4) else []
        for _ in range(self.chance.randrange(4)):
            head, text = self.part(depth + 1)
            body += ["--" + edge + self.pick(["", "", "", "", " ", "\t ", "x"]), *head, *([""] if self.often(0.95) else []), *text]
        return header, body + self.pick([["--" + edge + "--"]] * 5 + [["--" + edge + "-- "], []]) + (self.text(3) if self.often(0.3) else [])

    def part(self, depth):
        header = [self.pick(OUTER)] if self.often(0.25) else []
        kind = self.chance.random()
        if kind < 0.35 and depth < 5:
            return self.multipart(depth, header)
        if kind < 0.45 and depth < 5:
            inner, body = self.part(depth + 1)
            return header + ["Content-Type: message/rfc822"], self.pick([["Subject: inner \xe9"], [], ["MIME-Version: 1.0"], ["no field"]]) + inner + [""] + body
        if self.often(0.8):
            header.append("Content-Type: " + self.pick(KINDS))
        encoding = self.pick(ENCODINGS) if self.often(0.7) else None
        if encoding is not None:
            header.insert(self.chance.randrange(len(header) + 1), "Content-Transfer-Encoding: " + encoding)
        encoded = encoding and encoding.lower() in ("base64", "quoted-printable") and self.often(0.85)
        return header, self.encoded(encoding.lower()) if encoded else self.text()

    def deep(self):
        """One multipart in the other, as deep as sendmail goes."""
        levels, body = self.pick([6, 18, 19, 20]), ["caf\xc3\xa9"]
        for level in range(levels, 0, -1):
            body = [f"--e{level}x", *([f"Content-Type: multipart/mixed; boundary=e{level + 1}x"] if level < levels else []), "", *body, f"--e{level}x--"]
        return ["MIME-Version: 1.0", "Content-Type: multipart/mixed; boundary=e1x"], body

    def message(self):
        header = [line for line in ["From: Ann <ann@elsewhere.example>", "Subject: hello", "Date: Sun, 01 Mar 2026 10:00:00 +0000", "Message-ID: <m1@elsewhere.example>"] if self.often(0.9)]
        if self.often(0.2):
            header.append(self.pick(OUTER))
        more, body = ([], self.text()) if self.often(0.2) else self.deep() if self.often(0.02) else self.part(0)
        version = self.pick([["MIME-Version: 1.0"]] * 8 + [[], ["MIME-Version: 1.0 (x)"], ["Mime-Version: 2"]]) if more else []
        header += version + more if self.often(0.9) else more + version
        if self.declared and not any(line.lower().startswith("mime-version:") for line in header):
            header.append("MIME-Version: 1.0")
        lines = [part for line in header for part in line.split("\n")] + ([""] if self.often(0.98) else []) + body
        return "".join(("." if line.startswith(".") else "") + line + "\r\n" for line in lines) + ".\r\n"

    def case(self):
        recipients = self.chance.sample(RECIPIENTS, self.pick([1, 2, 2, 3, 4]))
        # where a mailer limits its lines, sendmail counts anew behind each 2047 bytes of a longer one
        self.huge = not any("@" in recipient and "site" not in recipient for recipient in recipients)
        mail = "MAIL FROM:<%s>%s" % (self.pick(["ann@elsewhere.example"] * 6 + [""]), self.pick(["", "", " BODY=8BITMIME", " BODY=7BIT"]))
        steps = ["EHLO client9.elsewhere.example", mail, *(f"RCPT TO:<{recipient}>" for recipient in recipients)]
        return {"client": "127.0.0.5", "port": 25, "steps": [["say", step] for step in steps] + [["message", self.message()], ["say", "QUIT"]]}

    def group(self, cases):
        lines = [self.pick(LINES) for _ in range(self.chance.choice([0, 0, 1, 1, 2, 3]))]
        lines += ["O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A", "O DaemonPortOptions=Name=MSA, Addr=127.0.0.1, Port=587, M=AE"]
        features = "".join(self.chance.sample(FEATURES, self.pick([0, 1, 1, 2])))
        # to such a mailer, sendmail's process ends without a word at a message that is not MIME
        self.declared = "`LOCAL', `+7" in features or "`LOCAL', `+37" in features
        return {"features": features, "options": lines, "arguments": [], "cases": [self.case() for _ in range(cases)]}


def groups(seed, count):
    """That many cases, in groups."""
    return session_cases.numbered(lambda chance, cases: Writer(chance).group(cases), seed, count, size=12)
