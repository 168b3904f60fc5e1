#!/usr/bin/env python3
"""Makes sendmail.mc files that mix features, defines, tables, classes and rules of the site.

usage: mc_generator.py SEED COUNT DIRECTORY      the same seed gives the same files

Every file is a folder of its own, DIRECTORY/NNN, with site.mc and the makemap sources of the tables
that it names (NAME.txt for a hash map NAME; NAME.words for a file of words). `@DIR@` in site.mc stands
for the folder. cf_matrix.py expands, builds and compares them.
"""
import pathlib, random, sys

OSTYPES = """linux debian solaris2 solaris8 freebsd6 openbsd hpux11 aix5 irix6 bsd4.4 gnu darwin unknown
    osf1 sunos4.1 ultrix4 sco3.2 svr4 unixware7 bsdi2.0 qnx hpux10 solaris11 aix4 dgux""".split()
DOMAINS = """example.com example.org sub.example.org deep.sub.example.org example.net remote.example host.remote.example
    virt.example v2.virt.example gen.example g2.gen.example hub.example.com relay.example.net blocked.example
    ok.example nobits.example mail.site.example site.example other.site.example friend.example hater.example
    exempt.example.org nowhere.invalid spam.example a.b.c.d.example""".split()
USERS = """root user joe mary postmaster info sales first.last abuse nobody sam ann list-request
    exposed local operator decoy friend hater""".split()
NETWORKS = "10 10.1 10.1.2 10.1.2.3 10.9.9.9 192.0.2 192.0.2.7 127.0.0.1 IPv6:2001:db8 IPv6:2001:db8:0:0:0:0:0:1".split()
TAGS = "Connect: From: To: Spam: GreetPause: ClientRate: ClientConn: Srv_Features: Clt_Features: Try_TLS: TLS_Srv: " \
    "TLS_Clt: TLS_Rcpt: TLS_Srv_Features: TLS_Clt_Features: AuthInfo: QGRP: bcc: rhs: XConnect:".split() + [""]
VERDICTS = ["OK", "RELAY", "REJECT", "DISCARD", "SKIP", "ERROR:5.7.9:550 not from you", "ERROR:550 5.7.8 no thanks",
            "ERROR:4.2.1:450 later", '"550 plain text"', "QUARANTINE:held here", "<TMPF>", "oops <TMPF>", "SUBJECT",
            "SPAMFRIEND", "SPAMHATER", "551 moved away", "FRIEND", "HATER", "error:5.1.1:550 lower", "reject", "Relay",
            "ERROR:no code at all", "NO", "42"]
REQUIREMENTS = ["VERIFY", "VERIFY:112", "ENCR:128", "ENCR:256", "PERM+VERIFY", "TEMP+VERIFY:56", "TEMP+ENCR:128",
                "PERM+ENCR:128+CN", "VERIFY:80+CN:mail.remote.example", "VERIFY+CS:/CN=client", "VERIFY+CI:/CN=ca",
                "PERM+VERIFY:112+CN++CI:/CN=ca", "VERIFY+CITag:Own", "PERM+VERIFY+CN:a++CS:/CN=client++CI:/CN=ca",
                "OK", "NO", "<TMPF>", "ENCR", "VERIFY:128", "ERROR:5.7.1:550 odd", "ENCR:40+CN:other"]
SERVER_FEATURES = ["a V S", "P c", "l b", "<TMPF>", "S", "V"]
AUTHS = ['"U:user" "I:id" "P:secret"', '"U=dXNlcg==" "M:PLAIN" "R:realm"', "<TMPF>", '"P:x"']
VERDICTS_OF = {"GreetPause:": ["5000", "0", "1", "<TMPF>"], "ClientRate:": ["0", "3", "10", "<TMPF>"],
               "ClientConn:": ["0", "2", "25", "<TMPF>"], "Srv_Features:": SERVER_FEATURES,
               "Clt_Features:": ["D", "M", "<TMPF>"], "Try_TLS:": ["NO", "YES", "OK", "<TMPF>"],
               "TLS_Srv:": REQUIREMENTS, "TLS_Clt:": REQUIREMENTS, "TLS_Rcpt:": REQUIREMENTS,
               "TLS_Srv_Features:": ['"CertFile=/c;KeyFile=/k"', "Flags=D", "<TMPF>"],
               "TLS_Clt_Features:": ['"CipherList=HIGH"', "Flags=d", "<TMPF>"], "AuthInfo:": AUTHS,
               "Spam:": ["FRIEND", "HATER", "OK", "<TMPF>", "SKIP"], "QGRP:": ["slow", "<TMPF>", "fast"],
               "XConnect:": ["yes", "haproxy1", "<TMPF>"], "bcc:": ["yes", "archive@example.com", "<TMPF>"]}
ADDRESSES = ["new@example.net", "sam", "ann@example.org", "u2@v2.virt.example", "joe+more", "error:5.1.1:550 no such user",
             "error:nouser no such user", "error:5.7.0:550 gone", "%1@example.net", "%1+%2@example.net", "x%3@remote.example",
             "root", "error:4.2.2 full", "postmaster@mail.site.example", "a!b", "user%remote.example@mail.site.example",
             "<x@example.net>", "list+%2", "joe@virt.example", "nobody@nowhere.invalid", "error:tempfail later"]
