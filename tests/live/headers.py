#!/usr/bin/env python3
"""Header check rulesets, ours against sendmail's, over SMTP (-bs) and in address test mode (/header).

usage: headers.py CANONIFY [--fields N] [--seed N] [--show N]

Generates field names, values (quotes, comments, folds, backslashes, 8-bit and control bytes, long and empty ones)
and H lines ($>, $>+, H*). The ruleset answers with what it sees: its workspace, tokens parted by dots, and
${currHeader}, ${hdrlen}, ${hdr_name}, ${addr_type}. Both programs get the same fields.
Closes with "N passed, N failed": fields. See KNOWN for what is meant to differ.
"""
import argparse, os, pathlib, random, re, subprocess, sys, tempfile

from namespaces import enter

HERE = pathlib.Path(__file__).resolve().parent
SITE = rb"""V10/Berkeley
Djmail.example.com
Cwmail.example.com
O QueueDirectory=@DIR@/queue
O AliasFile=
O DeliveryMode=q
O OperatorChars=@OPERATORS@
O Timeout.ident=0
O MaxHeadersLength=0
DnMAILER-DAEMON
Mlocal, P=/bin/true, F=lsDFMAw5:/|@qPmn9, S=0, R=0, T=DNS/RFC822/X-Unix, A=true
Mprog, P=/bin/sh, F=lsD, S=0, R=0, A=sh -c $u
S3
R$*<$*>$*	$2
S0
R$+	$#local $: $1
SPart
R$- $+	$@ $1 . $>Part $2
SInternal
R$*	$#error $@ 5.7.0 $: "553 internal"
SWords
R$*	$#error $@ 5.7.0 $: "553 [" $>Part $1 "]"
SMacros
R$*	$#error $@ 5.7.0 $: "553 <" $&{hdrlen} " " $&{hdr_name} " " $&{addr_type} " " $&{currHeader} ">"
"""
NAMES = ["X-Words", "X-Macros", "X-Other", "From", "To", "Cc", "Subject", "Reply-To", "Received", "Errors-To", "Bcc",
         "Resent-From", "Comments", "Content-Type", "Return-Receipt-To", "Disposition-Notification-To"]
PIECES = [b"a", b"b.c", b"x@y.example", b"<u@h>", b" ", b"  ", b"\t", b"\n\t", b"\n ", b'"', b'"q r"', b"\\", b'\\"', b"\\\\",
          b"(c)", b"(", b")", b"(a (b) c)", b"<", b">", b",", b";", b":", b"!", b"$j", b"$>Internal", b"$&x", b"'",
          b"\xc3\xa9", b"\xc3\x89", b"\x01", b"\x1b", b"\x7f", b"\x0b", b"\xa0", b"\xfe", b"\xff", b"\x80", b"\x81j"]
# without those that break the line of a reply, whose top bits sendmail takes off
MARKS = [bytes([byte]) for byte in range(0x80, 0xA0) if byte not in (0x8A, 0x8D)]


