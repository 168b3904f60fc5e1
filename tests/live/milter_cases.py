"""Random sessions with random filters: groups of cases, each group with X lines, macros and a daemon of its own.

`groups(seed, count)` draws them; the same seed gives the same ones. A case is a client address, steps (see Session in mail_bed.py) and a script
for each filter (see milter_bed.py).
"""
import session_cases
from milter_bed import SOCKETS

FEATURES = [""] * 6 + ["FEATURE(`delay_checks')", "FEATURE(`accept_unqualified_senders')"]
OPTIONS = [[]] * 6 + [["O LogLevel=14"], ["O Milter.LogLevel=14"], ["O Milter.LogLevel=22"], ["O LogLevel=12", "O Milter.LogLevel=3"], ["O Milter.LogLevel=0"], ["O PrivacyOptions=needmailhelo"],
                       ["O PrivacyOptions=noexpn,novrfy"], ["O SoftBounce=True"], ["O DeliveryMode=q"], ["O MaxRecipientsPerMessage=2"], ["O SevenBitInput=True"]]
MACROS = {"connect": ["j, _, {daemon_name}", "j {client_addr},{client_name}", "{client_ptr} {client_resolve} {nothing}", "i j"], "helo": ["{tls_version}, {cipher}", "s, {daemon_name}", ""],
          "envfrom": ["i, {mail_mailer}, {mail_host}, {mail_addr}", "f {mail_from}", "{msg_size} r s"], "envrcpt": ["{rcpt_mailer}, {rcpt_host}, {rcpt_addr}", "{nrcpts} {nbadrcpts}", "r"],
          "data": ["i", "{nrcpts} {msg_size}"], "eoh": ["i, {msg_id}", "f"], "eom": ["{msg_id}", "i j {msg_size} f u", "{nrcpts}"]}
TIMES = ["T=C:3s;S:3s;R:3s;E:6s"] * 6 + ["T=R:2s", "T=S:2s;R:2s", "T=C:2s;E:2s;R:1s"]
FLAGS = ["", "", "F=T, ", "F=R, ", "F=4, "]
CLIENTS = ["127.0.0.9"] * 8 + ["127.0.0.5", "127.0.0.1", "127.0.0.6", "127.0.0.7", "127.0.0.10", "127.0.0.11", "127.0.0.14"]
SENDERS = ["<ann@elsewhere.example>"] * 8 + ["<>", "<alice>", "<spammer@elsewhere.example>", "<quiet@elsewhere.example>", "<ann@elsewhere.example> SIZE=100", "<ann@elsewhere.example> BODY=8BITMIME  RET=HDRS", "<a@nodomain.invalid>"]
RECIPIENTS = ["alice@site.example"] * 6 + ["bob@site.example", "carol@site.example", "nosuch@site.example", "blocked@site.example", "staff@site.example", "x@second.example", "dropped@site.example", "y@plain.example", "list@site.example", "", "joe@virt.example", "gone@virt.example"]
HEADERS = ["Subject: hello", "Subject:none", "X-A: one", "X-A: two", "X-B:  blanks ", "X-C: folded\r\n\tagain", "Date: Sun, 01 Mar 2026 10:00:00 +0000", "From: Ann <ann@elsewhere.example>", "To: alice@site.example", "Message-ID: <m1@x.example>",
           "Received: from a by b; Sun, 01 Mar 2026 10:00:00 +0000", "Precedence: bulk", "X-Empty:", "Cc: bob@site.example", "X-Eight: caf\xe9"]
