"""What to ask a cf in test mode: addresses, rulesets and settings, drawn with a seed."""
import re

ADDRESSES = """root user user+detail first.last "quoted user" "joe" "joe+more" user@example.com user@localhost user@host user@short
    user@remote.example. user@[10.1.2.3] user@[IPv6:2001:db8::1] user@.remote user@remote..example user@ @example.com @ <> <user@example.com>
    <@a.example:user@b.example> <@a.example,@b.example:user@c.example> h!user h!user@example.com a!b!c!user a.b.example!user user%remote.example
    user%a%b@example.com user%remote.example@mail.site.example user@a@b user:x@example.com n::user n.m::user user@host.uucp user@uuhost.uucp list:;
    list:user@example.com; list:a@example.com,b@example.com; :include:/etc/list |/bin/program /var/file \\root user@host.redirect info@virt.example
    bob@x.virtuser user@gen.example user@example.org user@h.example.org user@exempt.example.org root@example.org user@vm1.BITNET user@vm9.bitnet
    user@node.DECNET user@5551234.FAX user@POP user@group.USENET user@localhost.uucp user@localhost.localdomain user@mail.site.example
    root@mail.site.example "a@b"@mail.site.example "a%b"@mail.site.example "a!b"@mail.site.example user+@virt.example user++@virt.example
    +x@virt.example user@[127.0.0.1] user@[192.0.2.7] user@[unknown user@[10.1.2.3]x .user@example.com user.@example.com .user@mail.site.example
    user.@mail.site.example user@x.inside user@h.lan user@special.example user@block.example decoy sam ann joe+x joe+* @mail.site.example
    user@site.example user@neighbour.uucp neighbour!user pre-joe pre-joe@mail.site.example x=joe user@old.example user@[IPv6:::1] user@a,b user@b:c <user user>
    a<b>c@example.com user@"example".com user@example.com.uucp a!user@mail.site.example a!user%b@mail.site.example user@blocked.example
    user@nowhere.invalid joe@ok.example friend@friend.example hater@hater.example user@h.v2.virt.example USER@EXAMPLE.COM User@Virt.Example""".split()
ODD = """""@example.com ""@mail.site.example "" "\\"x\\""@example.com "a\\@b"@mail.site.example \\\\joe@example.com joe\\@example.com (c)user@example.com user(c)@example.com
    user@(c)example.com <user>@example.com <<user@example.com>> user@<example.com> "<user>"@example.com <user@example.com <user@example.com>> user@[] user@[:] user@[::1]
    user@[IPv6:a:b]; g:user@[IPv6:a:b]; g:@a:user@b; @[IPv6:a:b]:user@c <@[10.1.2.3]:user@b.example> g:a; g:; ;@a g::u; a:b:c@d a::b:c@d user@a..b user@a. user@.a. user@a@ @a@b
    user@@example.com a!!b !a a! a.!b .!a a!b@c!d a%@example.com %a@example.com a%%b@mail.site.example user@localhost. user@localhost@a example.com.!user user@example.com.UUCP.
    user@*LOCAL* postmaster POSTMASTER@mail.site.example user@mail.site.example@ joe++x joe+@virt.example +@virt.example joe+a+b@virt.example *@virt.example user@"" user@"a b" a=b@c d/e@f
    "q q"@virt.example joe@münchen.example jöe@example.com \xe9t\xe9@example.com $user@example.com user@$j ${x}@y user@example.com, , ,a user{x}@y user^x@y user?x@y user#x@y <>x x<> @
    -x@example.com |x@example.com :include:x@y :x@y /x/y@z ~joe joe.@gen.example .joe@gen.example user@1.2.3.4 user@10.1.2.3 user@[1.2.3.4.5] user@[a]b.c user@a[b] a[b]@c [a]@b""".split()
ODD += ["user x@example.com", "user @ example.com", "user@exam ple.com", "a b c", "<user@example.com> x", "x <user@example.com> y", "g: a@b c;", "l" * 250 + "@example.com", "user@" + "d" * 60 + "." + "e" * 180 + ".example",
        "a." * 60 + "b@example.com", "user@" + "a." * 60 + "example", "a!" * 40 + "user@example.com", "a%" * 40 + "b@mail.site.example", "@a," * 30 + "@b:user@example.com", "x:" * 30 + "user@example.com"]
COMMAS = [f"Comma,{entry} {address}" for entry in ("3", "0", "Parse0", "check_rcpt", "check_mail", "96") for address in (
    "a comma b@example.com", "a comma @b:c@d", "a@b comma c@d", "a <@ b.> comma @c:d", "<@a comma @b:c@d>", "<a comma b@mail.site.example>", "\"a comma b\"@example.com", "a comma b", "comma", "a! comma b")]
