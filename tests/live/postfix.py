#!/usr/bin/env python3
"""Debian's Postfix and canonify hand each other mail: in the clear, by STARTTLS and by TLS from the first byte, with passwords by each mechanism, with certificates; with
recipients that are refused or put off, reports, addresses in UTF-8, connections that are used again, questions about recipients, and past postscreen.

usage: postfix.py CANONIFY      Needs root and CANONIFY_REFERENCE. The package is unpacked, not installed; where it cannot be had this skips.
"""
import re, smtplib, sys

import mail_bed, packages, peers_bed, postfix_site
from checks import check, close, until
from peers_bed import MECHANISMS, access, logged, send
from postfix_site import arrived

BODY = "gr\u00fc\u00dfe \r\n.\r\n..two dots\r\nFrom the beginning\r\n \t\r\n" + "a line, one of many\r\n" * 200 + "the end\r\n"


def tail():
    return "\n    ".join(mail_bed.LOG[-25:])


def received(message):
    """The line that Postfix has written when it took it."""
    return " ".join(message["Received"].split()) if message else ""


def same(message):
    return message and message.get_payload(decode=True).decode("utf-8").replace("\r\n", "\n") == BODY.replace("\r\n", "\n")


# ---------------------------------------------------------------- our client, Postfix's servers
def to_postfix():
    mail_bed.LOG.clear()
    send(25, "ann@site.example", "body@toplain.example", text=BODY, options=["BODY=8BITMIME"])
    check("to Postfix: a message in the clear, whole", same(arrived("for body@toplain.example")), tail())
    for mechanism in MECHANISMS:
        access(f' "M:{mechanism}"')
        to = f"{mechanism.lower()}@tologin.example"
        send(25, "ann@site.example", to)
        line = received(arrived(f"for {to}"))
        check(f"to Postfix: STARTTLS and {mechanism}", "using TLSv1.3" in line and "Authenticated sender: alice@" in line and logged(rf"AUTH=client.*mech={mechanism},"), (line, tail()))
    access(password="wrong")
    send(25, "ann@site.example", "wrong@tologin.example")
    check("to Postfix: who is not let in mails as nobody, and is refused", logged(r"SASL .* authentication failed") and logged(r"to=<wrong@tologin.example>.*dsn=5\.7\.1, reply=554 5\.7\.1"), tail())
    access()
    send(25, "ann@site.example", "seen@tocertificate.example")
    line = received(arrived("for seen@tocertificate.example"))
    check("to Postfix: it verifies our certificate", "verified OK" in line and "peer.example" in line, (line, tail()))
    several_recipients()
    send(25, "ann@site.example", "much@tosmall.example", text=BODY * 6)
    check("to Postfix: what is larger than its SIZE is returned unsent", logged(r"to=<much@tosmall.example>.*dsn=5\.(2\.3|3\.4).*stat=")
          and not any("postfix/smtpd" in line and "size limit" in line for line in mail_bed.LOG), tail())
    utf8 = "\u0433\u0440\u0435\u0442\u0430@toplain.example"
    with smtplib.SMTP("127.0.0.1", 25, "client.example", timeout=60, source_address=("127.0.0.8", 0)) as session:
        session.ehlo()
        session.sendmail("ann@site.example", [utf8], "Subject: for \u0433\u0440\u0435\u0442\u0430\r\n\r\nhello\r\n".encode(), ["SMTPUTF8", "BODY=8BITMIME"])
    message = arrived("for \u0433\u0440\u0435\u0442\u0430")
    check("to Postfix: an address in UTF-8", message and "with UTF8SMTP" in received(message) and message["Delivered-To"] == utf8, (received(message), tail()))
    past_postscreen()


def several_recipients():
    names = ["good@toplain.example", "no@toplain.example", "later@toplain.example"]
    with smtplib.SMTP("127.0.0.1", 25, "client.example", timeout=60, source_address=("127.0.0.8", 0)) as session:
        session.sendmail("ann@toplain.example", names, "Subject: for three\r\n\r\nhello\r\n")
    check("to Postfix: of three recipients the good one has it", arrived("for three"), tail())
    check("to Postfix: the one put off waits", logged(r"to=<later@toplain.example>.*dsn=4\.2\.1.*stat=Deferred: 450 4\.2\.1"), tail())
    report = arrived("Returned mail: see transcript for details")
    text = report.as_string() if report else ""
    check("to Postfix: the one refused is reported to a sender there, and no other", "Final-Recipient: RFC822; no@toplain.example" in text and "Status: 5.1.1" in text
          and "550 5.1.1 <no@toplain.example>" in text and "Final-Recipient: RFC822; good@" not in text and "Final-Recipient: RFC822; later@" not in text, (text, tail()))


def past_postscreen():
    """Its deeper tests put a client off until they have all been passed; the next time it is let in."""
    send(25, "ann@site.example", "screened@toscreen.example")
    passed = logged(r"postscreen.*PASS NEW \[127\.0\.0\.1\]")
    failed = [line for line in mail_bed.LOG if re.search(r"postscreen.*(PREGREET|PIPELINING|NON-SMTP|BARE NEWLINE)", line)]
    deferred = logged(r"to=<screened@toscreen.example>.*stat=Deferred: 450 4\.3\.2")
    check("to Postfix: postscreen finds no fault", passed and deferred and not failed, (failed, tail()))
    DAEMON.append(mail_bed.run(DAEMON[0], ["-q", "-qRscreened"]))
    check("to Postfix: and lets us in the next time", arrived("for screened@toscreen.example"), (DAEMON[-1], tail()))


DAEMON = []  # ours, and what commands of ours have said


# ---------------------------------------------------------------- Postfix's clients, our server
def deliveries(subject):
    return [found for found in mail_bed.deliveries() if f"Subject: {subject}" in found]


