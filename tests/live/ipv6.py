#!/usr/bin/env python3
"""A client and a next hop with IPv6 addresses, Debian's sendmail and ours: greetings and replies, log lines, macros that rules
see, with and without UseCompressedIPv6Addresses. usage: ipv6.py CANONIFY
Needs root; runs in name spaces of its own. Closes with "N passed, N failed"."""
import os, pathlib, re, socket, subprocess, sys, tempfile, threading

from checks import check, close, until
from namespaces import enter

REFERENCE = pathlib.Path(os.environ.get("CANONIFY_REFERENCE", "/var/cache/canonify-reference"), "usr/libexec/sendmail/sendmail")
HERE = "2001:db8::5"
CF = """V10/Berkeley
O QueueDirectory={folder}/queue
O DontBlameSendmail=TrustStickyBit
O LogLevel=14
O AliasFile=/dev/null
O UseCompressedIPv6Addresses={compressed}
O DaemonPortOptions=Port=2526,Family=inet6,Addr=2001:db8::5
O PidFile={folder}/pid
Dj test.example.com
Ksyslog syslog -D
HReceived: from $_ by $j id $i
Scheck_relay
R$* $| $*	$: $(syslog daemon=$&{{daemon_addr}} interface=$&{{if_addr}} client=$&{{client_addr}} $)
Sparse=0
R$*	$#e $@ [IPv6:2001:db8::5] $: x@there.example
Me, P=[IPC], F=mDFMuX, A=TCP $h 2525
Mlocal, P=/bin/true, F=lsDFMAw5, A=x $u
Mprog, P=/bin/true, F=lsDFM, A=x $u
"""


def surroundings():
    """A /dev of our own with a log socket, and names that no server is asked for."""
    for line in ("link set lo up", f"-6 addr add {HERE}/128 dev lo nodad"):
        subprocess.run(["ip", *line.split()], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "dev", "/mnt"], check=True)
    for name, minor in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
        os.mknod(f"/mnt/{name}", 0o20666, os.makedev(1, minor))
        os.chmod(f"/mnt/{name}", 0o666)
    subprocess.run(["mount", "--move", "/mnt", "/dev"], check=True)


def next_hop(messages):
    server = socket.create_server((HERE, 2525), family=socket.AF_INET6)
    while True:
        client, _ = server.accept()
        file = client.makefile("rb")
        client.sendall(b"220 there.example\r\n")
        while line := file.readline():
            if line[:4] == b"DATA":
                client.sendall(b"354 go on\r\n")
                messages.append(b"".join(iter(file.readline, b".\r\n")).decode())
            client.sendall(b"221 bye\r\n" if line[:4] == b"QUIT" else b"250 ok\r\n")
        client.close()


def session(program, cf, messages):
    """Everything that was said, logged and handed on."""
    log, lines = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), []
    log.bind("/dev/log")
    os.chmod("/dev/log", 0o666)
    log.settimeout(60)

    def listen():
        while line := log.recv(8192).decode(errors="replace"):
            lines.append(line)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    daemon = subprocess.Popen([program, "-bD", "-C", cf], stderr=subprocess.DEVNULL)
    try:
        client = until(lambda: connected())
        file, said = client.makefile("rb"), []
        for line in (b"", b"HELO a\r\n", b"MAIL FROM:<a@b.example>\r\n", b"RCPT TO:<x@y.example>\r\n", b"DATA\r\n", b"Subject: x\r\n\r\nx\r\n.\r\n", b"QUIT\r\n"):
            client.sendall(line)
            said.append(file.readline().decode())
        until(lambda: any("stat=" in line for line in lines))
    finally:
        daemon.terminate()
        daemon.wait(60)
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"", "/dev/log")
        listener.join(60)
        os.unlink("/dev/log")
    # A session's process and the process that delivers write as they are scheduled: in what order says nothing.
    shown = sorted(plain(line) for line in lines if "2001:db8" in line)
    return [plain(text) for text in said] + shown + [plain(messages.pop())]


def connected():
    try:
        return socket.create_connection((HERE, 2526), 30)
    except OSError:
        return None


def plain(text):
    """Without times, ids and versions; the syslog map's line begins otherwise where a library writes it."""
    text = re.sub(r"^<\d+>(?:\w{3} [ \d]\d [\d:]{8} )?\S+\[\d+\]: (?:NOQUEUE: )?", "", text)
    text = re.sub(r"\b[0-9A-Za-z]{8}\d{6}\b", "ID", text)
    text = re.sub(r"Sendmail \S+ ready at .*|delay=[\d:]+|\w{3}, .*\d{4} [\d:]{8} \S+", "", text)
    return re.sub(r"pri=\d+", "", text).strip()


def main(canonify):
    surroundings()
    messages = []
    threading.Thread(target=next_hop, args=(messages,), daemon=True).start()
    for compressed in ("False", "True"):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            os.mkdir(f"{folder}/queue", 0o700)
            cf = pathlib.Path(folder, "site.cf")
            cf.write_text(CF.format(folder=folder, compressed=compressed))
            sendmail = pathlib.Path(folder, "sendmail")
            sendmail.symlink_to(canonify)
            theirs, ours = (session(program, cf, messages) for program in (REFERENCE, sendmail))
        for one, other in zip(theirs, ours):
            check(f"compressed={compressed}: {one}", one == other, other)
        check(f"compressed={compressed}: as many lines", len(theirs) == len(ours), (theirs, ours))
    return close()


if __name__ == "__main__":
    enter()
    sys.exit(main(os.path.abspath(sys.argv[1])))