TOKENS = """< > @ . : ; + ! % * user joe a b [ ] 10.1.2.3 IPv6:1:2 OK ? error local smtp mail.site.example localhost example.com "q" "a@b" :: .. .UUCP .BITNET .lan
    virt.example short - = / \\ ( root decoy exposed 5.1.1 550 *LOCAL* comma uuhost [10.1.2.3]""".split()
SEEDS = """user@example.com <user@example.com> joe+x@virt.example a!b a%b@mail.site.example <@a:u@b> g:a@b; u@[10.1.2.3] u@[IPv6:1:2::3] user "u x"@example.org root <>
    u@h.uucp u<@example.com.> u<@virt.example.> u+d<@mail.site.example.> <@a.>:u@b u<@*LOCAL*> u<@h.UUCP.> @a,@b:u@c""".split()
MUTATED = """3 96 0 4 98 3,0 3,1,4 3,2,4 3,96 95 Parse0 Parse1 CanonAddr ParseRecipient Rcpt_ok check_mail check_rcpt Basic_check_mail Basic_check_rcpt trust_auth Comma,3 Comma,Parse0
    Local_localaddr queuegroup bcc 3,EnvFromSMTP 3,EnvToSMTP 3,EnvFromL 3,EnvToL 3,EnvToU 3,HdrFromSMTP 3,HdrFromL CanonLocal FullAddr Comma,0 Comma,check_rcpt""".split()
LOCALS = """user root joe mary sam ann postmaster info sales first.last nobody exposed local operator decoy friend hater abuse joe+more joe+x user+y
    mary+ root+x joe+a+b "joe" "joe+more" "j d" a!joe joe%remote.example joe%virt.example x!y!joe joe%a%b.example joe@virt.example pre-joe list-request
    .dot dot. JOE a=b a/b 42 \\joe a_b""".split()
HOSTS = """example.com example.org example.net sub.example.org deep.sub.example.org remote.example host.remote.example virt.example v2.virt.example
    h.v2.virt.example gen.example g2.gen.example hub.example.com relay.example.net blocked.example ok.example nobits.example mail.site.example site.example
    other.site.example alt.example h.site.example friend.example hater.example exempt.example.org nowhere.invalid spam.example a.b.c.d.example localhost
    masq.example short host h.lan x.inside special.example block.example seismo.uucp uuhost.UUCP neighbour.uucp vm1.BITNET vm3.bitnet n.DECNET 5551.FAX POP
    news.USENET old.example x.virtuser example.com.REDIRECT [10.1.2.3] [192.0.2.7] [127.0.0.1] [10.5.5.5] [IPv6:2001:db8:0:0:0:0:0:1] mail.site.example.""".split()
ENTRIES = """3,0 3,1,4 3,2,4 3,1,EnvFromSMTP,4 3,1,HdrFromSMTP,4 3,2,EnvToSMTP,4 3,1,EnvFromL,4 3,1,HdrFromL,4 3,2,EnvToL,4 check_mail check_rcpt""".split()
DIRECT = """3 96 4 5 97 98 0 3,Parse0 3,Parse0,Parse1 3,98 3,93 3,94 3,90 3,5 3,final CanonAddr ParseRecipient Rcpt_ok tls_rcpt trust_auth Local_localaddr
    Local_trust_auth queuegroup bcc BCC ParseBcc check_compat authinfo srv_features clt_features try_tls tls_server tls_client TLS_connection RelayTLS
    RateControl ConnControl FullAddr 3,FullAddr max BadMX Relay_ok Basic_check_mail Basic_check_rcpt checkmail checkrcpt DomainMapLookup
    AddDomain 3,AddDomain MasqSMTP 3,MasqSMTP 3,PseudoToReal 3,MasqRelay 3,HdrToL 3,EnvToU 3,HdrToU 3,FromU 3,EnvFromUD 3,EnvFromUUD 3,Mail11To 3,Mail11From
    STS_disabled DANE_disabled Set_SNI TLS_NameInList STS_SAN STS_Check STS_secure Delay_TLS_Clt Delay_TLS_Clt2 Own OwnMasq OwnD OwnA""".split()
PAIRED = """check_relay checkrelay Basic_check_relay greet_pause x_connect check_compat check_other tls_client authinfo srv_features tls_srv_features
    tls_clt_features tls_clt_feat_acc Local_check_relay Local_greet_pause OwnAccess TLS_connection""".split()
