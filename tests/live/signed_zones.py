"""A name server with a signed zone, and a resolver on 127.0.0.1 that validates it, or (VALIDATES) leaves that to whoever asks: BIND and unbound, for dane.py,
in the name spaces of mail_bed.py.

The zone `example` is not signed; `signed.example` is, and the resolver knows its key. Where a name begins with `_25._tcp.mx.bogus` the record was
changed after it was signed.
"""
import pathlib, re, subprocess, time

import mail_bed

SIGNED = "signed.example"
FOLDER = pathlib.Path(mail_bed.TOP, "zones")
HEAD = "$TTL 300\n@ IN SOA ns.example. root.example. 1 3600 600 86400 300\n@ IN NS ns.example.\n"
NAMED = """options {{ directory "{folder}"; listen-on port 5353 {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; recursion no; pid-file none; session-keyfile none; dnssec-validation no; }};
controls {{ }};
zone "example" {{ type primary; file "{folder}/example"; }};
zone "{signed}" {{ type primary; file "{folder}/{signed}.changed"; }};
"""
UNBOUND = """server:
  interface: 127.0.0.1
  do-ip6: no
  do-not-query-localhost: no
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
{modules}
stub-zone:
  name: "example."
  stub-addr: 127.0.0.1@5353
stub-zone:
  name: "{signed}."
  stub-addr: 127.0.0.1@5353
remote-control:
  control-enable: no
"""
VALIDATING = '  module-config: "validator iterator"\n  trust-anchor: "{anchor}"\n  domain-insecure: "example."'
PLAIN = '  module-config: "iterator"'
VALIDATES = True


def record(name, kind, value):
    if kind == "MX":
        value = f"{value[0]} {value[1]}."
    elif kind == "TXT":
        value = f'"{value}"'
    elif kind in ("CNAME", "PTR", "NS"):
        value += "."
    return f"{name}. IN {kind} {value}\n"


def write_zones(names):
    """The files, signed; the resolver's trust anchor."""
    FOLDER.mkdir()
    below = {".example": "", "." + SIGNED: ""}
    for (name, kind), values in names.items():
        zone = next((end for end in sorted(below, key=len, reverse=True) if name.endswith(end)), None)
        if zone:
            below[zone] += "".join(record(name, kind, value) for value in values if not (kind == "MX" and not value[1]))
    (FOLDER / "example").write_text(HEAD + "ns IN A 127.0.0.1\n" + f"{SIGNED}. IN NS ns.example.\n" + below[".example"])
    (FOLDER / SIGNED).write_text(HEAD + below["." + SIGNED])
    key = subprocess.run(["dnssec-keygen", "-K", FOLDER, "-a", "ECDSAP256SHA256", "-f", "KSK", SIGNED], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout.strip()
    anchor = next(line for line in (FOLDER / f"{key}.key").read_text().splitlines() if not line.startswith(";"))
    subprocess.run(["dnssec-signzone", "-S", "-z", "-O", "full", "-K", FOLDER, "-d", FOLDER, "-o", SIGNED, "-f", f"{FOLDER}/{SIGNED}.signed", f"{FOLDER}/{SIGNED}"],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=FOLDER)
    text = (FOLDER / f"{SIGNED}.signed").read_text()
    pattern = re.compile(r"^(_25\._tcp\.mx\.bogus\S*\s.*\sTLSA\s+3 1 1 )(\S)", re.M)
    changed = pattern.sub(lambda found: found[1] + ("1" if found[2] == "0" else "0"), text)
    (FOLDER / f"{SIGNED}.changed").write_text(changed)
    return " ".join(anchor.split())


def name_server(names, _source):
    """Starts both; never comes back before they answer."""
    anchor = write_zones(names)
    (FOLDER / "anchor").write_text(f"; of {SIGNED}\n{anchor}\n")
    modules = VALIDATING.format(anchor=anchor) if VALIDATES else PLAIN
    for name, text in (("named.conf", NAMED), ("unbound.conf", UNBOUND)):
        (FOLDER / name).write_text(text.format(folder=FOLDER, signed=SIGNED, modules=modules))
    log = open(FOLDER / "log", "wb")
    for words in (["named", "-g", "-4", "-c", FOLDER / "named.conf"], ["unbound", "-d", "-c", FOLDER / "unbound.conf"]):
        started = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        RUNNING.append(started.pid)
    for _ in range(600):
        if is_ready():
            READY.append(True)
            return
        time.sleep(0.1)
    print("the name servers do not answer", (FOLDER / "log").read_text()[-4000:], flush=True)


RUNNING, READY = [], []


def is_ready():
    """Does the resolver find a name of the signed zone, and is it valid to one that validates?"""
    done = subprocess.run(["dig", "+adflag", "+time=2", "+tries=1", "@127.0.0.1", "mx.ee." + SIGNED, "A"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return (re.search(r"flags:[^;]*\bad\b", done.stdout) is not None) == VALIDATES and "ANSWER: 1" in done.stdout