BODIES = ["", "body\r\n", "one\r\n..two\r\n\r\nthree\r\n", "caf\xe9\r\n", "z" * 70 + "\r\n", ("x" * 60 + "\r\n") * 400, ("y" * 62 + "\r\n") * 1100]
REPLIES = ["550 5.7.1 no way", "451 4.7.1 later", "421 4.7.0 go away", "554 no status", "571 odd", "450 greylisted", "550 5.7.1 100%% sure", "550 5.7.1 100% sure", "550-5.7.1 two\r\n550 5.7.1 lines", "250 2.0.0 fine", "babble", "55", "550", "421-4.7.0 two\r\n421 4.7.0 lines", "551 5.1.6 caf\xe9", "550 4.7.1 mixed"]
ANSWERS = [["c"]] * 6 + [["a"], ["r"], ["t"], ["d"], ["s"], ["z"], ["f"], ["4"], "drop"]
CHANGES = [["h", "X-Add", "added"], ["h", "X-A", "more"], ["h", "Date", "never"], ["h", "Subject", " blank"], ["h", "Received", "by filter"], ["h", "Message-Id", "<f@x.example>"], ["h", "X-Fold", "a\n\tb"], ["h", "", "x"], ["h", "X-Only"], ["h", "To", "bob@site.example"],
           ["i", 0, "X-First", "v"], ["i", 1, "X-Second", "v"], ["i", 2, "X-Third", "v"], ["i", 5, "X-Sixth", "v"], ["i", 99, "X-Last", "v"], ["i", 8, "X-A", "v"], ["m", 1, "Subject", "changed"], ["m", 1, "Subject", ""], ["m", 2, "X-A", "second"], ["m", 1, "X-A", ""],
           ["m", 1, "X-New", "new"], ["m", 1, "X-New", ""], ["m", 1, "From", "Bob <bob@site.example>"], ["m", 3, "X-A", "third"], ["m", 1, "Received", "changed"], ["m", 1, "Date", ""], ["m", 1, "Message-Id", ""],
           ["+", "<bob@site.example>"], ["+", "carol@site.example"], ["+", "<nosuch@site.example>"], ["+", "<x@second.example>"], ["+", "<alice@site.example>"], ["+", ""], ["2", "<bob@site.example>", "NOTIFY=NEVER"], ["2", "<x@second.example>", "NOTIFY=SUCCESS", "ORCPT=rfc822;o@x.example"],
           ["2", "<bob@site.example>"], ["-", "<alice@site.example>"], ["-", "bob@site.example"], ["-", "<nobody@else.example>"], ["-", ""], ["e", "<new@elsewhere.example>"], ["e", "<>"], ["e", "bob@site.example", "RET=HDRS", "ENVID=e1"], ["e", ""], ["b", "another\r\nbody\r\n"], ["b", ""],
           ["b", "half\r"], ["b", "\nbare\nlines\r\n"], ["q", "held by a filter"], ["q", ""], ["p"], ["large", "w" * 60, 1000]]
# packets in the place of one answer: late, after a sign of life, none at all, two, half of one
ODD = [[["sleep", 0.4], ["c"]], [["p"], ["c"]], [["p"], ["sleep", 0.4], ["y", "550 5.7.1 late"]], ["mute"], [["c"], ["c"]], [["raw", "\0\0\0\x01"], "drop"], [["h", "X-Early", "v"], ["c"]], [["q", "early"], ["c"]],
       [["raw", "\0\0\0\x05y550"], "drop"], [["y", ""]]]
OFFERS = [["drop"], [["raw", "\0\0\0\x01c"]], [["raw", "\0\0\0\x05O\0\0\0\x06"]], [["raw", "\0\0\0\x0dO\0\0\0\x06\0\0\x0f\xff\0\0\0\0"]], [["raw", "\0\0\0\x0dO\0\0\0\x06\0\0\0\0\x01\0\0\0"]]]
NOISE = ["NOOP", "FOO bar", "RSET", "VRFY alice", "HELP", "EXPN staff", "ETRN good.example", "EHLO again.example", "HELO again.example", "XCLIENT", "", "RCPT TO:<alice@site.example>", "AUTH PLAIN", "STARTTLS"]
STEPS = [0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000, 0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000]


def answer(draw):
    return ["y", draw.choice(REPLIES)] if draw.random() < 0.25 else draw.choice(ANSWERS)


def end(draw):
    changes = [draw.choice(CHANGES) for _ in range(draw.choice([0, 0, 1, 1, 2, 3, 5, 8]))]
    last = draw.choice([["c"]] * 4 + [["a"]] * 6 + [answer(draw)])
    return [*changes, last]