ARROWS = [  # arguments in the form in which rules hand them over
    "95 <> user <@ example.com .>", "95 <smtp:hub.example.com> user <@ example.com .>", "95 <error:5.1.1:550 no> user <@ example.com .>",
    "95 <error:nouser:550 no> user <@ x.example .>", "95 <error:550 5.1.1 no> user", "95 <local:> user <@ example.com .>", "95 <local:joe> user+x <@ example.com .>",
    "95 <local:joe@example.net> user <@ example.com .>", "95 <smtp:joe@hub.example.com> user <@ example.com .>", "95 <mail.site.example> user <@ example.com .>",
    "95 <hub.example.com> user <@ example.com .>", "95 <[10.2.3.4]> user <@ example.com .>", "95 <[IPv6:2001:db8::1]> user", "95 <smtp:[10.2.3.4]> user", "95 <smtp:[IPv6:2001:db8::1]> u <@ a.example .>",
    "95 <smtp:%1> user <@ a.example .>", "95 <discard:x> user", "95 <smtp:> user", "95 <error:> user", "95 <relay:h.example.> user <@ a.example .>", "95 <local> user <@ a.example .>",
    "90 <> <host.example.org> user <@ host.example.org .>", "90 <a.> <b.example.org> user <@ a.b.example.org .>", "90 <host.example.org> user <@ host.example.org .>",
    "90 <x> <nowhere.invalid> user <@ x.nowhere.invalid .>", "90 <org> user <@ org .>", "90 <smtp:x> user <@ org .>", "90 <a.b.c.d.example> user <@ a.b.c.d.example .>",
    "CanonLocal <joe> user <@ example.com .>", "CanonLocal <> user <@ example.com .>", "CanonLocal <> user+x <@ mail.site.example .>", "CanonLocal <joe@example.net> user <@ example.com .>",
    "CanonLocal <joe+y> user", "CanonLocal <> user", "LDAPMailertable <hub.example.com> user <@ example.org .>", "LDAPMailertable <mail.site.example> user <@ example.org .>",
    "LDAPExpand <joe <@ example.org .>> <joe@example.org> <>", "LDAPExpand <joe+more <@ virt.example .>> <joe+more@virt.example> <>", "LDAPExpand <joe <@ virt.example .>> <joe@virt.example> <+x>",
    "max : ", "max 5 : ", "max : 5", "max 5 : 7", "max 7 : 5", "max 5 : 5", "93 user <@ *LOCAL* >", "94 user <@ *LOCAL* >", "4 user <@ *LOCAL* >", "93 root <@ *LOCAL* >", "93 joe+more <@ *LOCAL* >",
    "4 user%mail.site.example@mail.site.example", "4 user <@ h.UUCP.>", "4 <@>", "4 list:; <@>", "4 user <@ [10.1.2.3] >", "96 user <@ localhost >", "96 user <@ nowhere >", "96 user <@ host.uucp >", "96 user",
    "1 user <@ old.example .>", "2 sam", "0 <@>", "0 user <@ unknown.example .>", "0 :; <@>",
    ".Dhneighbour", *(f"3,{entry} {address}" for entry in "PseudoToReal EnvFromSMTP FromU HdrToU EnvFromUUD".split() for address in ("user@neighbour.uucp", "a!user@neighbour.uucp", "a.b!user@neighbour.uucp", "user@uuhost.uucp")), ".Dh"]
