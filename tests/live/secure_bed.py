"""The beds of auth_bed.py, tls_bed.py and milter_bed.py in one: sessions in which a client begins TLS and logs in, in any order, while a mail filter is
told both. A session has, beside their steps, ("secure", wish): STARTTLS and, if that is taken, a handshake.
"""
import re, tempfile

import auth_bed, mail_bed, milter_bed, session_text, tls, tls_bed, tls_certificates


class Session(tls_bed.Session, auth_bed.Session):
    def secure(self, wish):
        if (self.say("STARTTLS") or "").startswith("220"):
            self.tls(wish)


def build():
    auth_bed.build()
    milter_bed.begin()
    with tempfile.TemporaryDirectory() as folder:
        tls_certificates.make(folder)
        tls_bed.put_certificates(folder)


# why a certificate is no good is logged at every LogLevel here (docs/tls.md)
LEFT_OUT = re.compile(tls.LEFT_OUT.pattern + "|verifymsg=")


def run_case(daemon, case):
    result = milter_bed.run_case(daemon, case)
    # a handshake that nobody has asked for: random bytes, and as many lines
    result["filters"] = [[line for line in block if not re.match(r"> U .*[^ -~]", line)] for block in result["filters"]]
    return result | {"log": [line for line in result["log"] if not LEFT_OUT.search(session_text.log_line(line))]}


def serve(program, makemap):
    mail_bed.Session, mail_bed.Remote, mail_bed.run_case = Session, auth_bed.Remote, run_case
    mail_bed.site.SYSTEM_USERS += "canonify:x:64901:64901:canonify:/:/bin/false\n"
    mail_bed.site.SYSTEM_GROUPS += "canonify:x:64901:\n"
    mail_bed.serve(program, makemap, build, auth_bed.run_group)
