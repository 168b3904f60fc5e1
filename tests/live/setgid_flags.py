"""The group, borrowed by the caller's choice of files, programs and rules; who may do what."""
import pathlib

from setgid_attack import GROUP_FILE, MALLORY, MESSAGE, PLAY, SECRET, SMMSP, test
from setgid_site import put


# the group, borrowed by the caller's choice of files, programs and rules

@test("a mailer program of -C evil.cf has no group")
def _(a):
    script = a.script()
    text = a.cf(f"Mlocal, P={script}, F=lsDFMAw5:/|@qPSXn9, S=EnvFromL/HdrFromL, R=EnvToL/HdrToL, A=run.sh $u\n"
                f"Mprog, P={script}, F=lsDFMoqeu9, S=EnvFromL, R=EnvToL, A=run.sh $u\n")
    return a.no_loot(a.run("-C", text, "-Am", "-odi", "mallory", stdin=MESSAGE))


@test("a program map of -C evil.cf has no group")
def _(a):
    return a.no_loot(a.run("-C", a.cf(f"Kevil program {a.script()}\n"), "-bt", stdin="/map evil key\n"))


@test("a class program of -C evil.cf has no group")
def _(a):
    return a.no_loot(a.run("-C", a.cf(f"F{{evil}}|{a.script()}\n"), "-bp"))


@test("a class file of -C evil.cf is not read with the group")
def _(a):
    return a.quiet("-C", a.cf(f"F{{evil}} {GROUP_FILE}\n"), "-bt", stdin="$={evil}\n")


@test("a text map of -C evil.cf is not read with the group")
def _(a):
    return a.quiet("-C", a.cf(f"Kevil text -v1 {GROUP_FILE}\n"), "-bt", stdin="/map evil key\n")


@test("an :include: of -C evil.cf is not read with the group")
def _(a):
    put(PLAY / "aliases", f"evil: :include:{GROUP_FILE}\n", 0o644, MALLORY, MALLORY)
    return a.quiet("-C", a.cf(f"O AliasFile=text:{PLAY}/aliases\n"), "-Am", "-bv", "evil")


for name, words in (("sendmail", ("-bp",)), ("sendmail", ("-bs",)), ("sendmail", ("-bC",)), ("sendmail", ("-bv", "x")),
                    ("sendmail", ("-d37.1", "-bt")), ("sendmail", ("-t",)), ("sendmail", ("-q",)), ("sendmail", ("-bd",)),
                    ("mailq", ()), ("newaliases", ()), ("hoststat", ()), ("purgestat", ()), ("smtpd", ())):
    @test(f"{name} {' '.join(words)} -C FILE says nothing of the file")
    def _(a, name=name, words=words):
        return a.quiet(*words, "-C", GROUP_FILE, name=name)


@test("a .mc's include reads nothing with the group")
def _(a):
    put(PLAY / "evil.mc", f"include(`{GROUP_FILE}')\n", 0o644, MALLORY, MALLORY)
    return a.quiet("-bp", "-C", PLAY / "evil.mc")


@test("a .mc's commands have no group")
def _(a):
    put(PLAY / "evil.mc", f"syscmd(`{a.script()} </dev/null')\n", 0o644, MALLORY, MALLORY)
    return a.no_loot(a.run("-bp", "-C", PLAY / "evil.mc"))


for words in (["-OAliasFile=/x"], ["-oA/x"], ["-Mxvalue"], ["-M{name}value"], ["-oMxvalue"], ["-X", "/dev/null"],
              ["-D", "/dev/null", "-d0.1"], ["-OHelpFile=/x"], ["-OTimeout.queuereturn=1d"], ["-OQueueFileMode=0666"],
              ["-OTrustedUser=mallory"], ["-OPidFile=/x"], ["-ODontBlameSendmail=TrustStickyBit"], ["-oL5", "-oSx"]):
    @test(f"{words[0]} gives the group up")
    def _(a, words=words):
        return a.dropped(*words)


@test("harmless options keep the group (the test above can fail)")
def _(a):
    result = a.run("-oL5", "-OErrorMode=q", "-bp")
    return "is empty" in result.text, result