ROUTES = ["smtp:hub.example.com", "esmtp:[10.2.3.4]", "relay:%1.example.net", "local:", "local:joe", "smtp:joe@hub.example.com",
          "error:5.1.2:550 no mail there", "error:nohost:no mail there", "error:no mail there", "hub.example.com",
          "smtp:%1", "esmtp:x%2.example.org", "smtp:[hub.example.com]", "smtp8:a:b", "discard:x", "local:%1",
          "dsmtp:mail.site.example", "example.net", "relay:[IPv6:2001:db8::9]", "error:5.1.8:451 wait", "procmail:/etc/p"]
SMARTHOSTS = ["smtp:relay.example.net", "hub.example.com", "[10.2.3.4]", "esmtp:[hub.example.com]", "relay:relay.example.net",
              "local:joe", "error:5.7.1:550 closed", "smtp:joe@hub.example.com", "mail.site.example", "smtp8:relay.example.net."]

FEATURES = {  # name: chance, arguments
    "accept_unqualified_senders": (.1, [[]]), "accept_unresolvable_domains": (.15, [[]]),
    "allmasquerade": (.25, [[]]), "always_add_domain": (.3, [[], ["example.org"]]), "authinfo": (.25, [["hash -o @DIR@/authinfo"], [], ["LDAP"]]),
    "badmx": (.1, [[], [r"^(10\.)"]]), "bestmx_is_local": (.1, [[], ["example.net remote.example"]]),
    "bitdomain": (.25, [["hash -o @DIR@/bitdomain"], []]), "block_bad_helo": (.15, [[]]), "check_cert_altnames": (.1, [[]]),
    "check_other": (.1, [[], ["^x"]]), "domaintable": (.25, [["hash -o @DIR@/domaintable"], []]),
    "blacklist_recipients": (.03, [[]]), "fips3": (.02, [[], ["/etc/fips", "/usr/lib/modules"]]),
    "dnsbl": (.15, [["bl.example"], ["bl.example", "quarantine"], ["bl.example", "", "t"], ["bl.example", '"550 listed " $&{client_addr}', '"451 wait"'], ["bl.example", "discard"]]),
    "enhdnsbl": (.15, [["ebl.example", "discard", '"451 wait"', "127.0.0.$-.", "127.0.1.2.", "$+"], ["ebl.example", "", "t", "127.0.0.2."], ["ebl.example", "", "", "127.0.0.3.", "127.0.0.4."], ["ebl.example", "quarantine"]]),
    "mtamark": (.1, [[], ["", "t"], ['"550 no mark"', '"451 wait"', "_send._smtp"]]), "rhsbl": (.1, [["rh.example"], ["rh.example", "", "t"], ["rh.example", '"550 5.7.1 bad domain"', '"451 wait"']]),
    "domainmap": (.12, [["example.net", "hash @DIR@/domainmap"]]), "drac": (.1, [["hash -o @DIR@/drac"], []]),
    "generics_entire_domain": (.2, [[]]), "genericstable": (.35, [["hash -o @DIR@/genericstable"], ["hash -a. @DIR@/genericstable"], []]),
    "ldap_routing": (.2, [["hash @DIR@/ldapmh", "hash @DIR@/ldapmra"], ["hash @DIR@/ldapmh", "hash @DIR@/ldapmra", "bounce"],
                          ["hash -T<TMPF> @DIR@/ldapmh", "hash -T<TMPF> @DIR@/ldapmra", "sendertoo", "strip"], ["hash @DIR@/ldapmh", "hash @DIR@/ldapmra", "passthru", "preserve", "nodomain", "tempfail"],
                          ["hash @DIR@/ldapmh", "hash @DIR@/ldapmra", "", "strip", "", "queue"]]),
    "limited_masquerade": (.2, [[]]), "local_lmtp": (.1, [[], ["/usr/bin/lmtp", "lmtp -x"]]),
    "local_no_masquerade": (.1, [[]]), "local_procmail": (.2, [[], ["/usr/bin/procmail"], ["/usr/bin/maildrop", "maildrop -d $u", "SPfhn9"]]),
    "loose_relay_check": (.15, [[]]), "mailertable": (.4, [["hash -o @DIR@/mailertable"], ["hash -T<TMPF> -o @DIR@/mailertable"], [], ["LDAP"]]),
    "masquerade_entire_domain": (.3, [[]]), "masquerade_envelope": (.35, [[]]), "no_default_msa": (.4, [[]]),
    "nocanonify": (.3, [[], ["canonify_hosts"]]), "nopercenthack": (.15, [["reject"], ["nospecial"]]), "notsticky": (.03, [[]]),
    "nouucp": (.25, [["reject"], ["nospecial"]]), "prefixmod": (.08, [["pre-", "q"], ["x=", "zz"]]),
    "preserve_local_plus_detail": (.15, [[]]), "preserve_luser_host": (.1, [[]]), "promiscuous_relay": (.05, [[]]),
    "redirect": (.3, [[]]), "relay_based_on_MX": (.15, [[]]), "relay_entire_domain": (.25, [[]]), "relay_hosts_only": (.2, [[]]),
    "relay_local_from": (.12, [[]]), "require_rdns": (.15, [[]]), "smrsh": (.2, [[], ["/usr/sbin/smrsh"]]),
    "stickyhost": (.15, [[]]), "sts": (.08, [["hash @DIR@/sts"], ["hash -T<TMPF> @DIR@/sts", "NO_SAN_TST"]]), "tls_session_features": (.15, [[]]), "use_client_ptr": (.1, [[]]),
    "use_ct_file": (.2, [[]]), "use_cw_file": (.4, [[]]), "uucpdomain": (.25, [["hash -o @DIR@/uudomain"], []]),
    "virtuser_entire_domain": (.2, [[]]), "virtusertable": (.45, [["hash -o @DIR@/virtusertable"], ["hash -T<TMPF> @DIR@/virtusertable"], []]),
    "vnet": (.05, [[]]), "tls_failures": (.03, [[]]), "greet_pause": (.1, [["3000"]]),
    "delay_checks": (.2, [[], ["", "n"]]), "bcc": (.1, [["hash @DIR@/bcctable", "smtp:bcc.example.com"], ["hash @DIR@/bcctable", "", "archive@example.com"], ["hash @DIR@/bcctable", "bcc.example.com", "", "hash @DIR@/domainmap"], []]),
}
WITH_ACCESS = {  # after access_db only
    "blocklist_recipients": (.5, [[]]), "lookupdotdomain": (.25, [[]]), "relay_mail_from": (.2, [[], ["domain"]]),
    "delay_checks": (.35, [[], ["friend"], ["hater"], ["friend", "n"], ["hater", "n"]]), "compat_check": (.15, [[]]),
    "greet_pause": (.3, [["5000"], []]), "ratecontrol": (.3, [[], ["", "terminate"], ["nodelay"], ["nodelay", "terminate"]]),
    "conncontrol": (.3, [[], ["", "terminate"], ["nodelay"], ["nodelay", "terminate"]]), "queuegroup": (.15, [[], ["slow"]]),
    "bcc": (.08, [["access", "relay:bcc.example.com"], ["access"]]),
}
AGAIN = [  # what may be said several times
    ("dnsbl", "second.example", "", "t"), ("dnsbl", "third.example", '"550 third"'), ("enhdnsbl", "ebl2.example", "", "", "127.0.0.9."), ("rhsbl", "rh2.example"),
    ("domainmap", "hub.example.com", "hash -o @DIR@/domainmap"), ("domainmap", "gen.example", "hash -o @DIR@/nowhere"), ("access_db", "hash -T<TMPF> @DIR@/access", "relaytofulladdress"),
    ("mtamark", "", "t", "_mark"), ("nouucp", "nospecial"), ("always_add_domain", "add.example"), ("redirect",), ("nocanonify",)]
