#!/usr/bin/env python3
"""Every option with usual, foul, empty and huge values: what both programs say when they read it.

usage: options.py CANONIFY [--every N] [--only REGEX] [--show N] [--jobs N]

Options set twice, lines without a name, behind a backslash or too late come first. Each value is set in a cf of its own, by long name, by letter, and on the command line with -O and -o. Both
programs read it in test mode with -d37.1 (which prints each option as it is understood) and are asked for
what options change there. Output and exit status must be equal. Closes with "N passed, N failed": readings.
"""
import argparse, concurrent.futures, os, pathlib, re, subprocess, sys, tempfile

from namespaces import enter

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = HERE.parent.parent / "src/schema"
VALUES = ["True", "false", "yes", "no", "t", "N", "1", "0", "-1", "10", "007", "0644", "0x10", "99999999999", "2147483648", "x", "", " ", "5m", "3d", "1h30m", "2w3d", "5q", "junk words", "a,b", "a=b,c=d",
          "/nosuch/file", "@DIR@/file", "@DIR@", "$w", "$j.x", "\"quoted\"", "root", "root:root", "nosuch", "nosuch:nosuch", "1:1", "10.1.2.3", "Port=25", "Port=nosuch, Name=X", "b", "i", "q", "d", "p", "m", "e", "w", "goaway", "needmailhelo,nosuch",
          "#comment", "a#b", "+DNSRCH -DEFNAMES", "1/2", "0/", "100%", "\\t", "\xe9", "two  blanks ", ".:%@!^/[]+", "x" * 300]
SPECIAL = {
    "DontBlameSendmail": ["GroupWritableDirPathSafe", "Safe", "nosuch", "GroupWritableDirPathSafe,MapInUnsafeDirPath", "groupwritabledirpathsafe", "Safe nosuch TrustStickyBit"],
    "DaemonPortOptions": ["Port=smtp, Name=MTA", "Name=MSA, Port=587, M=E", "Family=inet6, Addr=::1", "Family=nosuch", "Addr=nosuch", "Modifiers=abcfhruCEOS", "Modifiers=xyz", "Listen=10,SendBufferSize=5", "DeliveryMode=q", "Queue", "children=5, InputMailFilters=x"],
    "ClientPortOptions": ["Family=inet", "Family=inet6, Addr=::1", "Modifier=h", "Modifier=q", "Addr=127.0.0.1,Port=5"],
    "PrivacyOptions": ["public", "noexpn novrfy", "authwarnings,restrictqrun", "nosuch", "nobodyreturn;noreceipts", "restrictmailq,,goaway"],
    "AuthOptions": ["A a c", "pdfy", "q", "A,p,y", "AmT"], "AuthMechanisms": ["PLAIN LOGIN", "EXTERNAL"],
    "ResolverOptions": ["AAOnly", "+AAOnly -DnsRch", "WorkAroundBrokenAAAA", "+use_inet6", "HasWildcardMX", "nosuch", "debug", "True"],
    "QueueSortOrder": ["host", "filename", "time", "priority", "modification", "random", "none", "zzz"],
    "DeliveryMode": ["background", "interactive", "queue", "deferred", "zzz"],
    "ErrorMode": ["print", "mail", "write", "quiet", "zzz"], "EightBitMode": ["mime", "pass", "strict", "zzz"],
    "InputMailFilters": ["x", "x,y", "x;y"], "UserSubmission": [], "SSLEngine": ["dynamic", "x"], "TLSSrvOptions": ["V", "C", "x"],
    "ServerSSLOptions": ["SSL_OP_NO_SSLv2", "+SSL_OP_ALL -SSL_OP_NO_TLSv1", "nosuch", "0x4"], "ClientSSLOptions": ["SSL_OP_NO_SSLv2 +nosuch"], "CRLCheck": [],
    "MaxMimeHeaderLength": ["256/128", "5/3", "/7", "1000/"], "MustQuoteChars": ["@,;:\\()[].'", ".", "'\""], "OperatorChars": [".:%@!^/[]+", "." * 50, "a"],
    "DialDelay": ["10s"], "CipherList": [], "RefuseLA": [], "MaxNOOPCommands": [], "SharedMemoryKey": ["-1", "0", "5"], "Milter.LogLevel": [], "LDAPDefaultSpec": ["-h x -b y", "-z", "-k x"],
}
CF = """V10/Berkeley
Dwtest
Dmexample.com
Dj$w.$m
O DontProbeInterfaces=True
@LINE@
Mlocal, P=/bin/true, F=lsDFMAw5:/|@qPn9, S=0, R=0, T=DNS/RFC822/X-Unix, A=mail.local $u
Mprog, P=/bin/true, F=lsDFMoqeu9, S=0, R=0, T=X-Unix/X-Unix/X-Unix, A=sh -c $u
"""
TYPED = b"=M\n$m\n$M\n$v\n$e\n$o\n$l\n$q\n$=w\n$=m\n3,0 a b@c.d <x>\n/parse a:b@x; (c), \"q\" <user@host>\n/try local X.Y <a@b>\n"
POINTER = re.compile(rb"0x[0-9a-f]{9,}|\b[0-9a-f]{12}\b")
VERSION = re.compile(rb"canonify-\d+\.\d+\.\d+|8\.17\.1\.9")


