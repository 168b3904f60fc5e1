"""Certificates for tls.py, made by openssl when it runs: two CAs, and one certificate for each state that a peer's may be in.

`make(folder)` fills a folder: `ca.pem` (the CA that is trusted), `ca.crl`, and for each name of STATES `NAME.pem` and `NAME.key`. Below it are folders
as OpenSSL looks into them: `hashed` (that CA and its list, by `openssl rehash`), and `astray`, whose names lead nobody to the CA.
"""
import os, pathlib, shutil, subprocess

# name: (subject, signed by, from, to, subjectAltName, kind of key); times are years of UTCTime
STATES = {
    "own": ("/C=DE/O=Site/CN=mail.site.example", "ca", "20", "40", "DNS:mail.site.example", "EC"),
    "ownrsa": ("/C=DE/O=Site/CN=mail.site.example", "ca", "20", "40", "DNS:mail.site.example", "RSA"),
    "good": (r"/C=DE/O=Peer (a) \+ <Co> \"b\", c;d:e@f[g]{h}|i\\j%k!l*n~o#p$q&r's?t/OU=Über \/ x=y/CN=peer.example", "ca", "20", "40", "DNS:peer.example,DNS:alt.peer.example", "EC"),
    "selfsigned": ("/CN=self.example", None, "20", "40", "DNS:self.example", "EC"),
    "wrongca": ("/CN=wrongca.example", "other", "20", "40", "DNS:wrongca.example", "EC"),
    "expired": ("/CN=expired.example", "ca", "20", "21", "DNS:expired.example", "EC"),
    "notyet": ("/CN=notyet.example", "ca", "40", "45", "DNS:notyet.example", "EC"),
    "revoked": ("/CN=revoked.example", "ca", "20", "40", "DNS:revoked.example", "EC"),
    "wrongname": (r"/CN=some body \+(x)<y>\"z\",@else.example", "ca", "20", "40", "DNS:somebody.else.example", "RSA"),
}
CONFIG = """[ca]
default_ca = this
[this]
dir = {folder}
database = {folder}/{ca}.index
new_certs_dir = {folder}
serial = {folder}/{ca}.serial
certificate = {folder}/{ca}.pem
private_key = {folder}/{ca}.key
default_md = sha256
default_crl_days = 3650
crlnumber = {folder}/{ca}.crlnumber
crl_extensions = list
policy = any
unique_subject = no
[any]
countryName = optional
organizationName = optional
commonName = supplied
[ca_ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[list]
authorityKeyIdentifier = keyid
[peer]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {alternative}
"""


def run(*words):
    subprocess.run(["openssl", *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make(folder):
    folder = pathlib.Path(folder)

    def config(ca, alternative="DNS:none.example"):
        path = folder / "openssl.cnf"
        path.write_text(CONFIG.format(folder=folder, ca=ca, alternative=alternative))
        return path

    def key(name, kind):
        path = folder / f"{name}.key"
        options = ["ec_paramgen_curve:P-256"] if kind == "EC" else ["rsa_keygen_bits:2048"]
        run("genpkey", "-algorithm", kind, "-pkeyopt", *options, "-out", path)
        os.chmod(path, 0o600)
        return path

    for ca, subject in (("ca", "/C=DE/O=Right CA/CN=ca.example"), ("other", "/O=Other CA/CN=other.ca.example")):
        (folder / f"{ca}.index").write_text("")
        for counter in ("serial", "crlnumber"):
            (folder / f"{ca}.{counter}").write_text("1000\n")
        key(ca, "EC")
        run("req", "-x509", "-new", "-key", folder / f"{ca}.key", "-days", 7300, "-subj", subject, "-config", config(ca), "-extensions", "ca_ext", "-out", folder / f"{ca}.pem")
    for name, (subject, ca, start, end, alternative, kind) in STATES.items():
        file = key(name, kind)
        request = folder / f"{name}.csr"
        run("req", "-utf8", "-new", "-key", file, "-subj", subject, "-config", config("ca"), "-out", request)
        signer = [] if ca else ["-selfsign", "-keyfile", file]
        run("ca", "-utf8", "-batch", "-notext", "-config", config(ca or "ca", alternative), "-extensions", "peer", *signer, "-preserveDN",
            "-startdate", start + "0101000000Z", "-enddate", end + "0101000000Z", "-in", request, "-out", folder / f"{name}.pem")
    run("ca", "-config", config("ca"), "-revoke", folder / "revoked.pem")
    run("ca", "-config", config("ca"), "-gencrl", "-out", folder / "ca.crl")
    hashed = folder / "hashed"
    hashed.mkdir()
    for name in ("ca.pem", "ca.crl"):
        shutil.copy(folder / name, hashed)
    run("rehash", hashed)
    digest = next(path.stem for path in hashed.glob("*.0"))
    astray = folder / "astray"
    astray.mkdir()
    # another subject's hash; no number; a number behind a gap; an old copy; letters that no hash has
    for name in ("0123abcd.0", f"{digest}.pem", f"{digest}.1", f"{digest}.0.old", f"{digest.upper()}.0", "ca.pem"):
        shutil.copy(folder / "ca.pem", astray / name)