HACKS = {  # name: arguments
    "cssubdomain": [[]], "nodns": [[]], "spamtrap": [[]], "virthost_by_ip": [[]], "xconnect": [[]], "debian_auth": [[]],
    "dnsblaccess": [["bl.example"], ["bl.example", "", "t", "Zone"], []], "msp_nullclient": [[], ["hub.example.com"]]}
DEFINES = {  # name: chance, values
    "SMART_HOST": (.3, SMARTHOSTS), "MAIL_HUB": (.2, SMARTHOSTS), "LOCAL_RELAY": (.15, SMARTHOSTS),
    "LUSER_RELAY": (.2, ["local:postmaster", "error:5.1.1:550 No such user", "smtp:luser.example.com", "luser.example.com"]),
    "UUCP_RELAY": (.2, ["uucp-new:seismo", "smtp:uu.example.com", "uu.example.com"]), "BITNET_RELAY": (.15, ["smtp:bit.example.com", "bit.example.com"]),
    "DECNET_RELAY": (.15, ["smtp:dec.example.com", "dec.example.com"]), "FAX_RELAY": (.15, ["fax.example.com"]),
    "TLS_PERM_ERR": (.15, [""]), "NO_NETINET6": (.1, [""]), "_STRICT_RFC821_": (.15, [""]), "_REQUIRE_QUAL_RCPT_": (.15, [""]),
    "_NO_VIRTUSER_RECURSION_": (.1, [""]), "_USE_DEPRECATED_ROUTE_ADDR_": (.12, [""]),
    "_USE_DECNET_SYNTAX_": (.1, ["1"]), "_FFR_5_": (.06, [""]), "_FFR_LOOKUPTAG_": (.08, [""]), "_FFR_NOCANONIFY_HEADERS": (.08, [""]),
    "_FFR_REJECT_IP_IN_CHECK_RCPT_": (.08, [""]), "_FFR_MAIL_MACRO": (.1, [""]), "_RBL_": (.06, ["rbl.example"]),
    "_CERT_REGEX_ISSUER_": (.06, ["-s1 ^(.*)$"]), "_CERT_REGEX_SUBJECT_": (.06, ["-s1 ^(.*)$"]),
    "confREJECT_MSG": (.15, ["550 go away"]), "confRELAY_MSG": (.15, ['"550 not through here"']), "confRCPTREJ_MSG": (.15, ["550 not for them"]),
    "confDEQUOTE_OPTS": (.05, ["-s_"]), "confRELAY_MAILER": (.1, ["smtp", "esmtp"]), "confSMTP_MAILER": (.15, ["smtp", "smtp8", "relay"]),
    "confUSERDB_SPEC": (.1, ["@DIR@/userdb"]), "confUUCP_MAILER": (.05, ["uucp-new"]), "confLOCAL_MAILER": (.04, ["prog", "cyrus"]),
    "confTO_IDENT": (.3, ["0", "5s"]), "confMAX_HOP": (.2, ["30"]), "confPRIVACY_FLAGS": (.3, ["goaway,noetrn", "authwarnings"]),
    "confMAX_MESSAGE_SIZE": (.2, ["10000000"]), "confDEF_USER_ID": (.2, ["``8:12''"]), "confAUTH_MECHANISMS": (.2, ["LOGIN PLAIN"]),
    "confAUTH_OPTIONS": (.2, ["A p y"]), "confBIND_OPTS": (.1, ["-DNSRCH -DEFNAMES"]), "confTIME_ZONE": (.1, ["USE_TZ", "UTC"]),
    "confCONNECTION_RATE_THROTTLE": (.1, ["3"]), "confQUEUE_LA": (.1, ["8"]), "confCON_EXPENSIVE": (.1, ["True"]),
    "confLOG_LEVEL": (.1, ["14"]), "confCF_VERSION": (.2, ["site-7"]), "confMESSAGE_TIMEOUT": (.06, ["5d/4h"]), "confALLOW_BOGUS_HELO": (.1, ["True"]),
    "confTRUSTED_USERS": (.15, ["www list"]), "confERROR_MESSAGE": (.1, ["we are sorry"]), "confUNSAFE_GROUP_WRITES": (.1, ["True"]),
    "confMAILER_NAME": (.06, ["POSTMAN"]), "confFROM_HEADER": (.06, ["$?x$x <$g>$|<$g>$."]), "confCACERT": (.1, ["/etc/ssl/ca.pem"]),
    "confSERVER_CERT": (.1, ["/etc/ssl/c.pem"]), "confTLS_SRV_OPTIONS": (.1, ["V"]), "ALIAS_FILE": (.2, ["@DIR@/aliases"]), "STATUS_FILE": (.2, ["/var/log/statistics"]),
    "LOCAL_MAILER_FLAGS": (.1, ["rmn9S", "PSXmnz9"]), "LOCAL_MAILER_PATH": (.1, ["/usr/lib/mda"]), "LOCAL_MAILER_ARGS": (.1, ["mda -f $g $u"]),
    "LOCAL_MAILER_MAX": (.1, ["1000000"]), "LOCAL_MAILER_MAXMSGS": (.05, ["20"]), "LOCAL_MAILER_CHARSET": (.05, ["utf-8"]), "LOCAL_MAILER_EOL": (.03, [r"\r\n"]),
    "LOCAL_MAILER_QGRP": (.05, ["slow"]), "LOCAL_SHELL_PATH": (.05, ["/bin/sx"]), "LOCAL_SHELL_DIR": (.05, ["/"]), "SMTP_MAILER_FLAGS": (.1, ["A", "9"]),
    "SMTP_MAILER_ARGS": (.05, ["TCP $h 2525"]), "SMTP_MAILER_MAX": (.05, ["999999"]), "SMTP_MAILER_MAXMSGS": (.05, ["10"]), "SMTP_MAILER_MAXRCPTS": (.05, ["50"]),
    "SMTP_MAILER_CHARSET": (.05, ["utf-8"]), "SMTP_MAILER_LL": (.03, ["2000"]), "RELAY_MAILER_ARGS": (.1, ["TCP $h 587"]), "RELAY_MAILER_MAXMSGS": (.05, ["7"]),
    "RELAY_MAILER_FLAGS": (.05, ["z"]), "ESMTP_MAILER_QGRP": (.05, ["slow"]), "PROCMAIL_MAILER_PATH": (.1, ["/usr/bin/procmail"]), "UUCP_MAX_SIZE": (.1, ["2000000"]),
    "UUCP_MAILER_FLAGS": (.05, ["A"]), "USENET_MAILER_MAX": (.05, ["50000"]), "CYRUS_MAILER_MAX": (.05, ["50000"]), "_USE_AUTH_": (.05, [""]),
    "_USETMPFTOKEN_": (.06, [""]), "_NETINET6_": (.06, [""]), "CF_LEVEL": (.03, ["9"]), "confOPERATORS": (.03, [".:%@!^/[]+="]),
    "confNO_RCPT_ACTION": (.1, ["add-to-undisclosed"]), "confEIGHT_BIT_HANDLING": (.1, ["mimefy"]), "confLDAP_CLUSTER": (.05, ["cluster1"]),
    "confSAFE_FILE_ENV": (.05, [""]), "confHELO_NAME": (.05, ["helo.example.com"]), "confDIAL_DELAY": (.05, [""]), "_FFR_SRCHLIST_A": (.03, ["1"]),
}
CLASSES = {  # macro: chance, words
    "EXPOSED_USER": (.4, ["root exposed", "postmaster"]), "LOCAL_USER": (.25, ["local operator"]), "LOCAL_DOMAIN": (.3, ["other.site.example", "alt.example"]),
    "MASQUERADE_DOMAIN": (.35, ["example.org", "example.org site.example"]), "MASQUERADE_EXCEPTION": (.2, ["exempt.example.org"]),
    "CANONIFY_DOMAIN": (.3, ["example.com remote.example"]), "GENERICS_DOMAIN": (.5, ["gen.example example.org", "mail.site.example"]),
    "VIRTUSER_DOMAIN": (.6, ["virt.example", "virt.example example.net"]), "RELAY_DOMAIN": (.4, ["relay.example.net example.org", "192.0.2 remote.example"]),
    "TRUST_AUTH_MECH": (.35, ["PLAIN LOGIN", "DIGEST-MD5"]), "LDAPROUTE_DOMAIN": (.4, ["example.org virt.example"]), "LDAPROUTE_EQUIVALENT": (.2, ["gen.example"]),
}
CLASS_FILES = {"MASQUERADE_EXCEPTION_FILE": "N.words", "LDAPROUTE_DOMAIN_FILE": "LDAPRoute.words", "LDAPROUTE_EQUIVALENT_FILE": "LDAPRouteEquiv.words",
               "EXPOSED_USER_FILE": "E.words", "GENERICS_DOMAIN_FILE": "G.words", "VIRTUSER_DOMAIN_FILE": "VirtHost.words", "RELAY_DOMAIN_FILE": "R.words",
               "MASQUERADE_DOMAIN_FILE": "M.words", "LOCAL_USER_FILE": "L.words", "CANONIFY_DOMAIN_FILE": "Canonify.words"}
