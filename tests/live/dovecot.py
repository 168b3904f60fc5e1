#!/usr/bin/env python3
"""Dovecot's LMTP server as a mailer of ours, over a UNIX socket, a TCP port, and as the local mailer (FEATURE(`local_lmtp', `[IPC]', `FILE ...')): answers for each recipient,
mailboxes that are full, details, aliases; and Dovecot gone for a while. What counts is what lies in its Maildirs.

usage: dovecot.py CANONIFY      Needs root, CANONIFY_REFERENCE and Debian's packages dovecot-core and dovecot-lmtpd; without them it skips.
"""
import os, pathlib, subprocess, sys

import mail_bed, peers_bed
from checks import check, close, until
from peers_bed import logged, send

TOP = mail_bed.TOP + "/dovecot"
SOCKET, PORT = TOP + "/lmtp", 24
LOCAL = f"FEATURE(`local_lmtp', `[IPC]', `FILE {SOCKET}')\n"
RULES = "F=mDFMnXz, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP/HdrFromSMTP, E=\\r\\n, L=990, T=DNS/RFC822/SMTP"
MAILERS = [f"Munix, P=[IPC], {RULES}, A=FILE {SOCKET}", f"Mtcp, P=[IPC], {RULES}, A=TCP [127.0.0.1] {PORT}"]
USERS = "dovecot:x:64920:64920::/:/bin/false\ndovenull:x:64921:64921::/:/bin/false\nvmail:x:64922:64922::/:/bin/false\n"
BOXES = {"alice": "", "bob": "", "full": "userdb_quota_rule=*:bytes=100"}
CONFIGURATION = f"""base_dir = {TOP}/run
state_dir = {TOP}/state
log_path = /dev/stderr
protocols = lmtp
ssl = no
first_valid_uid = 1
mail_location = maildir:~/box
mail_plugins = quota
plugin {{
  quota = count:box
  quota_vsizes = yes
}}
recipient_delimiter = +
lmtp_save_to_detail_mailbox = yes
lda_mailbox_autocreate = yes
auth_username_format = %Ln
passdb {{
  driver = passwd-file
  args = {TOP}/users
}}
userdb {{
  driver = passwd-file
  args = {TOP}/users
}}
service lmtp {{
  unix_listener {SOCKET} {{
    mode = 0666
  }}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {PORT}
  }}
}}
"""
BODY = "gr\u00fc\u00dfe \r\n.\r\n..two dots\r\nFrom the beginning\r\n" + "a line, one of many\r\n" * 100


def start():
    return subprocess.Popen(["/usr/sbin/dovecot", "-F", "-c", TOP + "/dovecot.conf"], stdin=subprocess.DEVNULL, stderr=open(TOP + "/log", "a"))


def build():
    for folder in ("run", "state", "home"):
        os.makedirs(f"{TOP}/{folder}")
    mail_bed.write("dovecot/dovecot.conf", CONFIGURATION)
    mail_bed.write("dovecot/users", "".join(f"{name}:{{PLAIN}}x:64922:64922::{TOP}/home/{name}::{more}\n" for name, more in BOXES.items()))
    for name in BOXES:
        os.makedirs(f"{TOP}/home/{name}")
        os.chown(f"{TOP}/home/{name}", 64922, 64922)
    dovecot = start()
    until(lambda: peers_bed.connects(PORT))
    return dovecot


def said():
    """What the operator of each would look at."""
    return "\n    ".join(mail_bed.LOG[-15:]) + "\n" + pathlib.Path(TOP, "log").read_text()[-2000:]


def box(user, subject, folder=""):
    """The messages with this subject in a user's folder."""
    texts = [path.read_bytes().decode() for path in pathlib.Path(TOP, "home", user, "box", folder, "new").glob("*")]
    return [text for text in texts if f"Subject: {subject}\n" in text.split("\n\n", 1)[0] + "\n"]


def has(user, subject, folder=""):
    return until(lambda: box(user, subject, folder))


def mixture(kind, domain, sender="ann@site.example"):
    """One message to somebody, somebody else, nobody and somebody who has no room."""
    subject = f"for {kind}@{domain}"
    with peers_bed.smtplib.SMTP("127.0.0.1", 25, "client.example", timeout=60, source_address=("127.0.0.8", 0)) as session:
        session.ehlo()
        text = f"Subject: {subject}\r\n\r\n{BODY}".encode()
        session.sendmail(sender, [f"{user}@{domain}" for user in ("alice", "bob", "nosuch", "full")], text, ["BODY=8BITMIME"])
    arrived = [has(user, subject) for user in ("alice", "bob")]
    whole = all(texts and texts[0].split("\n\n", 1)[1] == BODY.replace("\r\n", "\n") for texts in arrived)
    check(f"{kind}: two have it, whole and once", whole and all(len(texts) == 1 for texts in arrived), (arrived, said()))
    check(f"{kind}: with the envelope's sender", arrived[0] and arrived[0][0].startswith(f"Return-Path: <{sender}>\n"), (arrived[0], said()))
    check(f"{kind}: nobody is unknown", logged(rf"to=<nosuch@{domain}>.*dsn=5\.1\.1"), said())
    check(f"{kind}: there is no room", logged(rf"to=<full@{domain}>.*dsn=5\.2\.2") and not box("full", subject), said())


def details(kind, domain):
    """A part behind + is a folder."""
    subject = f"for alice+lists@{domain}"
    send(25, "ann@site.example", f"alice+lists@{domain}")
    check(f"{kind}: a detail is a folder", has("alice", subject, ".lists"), said())


def without_dovecot(dovecot, daemon, domain):
    dovecot.terminate()
    dovecot.wait(60)
    send(25, "ann@site.example", f"bob@{domain}")
    check("Dovecot is gone: it waits", logged(rf"to=<bob@{domain}>.*stat=Deferred"), said())
    dovecot = start()
    until(lambda: peers_bed.connects(PORT))
    ran = mail_bed.run(daemon, ["-q"])
    check("Dovecot is back: it is there, once", has("bob", f"for bob@{domain}") and len(box("bob", f"for bob@{domain}")) == 1, (ran, said()))
    dovecot.terminate()
    dovecot.wait(60)


def serve(program, makemap):
    """Inside the name spaces."""
    mail_bed.site.FILES["mail/mailertable"] += "unix.example\tunix:localhost\ntcp.example\ttcp:localhost\n"
    daemon, _ = peers_bed.begin(program, makemap, {}, MAILERS, USERS, LOCAL)
    dovecot = build()
    for kind, domain in (("UNIX socket", "unix.example"), ("TCP", "tcp.example")):
        mixture(kind, domain)
        details(kind, domain)
    send(25, "ann@site.example", "staff@site.example")
    check("local mailer: an alias of several", has("alice", "for staff@site.example") and has("bob", "for staff@site.example"), said())
    without_dovecot(dovecot, daemon, "unix.example")
    daemon.stop()
    sys.exit(close())


if __name__ == "__main__":
    if not os.path.exists("/usr/lib/dovecot/lmtp"):
        print("SKIPPED: needs Debian's packages dovecot-core and dovecot-lmtpd\n0 passed, 0 failed")
        sys.exit(0)
    sys.exit(peers_bed.main("dovecot"))
