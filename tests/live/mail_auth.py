#!/usr/bin/env python3
"""DKIM: what leaves is signed, and Debian's opendkim finds each signature good; what cannot be signed waits, or goes out as the .mc says.
SPF, DKIM, DMARC and ARC of what comes: opendkim signs, the bed's name server has the records, the access map decides. Greylisting: who comes again is taken.

usage: mail_auth.py CANONIFY [--show]     Needs root and Debian's packages opendkim and opendkim-tools; without them it skips.
"""
import base64, hashlib, os, pathlib, re, shutil, subprocess, sys, tempfile, time

import mail_bed, mail_site

TOP = mail_bed.TOP
STRANGER, FRIEND, LOCAL = "192.0.2.9", "192.0.3.9", "127.0.0.1"
KEYS = {"sel": ("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]), "ed": ("ed25519", ["-algorithm", "ed25519"])}
TABLE = "# what signs\nsite.example sel /mnt/dkim/sel.pem\nsite.example ed /mnt/dkim/ed.pem ed25519-sha256\n.part.example sel /mnt/dkim/sel.pem\nlost.example sel /mnt/dkim/lost.pem\n"
OPENDKIM = "Mode v\nTestPublicKeys /mnt/dkim/public\nSyslog no\nAuthservID mail.site.example\nRequireSafeKeys no\n"
PORT = "O DaemonPortOptions=Name=MTA, Addr=127.0.0.1, Port=25, M=A"
HEADER = "From: Ann <ann@{domain}>\r\nTo: x@good.example\r\nSubject: signed,\r\n and  folded\r\nDate: Sun, 01 Mar 2026 10:00:00 +0000\r\nMessage-ID: <s1@site.example>\r\n"
BODIES = {
    "plain": "\r\nHello  there,\r\n..with a dot\r\n \t\r\nthe end\r\n\r\n\r\n", "none": "\r\n",
    "8bit": "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\ngr\u00fc\u00dfe \r\nFrom me\r\n",
    "long": "\r\n" + "word " * 500 + "\r\n" + "x" * 2100 + "\r\n", "big": "\r\n" + "a line of many, with  blanks \r\n" * 2900,
}


def openssl(*words):
    return subprocess.run(["openssl", *words], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def public_record(name):
    """The key's record in the DNS (RFC 6376, 3.6.1; RFC 8463, 4: the bare 32 bytes)."""
    der = openssl("pkey", "-in", f"{TOP}/dkim/{name}.pem", "-pubout", "-outform", "DER")
    kind = KEYS[name][0]
    return f"v=DKIM1; k={kind}; p=" + base64.b64encode(der[-32:] if kind == "ed25519" else der).decode()


POLICIES = {"refused.example": "p=reject", "held.example": "p=quarantine", "watched.example": "p=none", "friend.example": "p=reject", "none.example": ""}
SENDERS = {"pass": "v=spf1 ip4:192.0.2.9 -all", "fail": "v=spf1 -all", "softfail": "v=spf1 ~all", "neutral": "v=spf1 ?all", "permerror": "v=spf1 what",
           "temperror": "v=spf1 include:servfail.example -all", "none": ""}
ACCESS = "DMARC:reject\tREJECT\nDMARC:quarantine\tQUARANTINE:not the author\nDMARC:friend.example\tOK\nSPF:permerror\tERROR:5.7.23:550 mend your record\nGreylist:192.0.3\tOK\n"
RULES = "LOCAL_RULESETS\nScheck_data\nR$*\t\t\t$: $&{spf}\nRsoftfail\t\t$#error $@ 5.7.23 $: 550 not quite\n"


def zone():
    """The bed's names, senders with SPF records, authors with policies and a key."""
    names = {(f"{word}.sender.example", "A"): ["192.0.2.9"] for word in SENDERS}
    names.update({(f"{word}.sender.example", "TXT"): [record] for word, record in SENDERS.items() if record})
    for domain, policy in POLICIES.items():
        names[domain, "A"] = ["192.0.2.9"]
        names["sel._domainkey." + domain, "TXT"] = [public_record("sel")]
        if policy:
            names["_dmarc." + domain, "TXT"] = ["v=DMARC1; " + policy]
    return {**plain_zone(), **names}


plain_zone = mail_site.zone


def signed(text, domain, form):
    """The message as opendkim signs it."""
    mail_bed.write("dkim/sign", f"Mode s\nDomain {domain}\nSelector sel\nKeyFile /mnt/dkim/sel.pem\nCanonicalization {form}\nSyslog no\nRequireSafeKeys no\n")
    path = pathlib.Path(TOP, "dkim/message")
    path.write_bytes(text.encode("latin-1"))
    said = subprocess.run(["opendkim", "-t", path, "-vv", "-x", TOP + "/dkim/sign"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout.decode("latin-1")
    value = re.search(r"hname='DKIM-Signature' hvalue='([^']*)'", said)[1]
    return "DKIM-Signature: " + value.replace("\r\n", "\n").replace("\n", "\r\n") + "\r\n" + text


def relaxed(field):
    """RFC 6376, 3.4.2, without the line end."""
    name, value = field.split(":", 1)
    return name.lower().strip() + ":" + re.sub(r"[ \t]+", " ", value.replace("\r\n", "")).strip()


def signature_of(text):
    signing = ["openssl", "dgst", "-sha256", "-sign", TOP + "/dkim/sel.pem"]
    return base64.b64encode(subprocess.run(signing, input=text.encode("latin-1"), check=True, stdout=subprocess.PIPE).stdout).decode()


def sealed(text, domain, chain):
    """The message as a host of this domain hands it on, with what it says of the chain so far (RFC 8617, 5.1)."""
    head, body = text.split("\r\n\r\n", 1)
    fields = re.split(r"\r\n(?![ \t])", head)
    arc = [field for field in fields if field.startswith("ARC-")]  # the newest set above
    number = len(arc) // 3 + 1
    lines = [re.sub(r"[ \t]+", " ", line).rstrip() for line in body.split("\r\n")]
    whole = "\r\n".join(lines).rstrip("\r\n") + "\r\n"
    digest = base64.b64encode(hashlib.sha256(whole.encode("latin-1")).digest()).decode()
    tags = f" i={number}; a=rsa-sha256; d={domain}; s=sel; "
    names = ["From", "To", "Subject", "Date", "Message-ID"]
    found = [next(field for field in fields if field.startswith(name + ":")) for name in names]
    message = f"ARC-Message-Signature:{tags}c=relaxed/relaxed; h={':'.join(names)};\r\n\tbh={digest}; b="
    message += signature_of("\r\n".join(map(relaxed, [*found, message])))
    results = f"ARC-Authentication-Results: i={number}; {domain};\r\n\tspf=pass smtp.mailfrom=ann@{domain}"
    seal = f"ARC-Seal:{tags}cv={chain}; t=1772359200; b="
    sets = [[arc[at + 2], arc[at + 1], arc[at]] for at in range(0, len(arc), 3)][::-1]
    seal += signature_of("\r\n".join(map(relaxed, [*sum(sets, []), results, message, seal])))
    return "\r\n".join([seal, message, results, *fields]) + "\r\n\r\n" + body


def run_case(daemon, case):
    """Like the bed's; a message may have to be signed before, or sealed by hosts on its way."""
    for step in case["steps"]:
        if step[0] == "message" and (case.get("sign") or case.get("hops")):
            if case.get("sign"):
                form, old, new = case["sign"]
                step[1] = signed(step[1], case["domain"], form).replace(old, new)
            for domain, chain, old, new in case.get("hops", []):
                step[1] = sealed(step[1], domain, chain).replace(old, new)
            step[1] = "".join(("." if line.startswith(".") else "") + line for line in step[1].splitlines(True)) + ".\r\n"
    return plain_case(daemon, case)


plain_case = mail_bed.run_case


def build():
    mail_bed.build()
    for address in (STRANGER, FRIEND):
        subprocess.run(["ip", "addr", "add", address + "/32", "dev", "lo"], check=True)
    os.mkdir(TOP + "/dkim")
    records = []
    for name, (_, words) in KEYS.items():
        openssl("genpkey", *words, "-out", f"{TOP}/dkim/{name}.pem")
        os.chmod(f"{TOP}/dkim/{name}.pem", 0o600)
        records += [f"{name}._domainkey.{domain} {public_record(name)}\n" for domain in ("site.example", "part.example", "lost.example")]
    mail_bed.write("dkim/public", "".join(records))
    mail_bed.write("dkim/table", TABLE)
    mail_bed.write("dkim/conf", OPENDKIM)
    access = pathlib.Path(TOP, "mail/access")
    access.write_text(access.read_text() + ACCESS)
    mail_site.zone = zone


def file(daemon, what, name):
    """A key comes or goes."""
    path = pathlib.Path(TOP, "dkim", name)
    if what == "gone":
        path.unlink()
    else:
        shutil.copy(f"{TOP}/dkim/{what}", path)
        path.chmod(0o600)
    return []


def verified(daemon):
    """What opendkim says of each message that a remote host has got."""
    said = []
    for talk in mail_bed.TALKS:
        lines = [line[3:] for line in talk.lines if line.startswith("D: ")]
        if lines:
            text = "\r\n".join(line[1:] if line.startswith(".") else line for line in lines) + "\r\n"
            path = pathlib.Path(TOP, "dkim/message")
            path.write_bytes(text.encode("latin-1"))
            done = subprocess.run(["opendkim", "-t", path, "-vv", "-x", TOP + "/dkim/conf"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            said += ["opendkim: " + line for line in done.stdout.decode("latin-1").splitlines()]
    return said


def wait(daemon, seconds):
    time.sleep(seconds)  # for so long nobody looks at the keys again
    return []


mail_bed.AFTERWARDS.update(file=file, verified=verified, wait=wait)


def serve(program, makemap):
    mail_bed.run_case, mail_bed.clean = run_case, clean
    mail_bed.serve(program, makemap, build)


def session(body="plain", client=LOCAL, to="x@good.example", domain="site.example"):
    text = HEADER.format(domain=domain) + BODIES[body]
    text = "\r\n".join("." + line if line.startswith(".") and body != "plain" else line for line in text.split("\r\n"))
    steps = [["say", "EHLO client.example"], ["say", "MAIL FROM:<ann@good.example>" + (" BODY=8BITMIME" if body == "8bit" else "")],
             ["say", f"RCPT TO:<{to}>"], ["message", text + ".\r\n"], ["say", "QUIT"]]
    return {"client": client, "steps": steps, "after": [["verified"]]}


def signatures(result):
    """d= and s= of the signatures that remote hosts have got."""
    lines = "\n".join(line[3:] for talk in result["remote"] for line in talk if line.startswith("D: ")).replace("\n\t", " ")
    return [" ".join(re.findall(r"\b([ds]=[^;]+)", line)) for line in lines.split("\n") if line.startswith("DKIM-Signature:")]


def verdicts(result):
    return [line for line in result["session"] if line.startswith("opendkim: ")]


def is_good(result, count=2):
    """So many signatures, and opendkim finds each good."""
    return len(signatures(result)) == count == sum("dkim=pass" in line for line in verdicts(result))


def sent(result):
    return any(line.startswith("D: ") for talk in result["remote"] for line in talk)


def logged(result, text):
    return any(text in line for line in result["log"])


def signing(run):
    """(what, is it so, the result) of each case."""
    names = list(BODIES)
    cases = [session(body, to=f"x@{host}.example") for host in ("good", "seven", "bare") for body in names]
    cases += [session(to="erin@site.example", client=STRANGER), session(domain="low.part.example"), session(domain="elsewhere.example"),
              session(domain="lost.example")]
    submitted = {"client": LOCAL, "steps": [], "after": [["run", ["-t"], "From: ann@site.example\nTo: x@good.example\nSubject: by hand\n\nhello\n"], ["verified"]]}
    back = session(domain="lost.example")
    back["after"] = [["file", "sel.pem", "lost.pem"], ["wait", 11], ["run", ["-q"]], ["verified"], ["file", "gone", "lost.pem"]]
    results = run("FEATURE(`dkim_sign', `/mnt/dkim/table')", cases + [submitted, back])
    for host in ("good", "seven", "bare"):
        for body in names:
            result = results.pop(0)
            yield f"{body} to {host}", is_good(result), result
    stranger, below, other, lost, submitted, back = results
    yield "a stranger's message that is passed on", sent(stranger) and not signatures(stranger), stranger
    yield "a domain below", is_good(below, 1) and signatures(below) == ["d=part.example s=sel"], below
    yield "a domain without a key", sent(other) and not signatures(other), other
    waits = not sent(lost) and logged(lost, "stat=Deferred: DKIM: /mnt/dkim/lost.pem") and len(lost["queue"]) == 2
    yield "no key: it waits", waits, lost
    yield "a message of this host", is_good(submitted), submitted
    yield "the key is there: it goes", is_good(back, 1), back
    # the key is gone before the daemon starts: one that was read stays in use
    (unsigned,) = run("FEATURE(`dkim_sign', `/mnt/dkim/table', `unsigned')", [session(domain="lost.example")])
    yield "no key, unsigned: it goes", sent(unsigned) and not signatures(unsigned) and logged(unsigned, "sent without a signature"), unsigned


def incoming(domain="watched.example", sender="none", sign=("relaxed/relaxed", "", ""), fields="", client=STRANGER):
    """A stranger's message from an author to a mailbox here."""
    text = fields + HEADER.format(domain=domain) + BODIES["plain"]
    case = {"client": client, "domain": domain, "sign": sign, "after": []}
    steps = [["say", f"EHLO {sender}.sender.example"], ["say", f"MAIL FROM:<ann@{sender}.sender.example>"], ["say", "RCPT TO:<alice@site.example>"]]
    return {**case, "steps": [*steps, ["message", text + ("" if sign else ".\r\n")], ["say", "QUIT"]]}


def found(result):
    """The fields Authentication-Results of what was delivered, unfolded."""
    lines = result["deliveries"][0][1:] if result["deliveries"] else []
    text = "\n".join(lines).split("\n\n")[0].replace("\n\t", " ").replace("\n ", " ")
    return [line.split(": ", 1)[1] for line in text.split("\n") if line.startswith("Authentication-Results:")]


def says(result, *words):
    fields = found(result)
    return len(fields) == 1 and all(word in fields[0] for word in ("mail.site.example; ", *words))


def answered(result, text):
    return any(line.startswith("S: " + text) for line in result["session"])


def verifying(run):
    """(what, is it so, the result) of each case."""
    changed = ("relaxed/relaxed", "Hello  there", "Hello thither")
    forged = "Authentication-Results: mail.site.example; dkim=pass\r\nAuthentication-Results: other.example; dkim=pass\r\n"
    forms = ["simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed"]
    senders = [word for word in SENDERS if word != "permerror"]
    cases = [incoming(sign=(form, "", "")) for form in forms] + [incoming(sender=word, sign=None) for word in senders]
    cases += [incoming(sign=changed), incoming("refused.example", sign=changed), incoming("held.example", sign=changed), incoming("friend.example", sign=changed),
              incoming("refused.example"), incoming("none.example", sign=None), incoming(sender="permerror"), incoming(fields=forged, sign=None), incoming(client=LOCAL)]
    results = run("FEATURE(`mail_auth')", cases)
    for form in forms:
        result = results.pop(0)
        yield f"opendkim signs {form}", says(result, "dkim=pass header.d=watched.example header.s=sel", "dmarc=pass (p=none) header.from=watched.example", "arc=none"), result
    for word in senders:
        result = results.pop(0)
        yield f"SPF {word}", says(result, f"spf={word} smtp.mailfrom=ann@{word}.sender.example", "dkim=none"), result
    watched, refused, held, friend, good, none, error, forged, local = results
    yield "changed on the way", says(watched, "dkim=fail (body hash did not verify)", "dmarc=fail (p=none)"), watched
    yield "DMARC:reject", answered(refused, "550 5.7.1 Rejected by policy") and not refused["deliveries"] and logged(refused, "ruleset=mail_auth, arg1=DMARC:reject, arg2=refused.example"), refused
    yield "DMARC:quarantine", not held["deliveries"] and any(entry[0].startswith("hf") for entry in held["queue"]) and logged(held, "quarantine=not the author"), held
    yield "DMARC:domain", says(friend, "dmarc=fail (p=reject)"), friend
    yield "DMARC:reject, and the author is who it says", says(good, "dmarc=pass (p=reject)"), good
    yield "no policy", says(none, "dmarc=none header.from=none.example"), none
    yield "SPF:permerror", answered(error, "550 5.7.23 mend your record"), error
    yield "our name is nobody else's", len(found(forged)) == 2 and found(forged)[1].startswith("other.example"), forged
    yield "mail of our own", local["deliveries"] and not found(local), local
    yield "the log", logged(watched, "mail_auth: spf=none, spf_helo=none, dkim=fail, dkim_domain=watched.example, dmarc=fail, dmarc_domain=watched.example, dmarc_policy=none, arc=none"), watched
    soft, passed = run("FEATURE(`mail_auth', `gate.example')\n" + RULES, [incoming(sender="softfail", sign=None), incoming(sender="pass", sign=None)])
    yield "a rule asks for ${spf}", answered(soft, "550 5.7.23 not quite"), soft
    yield "a name of its own", found(passed) and found(passed)[0].startswith("gate.example; "), passed


def handed_on(*hops):
    """A stranger's message that hosts have sealed in turn; each then changes something of it."""
    case = incoming(sign=("", "", ""))
    return {**case, "sign": None, "hops": [(*hop, "", "")[:4] for hop in hops]}


def sealing(run):
    """(what, is it so, the result) of each case."""
    first, second = ("watched.example", "none"), ("friend.example", "pass")
    tag = ("Subject: signed", "Subject: [list] signed")
    rows = [
        ("one seal", "pass", handed_on(first)), ("two seals", "pass", handed_on(first, second)),
        ("a list changes the subject and seals", "pass", handed_on((*first, *tag), second)), ("a list changes the subject of what it has sealed", "fail", handed_on(first, (*second, *tag))),
        ("the body is changed behind the last seal", "fail", handed_on(first, (*second, "Hello  there", "Hello thither"))),
        ("the first set's results are changed", "fail", handed_on(first, (*second, "i=1; watched.example;", "i=1; other.example;"))),
        ("the first set is not there", "fail", handed_on(first, (*second, "ARC-Seal: i=1;", "X-Seal: i=1;"))),
        ("the first seal is another's", "fail", handed_on((*first, "ARC-Seal: i=1; a=rsa-sha256; d=watched", "ARC-Seal: i=1; a=rsa-sha256; d=friend"), second)),
        ("the second host has found the chain broken", "fail", handed_on(first, ("friend.example", "fail"))), ("a first seal on a chain that is said to be there", "fail", handed_on(("watched.example", "pass"))),
        ("a seal without a key in the DNS", "fail", handed_on(first, ("nokey.example", "pass"))), ("no chain", "none", incoming(sign=None))]
    results = run("FEATURE(`mail_auth')", [case for _, _, case in rows])
    for (what, verdict, _), result in zip(rows, results):
        yield f"ARC, {what}: {verdict}", says(result, f"arc={verdict}") and logged(result, f"arc={verdict}"), result


def greylisting(run):
    """(what, is it so, the result) of each case."""
    def asks(client=STRANGER, sender="ann@good.example", to="alice@site.example"):
        steps = [["say", "EHLO client.example"], ["say", f"MAIL FROM:<{sender}>"], ["say", f"RCPT TO:<{to}>"], ["say", "RSET"], ["say", "QUIT"]]
        return {"client": client, "steps": steps, "after": []}

    def is_asked_again(result):
        return answered(result, "451 4.7.1") and logged(result, "ruleset=greylist")

    def is_taken(result):
        return any("Recipient ok" in line for line in result["session"])
    first = asks()
    first["after"] = [["wait", 3]]
    cases = [first, asks(), asks(sender="bob@good.example"), asks(to="nosuchuser@site.example"), asks(client=FRIEND), asks(client=LOCAL)]
    first, again, other, nobody, friend, local = run("FEATURE(`greylist', `2s')", cases)
    yield "a stranger waits", is_asked_again(first), first
    yield "and is taken", is_taken(again), again
    yield "another sender waits", is_asked_again(other), other
    yield "nobody is nobody", answered(nobody, "550"), nobody
    yield "Greylist:192.0.3 OK", is_taken(friend), friend
    yield "who relays does not wait", is_taken(local), local
    restarted, stranger = run("FEATURE(`greylist', `2h')", [asks(), asks(sender="carol@good.example")])
    yield "known after a restart", is_taken(restarted), restarted
    yield "and the others are not", is_asked_again(stranger), stranger


def clean():
    """The bed's, but what is known of strangers stays."""
    kept = pathlib.Path(TOP, "mqueue/greylist")
    text = kept.read_bytes() if kept.exists() else None
    plain_clean()
    if text is not None:
        kept.write_bytes(text)


plain_clean = mail_bed.clean


def main(canonify, *more):
    tools = all(map(shutil.which, ("opendkim", "openssl", "ip")))
    if os.geteuid() != 0 or not tools:
        print("SKIPPED: needs root, openssl, ip and Debian's package opendkim\n0 passed, 0 failed")
        return 0
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="mail_auth", dir="/var/lib") as folder:
        os.chmod(folder, 0o755)
        for name in ("sendmail", "makemap"):
            pathlib.Path(folder, name).symlink_to(os.path.abspath(canonify))
        bed = mail_bed.Bed(f"{folder}/sendmail", f"{folder}/makemap", "mail_auth")

        def run(features, cases):
            site = mail_site.SITE.replace("@FEATURES@", features)
            cf = subprocess.run([canonify, "mc", "-"], input=site.encode(), stdout=subprocess.PIPE, check=True).stdout.decode("latin-1")
            lines = [line for line in cf.split("\n") if not line.startswith("O DaemonPortOptions")]
            return bed.run({"cf": "\n".join([*lines, PORT, ""]), "arguments": [], "cases": cases})

        for what, good, result in [*signing(run), *verifying(run), *sealing(run), *greylisting(run)]:
            print(f"{'ok' if good else 'FAILED'}: {what}")
            passed, failed = passed + good, failed + (not good)
            if "start" in result and not good:
                print(*result["start"], *result["daemon"], sep="\n    ")
            if not good or "--show" in more:
                print(*result["session"], *result["log"], *sum(result["remote"], []), sep="\n    ")
        bed.close()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
