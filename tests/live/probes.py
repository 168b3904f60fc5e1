"""Lines to type at `-bt`: addresses fair and foul through rulesets of all sorts, and every command.

`lines(random, cf, count)` draws them; the same random.Random gives the same lines. Names of rulesets,
classes, macros, maps and mailers are taken from the cf, so that most questions find something.
"""
import re

HOSTS = """example.com host.example.com test.example.com localhost localhost.localdomain mail.example.net remote.test
    a b host sub.domain.example.org example.org virt.example vhost.virt.example masq.example h.masq.example gen.example
    table.example .table.example route.example uu.UUCP bit.BITNET x.redirect user.REDIRECT UPPER.Example.COM
    xn--bcher-kva.example dot.example. double..dot .leading trailing. [10.1.2.3] [127.0.0.1] [10.1.2.3
    [IPv6:2001:db8::1] [IPv6:::1] [IPv6:bogus] [host.example.com] 10.1.2.3 spam.example relay.example friend.example
    hater.example err.example temp.example""".split()
USERS = """root postmaster user User joe.user user+detail user+ +detail user+a+b first.last info abuse list owner-list
    list-request a b MAILER-DAEMON mailer-daemon operator nobody virtuser u%remote.test u%a%b h!u h1!h2!u \\user
    "quoted" "quoted user" "q@uoted" "a\\"b" u.ser. .user us..er user=x@y #hash user#1 |prog "|/bin/prog" /dir/file
    "/dir/file" :include:/file ":include:/x" user:x x:user group:user; user;x $user us$er $$ $1 user* $* ~user `tick`
    {brace} us/er user,other a=b q'uote un"balanced (comment)user user(comment) us(er""".split(" ")
WHOLE = ["", " ", "@", "@@", "<>", "<", ">", "<<>>", "<user", "user>", "<@>", "@host", "user@", "<user@example.com>",
         "<@a.example:user@b.example>", "<@a.example,@b.example:user@c.example>", "@a.example:user@b.example",
         "Joe User <user@example.com>", '"Joe, User" <user@example.com>', "user@example.com (Joe User)",
         "(lead) user@example.com", "user (mid) @ example.com", "user @ example.com", "user@ example.com", "user at host",
         "list: a@b, c@d;", "list:;", "undisclosed-recipients:;", "user@a@b", "user@a,user@b", "a,b,c", "user@[", "user@]",
         "user@[]", "((nested) c) user@x", "(open user@x", "close) user@x", '"open user@x', "a b c", "a.b@c.d e@f",
         "user@example.com.", "user@.", "user@..", ".", "..", "!", "a!", "!a", "%", "a%", "%a", "a!b%c@d", "a!b@c%d",
         "a::b", "::b", "a:b:c", ";", ",", ",,", "user@example.com,", "\\", "\\@", "user\\@example.com", "\\\\user@x",
         '""', '""@x', '" "@x', '"@"@x', "'user'@x", "$-", "$+", "$*", "$=w", "$|", "$@", "$:", "$#error $: x", "user$@x"]
ODD = [b"\x01", b"\x07", b"\x08", b"\x0b", b"\x0c", b"\r", b"\x1b", b"\x7f", b"\x80", b"\x81", b"\x90", b"\x97", b"\x9b",
       b"\x9f", b"\xa0", b"\xb5", b"\xe9", b"\xc3\xa9", b"\xfe", b"\xff", b"\t", b"\x00"]
ARGUMENTS = ["mail.example.com $| 10.1.2.3", "host.example.com $| [IPv6:2001:db8::1]", "x $| y", "$| y", "x $|", "", "OK", "TEMP",
             "VERIFY", "NONE", "user@example.com $| relay.example", "mail.example.com $| 127.0.0.1", "PERM $| 10.1.2.3"]
CHECKS = """check_mail check_rcpt check_relay check_compat check_data check_eoh check_eom check_etrn check_vrfy check_expn
    tls_server tls_client tls_rcpt authinfo srv_features clt_features try_tls trust_auth queuegroup greet_pause
    Local_check_mail Local_check_rcpt Local_check_relay Basic_check_mail Basic_check_rcpt Basic_check_relay
    tls_srv_features tls_clt_features""".split()
