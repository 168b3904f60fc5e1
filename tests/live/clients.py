#!/usr/bin/env python3
"""Mail programs of others log in over TLS and hand in a message, by each mechanism that they know: msmtp, curl, swaks, s-nail, git send-email, Perl's Net::SMTP, Python's smtplib.
What they send is in the mailbox, with who they were.

usage: clients.py CANONIFY      Needs Debian's packages sasl2-bin and openssl; a program that is not there is left out, and that is said.
"""
import os, shutil, subprocess, sys

import checks, mail_bed, peers_bed
from peers_bed import SMTPS

CA = "/mnt/tls/ca.pem"
FROM, TO = "alice@site.example", "bob@site.example"
HOME = mail_bed.TOP + "/home/alice"
MSMTP = f"port {{port}}\ntls on\ntls_starttls {{starttls}}\ntls_trust_file {CA}\nauth {{method}}\nuser alice\npassword secret\nhost {peers_bed.HOST}\nfrom {FROM}\ndomain client.example\n"
PERL = f"""use Net::SMTP; use Authen::SASL;
my ($port, $mechanism, $subject) = @ARGV;
my %tls = (SSL_ca_file => '{CA}', SSL_verifycn_name => '{peers_bed.HOST}');
my $smtp = Net::SMTP->new('{peers_bed.HOST}', Port => $port, Hello => 'client.example', SSL => $port == {SMTPS}, Timeout => 60, %tls) or die "no connection: $@";
if ($port == 25) {{ $smtp->starttls(%tls) or die 'no TLS: ', $smtp->message }}
$smtp->auth(Authen::SASL->new(mechanism => $mechanism, callback => {{user => 'alice', pass => 'secret', authname => ''}})) or die 'no log-in: ', $smtp->message;
$smtp->mail('{FROM}') && $smtp->to('{TO}') && $smtp->data("Subject: $subject\\n\\nhello\\n") or die $smtp->message;
$smtp->quit;
"""
PYTHON = f"""import smtplib, ssl, sys
port, mechanism, subject = sys.argv[1:]
trust = ssl.create_default_context(cafile="{CA}")
smtp = smtplib.SMTP_SSL("{peers_bed.HOST}", {SMTPS}, context=trust) if port == "{SMTPS}" else smtplib.SMTP("{peers_bed.HOST}", 25)
if port == "25":
    smtp.starttls(context=trust)
smtp.ehlo()
smtp.user, smtp.password = "alice", "secret"
smtp.auth(mechanism, getattr(smtp, "auth_" + mechanism.lower().replace("-", "_")))
smtp.sendmail("{FROM}", "{TO}", "Subject: " + subject + "\\n\\nhello\\n")
smtp.quit()
"""


# each gives the words of a command and its standard input
def msmtp(port, mechanism, subject):
    mail_bed.write("home/alice/msmtprc", MSMTP.format(port=port, starttls="off" if port == SMTPS else "on", method=mechanism.lower()), 0o600)
    return ["msmtp", "-C", HOME + "/msmtprc", TO], f"Subject: {subject}\n\nhello\n"


def curl(port, mechanism, subject):
    url = f"{'smtps' if port == SMTPS else 'smtp'}://{peers_bed.HOST}:{port}/client.example"
    mail_bed.write("home/alice/message", f"Subject: {subject}\r\n\r\nhello\r\n")
    return ["curl", "-sS", "--ssl-reqd", "--cacert", CA, "--login-options", f"AUTH={mechanism}", "--user", "alice:secret", "--mail-from", FROM, "--mail-rcpt", TO, "--upload-file", HOME + "/message", url], ""


def swaks(port, mechanism, subject):
    how = ["--tls-on-connect"] if port == SMTPS else ["--tls"]
    return ["swaks", "--server", peers_bed.HOST, "--port", str(port), *how, "--tls-verify", "--tls-ca-path", CA, "--auth", mechanism, "--auth-user", "alice", "--auth-password", "secret",
            "--from", FROM, "--to", TO, "--ehlo", "client.example", "--header", f"Subject: {subject}", "--body", "hello"], ""