LINES = ["DAEMON_OPTIONS(`Name=MTA, Port=smtp')", "DAEMON_OPTIONS(`Port=587, Name=MSA, M=Ea')", "DAEMON_OPTIONS(`Family=inet6, Name=MTA6')",
         "CLIENT_OPTIONS(`Family=inet, Addr=0.0.0.0')", "QUEUE_GROUP(`slow', `Path=/var/spool/mqueue/slow, Interval=1h')",
         "INPUT_MAIL_FILTER(`clam', `S=local:/run/clam.sock, F=T')", "MAIL_FILTER(`other', `S=inet:99@localhost')", "QUEUE_GROUP(`fast', `Path=/q, F=f')",
         "MODIFY_MAILER_FLAGS(`LOCAL', `+S')", "MODIFY_MAILER_FLAGS(`SMTP', `-m')", "MODIFY_MAILER_FLAGS(`RELAY', `mDFMu')", "MODIFY_MAILER_FLAGS(`ESMTP', `+z')",
         "MODIFY_MAILER_FLAGS(`UUCP', `+A')", "MODIFY_MAILER_FLAGS(`SHELL', `-o')", "LOCAL_RULE_3\nUUCPSMTP(`uuhost', `uu.example.org')\nLOCAL_CONFIG\n"]