def rows():
    """Long name and code of every option that sendmail has; the sub-options of Timeout count as options."""
    text = (SCHEMA / "options.rs").read_text()
    own = re.findall(r"0x\w+", re.search(r"OWN_CODES: [^=]*= \[([^]]*)\]", text).group(1))
    found = re.findall(r'\), "([\w.]*)", (b\'.\'|0x[0-9a-fA-F]+), \w+, \w+, "', text)
    for name, code in found:
        if code in own:
            continue
        yield name, code[2] if code.startswith("b'") else None
    for name in re.findall(r'^\s*"([\w.]+)", ', (SCHEMA / "timeouts.rs").read_text(), re.M):
        yield f"Timeout.{name}", None


def readings(every):
    """Title, cf line and command-line words."""
    number = 0
    for name, letter in rows():
        for value in VALUES + SPECIAL.get(name, []):
            number += 1
            if number % every:
                continue
            if name:
                yield f"O {name}={value}", f"O {name}={value}", []
            if letter:
                yield f"O{letter}{value}", f"O{letter}{value}", []
            if value in ("True", "10", "x", "5m", "junk words", ""):
                if name:
                    yield f"-O{name}={value}", "#", [f"-O{name}={value}"]
                    yield f"-O {name}={value}", "#", ["-O", f"{name}={value}"]
                    yield f"O {name[:4]}={value}", f"O {name[:4]}={value}", []
                    yield f"O {name.lower()} {value}", f"O {name.lower()} {value}", []
                if letter:
                    yield f"-o{letter}{value}", "#", [f"-o{letter}{value}"]