def s_nail(port, mechanism, subject):
    how = "smtps" if port == SMTPS else "smtp"
    settings = [f"mta={how}://alice:secret@{peers_bed.HOST}:{port}", f"smtp-auth={mechanism.lower()}", f"tls-ca-file={CA}", f"from={FROM}", "v15-compat", "smtp-hostname=site.example"]
    if port != SMTPS:
        settings.append("smtp-use-starttls")
    return ["s-nail", "-:/", *(word for setting in settings for word in ("-S", setting)), "-s", subject, TO], "hello\n"


def git(port, mechanism, subject):
    mail_bed.write("home/alice/0001.patch", f"From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\nFrom: {FROM}\nDate: Sun, 1 Mar 2026 10:00:00 +0000\nSubject: {subject}\n\nhello\n")
    return ["git", "send-email", "--quiet", "--confirm=never", f"--from={FROM}", f"--to={TO}", f"--smtp-server={peers_bed.HOST}", f"--smtp-server-port={port}", f"--smtp-encryption={'ssl' if port == SMTPS else 'tls'}",
            f"--smtp-ssl-cert-path={CA}", "--smtp-user=alice", "--smtp-pass=secret", f"--smtp-auth={mechanism}", "--smtp-domain=client.example", HOME + "/0001.patch"], ""


def perl(port, mechanism, subject):
    return ["perl", "-e", PERL, str(port), mechanism, subject], ""


def python(port, mechanism, subject):
    return ["python3", "-c", PYTHON, str(port), mechanism, subject], ""


# program: how it is called, the mechanisms it knows (as `canonify` offers them), what else must be there
PROGRAMS = {
    "msmtp": (msmtp, ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"], []),
    "curl": (curl, ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"], []),
    "swaks": (swaks, ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"], ["Net::SSLeay", "Authen::SASL"]),
    "s-nail": (s_nail, ["PLAIN", "LOGIN", "CRAM-MD5"], []),
    "git": (git, ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"], ["Git::LoadCPAN", "IO::Socket::SSL", "Authen::SASL", "Digest::HMAC_MD5"]),
    "perl": (perl, ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5"], ["IO::Socket::SSL", "Authen::SASL", "Digest::HMAC_MD5"]),
    "python3": (python, ["PLAIN", "LOGIN", "CRAM-MD5"], []),
}


def is_there(program, modules):
    return shutil.which(program) and not any(subprocess.run(["perl", "-e", f"require {module}"], capture_output=True).returncode for module in modules)


def sent(program, run, mechanism, port):
    subject = f"{program} {mechanism} {port}"
    words, text = run(port, mechanism, subject)
    environment = {**os.environ, "HOME": HOME, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(words, input=text, capture_output=True, text=True, timeout=120, env=environment, cwd=HOME)
    if done.returncode == 0:
        found = checks.until(lambda: next((lines for lines in mail_bed.deliveries() if f"Subject: {subject}" in lines), []))
    else:
        found = []
    shown = next((line for line in found if line.startswith("X-Auth: ")), "")
    return f"t={mechanism} n=alice r=" in shown and "p=ESMTPSA v=TLSv1." in shown and "hello" in found, (words, done.stdout, done.stderr, found, mail_bed.LOG[-12:])


def serve(program, makemap):
    """Inside the name spaces."""
    daemon, _ = peers_bed.begin(program, makemap, {})
    for name, (run, mechanisms, modules) in PROGRAMS.items():
        if not is_there(name, modules):
            print(f"left out: {name} is not there, or lacks one of {modules}")
            continue
        for mechanism in mechanisms:
            for port in (25, SMTPS):
                checks.check(f"{name}, {mechanism}, port {port}", *sent(name, run, mechanism, port))
    daemon.stop()
    sys.exit(checks.close())


if __name__ == "__main__":
    sys.exit(peers_bed.main("clients"))
