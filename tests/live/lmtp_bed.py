"""The world of mail_bed.py with LMTP: a program that speaks it on a pipe, and the same on a UNIX socket and a TCP port.

What it answers to a recipient stands in the recipient's name; what it was told lies in the spool, a file a conversation.
"""
import os, socket, subprocess, threading

import mail_bed

TCP = ("127.0.3.1", 24)
SOCKET = mail_bed.TOP + "/lmtp.socket"
PROGRAM = r'''#!/usr/bin/python3
import os, re, sys
ANSWERS = {"full": "452 4.2.2 mailbox is full", "never": "550 5.2.1 not for me", "odd": "250 2.1.5 took <it>", "plain": "250 ok", "long": "250-2.1.5 one\r\n250 2.1.5 two"}
number = sum(name.startswith("told.") for name in os.listdir("/mnt/spool"))
heard = open(f"/mnt/spool/told.{number}", "w", encoding="latin-1", newline="")
smtp = "smtp" in sys.argv
def say(text):
    sys.stdout.buffer.write(text.encode() + b"\r\n")
    sys.stdout.flush()
def hear():
    line = sys.stdin.buffer.readline().decode("latin-1")
    heard.write(line.replace("\r", "<CR>"))
    heard.flush()
    return line.rstrip("\r\n")
heard.write(f"{sys.argv[1:]} uid {os.getuid()}\n")
if "mute" in sys.argv:
    sys.exit(75)
say("421 not now" if "busy" in sys.argv else "220 mail.site.example LMTP ready")
there = []
while line := hear():
    verb = line[:4].upper()
    if verb == "LHLO" and not smtp:
        say("250-mail.site.example\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 PIPELINING")
    elif verb in ("EHLO", "HELO") and smtp:
        say("250 other.example")
    elif verb == "MAIL":
        there = []
        say("250 2.5.0 ok")
    elif verb == "RCPT" and "unknown" in line:
        say("550 5.1.1 User unknown")
    elif verb == "RCPT" and "later" in line:
        say("451 4.3.0 come back")
    elif verb == "RCPT":
        there.append(line)
        say("250 2.1.5 ok")
    elif verb == "DATA" and not there:
        say("503 5.5.1 No valid recipients")
    elif verb == "DATA":
        say("354 go on")
        while hear() != ".":
            pass
        for recipient in there[:1] if smtp else there:
            if "ends" in recipient:
                sys.exit(75)
            found = re.search("|".join(ANSWERS), recipient)
            say(ANSWERS[found[0]] if found else "250 2.1.5 taken")
    elif verb == "QUIT":
        say("221 2.0.0 bye")
        break
    else:
        say("250 ok" if verb == "RSET" else "500 5.5.1 what")
heard.close()
os._exit(3 if "sulks" in sys.argv else 0)
'''


def listen(listener):
    while True:
        stream, _ = listener.accept()
        subprocess.Popen([mail_bed.TOP + "/bin/lmtp"], stdin=stream, stdout=stream)
        stream.close()


def build():
    mail_bed.build()
    mail_bed.write("bin/lmtp", PROGRAM, 0o755)
    for family, address in ((socket.AF_UNIX, SOCKET), (socket.AF_INET, TCP)):
        listener = socket.socket(family)
        listener.bind(address)
        listener.listen()
        threading.Thread(target=listen, args=(listener,), daemon=True).start()
    os.chmod(SOCKET, 0o777)


def serve(program, makemap):
    mail_bed.serve(program, makemap, build=build)