SETS = ["3,0", "3,0", "3,0", "3,0", "0", "3", "4", "3,4", "1", "2", "5", "3,1", "3,2", "0,4", "3,0,4", "96", "98", "canonify",
        "parse", "final", "canonify,parse", "200", "99", "NoSuch", "3,NoSuch", "-1", "3,,0", "3,", "0x3", "Parse0", "ParseLocal"]
FLAGS = ["21.1", "21.2", "21.3", "21.4", "21.10", "21.12", "20.1", "22.1", "22.11", "22.12", "24.4", "33.1", "35.9", "37.8",
         "48.2", "59.14", "60.1", "60.5", "12.1", "31.6", "61.10", "9.1", "38.20", "39.1", "21.15", "21.19", "21.35", "21.36", "22.36", "24.5",
         "24.6", "35.14", "35.24", "35.28", "38.2", "38.4", "0.44", "23.101", "20-22.12", "21.2,60.1", "59.14,21-22.4", "nosuch.5,21.4"]


def names(cf, kind):
    """Names that lines of a kind give, longest form as written."""
    found = re.findall(rb"^" + kind + rb"(\{\w+\}|[A-Za-z]\w*)", cf, re.M)
    return sorted({name.decode("latin-1") for name in found})


class Known:
    """What a cf names."""

    def __init__(self, cf):
        self.rulesets = names(cf, rb"S")
        self.maps = names(cf, rb"K") + ["host", "aliases", "nosuchmap"]
        self.mailers = names(cf, rb"M") + ["error", "nosuch", "LOCAL", "*file*"]
        classes = {m.decode("latin-1") for m in re.findall(rb"\$[=~](\{\w+\}|[A-Za-z])", cf)}
        self.classes = sorted(classes | {"w", "m", "{persistentMacros}", "e", "n", "Z", "{nosuch}"})
        short = {name if name.startswith("{") else name[0] for name in names(cf, rb"D")}
        self.macros = sorted(short | {"j", "w", "m", "v", "n", "h", "u", "f", "{client_addr}", "{opMode}", "{nosuch}", "{addr_type}"})