# Values of an option that is set more than once.
PAIRS = [
    ("LogLevel", "L", "3", "12"), ("MaxHopCount", "h", "7", "30"), ("QueueDirectory", "Q", "/q/one", "/q/two"), ("PrivacyOptions", "p", "noexpn", "novrfy"),
    ("DontBlameSendmail", None, "MapInUnsafeDirPath", "Safe"), ("DeliveryMode", "d", "q", "i"), ("OperatorChars", None, ".:@", ".!%"), ("BlankSub", "B", "_", "."),
    ("DaemonPortOptions", "O", "Name=one, Port=26", "Name=two, Port=27"), ("AliasFile", "A", "/a/one", "/a/two"), ("MustQuoteChars", None, "'", "."), ("Timeout.ident", None, "5s", "0s"),
    ("Timeout.queuereturn", None, "5d", "3d"), ("Timeout", "r", "ident:5s,mail=3m", "7m"), ("QueueTimeout", "T", "3d/4h", "5d"), ("UseErrorsTo", "l", "True", "False"), ("DefaultUser", "u", "1:1", "daemon"),
    ("SmtpGreetingMessage", None, "$j one", "$j two"), ("TimeZoneSpec", "t", "UTC", ""), ("MinFreeBlocks", "b", "10/20", "5"), ("MaxMessageSize", None, "100", "50"), ("InputMailFilters", None, "x", "y"),
]
# Lines that stand alone: without a name, behind a backslash, too late.
ALONE = [
    "\\O LogLevel=3", "\\", "\\ x", "\\\\", "\\Dxy", "\\\nO LogLevel=3", "O LogLevel=3\\\nO MaxHopCount=7", "Dxa\\\n\tb", "# a\\\nO LogLevel=4",
    "K", "K ", "Kx", "Kx ", "K hash /x", "K=hash", "Kx hash", "Kx  hash  /nosuch", "K{x} hash /x", "K.x hash /x", "Kx. hash -o /x", "Kx$ hash /x",
    "D", "D ", "D{}", "D{}x", "D{a", "D{ }x", "D{a}", "D{a b}x", "D$x", "D\\x", "C", "C{}", "C{}x y", "C{a", "C{a}", "C x", "F", "F ", "F{}/x", "F{a}", "Fx", "Fx ", "Fx-o", "Fx -o", "Fx@", "Fx@:", "Fxk@:x",
    "R", "R\t", "R\tx", "R$*", "R$*\t", "Sx\nR$()\tx", "Sx\nR$*\t$( $)", "Sx\nR$*\t$(x$)", "Sx\nR$*\t$(x $@ $)", "Sx\nR$*\t$( x $)", "Sx\nR${}\tx", "Sx\nR$&{}\tx", "Sx\nR$={}\tx", "Sx\nR$=\tx", "Sx\nR$~\tx", "Sx\nR$*\t$>", "Sx\nR$*\t$>{}", "Sx\nR$*\t${}",
    "Sx\nR$*\t$[$]", "Sx\nR$*\t$[ $]", "Sx\nR$*\t$#", "Sx\nR$?\tx", "Sx\nR$*\t$?", "H", "H:", "H ", "H?", "H??", "H??:", "H?P?", "H?P?:", "H?$?X: y", "H?${}?X: y", "HX", "HX:", "H: x",
    "M", "M,", "M ,P=x", "M, P=/x", "Mx", "Mx,", "Mx, P", "Mx, P=", "Mx, =", "Mx, P=/x, A=", "S", "S ", "S=", "S{}", "S{x", "Sx=", "Sx=300", "S-1", "S99", "S100", "S ,", "O", "O ", "O  ", "O =x", "O.x=1", "O .=1", "O Timeout.=1", "O Timeout", "O Timeout.x", "O Milter.", "O Milter.x=1",
    "P", "P=", "P=5", "Px", "Px=", "Px= 5", "T", "T ", "Tx", "V", "V ", "V/", "V10/", "V10/x", "Vx", "E", "E=", "E=x", "Ex", "Q", "Q,", "Q ", "Qx", "Qx,", "Qx, P=", "X", "X,", "X ", "Xx", "Xx,", "Xx, S=", "Xx, T=", "L", "Lx", "Z", "0", " x", "\tx",
    "Sx\nR$*\t$1\nO OperatorChars=.", "Sx\nO OperatorChars=.", "Sx\nR$*\t$1\nO BlankSub=_", "Qx, P=/q\nO QueueDirectory=/late", "O AliasFile=hash:/nosuch/x\nO QueueDirectory=/q", "O UseErrorsTo\nV9", "V5\nO ColonOkInAddr=True",
]


