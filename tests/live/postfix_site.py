"""A Postfix beside us, for postfix.py: unpacked, with queue, users and configuration of its own below /mnt/postfix, inside of name spaces.

Servers: `PLAIN` trusts everybody and knows no TLS; `LOGIN` wants TLS and a password; `CERTIFICATE` TLS and a certificate of our CA; `SCREEN` is postscreen with all of its
tests; `ASKS` asks us about recipients. Clients: one transport per row of CLIENTS; mail for NAME.site.example leaves by NAME. All that comes for a hop's domain is put into one Maildir.
"""
import email, email.policy, os, pathlib, subprocess

import checks, mail_bed, peers_bed

TOP = mail_bed.TOP + "/postfix"
PLAIN, LOGIN, CERTIFICATE, SCREEN, SMALL, ASKS = range(2526, 2532)
HOPS = {"toplain": PLAIN, "tologin": LOGIN, "tocertificate": CERTIFICATE, "toscreen": SCREEN, "tosmall": SMALL, "postfix": PLAIN}
POSTFIX, POSTDROP = 64910, 64911
USERS = f"postfix:x:{POSTFIX}:{POSTFIX}:postfix:/:/bin/false\npostdrop:x:{POSTDROP}:{POSTDROP}:postdrop:/:/bin/false\n"
TLS_SERVER = "-o smtpd_tls_security_level=encrypt -o smtpd_tls_received_header=yes"
PASSWORD = "-o smtpd_sasl_auth_enable=yes -o smtpd_sasl_authenticated_header=yes -o smtpd_client_restrictions=permit_sasl_authenticated,reject"
SERVERS = {
    PLAIN: "smtpd -o smtpd_tls_security_level=none",
    LOGIN: f"smtpd {TLS_SERVER} {PASSWORD} -o smtpd_tls_auth_only=yes",
    CERTIFICATE: f"smtpd {TLS_SERVER} -o smtpd_tls_req_ccert=yes -o smtpd_client_restrictions=permit_tls_all_clientcerts,reject",
    SMALL: "smtpd -o message_size_limit=20000",
    ASKS: "smtpd -o smtpd_recipient_restrictions=reject_unverified_recipient -o unverified_recipient_reject_code=550",
}
SECURE = "-o smtp_tls_security_level=secure -o smtp_tls_secure_cert_match=mail.site.example"
CLIENTS = {
    "clear": ("25", "-o smtp_tls_security_level=none"),
    "encrypted": ("25", SECURE),
    "certified": ("25", f"{SECURE} -o smtp_tls_cert_file=/mnt/tls/good.pem -o smtp_tls_key_file=/mnt/tls/good.key"),
    "wrapped": ("465", f"{SECURE} -o smtp_tls_wrappermode=yes -o smtp_sasl_auth_enable=yes"),
    "reused": ("25", "-o smtp_tls_security_level=none -o smtp_connection_cache_destinations=127.0.0.1"),
    "wrong": ("25", f"{SECURE} -o smtp_sasl_auth_enable=yes -o smtp_sasl_password_maps=static:alice:wrong"),
    **{mechanism.lower(): ("25", f"{SECURE} -o smtp_sasl_auth_enable=yes -o smtp_sasl_mechanism_filter={mechanism.lower()}") for mechanism in peers_bed.MECHANISMS},
}
MAIN = f"""compatibility_level = 3.6
queue_directory = {TOP}/queue
data_directory = {TOP}/data
meta_directory = {TOP}/etc
daemon_directory = /usr/lib/postfix/sbin
shlib_directory = /usr/lib/postfix
myhostname = postfix.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.7.7
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{{{no@toplain.example=550 5.1.1 nobody of this name}}, {{later@toplain.example=450 4.2.1 later}}}}, permit
virtual_mailbox_domains = {" ".join(f"{name}.example" for name in HOPS)}
virtual_mailbox_base = {TOP}/boxes
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:2001
virtual_gid_maps = static:2001
default_transport = clear:[127.0.0.1]:25
transport_maps = inline:{{{", ".join(f"{name}.site.example={name}:[127.0.0.1]:{port}" for name, (port, _) in CLIENTS.items())}}}
smtpd_sasl_local_domain = {peers_bed.HOST}
smtpd_sasl_security_options = noanonymous
smtpd_tls_cert_file = /mnt/tls/own.pem
smtpd_tls_key_file = /mnt/tls/own.key
smtpd_tls_CAfile = /mnt/tls/ca.pem
smtp_tls_CAfile = /mnt/tls/ca.pem
smtp_sasl_password_maps = static:alice:secret
smtp_sasl_security_options = noanonymous
smtp_tls_loglevel = 1
minimal_backoff_time = 3600s
postscreen_access_list =
postscreen_cache_map = btree:{TOP}/data/screen
postscreen_greet_wait = 1s
postscreen_greet_banner = wait for what follows
postscreen_greet_action = enforce
postscreen_pipelining_enable = yes
postscreen_pipelining_action = enforce
postscreen_non_smtp_command_enable = yes
postscreen_non_smtp_command_action = enforce
postscreen_bare_newline_enable = yes
postscreen_bare_newline_action = enforce
"""
DAEMONS = """pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsproxy unix - - n - 0 tlsproxy
dnsblog unix - - n - 0 dnsblog
smtpd pass - - n - - smtpd
"""
PUBLIC, PRIVATE = {"public": 0o710, "maildrop": 0o730}, "active bounce corrupt defer deferred flush hold incoming private saved trace".split()


