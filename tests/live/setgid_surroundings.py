"""Surroundings that the caller chose, and files that the borrowed group could reach."""
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import time

from setgid_attack import MALLORY, MESSAGE, PLAY, SMMSP, test
from setgid_site import USERS, folder, put


# surroundings that the caller chose

def whole(a, control):
    """Is the message in the queue as it was handed in?"""
    body = control.with_name("df" + control.name[2:]).read_text()
    return control.read_bytes().endswith(b"\n.\n") and body == MESSAGE.split("\n\n", 1)[1]


@test("descriptors of the caller are closed")
def _(a):
    read, write = os.pipe()
    child = subprocess.Popen([a.site.bin / "sendmail", "-bs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(write,),
                             user=MALLORY, group=MALLORY, extra_groups=[], env={})
    child.stdout.readline()
    held = [os.readlink(link) for link in pathlib.Path(f"/proc/{child.pid}/fd").iterdir()]
    pipe = os.readlink(f"/proc/self/fd/{write}")
    child.kill()
    child.wait()
    os.close(read)
    os.close(write)
    return pipe not in held and len(held) > 2, held


for closed in ((0,), (1,), (2,), (1, 2), (0, 1, 2)):
    @test(f"descriptors {closed} closed: the queue is not written into by accident")
    def _(a, closed=closed):
        source = put("/srv/message", MESSAGE)
        a.clear()
        shell = " ".join(f"{fd}<&-" for fd in closed)
        done = subprocess.run(["sh", "-c", f"exec {a.site.bin}/sendmail alice {shell}"], stdin=open(source), stderr=subprocess.PIPE,
                              stdout=subprocess.PIPE, user=MALLORY, group=MALLORY, extra_groups=[], env={}, cwd="/")
        controls = list(a.site.client_queue.glob("qf*"))
        good = all(control.read_bytes().endswith(b"\n.\n") for control in controls)
        return good and (0 in closed or (len(controls) == 1 and whole(a, controls[0]))), (done, a.queued())


for mask in (0, 0o022, 0o077, 0o777):
    @test(f"umask {mask:03o}: queue files have QueueFileMode")
    def _(a, mask=mask):
        before = os.umask(mask)
        try:
            result, control = a.submit()
        finally:
            os.umask(before)
        about = [path.stat() for path in a.site.client_queue.iterdir()]
        return len(about) == 2 and {(one.st_mode & 0o777, one.st_uid, one.st_gid) for one in about} == {(0o660, USERS["bob"], SMMSP)}, (result, about)


def limited(kind, soft, hard):
    return lambda: resource.setrlimit(kind, (soft, hard))


@test("a lowered soft limit of file sizes is raised again")
def _(a):
    result, control = a.submit(preexec_fn=limited(resource.RLIMIT_FSIZE, 10, resource.RLIM_INFINITY))
    return result.status == 0 and control is not None and whole(a, control), result


for kind, values in (("FSIZE", (0, 1, 100, 400, 450, 500, 550, 600, 700, 900)), ("NOFILE", range(3, 16)), ("AS", (2 ** 25, 2 ** 26, 2 ** 27, 2 ** 28)), ("NPROC", (0, 1, 2, 3))):
    @test(f"a hard limit of {kind}: a message is whole, or refused and not there")
    def _(a, kind=kind, values=values):
        for value in values:
            limit = limited(getattr(resource, f"RLIMIT_{kind}"), value, value)
            result, control = a.submit(preexec_fn=limit)
            if control is None and result.status == 0 or control is not None and not whole(a, control):
                return False, (value, result, a.queued())
        return True, ""


@test("ignored SIGCHLD, blocked signals and an alarm do not stop a message")
def _(a):
    def odd():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD})
        signal.setitimer(signal.ITIMER_REAL, 0.3)
    a.clear()
    a.listening(False)
    child = subprocess.Popen([a.site.bin / "sendmail", "-odq", "alice"], stdin=subprocess.PIPE, preexec_fn=odd,
                             user=MALLORY, group=MALLORY, extra_groups=[], env={})
    time.sleep(0.5)
    child.communicate(MESSAGE.encode(), timeout=20)
    result, control = child.returncode, next(a.site.client_queue.glob("qf*"), None)
    return result == 0 and control is not None and whole(a, control), result


@test("USR1 from a user does nothing to a process with borrowed rights")
def _(a):
    child = subprocess.Popen([a.site.bin / "sendmail", "-bs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             user=MALLORY, group=MALLORY, extra_groups=[], env={})
    child.stdout.readline()
    child.send_signal(signal.SIGUSR1)
    time.sleep(0.2)
    said, _ = child.communicate(b"NOOP\r\nQUIT\r\n", timeout=10)
    return child.returncode == 0 and b"221" in said, said


# files that the borrowed group could reach

for link in ("symbolic", "hard"):
    @test(f"dead.letter as a {link} link to another user's queue file is not written through")
    def _(a, link=link):
        result, control = a.submit()
        before, place = control.read_bytes(), PLAY / "dead.letter"
        place.unlink(missing_ok=True)
        if link == "symbolic":
            place.symlink_to(control)
        else:
            shutil.rmtree("/var/spool/home-of-mallory", ignore_errors=True)
            folder("/var/spool/home-of-mallory", 0o755, MALLORY, MALLORY)
            place = pathlib.Path("/var/spool/home-of-mallory/dead.letter")
            os.link(control, place)
            passwd = pathlib.Path("/srv/passwd")
            passwd.write_text(passwd.read_text().replace(":/home/mallory:", ":/var/spool/home-of-mallory:"))
        result = a.run("no<such", stdin=MESSAGE)
        place.unlink()
        return control.read_bytes() == before, result
