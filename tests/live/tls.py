#!/usr/bin/env python3
"""STARTTLS, Debian's sendmail and canonify side by side: state of the certificate × entry of the access map × direction.

usage: tls.py CANONIFY [--only WORD] [--show] [--jobs J]

Compared are the session, the dialogue with remote hosts, deliveries, the queue and the log; macros stand in the log (a rule writes them)
and in a header field. Certificates are made by openssl when it runs. Closes with "N passed, N failed".
What stays different is in KEPT, each row with its reason.
"""
import argparse, concurrent.futures, json, os, pathlib, re, sys, tempfile

import mail_bed, session_text, tls_certificates
from sessions import REFERENCE, cf_text

STATES = ["none", "good", "selfsigned", "wrongca", "expired", "notyet", "revoked", "wrongname"]
# entries of the access map behind TLS_Clt:, TLS_Srv:
DEMANDS = {
    "any": None, "verify": "VERIFY", "verify128": "VERIFY:128", "encr112": "ENCR:112", "encr512": "ENCR:512", "perm": "PERM+VERIFY",
    "temp": "TEMP+ENCR:1024", "cn": "VERIFY:112+CN:peer.example", "ci": "VERIFY:112+CI:/C=DE/O=Right+20CA/CN=ca.example", "cs": "VERIFY:112+CN:other.example++CS:/CN=x",
}
SHOWN = ["tls_version", "cipher", "cipher_bits", "alg_bits", "verify", "cert_subject", "cert_issuer", "cn_subject", "cn_issuer", "cert_md5", "cert_fp"]
RULES = r"""
LOCAL_CONFIG
Kshow syslog -LInfo
HX-TLS: @FIELD@
LOCAL_TLS_CLIENT
R$*	$: $1 $(show tls_client @SHOWN@ $: $)
R$* $=y	$: $1 $2
LOCAL_TLS_SERVER
R$*	$: $1 $(show tls_server server_name=$&{server_name} server_addr=$&{server_addr} @SHOWN@ $: $)
LOCAL_TLS_RCPT
R$*	$: $1 $(show tls_rcpt @SHOWN@ $: $)
""".replace("@SHOWN@", " ".join(f"{name}=$&{{{name}}}" for name in SHOWN)).replace("@FIELD@", " ".join(f"{name}=${{{name}}}" for name in SHOWN))
OWN = ["O ServerCertFile=/mnt/tls/own.pem", "O ServerKeyFile=/mnt/tls/own.key"]
CLIENT = ["O ClientCertFile=/mnt/tls/good.pem", "O ClientKeyFile=/mnt/tls/good.key"]
CA = ["O CACertFile=/mnt/tls/ca.pem", "O CACertPath=/mnt/tls"]
CRL = ["O CRLFile=/mnt/tls/ca.crl"]
LOG = ["O LogLevel=12"]
EHLO = ("say", "EHLO client.example")
MAIL = [("say", "MAIL FROM:<x@elsewhere.example>"), ("say", "RCPT TO:<alice@site.example>"), ("message", "Subject: t\r\n\r\nbody\r\n.\r\n"), ("say", "QUIT")]
NUMBER = {name: number for number, name in enumerate(DEMANDS, 1)}


# Lines of the log that are not compared: of OpenSSL's own, and of other rooms than TLS.
LEFT_OUT = re.compile(r"engine=|SSL_shutdown|STARTTLS=\w+: error:|STARTTLS: read error|: AUTH: available|: done; delay|STARTTLS=client, (start|init)=|SMTP outgoing connect|STARTTLS: \w+ missing$")
# Differences that stay, each with its reason: (pattern, what it becomes on both sides).
KEPT = [
    # the syslog map has no queue id here
    (r"ID: (?=tls_(client|server|rcpt)\.)", ""),
    # why a certificate is no good is logged from LogLevel 9 on, not from 12: all cases run at 12
]


