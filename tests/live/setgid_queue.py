"""Somebody with the rights of smmsp, and root's runs of the client queue; and the mail that gets through."""
import os
import pathlib
import shutil
import time

from setgid_attack import MALLORY, MESSAGE, ROOT_FILE, SECRET, SMMSP, stop_services, test
from setgid_site import put


# somebody with the rights of smmsp, and root's runs of the client queue

def forged(a, control_text=None, data=None):
    """A message in the client queue that smmsp wrote by hand; `data` makes its df."""
    result, control = a.submit()
    text = control.read_bytes()
    body = control.with_name("df" + control.name[2:])
    control.unlink()
    put(control, text, 0o660, SMMSP, SMMSP)
    if data:
        body.unlink()
        data(body)
    return control, body


def root_run(a, user="root"):
    a.listening(True)
    a.sink.messages.clear()
    result = a.run("-Ac", "-qf", user=user, timeout=30)
    time.sleep(0.3)
    return result


DATA_FILES = {
    "a symbolic link": lambda body: body.symlink_to(ROOT_FILE),
    "a hard link": lambda body: os.link(ROOT_FILE, body),
    "a pipe": lambda body: os.mkfifo(body),
    "a directory": lambda body: body.mkdir(),
}
for kind, data in DATA_FILES.items():
    @test(f"a df that is {kind}: root's run mails nothing of it")
    def _(a, data=data):
        since = len(a.site.log.lines)
        control, body = forged(a, data=data)
        result = root_run(a)
        leaked = any(SECRET in message for message in a.sink.messages)
        logged = any(control.name[2:] in line for line in a.site.log.lines[since:])
        shutil.rmtree(body) if body.is_dir() and not body.is_symlink() else body.unlink(missing_ok=True)
        return not leaked and logged and SECRET in ROOT_FILE.read_text(), (result, a.sink.messages, a.site.log.lines[since:])


for kind, make in {"a symbolic link": lambda path: path.symlink_to(ROOT_FILE), "a hard link": lambda path: os.link(ROOT_FILE, path),
                   "a pipe": lambda path: os.mkfifo(path)}.items():
    @test(f"a qf that is {kind}: neither root's run nor root's mailq follows it or waits")
    def _(a, make=make):
        a.clear()
        path = a.site.client_queue / "qf6AUL00AA000001"
        make(path)
        put(path.with_name("df6AUL00AA000001"), "x\n", 0o660, SMMSP, SMMSP)
        results = [root_run(a), a.run("-Ac", "-bp", user="root", timeout=20), a.run("-Ac", "-bp", "-v", user="root", timeout=20)]
        return all(SECRET not in result.text for result in results) and not a.sink.messages and SECRET in ROOT_FILE.read_text(), results


for prefix in ("tf", "xf"):
    @test(f"{prefix} as a link to root's file is not written through")
    def _(a, prefix=prefix):
        control, body = forged(a)
        control.with_name(prefix + control.name[2:]).symlink_to(ROOT_FILE)
        before = ROOT_FILE.read_text()
        result = a.run("-Ac", "-qf", user="root", timeout=30)
        return ROOT_FILE.read_text() == before, result


for link in ("symbolic", "hard"):
    @test(f"a pid file that is a {link} link is not written through")
    def _(a, link=link):
        victim = put("/var/spool/victim", "precious\n")
        place = a.site.client_queue / "sm-client.pid"
        place.unlink(missing_ok=True)
        place.symlink_to(victim) if link == "symbolic" else os.link(victim, place)
        path = pathlib.Path("/etc/mail/submit.cf")
        before = path.read_bytes()
        path.write_bytes(before + f"O PidFile={place}\n".encode())
        since = len(a.site.log.lines)
        a.run("-Ac", "-q1h", user="root")
        logged = a.site.log.holds("unable to write pid to", since)
        path.write_bytes(before)
        stop_services()
        place.unlink(missing_ok=True)
        return victim.read_text() == "precious\n" and logged, a.site.log.lines[since:]


@test("a configuration that others may write: the log warns, and who starts a service sees it")
def _(a):
    cf = put("/srv/open.cf", pathlib.Path("/etc/mail/sendmail.cf").read_bytes(), 0o666, MALLORY, MALLORY)
    since = len(a.site.log.lines)
    result = a.run("-bi", "-C", cf, user="root")
    return "/srv/open.cf: WARNING: dangerous write permissions" in result.text and a.site.log.holds("dangerous write permissions", since), result


# and the mail gets through

@test("a message handed in while nothing listens is listed, for its user and for root")
def _(a):
    result, control = a.submit()
    listed = [a.run("-Ac", "-bp", user=user).text for user in ("bob", "root", "smmsp")]
    return result.status == 0 and control is not None and all(control.name[2:] in text for text in listed), (result, listed)


for user in ("smmsp", "root"):
    @test(f"a run as {user} delivers what was handed in before")
    def _(a, user=user):
        result, control = a.submit()
        run = root_run(a, user)
        return a.sink.holds("The body, three") and a.queued() == [], (result, run, a.queued(), a.site.log.lines[-6:])


@test("a runner in the background delivers what is handed in later")
def _(a):
    a.listening(True)
    a.sink.messages.clear()
    a.run("-Ac", "-q1s", user="root")
    a.run("-odq", "alice", user="bob", stdin=MESSAGE)
    got = a.sink.holds("The body, three", 15)
    stop_services()
    return got, a.site.log.lines[-8:]


@test("a message is delivered at once while the daemon is up, over -bs as well")
def _(a):
    a.clear()
    a.listening(True)
    a.sink.messages.clear()
    session = "HELO x\r\nMAIL FROM:<bob>\r\nRCPT TO:<alice>\r\nDATA\r\nSubject: session\r\n\r\nby -bs\r\n.\r\nQUIT\r\n"
    results = [a.run("alice", user="bob", stdin=MESSAGE), a.run("-bs", user="bob", stdin=session)]
    return a.sink.holds("The body, three") and a.sink.holds("by -bs"), results