def start(folder):
    """`folder`: where the package is unpacked."""
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={folder}/usr/lib:/usr/lib", "/usr/lib"], check=True)
    # an address of its own, or port 25 at 127.0.0.1 would be itself
    subprocess.run(["ip", "address", "add", "127.0.7.7/8", "dev", "lo"], check=True)
    # that of Sendmail.conf lies below it
    subprocess.run(["mount", "--bind", mail_bed.TOP + "/sasl", "/usr/lib/sasl2"], check=True)
    for name, mode in {"etc": 0o755, "queue": 0o755, "queue/pid": 0o755, "data": 0o700, "boxes": 0o777, **{"queue/" + name: mode for name, mode in PUBLIC.items()},
                       **{"queue/" + name: 0o700 for name in PRIVATE}}.items():
        path = pathlib.Path(TOP, name)
        path.mkdir(parents=True)
        path.chmod(mode)
        if name in ("data", *("queue/" + private for private in (*PUBLIC, *PRIVATE))):
            os.chown(path, POSTFIX, POSTDROP if path.name in PUBLIC else 0)
    os.chmod(TOP + "/boxes", 0o777)
    mail_bed.write("postfix/etc/sasl/smtpd.conf", f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {TOP}/sasldb2\nmech_list: {' '.join(peers_bed.MECHANISMS)}\n")
    passwords = pathlib.Path(TOP, "sasldb2")
    passwords.write_bytes(pathlib.Path(mail_bed.TOP, "mail/sasldb2").read_bytes())
    os.chown(passwords, POSTFIX, POSTFIX)
    passwords.chmod(0o600)
    services = [f"127.0.0.1:{port} inet n - n - - {command}" for port, command in SERVERS.items()] + [f"127.0.0.1:{SCREEN} inet n - n - 1 postscreen"]
    clients = [f"{name} unix - - n - - smtp {options}" for name, (_, options) in CLIENTS.items()]
    mail_bed.write("postfix/etc/main.cf", MAIN)
    mail_bed.write("postfix/etc/master.cf", DAEMONS + "\n".join([*services, *clients, ""]))
    master = subprocess.Popen(["/usr/lib/postfix/sbin/master", "-c", TOP + "/etc", "-d"], stdin=subprocess.DEVNULL, cwd="/")
    checks.until(lambda: all(map(peers_bed.connects, (PLAIN, SCREEN))))
    return master


def box():
    """What Postfix has put into its Maildir."""
    folder = pathlib.Path(TOP, "boxes/all/new")
    return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in folder.iterdir()] if folder.is_dir() else []


def arrived(subject, limit=60):
    """The message with this subject, once it is there."""
    return checks.until(lambda: next((message for message in box() if message["Subject"] == subject), None), limit)


def returned(text):
    """The raw text of a message that has this in it, once it is there."""
    folder = pathlib.Path(TOP, "boxes/all/new")
    return checks.until(lambda: next((raw for path in folder.iterdir() if text in (raw := path.read_text("utf-8", "replace"))), ""))