for flag in ("-OQueueDirectory=/var/spool/mqueue", "-oQ/var/spool/mqueue"):
    @test(f"{flag[:6]} lists no queue with the group")
    def _(a, flag=flag):
        return a.dropped(flag)


@test("-X writes no file with the group")
def _(a):
    result = a.run("-X", a.site.client_queue / "evil", "alice", stdin=MESSAGE)
    return "evil" not in a.queued(), result


@test("-D writes no file with the group")
def _(a):
    result = a.run("-D", a.site.client_queue / "evil", "-d0.1", "-bp")
    return "evil" not in a.queued(), result


@test("-bt reads no map of the site with the group")
def _(a):
    return a.quiet("-bt", stdin="/map secret key\n")


@test("-bi with an alias file of the caller's says nothing of it")
def _(a):
    return a.quiet("-bi", f"-oA{GROUP_FILE}")


@test("-bv looks behind no address with the group (restrictexpand)")
def _(a):
    path = pathlib.Path("/etc/mail/sendmail.cf")
    before = path.read_bytes()
    path.write_bytes(before + b"O PrivacyOptions=restrictexpand\n")
    try:
        return a.quiet("-bv", "secret")
    finally:
        path.write_bytes(before)


@test("the configuration is read with the caller's rights")
def _(a):
    path = pathlib.Path("/etc/mail/sendmail.cf")
    before = path.read_bytes()
    put(path, before + f"O{SECRET}\n".encode(), 0o640, 0, SMMSP)
    try:
        return a.quiet("-bp", "-d37.1")
    finally:
        put(path, before)


for name, words in (("m4", (GROUP_FILE,)), ("mc", (GROUP_FILE,)), ("rewrite", ("-C", GROUP_FILE)), ("praliases", ("-f", GROUP_FILE)),
                    ("makemap", ("-C", GROUP_FILE, "-u", "hash", GROUP_FILE)), ("editmap", ("-C", GROUP_FILE, "-q", "hash", GROUP_FILE, "x"))):
    @test(f"argv[0] {name} has no group")
    def _(a, name=name, words=words):
        return a.quiet(*words, name="canonify", argv0=f"{PLAY}/{name}")

    @test(f"the first argument {name} has no group")
    def _(a, name=name, words=words):
        return a.quiet(name, *words, name="canonify", argv0="canonify")


@test("CANONIFY_LOG is not heard")
def _(a):
    a.clear()
    result = a.run("alice", stdin=MESSAGE, environment={"CANONIFY_LOG": "stderr", "CANONIFY_HOSTS": str(GROUP_FILE)})
    return result.text == "" and result.status == 0, result


# who may do what

for words, text, status in ((["-bd"], "550 Permission denied (real uid not trusted)", 64), (["-bD"], "Permission denied (real uid not trusted)", 64),
                            (["-q30m"], "Permission denied (real uid not trusted)", 64), (["-Ac", "-q1h"], "Permission denied (real uid not trusted)", 64),
                            (["-Ac", "-qp"], "Permission denied (real uid not trusted)", 64), (["-bi"], "Permission denied (real uid not trusted)", 64),
                            (["-Ac", "-Qwhy", "-q"], "Permission denied (real uid not trusted)", 64),
                            (["-Ac", "-q"], "You do not have permission to process the queue", 77),
                            (["-Ac", "-qIA"], "You do not have permission to process the queue", 77)):
    @test(f"a user's {' '.join(words)} is refused")
    def _(a, words=words, text=text, status=status):
        since = len(a.site.log.lines)
        result = a.run(*words)
        logged = status != 64 or a.site.log.holds(f"user {MALLORY} attempted to", since)
        return (result.status, text in result.text, logged) == (status, True, True), result


@test("a user's daemon with a configuration of his own is refused")
def _(a):
    result = a.run("-bd", "-C", a.cf("O DaemonPortOptions=Port=2525\n"))
    return result.status == 64, result


@test("-d with -q shows a user nothing")
def _(a):
    result = a.run("-Ac", "-q", "-d0.1")
    return "Can not use -d with -q" in result.text and "Compiled with" not in result.text, result