def alike(result):
    lines = [line for line in result["log"] if not LEFT_OUT.search(line)]
    for pattern, into in KEPT:
        lines = [re.sub(pattern, into, session_text.alike(line)) for line in lines]
    lines.sort(key=session_text.log_line)  # the syslog map does not wait for the log's own thread
    # a message that was never queued before has no inode there
    queue = [[line for line in file if not re.match(r"I\d", line)] for file in result["queue"]]
    # the start of the daemon is another comparison's
    return {key: value for key, value in result.items() if key != "daemon"} | {"log": lines, "queue": queue}


def address(state, demand):
    return f"127.0.{50 + STATES.index(state)}.{NUMBER[demand]}"


def through_tls(state, **more):
    return [EHLO, ("say", "STARTTLS"), ("tls", {"certificate": None if state == "none" else state, **more}), EHLO, *MAIL]


def access():
    lines = []
    for name, entry in DEMANDS.items():
        for state in STATES:
            if entry:
                lines += [f"TLS_Clt:{address(state, name)}\t{entry}", f"TLS_Srv:{state}-{name}.example\t{entry}"]
    return "\n".join(lines) + "\n"


def hosts():
    made = {}
    for state in STATES:
        for name in DEMANDS:
            made[f"{state}-{name}"] = {"ehlo": ["8BITMIME", "ENHANCEDSTATUSCODES"]} | ({} if state == "none" else {"tls": {"certificate": state, "ask": state == "good"}})
    return made


def inward(state, demand):
    return {"client": address(state, demand), "steps": through_tls(state)}


def outward(state, demand):
    steps = [EHLO, ("say", "MAIL FROM:<alice@site.example>"), ("say", f"RCPT TO:<someone@{state}-{demand}.example>"), ("message", "Subject: t\r\n\r\nbody\r\n.\r\n"), ("say", "QUIT")]
    return {"client": "127.0.0.1", "steps": steps}


def groups():
    matrix = [(state, demand) for state in STATES for demand in DEMANDS]
    yield "in", OWN + CA, [inward(*one) for one in matrix if one[0] != "revoked"]
    yield "in-crl", OWN + CA + CRL, [inward(state, demand) for state, demand in matrix if demand in ("any", "verify")]
    yield "out", CLIENT + CA, [outward(*one) for one in matrix if one[0] != "revoked"]
    yield "out-crl", CLIENT + CA + CRL, [outward(state, demand) for state, demand in matrix if demand in ("any", "verify")]


def complete(name, options, cases):
    text = cf_text(RULES + "FEATURE(`delay_checks')" * 0)
    return {"features": "", "options": options, "arguments": [], "cases": [dict(case, number=f"{name} {at}") for at, case in enumerate(cases)],
            "cf": text + "\n" + "\n".join(options + LOG + ["O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, Modifiers=A", "O DeliveryMode=i"]) + "\n"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("canonify")
    parser.add_argument("--only", default="")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--reference", action="store_true", help="the reference alone, shown")
    wish = parser.parse_args()
    makemap = str(REFERENCE / "usr/libexec/sendmail/makemap")
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="tls", dir="/var/lib") as folder:
        certificates = pathlib.Path(folder, "certificates")
        certificates.mkdir()
        tls_certificates.make(certificates)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(wish.canonify))
        bed = lambda path: mail_bed.Bed(str(path), makemap, "tls_bed", str(certificates), json.dumps(hosts()), access())
        beds = [bed(REFERENCE / "usr/libexec/sendmail/sendmail")] + ([] if wish.reference else [bed(program)])
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, options, cases in groups():
                if wish.only and not re.match(wish.only, name):
                    continue
                group = complete(name, options, cases)
                answers = list(pool.map(lambda one: one.run(group), beds))
                if wish.reference:
                    print("\n== start", name, *session_text.log(answers[0][0]["start"]), sep="\n    ")
                    for case, answer in zip(cases, answers[0]):
                        print("\n==", name, case["client"], case["steps"][2][1])
                        for title, lines in session_text.sections(answer).items():
                            print("--", title, *lines, sep="\n    ")
                    continue
                for case, theirs, ours in zip(cases, *answers):
                    found = session_text.differences(alike(theirs), alike(ours))
                    passed, failed = passed + (not found), failed + bool(found)
                    for title, lines in found:
                        print("\n==", name, case["client"], case["steps"][2][1], title, *lines, sep="\n    ")
        for one in beds:
            one.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