def address(random):
    """An address; one in ten is damaged, one in eighty is long."""
    draw = random.random()
    if draw < 0.25:
        text = random.choice(WHOLE)
    else:
        user, host = random.choice(USERS).strip(), random.choice(HOSTS)
        form = random.choice(["{u}@{h}"] * 8 + ["{u}", "<{u}@{h}>", "{h}!{u}", "{u}%{h}@{g}", "@{g}:{u}@{h}", "{u}@{h}@{g}",
                              "{h}!{u}@{g}", "X Y <{u}@{h}>", "{u}@{h} (c)", "{u}.{h}", "{h}::{u}", "{u} @ {h}", "{h}", "<@{g}:{u}@{h}>"])
        text = form.format(u=user, h=host, g=random.choice(HOSTS))
    data = text.encode("latin-1")
    if random.random() < 0.1:
        at = random.randrange(len(data) + 1)
        data = data[:at] + random.choice(ODD + [b"(", b")", b"<", b">", b'"', b",", b";", b"@", b"!", b"\\", b" "]) + data[at:]
    if random.random() < 0.0125:
        piece = random.choice([b"a", b"ab.", b"@", b"x!", b"%y", b'"', b"(", b"<", b"verylongatom"])
        data = piece * (random.choice([40, 200, 255, 256, 300, 1000, 2100]) // len(piece)) + data
    return data.replace(b"\n", b"")


def rewriting(random, known):
    draw = random.random()
    if draw < 0.6:
        sets = random.choice(SETS)
    elif draw < 0.7:
        sets = f"3,{random.choice('12')},{random.choice(known.rulesets or ['4'])}" + random.choice(["", ",4"])
    elif draw < 0.8:
        sets = random.choice(CHECKS)
        if random.random() < 0.5:
            return sets.encode() + b" " + random.choice(ARGUMENTS).encode()
    else:
        sets = ",".join(random.choice(known.rulesets or ["3"]) for _ in range(random.choice([1, 1, 1, 2])))
    gap = random.choice([b" "] * 8 + [b"  ", b"\t", b" \t", b""])
    return random.choice([b""] * 12 + [b" ", b"\t"]) + sets.encode() + gap + address(random)


def command(random, known):
    """One of the other commands."""
    pick = random.choice
    draw = random.randrange(24)
    text = lambda word: word.encode("latin-1")
    if draw < 2:
        return text("=S" + pick(known.rulesets + ["0", "3", "5", "77", "NoSuch", "", "200", "3x"]))
    if draw == 2:
        return pick([b"=M", b"=", b"=Q", b"=Mlocal", b"=S", b"= S3", b"=s3", b"==", b"=$w"])
    if draw < 5:
        return text("$" + pick(known.macros)) + pick([b"", b"", b"", b" x", b"x"])
    if draw < 7:
        return text("$=" + pick(known.classes))
    if draw == 7:
        return pick([b"$", b"$=", b"${", b"${}", b"${a", b"$=}", b"${a b}", b"$=\xe9", b"$$", b"$&w", b"$=" + b"{" + b"x" * 40 + b"}"])
    if draw < 11:
        return pick([b"/parse ", b"/parse ", b"/PARSE ", b"/parse\t", b"/parse", b"/sender "]) + address(random)
    if draw < 14:
        return text("/try " + pick(known.mailers) + " ") + address(random)
    if draw == 14:
        return b"/tryflags " + pick([b"hs", b"hr", b"es", b"er", b"HS", b"er", b"", b"xyz", b"h", b"s", b"e r", b"her"])
    if draw < 18:
        key = pick([b"example.com", b"root", b"a b", b'"quoted"', b"", b" lead", b"x" * 300, b"10.1.2.3", b"\xe9", address(random)])
        return text("/map " + pick(known.maps)) + pick([b" ", b" ", b"\t", b"  ", b""]) + key
    if draw == 18:
        return pick([b"/canon ", b"/mx ", b"/canon", b"/mx", b"/gethostbyname "]) + text(pick(HOSTS))
    if draw == 19:
        name = pick(["{client_addr}", "{client_name}", "{client_resolve}", "{auth_type}", "{verify}", "{mail_from}", "{server_name}", "X", "{MyOwn}", "f", "s"])
        value = pick(["10.1.2.3", "127.0.0.1", "relay.example", "OK", "FAIL", "FORGED", "TEMP", "", "<user@example.com>", "$j", "a\"b\\c", " x "])
        return text(".D" + name + value)
    if draw == 20:
        return text(".C" + pick(["{MyClass}", "w", "R", "M", "Q"]) + " " + pick(["new.example", "a b c", "$j", "$=w", "X", ""]))
    if draw == 21:
        return b"-d" + text(pick(FLAGS)) + b"\n" + rewriting(random, known) + b"\n-d0-99.0"
    if draw == 22:
        return pick([b".", b".D", b".C", b".Q", b".D{", b".D{toolong" + b"x" * 30 + b"}v", b".C{a", b".Dx", b"-", b"-x", b"-d", b"-d0-99.0", b"/", b"/nosuch", b"/quitx", b"/try", b"/try x",
                     b"/map", b"/map x", b"/tryflags", b"/expand", b"#comment", b"", b" ", b"  3,0 x@y", b"?x", b"!", b"3", b"3,0", b"nosuch", b"A B"])
    return pick([b"/expand ", b"/header "]) + pick([b"$j x", b"text", b"To: user@example.com", b"From: <a@b>", b"Subject: hi", b"X-No: y", b"Message-Id: <x@y>",
                                                    b"Received: from x", b"nocolon", b"To:", b"$&w", b"${client_addr}", b"Message-Id: junk"])


def lines(random, cf, count):
    """That many lines, some of which are three (trace flags on, a question, flags off)."""
    known = Known(cf)
    drawn = []
    while len(drawn) < count:
        line = rewriting(random, known) if random.random() < 0.75 else command(random, known)
        # flags left on would fill the transcript; -d alone prints times and addresses
        if line.strip() != b"-d":
            drawn.extend(line.split(b"\n"))
    return drawn[:count] + [b"-d0-99.0"]
