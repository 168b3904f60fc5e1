#!/usr/bin/env python3
"""Who knows passwords and tokens, asked by a daemon: a passwd-style file, a program for bearer tokens, PAM, slapd by search and by name, and each of them gone; SCRAM that is bound to TLS. sendmail has none of them, so
what is right is what docs/auth.md says.

usage: log_ins.py CANONIFY      Needs root, CANONIFY_REFERENCE and Debian's packages slapd and gsasl; without one its part is left out.
"""
import glob, hashlib, os, shutil, subprocess, sys

import mail_bed, maps, peers_bed, secure_bed
from auth_bed import Scram, b64
from checks import check, close
from peers_bed import TOP, logged

FILE = TOP + "/mail/passwd-file"
MECHANISMS = "PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 OAUTHBEARER XOAUTH2"
LINES = [f"O AuthMechanisms={MECHANISMS}", "O AuthRealm=site.example", "O MaxDaemonChildren=40"]
KNOWN = f"""passwd_file_path: {FILE}
oauth_program: {TOP}/bin/tokens --for mail
ldap_servers: ldap://127.0.0.1:3389/
mech_list: {MECHANISMS}
auxprop_plugin: none
"""
SEARCH = "ldap_search_base: ou=people,dc=example,dc=com\nldap_filter: (&(objectClass=inetOrgPerson)(uid=%u))\nldap_bind_dn: cn=admin,dc=example,dc=com\nldap_bind_pw: secret\n"
NAME = "ldap_dn: cn=%u,ou=people,dc=example,dc=com\n"
# password of both: secret; the keys are those of testdata/sasl/passwd-file
HASH = "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vwPZN.Pq.H91p5hVO1"
PAM_USERS = "pamela:x:64902:64902::/:/bin/false\nexpired:x:64903:64903::/:/bin/false\n"
USERS = "alice:{PLAIN}secret\nkeys:{SCRAM-SHA-256}4096,tZZXpTgcmNsRIG889CTbGQ==,jdh/WfCMrW/bdesfhGybNpWmiTGnbA2LZ77ljh7wvuI=,q8eZBY1Xs8+dt4+bnQ1hTnKtWxOv5RlDHgahTbb9Ivw=\n" \
    f"hash:{HASH}\nodd:{{NTLM}}0123\nclosed:!\n"
PROGRAM = """#!/bin/sh
[ "$*" = "--for mail" ] || exit 70
read -r token
case "$token" in
good-alice) echo alice ;;
good-other) echo carol@other.example ;;
who-am-i) id -u | grep -qx 0 && exit 70; env | grep -qv '^\\(PATH\\|PWD\\|_\\|OLDPWD\\|SHLVL\\)=' && exit 70; echo alice ;;
broken) kill -9 $$ ;;
nobody) ;;
*) exit 77 ;;
esac
"""
ENTRIES = maps.LDIF.split("dn: ou=closed")[0] + "".join(f"""dn: cn={name},ou=people,dc=example,dc=com
objectClass: inetOrgPerson
cn: {name}
sn: {name}
uid: {user}
userPassword: tree secret

""" for name, user in (("lena", "lena"), ("one", "twin"), ("two", "twin"), ("sonja", "star*")))
NOT_NOW, WRONG, GOOD = "454 4.7.0", "535 5.7.0", "235 2.0.0"


def under_tls(**wish):
    session = secure_bed.Session({"client": "127.0.0.9", "port": 25, "steps": []})
    session.reply()
    session.say("EHLO client.example")
    session.secure(wish)
    session.say("EHLO client.example")
    return session


def last(session):
    return [line for line in session.lines if line.startswith("S: ")][-1][3:]


def answer(mechanism, *words):
    """The last reply to a log-in under TLS."""
    session = under_tls()
    if mechanism.endswith(("OAUTHBEARER", "XOAUTH2")):
        user, token, *more = words
        begin = f"n,a={user}," if mechanism == "OAUTHBEARER" else f"user={user}"
        said = session.say(f"AUTH {mechanism} " + b64(f"{begin}\1auth=Bearer {token}\1\1"))
        session.say(b64("\1")) if said.startswith("334") else None
    else:
        session.login(mechanism, *words)
    return last(session)


