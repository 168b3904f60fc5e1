"""Sites for transcripts.py: random .mc files over the stock library, and the maps they name."""
import subprocess

MAPS = {
    "access": ("hash", "spam.example REJECT\nFrom:spam.example ERROR:5.7.1:550 no spam\nrelay.example RELAY\nConnect:10.1.2 RELAY\n"
               "To:friend.example SPAMFRIEND\nSpam:hater.example HATER\ntemp.example ERROR:4.7.1:450 come back\nuser@ DISCARD\n"
               "TLS_Srv:host.example.com VERIFY:128\nTLS_Clt:10.1.2.3 ENCR:112\nGreetPause:127.0.0.1 0\nClientRate:10.1.2.3 5\n"
               "ClientConn:10.1.2.3 2\nSrv_Features:10.1.2.3 l v\nTry_TLS:remote.test NO\nAuthInfo:relay.example \"U:a\" \"P=:YQ==\"\n"
               "qgrp:example.com fast\nerr.example \"550 quoted text\"\nTo:err.example ERROR:\"551 gone away\"\n"),
    "mailertable": ("hash", "table.example smtp:gateway.example\n.table.example esmtp:[10.1.2.3]\nroute.example error:5.1.2:550 no such host\n"
                    "sub.domain.example.org local:joe\n.example.org relay:%1.relay.example\n"),
    "virtusertable": ("hash", "info@virt.example root\nuser@virt.example remote@example.net\n@virt.example error:nouser 553 no such user\n"
                      "+*@vhost.virt.example %1%3@mail.example.net\n@vhost.virt.example %1@real.example\n"),
    "genericstable": ("hash", "root root@gen.example\njoe.user Joe.User\nuser@gen.example other@example.org\n@h.masq.example %1@masq.example\n"),
    "domaintable": ("hash", "old.example new.example\nvirt.example example.net\n"),
    "bitdomain": ("hash", "bit bit.example\n"),
    "uudomain": ("hash", "uu uu.example\n"),
    "aliases": ("hash", "@ @\npostmaster root\ninfo user@example.com\nlist :include:/nowhere\nowner-list root\n"),
    "authinfo": ("hash", "AuthInfo:relay.example \"U:x\" \"P:y\"\n"),
}
MAP = "`hash -o @DIR@/{0}'"
EARLY = ["define(`confDOMAIN_NAME', `mail.example.com')", "define(`confTO_QUEUEWARN', `2h')", "define(`confMAX_HOP', `30')",
         "define(`confPRIVACY_FLAGS', `goaway,noetrn')", "define(`confBLANK_SUB', `.')", "define(`SMART_HOST', `relay.example')",
         "define(`SMART_HOST', `[10.1.2.3]')", "define(`LUSER_RELAY', `esmtp:mail.example.net')", "define(`MAIL_HUB', `hub.example.net')",
         "define(`LOCAL_RELAY', `relay.example')", "define(`confLOG_LEVEL', `14')", "define(`confOPERATORS', `.:%@!^/[]+')",
         "define(`confTRUSTED_USERS', `joe')", "define(`UUCP_RELAY', `uu.example')", "define(`BITNET_RELAY', `bit.example')",
         "define(`DECNET_RELAY', `dec.example')", "define(`confCW_FILE', `-o @DIR@/names')", "define(`confTLS_SRV_OPTIONS', `V')",
         "define(`confCOLON_OK_IN_ADDR', `True')", "define(`confSINGLE_LINE_FROM_HEADER', `True')", "define(`confMAX_RCPTS_PER_MESSAGE', `50')",
         "define(`confREJECT_MSG', `550 go away')", "define(`confRELAY_MSG', `550 no relaying')", "define(`confCR_FILE', `-o @DIR@/names')",
         "define(`FAX_RELAY', `fax.example')", "define(`confFROM_HEADER', `<$g>')", "define(`confDELIVERY_MODE', `queueonly')",
         "define(`confALLOW_BOGUS_HELO', `True')", "define(`confBIND_OPTS', `-DNSRCH -DEFNAMES')", "define(`confDONT_PROBE_INTERFACES', `True')"]
FEATURES = ["access_db", "access_db, skip", "access_db, lookupdotdomain"]
TABLES = ["mailertable", "virtusertable", "genericstable", "domaintable", "bitdomain", "uucpdomain", "authinfo"]
PLAIN = """accept_unqualified_senders accept_unresolvable_domains allmasquerade always_add_domain generics_entire_domain
    limited_masquerade local_no_masquerade loose_relay_check masquerade_entire_domain masquerade_envelope no_default_msa nocanonify notsticky
    preserve_local_plus_detail promiscuous_relay redirect relay_based_on_MX relay_entire_domain relay_hosts_only
    relay_local_from require_rdns smrsh stickyhost use_client_ptr use_ct_file virtuser_entire_domain block_bad_helo
    local_lmtp local_procmail""".split()
ARGUED = ["`nocanonify', `canonify_hosts'", "`always_add_domain', `add.example'", "`dnsbl', `bl.example'", "`enhdnsbl', `bl.example', `550 listed', `t', `127.0.0.2.'",
          "`delay_checks'", "`nouucp', `reject'", "`nouucp', `nospecial'", "`nopercenthack', `reject'", "`greet_pause', `1000'",
          "`bestmx_is_local'", "`bestmx_is_local', `example.com'", "`badmx'", "`rhsbl', `rhs.example'", "`local_procmail', `/usr/bin/procmail'",
          "`mtamark', `', `t'", "`tls_session_features'"]