RULES = {  # text of the site: macro, then chance, then text
    "LOCAL_RULE_0": (.25, ["R$+ < @ special.example. >\t$#local $: $1-special\nR$- < @ block.example . >\t$#error $@ 5.1.1 $: \"550 no\"\n",
                           "R$+ < @ $+ .virtuser. >\t$#smtp $@ $2 $: $1 < @ $2 >\nRdecoy\t\t$#error $@ nouser $: \"550 decoy\"\n"]),
    "LOCAL_RULE_1": (.12, ["R$* < @ $* old.example . > $*\t$1 < @ $2 example.net . > $3\n"]),
    "LOCAL_RULE_2": (.12, ["Rsam\t\t$: ann\nR$+ < @ ok.example . >\t$1 < @ ok.example.net . >\n"]),
    "LOCAL_RULE_3": (.2, ["R$* < @ $- .lan > $*\t$1 < @ $2 .example.org . > $3\n", "R$* < @ short > $*\t$: $1 < @ host.remote.example . > $2\n"]),
    "LOCAL_NET_CONFIG": (.2, ["R$* < @ $* .$m. > $*\t$#smtp $@ $2 .$m $: $1 < @ $2 .$m. > $3\n", "R$* < @ $+ .inside. > $*\t$#relay $@ in.example.org $: $1 < @ $2 .inside. > $3\n"]),
    "LOCAL_CONFIG": (.3, ["C{Mine}one two three\nHX-Site: $?{client_name}${client_name}$|here$.\n", "Kprivate hash -o @DIR@/private\nD{site}text of ours\n"]),
    "LOCAL_UUCP": (.1, ["R$* < @ $=Q .UUCP. > $*\t$#uucp $@ $2 $: $1\n"]),
    "LOCAL_DNSBL": (.1, ["R$*\t\t$: < $&{client_addr} > $1\nR< 10.1.2.3 > $*\t$#error $@ 5.7.1 $: \"550 list of ours\"\nR< $* > $*\t$: $2\n"]),
    "LOCAL_TRY_TLS": (.1, ["Rhost.remote.example\t$#error $@ 5.7.1 $: \"550 no TLS there\"\nRrelay.example.net\t$# OK\n"]),
    "LOCAL_TLS_RCPT": (.1, ["R$* joe $*\t$#error $@ 5.7.1 $: \"550 not joe\"\nR$* sam $*\t$@ fine\n"]),
    "LOCAL_TLS_CLIENT": (.1, ["RNO $| $*\t$#error $@ 5.7.1 $: \"550 TLS wanted\"\nROK $| $*\t$# OK\n"]),
    "LOCAL_TLS_SERVER": (.1, ["RFAIL\t\t$#error $@ 5.7.1 $: \"550 bad certificate\"\nROK\t\t$# OK\n"]),
    "LOCAL_SRV_FEATURES": (.1, ["Rhost.remote.example\t$# V s\nRblocked.example\t$@ nothing\n"]),
    "LOCAL_CLT_FEATURES": (.08, ["Rhost.remote.example\t$# D\n"]),
}
RULESETS = [  # for LOCAL_RULESETS
    "SLocal_check_relay\nR$* blocked.example $| $*\t$#error $@ 5.7.1 $: \"550 blocked here\"\nR$* $| 192.0.2.7\t$#OK\n",
    "SLocal_check_mail\nR$* decoy@ $*\t$#error $@ 5.1.8 $: \"550 decoy\"\nR< ann@ $* >\t$#OK\nR$* sam@ $*\t$@ known\n",
    "SLocal_check_rcpt\nR$* operator@ $*\t$#error $@ 4.2.1 $: \"450 asleep\"\nR< ann@ $* >\t$#OK\nR$* sales $*\t$#discard $: discard\n",
    "SLocal_trust_auth\nRann@$*\t\t$# trusted\nRjoe@$*\t\t$#error $@ 5.7.1 $: \"550 not joe\"\n", "SLocal_Relay_Auth\nRPLAIN\t\t$# RELAY\nRLOGIN\t\t$@ NO\n",
    "SLocal_localaddr\nRann\t\t$#ok\nRsam\t\t$#error $@ 5.1.1 $: \"550 no sam\"\nRjoe + $*\t$@ joe-$1\n", "SLocal_greet_pause\nR$* $| 10.9.9.9\t$# 9000\n",
    "SOwn\nR$*\t\t$: $>canonify $1\nR$*\t\t$: $>Parse0 $1\nR$* < @ $* >\t$@ $>95 < smtp:own.example > $1 < @ $2 >\n", "SOwnMasq\nR$*\t\t$: $>3 $1\nR$*\t\t$@ $>93 $1\n",
]
WITH_ACCESS_RULESETS = [
    "SOwnAccess\nR$* $| $*\t$: $>SearchList < + From > $| < F:$1@$2 > < U:$1@ > < D:$2 > < E:$2 > < >\n",
    "SOwnD\nR$*\t\t$: $>D < $1 > < ? > < + Connect > < rest >\n", "SOwnA\nR$*\t\t$: $>A < $1 > < none > < ! Connect > < rest of it >\n"]