def value(chance):
    kind = chance.random()
    if kind < 0.03:
        return b" " * chance.randrange(3)
    count = chance.randrange(1, 12)
    if kind < 0.15:
        filler = chance.choice([b"y ", b"abc.", b'"', b"z" * 9 + b" "])
        text = filler * (chance.randrange(235, 270) // len(filler))
    else:
        text = b""
    text += b"".join(chance.choice(MARKS if chance.random() < 0.15 else PIECES) for _ in range(count))
    text = chance.choice([b"", b" ", b"  ", b"\t"]) + text
    # a line that holds only blanks would be no fold
    text = re.sub(rb"\n[ \t]+(?=\n|$)", b" ", text)
    # nor would a reply be one line that quotes a fold
    return text.replace(b"\n", b"") if b'"' in text or b"\\\n" in text else text


def site(chance, folder):
    lines = [SITE.replace(b"@DIR@", str(folder).encode())
                 .replace(b"@OPERATORS@", chance.choice([b".:%@!^/[]+", b".:@[]", b".:%@!^/[]+=;'"]))]
    for name in NAMES:
        if chance.random() < 0.8:
            lines.append(b"H%s: $>%s%s\n" % (name.encode(), chance.choice([b"", b"+"]), chance.choice([b"Words", b"Macros"])))
    if chance.random() < 0.8:
        lines.append(b"H*: $>%s%s\n" % (chance.choice([b"", b"+"]), chance.choice([b"Words", b"Macros"])))
    return b"".join(lines)


def session(program, cf, fields):
    """The reply to each field sent as a message of its own, few in one session: refusals add up."""
    return [answer for at in range(0, len(fields), 6) for answer in one_session(program, cf, fields[at:at + 6])]


def one_session(program, cf, fields):
    command = [*program, "-bs", "-C", cf]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as run:
        def reply():
            text = b""
            while True:
                line = run.stdout.readline()
                text += line
                if len(line) < 4 or line[3:4] != b"-":
                    return text
        def say(text):
            try:
                run.stdin.write(text + b"\r\n")
                return reply()
            except BrokenPipeError:
                return b"(closed)"
        reply()
        say(b"EHLO c.example")
        answers = []
        for name, text in fields:
            say(b"MAIL FROM:<a@b.example>")
            say(b"RCPT TO:<root>")
            say(b"DATA")
            line = name.encode() + b":" + text
            answers.append(say(line.replace(b"\n", b"\r\n") + b"\r\n\r\nhi\r\n."))
            say(b"RSET")
        run.stdin.close()
        return [seven_bits(re.sub(rb"250 2\.0\.0 \w+ ", b"250 2.0.0 ID ", answer)) for answer in answers]


def seven_bits(reply):
    """sendmail takes the top bits off its replies, and a NUL that this makes ends the text."""
    return bytes(byte & 0x7F for byte in reply.rstrip(b"\r\n")).split(b"\0")[0]


def test_mode(program, cf, fields):
    """What /header says of each field that is one line."""
    marks = b"=Zmark\n" + b"".join(b"/header %s:%s\n=Zmark\n" % (name.encode(), text) for name, text in fields)
    run = subprocess.run([*program, "-bt", "-C", cf, "-d35.9"], input=marks, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = run.stdout.split(b"Enter <ruleset> <address>\n")[-1].replace(b"redefine(", b"define(")
    return re.split(rb'(?:> )?Unknown "=" command =Zmark\n', said)[1:-1]


def known(text):
    """sendmail lets a mark go that stands behind a backslash; here it stays a letter."""
    return re.search(rb"\\[\x80-\x9f\xff]", text) is not None


def main():
    if not os.environ.get("CANONIFY_REFERENCE"):
        print("headers: CANONIFY_REFERENCE is not set, nothing is compared\n0 passed, 0 failed")
        return 0
    enter()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--fields", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=5)
    wish = parser.parse_args()
    chance = random.Random(wish.seed)
    reference = pathlib.Path(os.environ["CANONIFY_REFERENCE"]) / "usr/libexec/sendmail/sendmail"
    programs = [[str(reference)], [os.path.abspath(wish.canonify), "sendmail"]]
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="headers", dir="/var/lib") as top:
        folder = pathlib.Path(top)
        (folder / "queue").mkdir(mode=0o700)
        for _ in range(max(1, wish.fields // 60)):
            (folder / "site.cf").write_bytes(site(chance, folder))
            fields = [(chance.choice(NAMES), value(chance)) for _ in range(60)]
            lines = [(name, text) for name, text in fields if b"\n" not in text]
            for how, asked in ((session, fields), (test_mode, lines)):
                theirs, ours = (how(program, str(folder / "site.cf"), asked) for program in programs)
                for number, (name, text) in enumerate(asked):
                    a, b = (said[number] if number < len(said) else b"(nothing)" for said in (theirs, ours))
                    passed += a == b or known(text)
                    if a != b and not known(text):
                        failed += 1
                        if failed <= wish.show:
                            rule = re.search(rb"(?m)^H(?:%s|\*):.*$" % name.encode(), (folder / "site.cf").read_bytes())
                            print(f"{how.__name__}: {name}:{text!r} {rule and rule[0]}\n  reference {a!r}\n  canonify  {b!r}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
