"""canonify with TLS, passwords, users and next hops around it, for programs of others that talk with it.

`begin` is called inside of the name spaces that `main` makes: it starts the daemon on ports 25 and 465. A hop is a mailer of its own to a port of 127.0.0.1:
mail for NAME.example goes there.
"""
import os, pathlib, re, smtplib, socket, subprocess, sys, tempfile, time

import auth_cases, checks, mail_bed, secure_bed, side_by_side, tls_cases

TOP, HOST = mail_bed.TOP, mail_bed.site.HOST
MECHANISMS = ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"]
SMTPS = 465
LINES = [*tls_cases.OWN, *tls_cases.CA, *tls_cases.CLIENT, "O LogLevel=12", "O QueueLA=1000", "O RefuseLA=1000", "O DeliveryMode=i", auth_cases.SHOWN + " v=${tls_version} c=${verify}"]
PORTS = ["O DaemonPortOptions=Name=MTA,Addr=127.0.0.1,Port=25", f"O DaemonPortOptions=Name=TLSMTA,Addr=127.0.0.1,Port={SMTPS},M=s"]
MAILER = "Mto{name}, P=[IPC], F=mDFMuXa, S=EnvFromSMTP/HdrFromSMTP, R=EnvToSMTP, E=\\r\\n, L=990, T=DNS/RFC822/SMTP, A=TCP $h {port}"
AUTHINFO = 'AuthInfo:127.0.0.1	"U:alice" "I:alice" "P:{password}" "R:mail.site.example"{more}\n'


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def logged(pattern, limit=60):
    """The first line of the log that looks so, once it has come."""
    return checks.until(lambda: next((line for line in list(mail_bed.LOG) if re.search(pattern, line)), None), limit)


def send(port, sender, recipient, client="127.0.0.8", text="hello\r\n", options=()):
    """Hands in one message; its subject names the recipient."""
    with smtplib.SMTP("127.0.0.1", port, "client.example", timeout=60, source_address=(client, 0)) as session:
        session.ehlo()
        session.sendmail(sender, [recipient], f"Subject: for {recipient}\r\n\r\n{text}".encode(), options)


def access(more="", password="secret"):
    """Who we are at other hosts, with these words."""
    mail_bed.write("mail/access", auth_cases.ACCESS + "Connect:127.0.0.8	RELAY\n" + AUTHINFO.format(more=more, password=password))
    with open(TOP + "/mail/access") as source:
        mail_bed.command(side_by_side.MAKEMAP, "-C", TOP + "/mail/sendmail.cf", "hash", TOP + "/mail/access", stdin=source)
    time.sleep(0.2)  # that a map has changed is noticed within a tenth of a second


plain_zone = mail_bed.site.zone


def begin(program, makemap, hops, lines=(), users="", features="", sasl=auth_cases.SASL):
    """The daemon, and its cf. `users`: more lines of passwd; each has a group of its own. `features`: lines of the .mc, `lines`: of the cf, `sasl`: Sendmail.conf."""
    users += "canonify:x:64901:64901:canonify:/:/bin/false\n"
    mail_bed.site.SYSTEM_USERS += users
    mail_bed.site.SYSTEM_GROUPS += "".join("{0}:x:{3}:\n".format(*line.split(":")) for line in users.splitlines())
    mail_bed.site.zone = lambda: {**plain_zone(), **{(f"{name}.example", "A"): ["127.0.0.1"] for name in hops}}
    secure_bed.build()
    mail_bed.surroundings()
    mailers = [MAILER.format(name=name, port=port) for name, port in hops.items()]
    cf = "\n".join([side_by_side.cf_text(auth_cases.ALL + auth_cases.TRUST + features), *LINES, *lines, *PORTS, *mailers, ""])
    mail_bed.write("sasl/Sendmail.conf", sasl)
    with open(TOP + "/mail/mailertable", "a") as table:
        table.writelines(f"{name}.example\tto{name}:[127.0.0.1]\n" for name in hops)
    mail_bed.set_up(program, makemap, {"cf": cf})
    access()
    return mail_bed.Daemon(program, {"cf": cf, "arguments": []}), cf


def main(module, *more):
    """Runs `module`.serve(PROGRAM, MAKEMAP, *more) in name spaces of its own."""
    if os.geteuid() != 0 or not side_by_side.REFERENCE.exists():
        print("SKIPPED: needs root, and CANONIFY_REFERENCE to name a sendmail\n0 passed, 0 failed")
        return 0
    spaces = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--mount-proc", "--kill-child"]
    with tempfile.TemporaryDirectory(prefix=module, dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        program = pathlib.Path(folder, "sendmail")
        program.symlink_to(os.path.abspath(sys.argv[1]))
        code = f"import sys, {module}; {module}.serve(*sys.argv[1:])"
        return subprocess.run([*spaces, sys.executable, "-c", code, str(program), side_by_side.MAKEMAP, *map(str, more)], cwd=pathlib.Path(__file__).parent).returncode