def taken(subject):
    """The message with this subject as our local mailer got it, header and body."""
    return until(lambda: next(iter(deliveries(subject)), None))


def through_postfix(transport, subject, sender="ann@toplain.example", to=None, text="hello\r\n", options=(), more=()):
    with smtplib.SMTP("127.0.0.1", postfix_site.PLAIN, "client.example", timeout=60) as session:
        session.ehlo()
        session.sendmail(sender, [to or f"alice@{transport}.site.example"], f"Subject: {subject}\r\n\r\n{text}".encode(), options, more)


def shown(delivery, *texts):
    head = "\n".join(delivery[:delivery.index("")]) if delivery else ""
    return all(text in head for text in texts)


def from_postfix():
    mail_bed.LOG.clear()
    through_postfix("clear", "in the clear", text=BODY, options=["BODY=8BITMIME"])
    found = taken("in the clear")
    body = "\n".join(found[found.index("") + 1:]).encode("latin-1").decode() if found else ""
    wanted = BODY.replace("\r\n", "\n")
    check("from Postfix: a message in the clear, whole", body.rstrip("\n") == wanted.rstrip("\n") and shown(found, "with ESMTP id"), (found, tail()))
    for mechanism in MECHANISMS:
        through_postfix(mechanism.lower(), f"by {mechanism}")
        found = taken(f"by {mechanism}")
        check(f"from Postfix: STARTTLS and {mechanism}", shown(found, "with ESMTPSA", f"X-Auth: t={mechanism} n=alice", "v=TLSv1.3") and logged(rf"AUTH=server.*authid=alice.*mech={mechanism},"), (found, tail()))
    through_postfix("encrypted", "encrypted")
    found = taken("encrypted")
    check("from Postfix: STARTTLS, and our certificate is what it wants", shown(found, "with ESMTPS ") and logged(r"Verified TLS connection established to 127\.0\.0\.1\[127\.0\.0\.1\]:25"), (found, tail()))
    through_postfix("certified", "certified")
    found = taken("certified")
    check("from Postfix: its certificate is verified", shown(found, "c=OK", "verify=OK"), (found, tail()))
    through_postfix("wrapped", "wrapped")
    found = taken("wrapped")
    check("from Postfix: TLS from the first byte", shown(found, "with ESMTPSA") and logged(r"Verified TLS connection established to 127\.0\.0\.1\[127\.0\.0\.1\]:465"), (found, tail()))
    through_postfix("wrong", "wrong")
    check("from Postfix: a wrong password is refused, for now as it understands it", logged(r"postfix/.*to=<alice@wrong\.site\.example>.*status=deferred \(SASL authentication failed; server .* said: 535 5\.7\.0"), tail())
    reports_to_postfix()
    connections_again()
    questions()
    through_postfix("clear", "for \u00e4rger", to="\u00e4rger@clear.site.example", options=["SMTPUTF8"])
    report = postfix_site.returned("550 5.1.1 <\u00e4rger@clear.site.example>")
    check("from Postfix: an address in UTF-8 is looked up, and it is told that nobody has it", report, tail())


def reports_to_postfix():
    through_postfix("clear", "for nobody", to="nosuch@clear.site.example")
    report = arrived("Undelivered Mail Returned to Sender")
    check("from Postfix: whom we refuse it returns, with our reason", report and "550 5.1.1 <nosuch@clear.site.example>... User unknown" in " ".join(report.as_string().split()), (report, tail()))
    through_postfix("clear", "with a receipt", more=["NOTIFY=SUCCESS", "ORCPT=rfc822;first@elsewhere.example"])
    report = arrived("Return receipt")
    text = report.as_string() if report else ""
    check("from Postfix: NOTIFY=SUCCESS and ORCPT come here, and our receipt goes back", "Original-Recipient: rfc822;first@elsewhere.example" in text and "Action: delivered" in text, (text, tail()))


def connections_again():
    mail_bed.LOG.clear()
    for number in range(8):
        through_postfix("reused", f"reused {number}")
    complete = all(taken(f"reused {number}") for number in range(8))
    sessions = sum("NOQUEUE: connect from localhost" in line for line in mail_bed.LOG)
    check("from Postfix: eight messages over fewer connections", complete and 0 < sessions < 8, (sessions, tail()))


def questions():
    """Postfix before us asks whether we know a recipient, before it takes a message."""
    with smtplib.SMTP("127.0.0.1", postfix_site.ASKS, "client.example", timeout=60) as session:
        session.ehlo()
        session.mail("ann@elsewhere.example")
        answers = [until(lambda: (answer := session.rcpt(f"{name}@clear.site.example"))[0] != 450 and answer) for name in ("alice", "nosuch")]
    check("Postfix asks us whom we know", answers[0][0] == 250 and answers[1][0] == 550 and b"User unknown" in answers[1][1], (answers, tail()))


def serve(program, makemap, folder):
    """Inside the name spaces."""
    mail_bed.site.FILES["mail/local-host-names"] += "".join(f"{name}.site.example\n" for name in postfix_site.CLIENTS)
    daemon, _ = peers_bed.begin(program, makemap, postfix_site.HOPS, ["O UTF8Addresses=True"], postfix_site.USERS)
    DAEMON.append(daemon)
    master = postfix_site.start(folder)
    to_postfix()
    from_postfix()
    daemon.stop()
    master.terminate()
    sys.exit(close())


def main():
    folder = packages.unpacked("postfix")
    if not folder:
        print("SKIPPED: Debian's package postfix cannot be had\n0 passed, 0 failed")
        return 0
    return peers_bed.main("postfix", folder)


if __name__ == "__main__":
    sys.exit(main())