SETTINGS = {  # macro: values; the first is the usual one
    "client_addr": ["10.9.9.9", "", "0", "127.0.0.1", "10.1.2.3", "192.0.2.7", "10.1.9.9", "IPv6:2001:db8:0:0:0:0:0:1", "IPv6:0:0:0:0:0:0:0:1", "IPv6:::1", "172.16.0.1", "10.5.5.5"],
    "client_name": ["client.example", "", "mail.site.example", "h.site.example", "host.remote.example", "[10.9.9.9]", "[10.1.2.3]", "example.org", "deep.sub.example.org", "blocked.example", "relay.example.net", "h.v2.virt.example", "localhost"],
    "client_resolve": ["OK", "FAIL", "TEMP", "FORGED", ""], "client_ptr": ["ptr.example.org", "", "blocked.example"],
    "auth_type": ["", "PLAIN", "LOGIN", "DIGEST-MD5", "EXTERNAL"], "auth_authen": ["", "joe@example.com", "joe"], "auth_author": ["joe", ""],
    "verify": ["", "OK", "TRUSTED", "NO", "NOT", "NONE", "FAIL", "TEMP", "PROTOCOL", "SOFTWARE", "CONFIG", "CLEAR", "DANE_FAIL", "DANE_SECURE", "ODD"],
    "cert_issuer": ["", "/CN=ca", "/CN=other"], "cert_subject": ["", "/CN=client", "/CN=other"], "cn_subject": ["", "mail.remote.example", "host.remote.example", "a"],
    "cn_issuer": ["", "ca"], "cipher_bits": ["", "128", "256", "56"], "auth_ssf": ["", "0", "256"], "tls_version": ["", "TLSv1.3"],
    "daemon_flags": ["", "c", "CC f", "u", "f", "r", "c u f", "CC", "a r", "cc f"], "daemon_name": ["MTA"],
    "server_name": ["relay.example.net", "", "host.remote.example", "[10.1.2.3]", "deep.sub.example.org", "mail.remote.example", "blocked.example"],
    "server_addr": ["10.1.2.3", "", "10.9.9.9", "192.0.2.7", "IPv6:2001:db8:0:0:0:0:0:1"],
    "client_rate": ["1", "5", "500", ""], "client_connections": ["1", "4", "500", ""], "addr_type": ["", "e r", "e s", "h r", "h s", "e b"],
    "mail_from": ["<joe@example.com>", "<>", "<user@blocked.example>", "<sam>", "joe@example.org", "<user@mail.site.example>"], "f": ["joe@example.com", "", "user@blocked.example", "root", "joe+more@virt.example", "<>", "user@nowhere.invalid", "user@mail.site.example"],
    "deliveryMode": ["b", "d", "i"], "opMode": ["d", "s", "i", "m"], "s": ["helo.example", "host", "mail.site.example", "[127.0.0.1]", ""], "rcpt_addr": ["joe@example.com"], "bodytype": ["8BITMIME", "7BIT"], "saved_verify": ["", "OK"], "TLS_Name": ["", "a"], "RecipientAddress": [""]}
WORDS = "OK TRUSTED NO NONE NOT FAIL TEMP PROTOCOL SOFTWARE CONFIG CLEAR DANE_FAIL DANE_TEMP DANE_NOTLS".split()
REQUIREMENTS = """VERIFY VERIFY:112 ENCR:128 PERM+VERIFY TEMP+VERIFY:56 TEMP+ENCR:256 PERM+ENCR:128+CN VERIFY+CS:/CN=client VERIFY+CI:/CN=ca VERIFY+CITag:Own OK
    PERM+VERIFY:112+CN++CI:/CN=ca VERIFY:80+CN:mail.remote.example PERM+VERIFY+CN:a++CS:/CN=client++CI:/CN=ca <TMPF> NO secure ENCR""".split()


def addresses(random, count):
    """COUNT different addresses: the fixed ones first, then local parts and hosts put together."""
    made = dict.fromkeys(ADDRESSES)
    forms = ["{0}@{1}"] * 12 + ["<{0}@{1}>", "{0}%{1}@mail.site.example", "{0}%{1}@{2}", "{1}!{0}", "{1}!{0}@{2}", "<@{2}:{0}@{1}>", "{0}@{1}.", "{0}", "g:{0}@{1};", "{0}%{1}", "{2}!{1}!{0}", "\"{0}\"@{1}"]
    while len(made) < count:
        made[random.choice(forms).format(random.choice(LOCALS), random.choice(HOSTS), random.choice(HOSTS))] = None
    return list(made)[:count]


def mutated(random, count):
    """COUNT addresses of a usual form into which a token or two went, or from which they went."""
    for _ in range(count):
        tokens = re.findall(r'"[^"]*"|[\w.*-]+|\S', random.choice(SEEDS))
        for _ in range(random.randrange(3)):
            place = random.randrange(len(tokens) + 1)
            tokens[place:place + random.randrange(2)] = random.choice([[], [random.choice(TOKENS)], [random.choice(TOKENS)]])
        yield f"{random.choice(MUTATED)} {random.choice(['', '', ' ']).join(tokens)}"


def settings(random):
    """All macros that checks look at: mostly as usual, some otherwise."""
    for name, values in SETTINGS.items():
        value = random.choice(values) if random.random() < (.75 if "client" in name else .45) else values[0]
        yield f".D{'{' + name + '}' if len(name) > 1 else name}{value}"