def script(draw):
    made = {}
    if draw.random() < 0.04:
        return {"offer": draw.choice(OFFERS)}
    if draw.random() < 0.4:
        made["protocol"] = sum(draw.sample(STEPS, draw.choice([1, 2, 3, 6])))
    if draw.random() < 0.1:
        made["version"] = draw.choice([2, 3, 4, 6])
    if draw.random() < 0.12:
        made["actions"] = draw.choice([0, 0x1, 0x3f, 0x13])
    if draw.random() < 0.15:
        stages = draw.sample(["connect", "data", "envfrom", "envrcpt", "helo"], draw.choice([1, 2]))  # the reference takes eoh for eom
        made["macros"] = {stage: draw.choice(MACROS[stage]) for stage in stages}
    answers = {}
    for command in "CHMRTLNBU":
        if draw.random() < 0.13:
            answers[command] = [[["c"]]] * draw.choice([0, 0, 1, 2]) + [draw.choice(ODD) if draw.random() < 0.12 else [answer(draw)]]
    if draw.random() < 0.6:
        answers["E"] = [end(draw) for _ in range(draw.choice([1, 1, 2]))]
    return {**made, "answers": answers}


def message(draw):
    fields = draw.sample(HEADERS, draw.choice([0, 1, 2, 3, 5, 7]))
    return "".join(field + "\r\n" for field in fields) + "\r\n" + draw.choice(BODIES) + ".\r\n"


def session(draw):
    steps = [["say", "EHLO client9.elsewhere.example"]] if draw.random() < 0.93 else draw.choice([[], [["say", "HELO client9.elsewhere.example"]]])
    noise = lambda share: [["say", draw.choice(NOISE)]] if draw.random() < share else []
    steps += noise(0.15)
    for _ in range(draw.choice([1, 1, 1, 2, 2, 3])):
        steps += [["say", "MAIL FROM:" + draw.choice(SENDERS)], *noise(0.05)]
        for _ in range(draw.choice([1, 1, 1, 2, 3])):
            parameters = draw.choice([""] * 6 + [" NOTIFY=FAILURE", " ORCPT=rfc822;o@x.example NOTIFY=NEVER", " FOO=bar"])
            steps += [["say", f"RCPT TO:<{draw.choice(RECIPIENTS)}>{parameters}"]]
        steps += noise(0.05)
        ending = draw.random()
        steps += [["message", message(draw)]] if ending < 0.88 else [["say", "RSET"]] if ending < 0.93 else [["drop"]] if ending < 0.95 else []
        steps += noise(0.1)
    return steps + ([["say", "QUIT"]] if draw.random() < 0.95 else [])


def group(draw, cases):
    names = draw.choice([["one"]] * 5 + [["one", "two"]] * 4 + [["two"], ["three"], ["three", "one"], ["one", "two", "three"], ["gone", "one"], ["one", "shut"], ["two", "gone", "three"]])
    lines = [f"X{name}, S={SOCKETS[name]}, {draw.choice(FLAGS)}{draw.choice(TIMES)}" for name in names]
    lines += [f"O Milter.macros.{stage}={draw.choice(values)}" for stage, values in MACROS.items() if draw.random() < 0.5]
    lists = draw.choice([names] * 8 + [names[::-1]])
    own = draw.choice([""] * 6 + [f", I={names[-1]}"])
    lines += [f"O InputMailFilters={','.join(lists)}"] + draw.choice(OPTIONS)
    lines += [f"O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A{own}", "O DaemonPortOptions=Name=MSA, Addr=127.0.0.1, Port=587, M=AE"]
    drawn = [{"client": draw.choice(CLIENTS), "port": 25 if draw.random() < 0.9 else 587, "steps": session(draw), "filters": {name: script(draw) for name in names}} for _ in range(cases)]
    return {"features": draw.choice(FEATURES), "options": lines, "arguments": [], "cases": drawn}


def groups(seed, count):
    """That many cases, in groups."""
    return session_cases.numbered(group, f"milter {seed}", count, size=8)