def twice():
    """An option set twice in the cf, twice on the command line, and once in each."""
    for name, letter, one, other in PAIRS:
        for first, second in ((one, other), (other, one)):
            yield f"O {name}={first} {second}", f"O {name}={first}\nO {name}={second}", []
            yield f"-O {name}={first} cf {second}", f"O {name}={second}", ["-O", f"{name}={first}"]
            yield f"-O {name}={first} {second}", "#", ["-O", f"{name}={first}", "-O", f"{name}={second}"]
            if letter:
                yield f"-o{letter}{first} cf {second}", f"O {name}={second}", [f"-o{letter}{first}"]
                yield f"O{letter}{first} O {name}={second}", f"O{letter}{first}\nO {name}={second}", []
    for sub in ("ident", "Timeout", "mail", "queuereturn.normal", "queuereturn"):
        for said in ("Timeout=ident:9s,mail=9m", "Timeout.ident=9s", "Timeout.queuereturn=9d", "QueueTimeout=9d/9h", "Timeout=9m"):
            yield f"-O Timeout.{sub} cf {said}", f"O {said}", ["-O", f"Timeout.{sub}=4s"]
            yield f"-O {said} cf Timeout.{sub}", f"O Timeout.{sub}=4s", ["-O", said]


def alone():
    for line in ALONE:
        yield repr(line), line, []


def reading(program, folder, cf, words, folder_name):
    environment = {"PATH": "/usr/sbin:/usr/bin:/bin", "TZ": "UTC", "LC_ALL": "C"}
    try:
        run = subprocess.run([*program, "-bt", "-d37.1", *words, "-C", cf], input=TYPED, cwd=folder, env=environment,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    except subprocess.TimeoutExpired:
        return b"(no answer in a minute)", 0
    return VERSION.sub(b"VERSION", POINTER.sub(b"0xPTR", run.stdout)), run.returncode


def compare(number, case, work, programs):
    title, line, words = case
    text, words = line.replace("@DIR@", str(work)), [word.replace("@DIR@", str(work)) for word in words]
    name = f"{number}.cf"
    (work / name).write_bytes(CF.replace("@LINE@", text).encode("latin-1"))
    words = [word.encode("latin-1") for word in words]
    theirs, ours = (reading(program, work, name, words, work) for program in programs)
    (work / name).unlink()
    if theirs == ours:
        return True, ""
    report = f"not ok: {title!r}: exit status {ours[1]}, reference {theirs[1]}"
    pairs = list(zip(theirs[0].split(b"\n"), ours[0].split(b"\n")))
    for a, b in [pair for pair in pairs if pair[0] != pair[1]][:1]:
        report += f"\n    reference: {a[:200]!r}\n    canonify:  {b[:200]!r}"
    return False, report


def main():
    if not os.environ.get("CANONIFY_REFERENCE"):
        print("options: CANONIFY_REFERENCE is not set, nothing is compared\n0 passed, 0 failed")
        return 0
    enter()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--every", type=int, default=1, help="only every Nth value")
    parser.add_argument("--only", default="", help="titles that match")
    parser.add_argument("--show", type=int, default=40, help="differences shown")
    parser.add_argument("--jobs", type=int, default=2)
    wish = parser.parse_args()
    sendmail = os.path.join(os.environ["CANONIFY_REFERENCE"], "usr/libexec/sendmail/sendmail")
    programs = [[sendmail], [os.path.abspath(wish.canonify), "sendmail"]]
    passed = failed = 0
    # not below a world-writable directory: file safety checks are part of what is compared
    with tempfile.TemporaryDirectory(prefix="options", dir="/var/lib") as top:
        work = pathlib.Path(top)
        work.chmod(0o755)
        (work / "file").write_text("text\n")
        every = [*twice(), *alone(), *readings(wish.every)]
        cases = [case for case in every if re.search(wish.only, case[0])]
        with concurrent.futures.ThreadPoolExecutor(wish.jobs) as pool:
            for fine, report in pool.map(lambda pair: compare(*pair, work, programs), enumerate(cases)):
                passed, failed = passed + fine, failed + (not fine)
                if report and failed <= wish.show:
                    print(report.replace(top, "@DIR@"), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