ACCESS = ["`blocklist_recipients'", "`delay_checks', `friend'", "`delay_checks', `hater'", "`conncontrol'", "`ratecontrol', `nodelay'", "`relay_mail_from'",
          "`relay_mail_from', `domain'", "`queuegroup'", "`compat_check'", "`lookupdotdomain'", "`greet_pause', `5000'"]
DOMAINS = ["MASQUERADE_AS(`masq.example')", "MASQUERADE_DOMAIN(`example.org h.masq.example')", "MASQUERADE_EXCEPTION(`host.example.com')", "EXPOSED_USER(`root')",
           "LOCAL_USER(`operator')", "LOCAL_DOMAIN(`example.com table.example')", "GENERICS_DOMAIN(`gen.example h.masq.example')",
           "VIRTUSER_DOMAIN(`virt.example')", "RELAY_DOMAIN(`relay.example 10.1.2')", "CANONIFY_DOMAIN(`$=m')", "TRUST_AUTH_MECH(`PLAIN LOGIN')",
           "DAEMON_OPTIONS(`Port=smtp, Name=MTA, Modifier=ac')", "LDAPROUTE_DOMAIN(`example.com')", "MODIFY_MAILER_FLAGS(`LOCAL', `+S')"]
MAILERS = ["procmail", "usenet", "uucp", "fax", "cyrus", "cyrusv2", "phquery", "mail11", "qpage", "pop"]
LOCAL = ["LOCAL_RULE_0\nR$+ < @ special.example. >\t$#error $@ 5.1.1 $: \"550 special $1\"\n",
         "LOCAL_RULE_3\nR$* < @ alias.example > $*\t$1 < @ example.com > $2\n",
         "LOCAL_NET_CONFIG\nR$* < @ $* .direct.example. > $*\t$#esmtp $@ $2.direct.example $: $1 < @ $2 .direct.example. > $3\n",
         "LOCAL_CONFIG\nKlocalre regex -m -a@MATCH ^[0-9]+\nKarithm arith\nKstorage macro\nD{Mine}text\nC{MyOwn} one two\n",
         "LOCAL_RULESETS\nSLocal_check_rcpt\nR$*\t$: $1 $| $&{client_addr}\nR$* $| 10.9.9.$-\t$#error $@ 5.7.1 $: \"550 not you \" $2\nR$* $| $*\t$: $1\n",
         "LOCAL_RULESETS\nSLocal_check_mail\nR$* $*bad$*\t$#error $: \"553 bad word\"\n",
         "LOCAL_RULESETS\nSLocal_check_relay\nR$* $| $*\t$: $(dequote \"\" $&{client_name} $) $| $2\n",
         "LOCAL_CONFIG\nHX-Test: $>CheckX\nHSubject: $>+CheckSubject\nLOCAL_RULESETS\nSCheckX\nR$* junk $*\t$#error $: 553 junk\nSCheckSubject\nR$+\t$#discard $: $1\n"]


def some(chance, items, share):
    return [item for item in items if chance.random() < share]


def generate(chance, folder):
    """The text of an .mc whose maps are in `folder`."""
    pick = chance.choice
    out = ["divert(0)dnl", "VERSIONID(`generated')", f"OSTYPE(`{pick(['linux', 'linux', 'freebsd6', 'solaris8', 'aix5', 'hpux11', 'openbsd', 'unknown', 'bsd4.4'])}')"]
    out.append("define(`ALIAS_FILE', `@DIR@/aliases')")
    out += [define for define in some(chance, EARLY, 0.12)]
    access = chance.random() < 0.6
    if access:
        words = pick(FEATURES).split(", ")
        out.append(f"FEATURE(`access_db', `hash -T<TMPF> -o @DIR@/access'{''.join(f', `{word}{chr(39)}' for word in words[1:])})")
        out += [f"FEATURE({feature})" for feature in some(chance, ACCESS, 0.2)]
    for table in some(chance, TABLES, 0.4):
        out.append(f"FEATURE(`{table}', {MAP.format('uudomain' if table == 'uucpdomain' else table)})")
    out += [f"FEATURE(`{feature}')" for feature in some(chance, PLAIN, 0.12)]
    out += [f"FEATURE({feature})" for feature in some(chance, ARGUED, 0.1)]
    out += some(chance, DOMAINS, 0.3)
    out += [f"MAILER(`{mailer}')" for mailer in ["local", "smtp"] + some(chance, MAILERS, 0.15)]
    out += some(chance, LOCAL, 0.2)
    return "\n".join(out).replace("@DIR@", folder) + "\n"


def files(folder, reference):
    """The maps, made by the reference's makemap, and the class files."""
    makemap = reference / "usr/libexec/sendmail/makemap"
    for name, (kind, text) in MAPS.items():
        subprocess.run([makemap, "-C", "/dev/null", kind, folder / name], input=text.encode(), check=True, capture_output=True)
    (folder / "names").write_text("named.example\nexample.com\n# a comment\n")