DOMAINS_OF_M4 = ["generic", "generic", "debian-mta", "debian-msp", "berkeley-only", "CS.Berkeley.EDU", "EECS.Berkeley.EDU"]
SITES = ["SITECONFIG(`uucp.ucbvax', `ournode', `U')", "SITECONFIG(`uucp.cogsci', `cogsci', `W')\nSITE(`uuhost neighbour', `U')", "SITECONFIG(`nowhere', `other', `V')\nSITE(`uuhost')"]
MAILERS = ["procmail", "uucp", "usenet", "cyrus", "cyrusv2", "pop", "fax", "phquery", "mail11", "qpage", "xagent"]


NOT_DRAWN = ("#", "confRUN_AS", "confTRUSTED_USER", "confHOSTS", "confSERVICE", "confDOMAIN", "confBLANK", "confCW", "confCT", "confCR_", "confUSE_MSP", "_DEF_", "VENDOR", "MASQUERADE")
SETTINGS = [line.split("\t") for line in (pathlib.Path(__file__).resolve().parents[2] / "testdata/sweep/settings").read_text().splitlines() if line.count("\t") == 1]


class Site:
    """One .mc with its tables. The order of the draws is the file: same seed, same text."""

    def __init__(self, seed, library):
        self.random, self.library, self.lines, self.tables = random.Random(seed), library, [], {}

    def has(self, kind, name):
        return self.library is None or (self.library / kind / f"{name}.m4").exists()

    def draw(self, chance):
        return self.random.random() < chance

    def call(self, macro, *arguments):
        self.lines.append(f"{macro}({', '.join(f'`{a}' + chr(39) for a in arguments)})dnl")

    def features(self, table):
        for name in self.random.sample(list(table), len(table)):
            chance, arguments = table[name]
            drawn, chosen = self.draw(chance), self.random.choice(arguments)
            if not drawn or not self.has("feature", name) or name in self.used:
                continue
            if "nodelay" in chosen and "delay_checks" not in self.used:
                continue
            if name == "preserve_luser_host" and not any("LUSER_RELAY" in line for line in self.lines):
                continue
            self.used.add(name)
            self.call("FEATURE", name, *chosen)

    def text(self):
        self.call("VERSIONID", "made")
        self.call("OSTYPE", self.random.choice([name for name in OSTYPES if self.has("ostype", name)]))
        if self.draw(.1):
            self.call("DOMAIN", self.random.choice(DOMAINS_OF_M4))
        self.defines()
        self.used = set()
        if self.draw(.05):
            self.client()
        else:
            self.server()
        return "\n".join(self.lines) + "\n"

    def defines(self):
        for name, (chance, values) in DEFINES.items():
            drawn, value = self.draw(chance), self.random.choice(values)
            if drawn:
                self.call("define", name, value)
        for name, value in self.random.sample(SETTINGS, self.random.choice([0, 3, 12])):
            if name not in DEFINES and not name.startswith(NOT_DRAWN):
                self.call("define", name, value)

    def client(self):
        """One that hands everything to a hub."""
        if self.draw(.5):
            self.call("FEATURE", "nullclient", self.random.choice(SMARTHOSTS))
            return
        self.classes()
        self.call("FEATURE", "msp", *self.random.choice([[], ["[127.0.0.1]"], ["hub.example.com", "MSA"], ["[IPv6:::1]", "25"]]))
        self.rulesets()

    def server(self):
        if self.draw(.15):
            self.used.add("greet_pause")  # before access_db it would not use it
        if self.draw(.65) and self.has("feature", "access_db"):
            words = self.random.sample(["skip", "lookupdotdomain", "relaytofulladdress"], self.random.randrange(3))
            self.call("FEATURE", "access_db", "hash -T<TMPF> -o @DIR@/access", *words)
            self.used.add("access_db")
            self.features(WITH_ACCESS)
        self.features(FEATURES)
        for name, *arguments in AGAIN:
            if self.draw(.04):
                self.call("FEATURE", name, *arguments)
        self.classes()
        for name, arguments in HACKS.items():
            drawn, chosen = self.draw(.04), self.random.choice(arguments)
            if drawn and self.has("hack", name):
                self.call("HACK", name, *chosen)
        self.site_text({name: RULES[name] for name in ("LOCAL_RULE_0", "LOCAL_RULE_3", "LOCAL_CONFIG", "LOCAL_DNSBL", "LOCAL_UUCP")})
        self.mailers()
        self.site_text({name: RULES[name] for name in RULES if name not in ("LOCAL_RULE_0", "LOCAL_RULE_3", "LOCAL_CONFIG", "LOCAL_DNSBL", "LOCAL_UUCP")})
        self.rulesets()

    def classes(self):
        for name, (chance, words) in CLASSES.items():
            if self.draw(chance):
                self.call(name, self.random.choice(words))
        for name, file in CLASS_FILES.items():
            if self.draw(.12):
                self.call(name, f"-o @DIR@/{file}")
        if self.draw(.5):
            self.call("MASQUERADE_AS", self.random.choice(["masq.example", "example.org", "mail.site.example"]))
        self.lines += [line if line.endswith("\n") else line + "dnl" for line in LINES if self.draw(.12)]

    def site_text(self, rules):
        for name, (chance, texts) in rules.items():
            drawn, text = self.draw(chance), self.random.choice(texts)
            if drawn:
                self.lines += [name, text.rstrip("\n")]
                if name == "LOCAL_UUCP":
                    self.lines += ["LOCAL_CONFIG", "CQneighbour"]

    def mailers(self):
        last = [name for name in MAILERS if self.draw(.12) and self.has("mailer", name)]
        first = ["local"] if self.draw(.9) else []
        first += ["smtp"] if self.draw(.93) else []
        if "smtp" not in first:  # their rulesets come with it
            last = [name for name in last if name not in ("procmail", "cyrusv2", "uucp")]
        for name in first + last:
            self.call("MAILER", name)
        if "uucp" in last and self.draw(.5):
            self.lines.append(self.random.choice(SITES))
        if self.draw(.15):
            self.lines += ["MAILER_DEFINITIONS", "Mown,\t\tP=/usr/bin/own, F=lsDFMu, S=EnvFromL/HdrFromL, R=EnvToL/HdrToL,\n\t\tA=own $u"]

    def rulesets(self):
        texts = [text for text in RULESETS if self.draw(.2)]
        if "access_db" in self.used:
            texts += [text for text in WITH_ACCESS_RULESETS if self.draw(.3)]
        if texts:
            self.lines += ["LOCAL_RULESETS", "".join(texts).rstrip("\n")]

    def make_tables(self):
        """Sources of all tables; a file that no map names harms nobody."""
        pick = self.random.choice
        self.tables["access.txt"] = self.access()
        local = USERS + ["joe+more", "joe+*", "user+*", "mary+*", "root+x"]
        virtual = [f"{pick(local + ['', '++', '+*', 'joe++'])}@{pick(DOMAINS)}" for _ in range(70)]
        self.tables["virtusertable.txt"] = {key: pick(ADDRESSES) for key in virtual}
        generic = [pick([f"{pick(local)}@{pick(DOMAINS)}", pick(local), f"@{pick(DOMAINS)}"]) for _ in range(40)]
        plain = [a for a in ADDRESSES if ":" not in a]
        self.tables["genericstable.txt"] = {key: pick(plain) for key in generic}
        names = [pick(["", "", "."]) + pick(DOMAINS + ["example", "com", "sub.example.org"]) for _ in range(22)] + [pick([".", ".invalid", "[10.1.2.3]", "[10.5.5.5]", "host.bitnet"])]
        self.tables["mailertable.txt"] = {key: pick(ROUTES) for key in names}
        self.tables["domaintable.txt"] = {pick(DOMAINS): pick(DOMAINS) for _ in range(5)}
        self.tables["bitdomain.txt"] = {"vm1": "vm1.example.org", "vm2": "vm2.example.net"}
        self.tables["uudomain.txt"] = {"uuhost": "uu.example.com", "seismo": "seismo.example.org"}
        self.tables["authinfo.txt"] = {key: pick(AUTHS) for key in self.random.sample(["AuthInfo:relay.example.net", "AuthInfo:10.1.2.3", "AuthInfo:", "AuthInfo:remote.example"], 2)}
        self.tables["domainmap.txt"] = {pick(local): pick(plain) for _ in range(6)}
        self.tables["drac.txt"] = {"10.9.9.9": "1", "192.0.2.7": "1"}
        keys = [pick([f"{pick(USERS)}@{pick(DOMAINS)}", f"@{pick(DOMAINS)}", f"joe+more@{pick(DOMAINS)}"]) for _ in range(25)] + ["@example.org", "joe@example.org", "mary@virt.example"]
        self.tables["ldapmh.txt"] = {key: pick(["hub.example.com", "mail.site.example", "[10.2.3.4]", "smtp:hub.example.com", "relay:h.example"]) for key in keys if self.draw(.6)}
        self.tables["ldapmra.txt"] = {key: pick(["new@example.net", "joe@mail.site.example", "sam", "ann@example.org", "<TMPF>"]) for key in keys if self.draw(.6)}
        self.tables["bcctable.txt"] = {pick(DOMAINS): "yes" for _ in range(4)} | {".sub.example.org": "yes"}
        self.tables["sts.txt"] = {domain: pick(["secure match=mail.example.com", "secure servername=hostname; match=.example.com", "none", "secure match=.remote.example relay.example.net"]) for domain in self.random.sample(DOMAINS, 8)}
        self.tables["private.txt"], self.tables["userdb.txt"] = {"a": "b"}, {}
        for file in CLASS_FILES.values():
            self.tables[file] = self.random.sample(USERS if file in ("E.words", "L.words") else DOMAINS, 3)
        self.tables["aliases"] = ["postmaster: root"]
        return self.tables

    def access(self):
        pick, table = self.random.choice, {}
        for tag in TAGS:
            values = VERDICTS_OF.get(tag, VERDICTS)
            keys = DOMAINS + NETWORKS + ["example", "com", "net", "org", "[10.1.2.3]", "[10.1]", ".example.org", ".example", "relay.example.net"]
            for key in self.random.sample(keys, 9 if tag in ("Connect:", "From:", "To:", "") else 4):
                table[tag + key] = pick(values)
            if tag in ("From:", "To:", "Spam:", "TLS_Rcpt:", "", "QGRP:"):
                for _ in range(8):
                    user = pick(USERS) + pick(["", "", "+*", "+more"])
                    table[f"{tag}{user}@{pick(DOMAINS + [''] * 9)}"] = pick(values)
            if tag and values is not VERDICTS and self.draw(.5):
                table[tag] = pick(values)
        table |= {"CERTISSUER:/CN=ca": pick(["RELAY", "SUBJECT", "OK"]), "CERTSUBJECT:/CN=client": pick(["RELAY", "OK"]), "Own:/CN=ca": "OK"}
        table |= {"Compat:joe@example.com<@>sam@example.net": pick(["DISCARD", "DISCARD:why", "TEMP:wait", "ERROR:no", "ERROR:550 5.1.1 no", "<TMPF>", "OK"])}
        return table


def write(directory, seed, library=None):
    """Makes one folder; answers with the path of its site.mc."""
    directory.mkdir(parents=True)
    site = Site(seed, library)
    (directory / "site.mc").write_text(site.text())
    for name, rows in site.make_tables().items():
        lines = [f"{key}\t{value}" for key, value in rows.items()] if isinstance(rows, dict) else rows
        (directory / name).write_text("".join(line + "\n" for line in lines))
    return directory / "site.mc"


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    for number in range(int(sys.argv[2])):
        print(write(pathlib.Path(sys.argv[3]) / f"{number:03}", int(sys.argv[1]) * 1000 + number))