def low_level(random):
    """The look-ups of the access table, called as rules call them."""
    tags = ["Connect", "From", "To", "Spam", "TLS_Rcpt", "ClientRate", "GreetPause", "rhs"]
    address, host = f"{random.choice(LOCALS)}@{random.choice(HOSTS)}", random.choice(HOSTS)
    network = random.choice([value for value in SETTINGS["client_addr"] if value])
    mark = f"<{random.choice('+!')} {random.choice(tags)}>"
    yield f"D <{host}> <?> {mark} <>"
    yield f"D <[{network}]> <none> {mark} <rest>"
    yield f"A <{network}> <?> {mark} <rest of it>"
    yield f"F <{address}> <?> {mark} <>"
    yield f"E <{host}> <?> {mark} <x>"
    yield f"U <{address.split('@')[0]}@> <?> {mark} <>"
    yield f"Start,SearchList {mark} $| <F:{address}> <U:{address.split('@')[0]}@> <D:{host}> <>"
    yield f"Start,SearchList {mark} $| <E:{host}> <A:{network}> <E:> <>"
    yield f"Start,TLS_connection {random.choice(WORDS)} $| <{random.choice(REQUIREMENTS)}>"
    yield f"Start,TLS_req <{random.choice(['CN', 'CN:a', 'CS:/CN=client', 'CI:/CN=ca', 'CITag:Own', 'CN:mail.remote.example', 'CX:y'])}> <{random.choice(['CN', 'CI:/CN=ca', ''])}> $| <503:5.7.0>"


def sessions(random, count):
    """COUNT clients, each with its settings and what it says."""
    for _ in range(count):
        yield from settings(random)
        name, network = random.choice(SETTINGS["client_name"]), random.choice(SETTINGS["client_addr"])
        for ruleset in PAIRED:
            yield f"Start,{ruleset} {name or 'x.example'} $| {network or '10.9.9.9'}"
        yield from (f"Start,{ruleset} {random.choice(WORDS)} $| {random.choice(['MAIL', 'STARTTLS'])}" for ruleset in ("tls_client", "Local_tls_client"))
        yield from (f"{ruleset} {random.choice(WORDS)}" for ruleset in ("tls_server", "TLS_connection", "Local_tls_server"))
        yield from (f"{ruleset} {random.choice(HOSTS)}" for ruleset in "srv_features clt_features try_tls tls_server authinfo RelayTLS BadMX Relay_ok RateControl ConnControl Local_Relay_Auth".split())
        yield f"Local_Relay_Auth {random.choice(SETTINGS['auth_type']) or 'x'}"
        yield f"trust_auth {random.choice(['joe@example.com', 'ann@example.com', '<joe>', 'sam', '<joe@example.com>'])}"
        yield f"Start,check_other {random.choice(['Subject: x', 'xyzzy', 'GET / HTTP/1.1'])} $| {random.choice('25')}"
        yield f"Start,check_compat {random.choice(['joe@example.com', 'ann@example.org'])} $| sam@example.net"
        for _ in range(6):
            address = random.choice([f"{random.choice(LOCALS)}@{random.choice(HOSTS)}", random.choice(ADDRESSES)])
            sender = random.choice([f"<{address}>", address])
            yield from (f"{ruleset} {sender}" for ruleset in "check_mail check_rcpt Basic_check_mail Basic_check_rcpt Rcpt_ok tls_rcpt checkmail checkrcpt queuegroup bcc".split())
            yield f"3,0 {address}"
            yield f"3,1,EnvFromL,4 {address}"
        yield from mutated(random, 12)
        for _ in range(2):
            yield from low_level(random)


def mailer_entries(cf):
    """The rulesets that S= and R= of its mailers name, as the daemon chains them."""
    named = set()
    for half, first in (("S", "1"), ("R", "2")):
        for value in re.findall(rf"^M[^\n]*(?:\n\t[^\n]*)*?\b{half}=([^,\s]*)", cf, re.M):
            named.update(f"3,{first},{name},4" for name in value.split("/") if name)
    return sorted(named)


def probes(cf, random, many, size):
    """Probe lines for a cf: MANY addresses at the usual entries; SIZE as the measure of the rest."""
    tried = addresses(random, many)
    lines = [".D{client_addr}", ".D{client_name}", ".D{client_resolve}"]
    lines += [f"{entry} {address}" for entry in ENTRIES for address in tried]
    lines += [f"{entry} {address}" for entry in ENTRIES for address in random.sample(ODD, size * 4)] + COMMAS
    lines += mutated(random, size * 60)
    lines += [f"{entry} {random.choice(tried)}" for entry in mailer_entries(cf) for _ in range(size * 3)]
    lines += [f"{entry} {random.choice(tried)}" for entry in DIRECT for _ in range(size)]
    return lines + ARROWS + list(sessions(random, size))