class Bound(Scram):
    """With this flag, and what it binds to behind it in the end."""

    def __init__(self, hash_name, password, flag, binding):
        super().__init__(hash_name, "alice", password, "")
        self.gs2, self.binding = flag + ",,", binding

    def final(self, challenge):
        self.gs2 += self.binding.decode("latin-1")
        return super().final(challenge)


def binding():
    """Channel binding, with Python's TLS and with GNU SASL's."""
    kind = "p=tls-server-end-point"
    for mechanism, name in (("SCRAM-SHA-1-PLUS", "sha1"), ("SCRAM-SHA-256-PLUS", "sha256"), ("SCRAM-SHA-256", "sha256")):
        plus = mechanism.endswith("-PLUS")
        for password, flag, right, wanted in (("secret", kind, True, GOOD if plus else WRONG), ("wrong", kind, True, WRONG), ("secret", kind, False, WRONG), ("secret", "p=tls-unique", True, WRONG),
                                              ("secret", "y", None, WRONG), ("secret", "n", None, WRONG if plus else GOOD)):
            session = under_tls()
            certificate = hashlib.sha256(session.socket.getpeercert(True)).digest()
            session.scram(Bound(name, password, flag, b"" if right is None else certificate if right else bytes(32)), mechanism, True)
            check(f"{mechanism} {flag} {'bound' if right else 'not bound'}, {password}: {wanted}", last(session).startswith(wanted), (session.lines, mail_bed.LOG[-3:]))
    offers = {version: "".join(under_tls(version=version).lines).rsplit("AUTH ", 1)[1].split("S:")[0] for version in ("1.2", "1.3")}
    check("-PLUS is offered under TLS 1.2 and 1.3", all("SCRAM-SHA-256-PLUS" in offer for offer in offers.values()), offers)
    if not shutil.which("gsasl"):
        print("SKIPPED: GNU SASL (gsasl is not installed)")
        return
    for password, status in (("secret", 0), ("wrong", 1)):
        words = ["gsasl", "--smtp", "--connect", peers_bed.HOST + ":25", "--x509-ca-file", "/mnt/tls/ca.pem", "--mechanism", "SCRAM-SHA-256-PLUS", "-a", "alice", "-z", "alice", "-p", password, "--verbose"]
        done = subprocess.run(words, input="", capture_output=True, text=True, timeout=120)
        check(f"GNU SASL, SCRAM-SHA-256-PLUS, {password}", (done.returncode == 0) == (status == 0) and "-PLUS" in done.stdout, (done, mail_bed.LOG[-3:]))


def log_ins(about, rows):
    for mechanism, *words, wanted in rows:
        seen = answer(mechanism, *words)
        check(f"{about}: {mechanism} {words[0]!r} {words[1]!r} is answered {wanted}", seen.startswith(wanted), (seen, mail_bed.LOG[-5:]))


def tried(program, user, password, *more):
    """Exit status and output of `canonify auth test`."""
    words = [os.path.realpath(program), "auth", "test", "-C", TOP + "/mail/sendmail.cf", "-m", "PLAIN", "--tls", *more, user]
    done = subprocess.run(words, input=password + "\n", capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


def says(program, what, status, text, *words):
    seen = tried(program, *words)
    check(f"auth test: {what}", seen[0] == status and text in seen[1], seen)


def with_file():
    log_ins("passwd-file", [
        ("PLAIN", "alice", "secret", GOOD), ("LOGIN", "alice", "secret", GOOD), ("CRAM-MD5", "alice", "secret", GOOD), ("SCRAM-SHA-256", "alice", "secret", GOOD), ("PLAIN", "alice@site.example", "secret", GOOD),
        ("PLAIN", "alice", "wrong", WRONG), ("SCRAM-SHA-256", "alice", "wrong", WRONG), ("PLAIN", "hash", "secret", GOOD), ("LOGIN", "hash", "secre", WRONG), ("CRAM-MD5", "hash", "secret", NOT_NOW),
        ("SCRAM-SHA-256", "keys", "secret", GOOD), ("PLAIN", "keys", "secret", GOOD), ("SCRAM-SHA-256", "keys", "wrong", WRONG), ("PLAIN", "odd", "secret", NOT_NOW), ("PLAIN", "closed", "!", WRONG),
        ("PLAIN", "closed", "", WRONG), ("PLAIN", "alice@other.example", "secret", WRONG), ("PLAIN", "nobody", "secret", WRONG)])
    with open(FILE, "a") as file:
        file.write("later:{PLAIN}secret\n")
    log_ins("a line more", [("PLAIN", "later", "secret", GOOD)])
    os.chmod(FILE, 0o644)
    log_ins("a file that all may read", [("PLAIN", "alice", "secret", NOT_NOW), ("PLAIN", "alice", "wrong", NOT_NOW)])
    os.chmod(FILE, 0o600)


def with_tokens():
    for mechanism in ("OAUTHBEARER", "XOAUTH2"):
        log_ins("tokens", [
            (mechanism, "alice", "good-alice", GOOD), (mechanism, "alice@site.example", "good-alice", GOOD), (mechanism, "", "good-alice", GOOD), (mechanism, "bob", "good-alice", WRONG),
            (mechanism, "carol@other.example", "good-other", GOOD), (mechanism, "carol", "good-other", WRONG), (mechanism, "alice", "who-am-i", GOOD), (mechanism, "alice", "broken", NOT_NOW),
            (mechanism, "alice", "nobody", NOT_NOW), (mechanism, "alice", "stolen", WRONG)])
    clear = secure_bed.Session({"client": "127.0.0.9", "port": 25, "steps": []})
    clear.line()
    check("tokens: not offered without TLS", "OAUTH" not in clear.say("EHLO client.example") + "".join(clear.lines), clear.lines)


def with_ldap(program, about):
    log_ins(about, [("PLAIN", "lena", "tree secret", GOOD), ("LOGIN", "lena", "tree secret", GOOD), ("PLAIN", "lena", "secret", WRONG), ("PLAIN", "lena", "", WRONG), ("PLAIN", "nobody", "tree secret", WRONG),
                    ("PLAIN", "*", "tree secret", WRONG), ("PLAIN", "lena)(uid=*", "tree secret", WRONG), ("PLAIN", "lena,ou=people", "tree secret", WRONG), ("PLAIN", "alice", "secret", GOOD), ("PLAIN", "alice", "wrong", WRONG)])
    says(program, f"{about}: right", 0, "ldap, asked", "lena", "tree secret")
    says(program, f"{about}: wrong", 77, "user or password is wrong", "lena", "wrong")


def ldap(program, cf, daemon):
    slapd = maps.start_slapd(TOP, ENTRIES)
    with_ldap(program, "LDAP, searched")
    log_ins("LDAP, searched", [("PLAIN", "twin", "tree secret", WRONG), ("PLAIN", "star*", "tree secret", GOOD)])
    says(program, "two entries", 77, "no entry, or several, for (&(objectClass=inetOrgPerson)(uid=twin))", "twin", "tree secret")
    mail_bed.write("wrong.conf", "pwcheck_method: ldap\n" + KNOWN + SEARCH.replace("bind_pw: secret", "bind_pw: wrong"))
    says(program, "the searcher's password is wrong", 75, "bind as ldap_bind_dn cn=admin", "lena", "tree secret", "--sasl-conf", TOP + "/wrong.conf")
    daemon.stop()
    mail_bed.write("sasl/Sendmail.conf", "pwcheck_method: passwd-file ldap\n" + KNOWN + NAME, 0o600)
    # everybody else has ended with the daemon
    daemon = mail_bed.Daemon(program, {"cf": cf, "arguments": []})
    slapd = maps.start_slapd(TOP + "/second", ENTRIES)
    with_ldap(program, "LDAP, by name")
    slapd, daemon = ldap_under_tls(program, cf, daemon)
    slapd.terminate()
    slapd.wait(60)
    log_ins("slapd is gone", [("PLAIN", "lena", "tree secret", NOT_NOW), ("PLAIN", "lena", "wrong", NOT_NOW), ("PLAIN", "alice", "secret", GOOD), ("PLAIN", "alice", "wrong", NOT_NOW)])
    says(program, "slapd is gone", 75, "not logged in: ldap\n", "lena", "tree secret")
    return daemon


def ldap_under_tls(program, cf, daemon):
    """The same server, whose certificate is by a CA that only Sendmail.conf names. slapd would take a password in clear text as well: what counts is that the connection comes about."""
    authority = f"ldap_tls_cacert_file: {TOP}/second/ldap/ca.pem\n"
    tls, start = KNOWN.replace("ldap://127.0.0.1:3389", "ldaps://127.0.0.1:3636"), "ldap_start_tls: yes\n"
    other = f"ldap_tls_cacert_file: {TOP}/ldap/ca.pem\n"
    for about, lines, status, words in (
        ("ldaps", tls + authority, 0, "ldap, asked"), ("StartTLS", KNOWN + authority + start, 0, "ldap, asked"),
        ("ldaps, another CA", tls + other, 75, "cannot connect: "), ("StartTLS, another CA", KNOWN + other + start, 75, "cannot connect: "),
        ("ldaps, another CA, unchecked", tls + other + "ldap_tls_check_peer: no\n", 0, "ldap, asked"),
        ("ldaps, another name", tls.replace("127.0.0.1:3636", "127.0.0.2:3636") + authority, 75, "not valid for name"),
        ("ldaps, no such file", tls + "ldap_tls_cacert_file: /nonexistent/ca.pem\n", 75, "/nonexistent/ca.pem: No such file or directory"),
        ("ldaps, a file of nobody", tls + "ldap_tls_cacert_file: /dev/null\n", 75, "no CA is trusted: no certificate in /dev/null"),
    ):
        mail_bed.write("tls.conf", "pwcheck_method: ldap\n" + lines + NAME)
        says(program, about, status, words, "lena", "tree secret", "--sasl-conf", TOP + "/tls.conf")
    daemon.stop()
    mail_bed.write("sasl/Sendmail.conf", "pwcheck_method: passwd-file ldap\n" + tls + authority.replace("second", "third") + NAME, 0o600)
    # before the daemon, which reads no directory that comes later
    slapd = maps.start_slapd(TOP + "/third", ENTRIES)
    daemon = mail_bed.Daemon(program, {"cf": cf, "arguments": []})
    with_ldap(program, "LDAP under TLS, by a daemon")
    return slapd, daemon


# rules, then who with which password is answered what
RULES = [
    ("auth required pam_permit.so\naccount required pam_permit.so", [("alice", "anything", GOOD), ("nobody-at-all", "anything", GOOD), ("alice", "", WRONG), ("", "anything", WRONG)], "pam_acct_mgmt: Success"),
    ("auth required pam_deny.so\naccount required pam_permit.so", [("alice", "secret", WRONG)], "pam_authenticate: Authentication failure"),
    ("auth required pam_permit.so\naccount required pam_deny.so", [("alice", "secret", WRONG)], "pam_acct_mgmt: "),
    ("auth required pam_unix.so\naccount required pam_unix.so", [("pamela", "secret", GOOD), ("pamela@other.example", "secret", GOOD), ("pamela", "wrong", WRONG), ("pamela", "secret ", WRONG), ("expired", "secret", WRONG),
                                                                   ("nobody-at-all", "secret", WRONG)], "pam_acct_mgmt: Success"),
    ("auth required pam_nowhere.so\naccount required pam_permit.so", [("alice", "secret", NOT_NOW)], "pam_authenticate: "),
    ("auth required {top}/crash.so\naccount required pam_permit.so", [("alice", "secret", NOT_NOW)], "no answer"),
    ("auth required {top}/leaves.so\naccount required pam_permit.so", [("alice", "secret", NOT_NOW)], "no answer"),
]
# what modules do that answer nothing
MODULES = {"crash": "*(volatile int *)0 = 0;", "leaves": "puts(\"pam_acct_mgmt: Success\"); exit(0);", "hangs": "for (;;) pause();"}
MODULE = """#include <stdio.h>
#include <unistd.h>
#include <stdlib.h>
int pam_sm_authenticate(void *handle, int flags, int count, const char **words) { %s return 0; }
int pam_sm_setcred(void *handle, int flags, int count, const char **words) { return 0; }
"""


def with_pam(program):
    """The modules of Debian, and some that end their process."""
    for name, does in MODULES.items():
        mail_bed.write(name + ".c", MODULE % does)
        mail_bed.command("cc", "-shared", "-fPIC", "-o", f"{TOP}/{name}.so", f"{TOP}/{name}.c")
    mail_bed.write("etc/shadow", "".join(f"{user}:{HASH}:{changed}:0:99999:7:::\n" for user, changed in (("pamela", 20000), ("expired", 0))), 0o600)
    mail_bed.write("etc/pam.d/other", "auth required pam_deny.so\naccount required pam_deny.so\n")
    for rules, rows, said in RULES:
        mail_bed.write("etc/pam.d/smtp", rules.format(top=TOP) + "\n")
        about = "PAM, " + rules.split("\n")[0]
        log_ins(about, [(mechanism, *row) for mechanism in ("PLAIN", "LOGIN") for row in rows if row[0] or mechanism == "PLAIN"])
        user, password, wanted = rows[0]
        if wanted == NOT_NOW:
            check(f"{about}: the log says why", logged(r"AUTH: pam: \w"), mail_bed.LOG[-5:])
            mail_bed.LOG.clear()
        says(program, about, {GOOD: 0, WRONG: 77, NOT_NOW: 75}[wanted], said, user, password)
    hanging_module()
    os.remove(TOP + "/etc/pam.d/smtp")
    log_ins("PAM without rules of ours", [("PLAIN", "pamela", "secret", WRONG)])
    says(program, "PAM without rules of ours", 77, "there is no /etc/pam.d/smtp: PAM goes by /etc/pam.d/other", "pamela", "secret")
    check("no process of PAM's is left", "ask-pam" not in mail_bed.command("ps", "-eo", "args", capture_output=True, text=True).stdout)


def hanging_module():
    """A module without end holds up the client that has asked, for as long as it may, and nobody else."""
    mail_bed.write("etc/pam.d/smtp", f"auth required {TOP}/hangs.so\naccount required pam_permit.so\n")
    mail_bed.LOG.clear()
    asking = under_tls()
    asking.socket.settimeout(120)
    asking.send("AUTH PLAIN " + b64("\0alice\0secret") + "\r\n")
    other = under_tls()
    said = other.say("NOOP")
    check("PAM, a module that hangs: others are served", said.startswith("250"), said)
    asking.reply()
    check("PAM, a module that hangs: the client is told to try again", last(asking).startswith(NOT_NOW), asking.lines[-3:])
    check("PAM, a module that hangs: the log says why", logged("AUTH: pam: .*not ended"), mail_bed.LOG[-5:])


def serve(program, makemap):
    """Inside the name spaces."""
    daemon, cf = peers_bed.begin(program, makemap, {}, LINES, users=PAM_USERS, sasl="pwcheck_method: passwd-file ldap\n" + KNOWN + SEARCH)
    mail_bed.write("mail/passwd-file", USERS, 0o600)
    mail_bed.write("bin/tokens", PROGRAM, 0o755)
    with_tokens()
    if os.path.exists("/usr/sbin/slapd"):
        daemon = ldap(program, cf, daemon)
    else:
        print("SKIPPED: LDAP (slapd is not installed)")
    daemon.stop()
    mail_bed.write("sasl/Sendmail.conf", "pwcheck_method: passwd-file\n" + KNOWN)
    daemon = mail_bed.Daemon(program, {"cf": cf, "arguments": []})
    binding()
    with_file()
    daemon.stop()
    if glob.glob("/usr/lib/*/security/pam_unix.so"):
        mail_bed.write("sasl/Sendmail.conf", "pwcheck_method: pam\nmech_list: PLAIN LOGIN\n")
        daemon = mail_bed.Daemon(program, {"cf": cf, "arguments": []})
        with_pam(program)
        daemon.stop()
    else:
        print("SKIPPED: PAM (its modules are not installed)")
    check("no password is in the log", not [line for line in mail_bed.LOG if "secret" in line or "good-alice" in line])
    sys.exit(close())


if __name__ == "__main__":
    sys.exit(peers_bed.main("log_ins"))
