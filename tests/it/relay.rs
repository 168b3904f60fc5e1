//! `canonify lint --relay`: holes are found, sound sites have none.

use crate::scratch::CANONIFY;
use serde_json::Value;
use std::fs;
use std::process::Command;

const HEAD: &str = "\
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `@HOST@')dnl
define(`confSERVICE_SWITCH_FILE', `@DIR@/service.switch')dnl
define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl
define(`ALIAS_FILE', `')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
";
const TAIL: &str = "MAILER(`local')dnl\nMAILER(`smtp')dnl\n";
const ACCESS: &str = "FEATURE(`access_db', `text -o -v1 -T<TMPF> @DIR@/table')dnl\n";
const VIRTUSER: &str =
    "FEATURE(`virtusertable', `text -o -v1 @DIR@/table')dnl\nVIRTUSER_DOMAIN(`virt.example')dnl\n";
const MAILERTABLE: &str = "FEATURE(`mailertable', `text -o -v1 @DIR@/table')dnl\n";

/// What a search says of a site of these lines.
fn search(host: &str, lines: &str, table: &str, rules: &str) -> Value {
    let directory = tempfile::tempdir().expect("a directory");
    let name = directory.path().display().to_string();
    let text = format!("{HEAD}{lines}{TAIL}{rules}").replace("@DIR@", &name).replace("@HOST@", host);
    fs::write(directory.path().join("service.switch"), "hosts\tfiles\naliases\tfiles\n").expect("a file");
    fs::write(directory.path().join("table"), table).expect("a file");
    let mc = directory.path().join("site.mc");
    fs::write(&mc, &text).expect("a file");
    let output = Command::new(CANONIFY).args(["lint", "--relay", "--json", "-C"]).arg(&mc).output();
    let output = output.expect("canonify runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}\n{output:?}"))
}

const HOST: &str = "mail.site.example";

/// Host, lines, table, rules.
type Site = (&'static str, &'static str, &'static str, &'static str);

/// Each lets strangers through.
const HOLES: &[Site] = &[
    (HOST, "FEATURE(`promiscuous_relay')dnl\n", "", ""),
    (HOST, "FEATURE(`relay_local_from')dnl\n", "", ""),
    (HOST, "FEATURE(`relay_based_on_MX')dnl\n", "", ""),
    (HOST, "RELAY_DOMAIN(`com')dnl\n", "", ""),
    (HOST, "RELAY_DOMAIN(`198')dnl\n", "", ""),
    (HOST, "FEATURE(`relay_entire_domain')dnl\n", "", "LOCAL_CONFIG\nCmexample\n"),
    (
        HOST,
        "LOCAL_DOMAIN(`site.example')dnl\nRELAY_DOMAIN(`site.example partner.example')dnl\nFEATURE(`loose_relay_check')dnl\n",
        "",
        "",
    ),
    (HOST, "@ACCESS@FEATURE(`relay_mail_from')dnl\n", "From:boss@boss.example\tRELAY\n", ""),
    (HOST, "@ACCESS@", "To:com\tRELAY\n", ""),
    (HOST, "@ACCESS@", "Connect:198\tRELAY\n", ""),
    (HOST, "@ACCESS@", "Connect:example\tRELAY\n", ""),
    (HOST, "@ACCESS@", "co.uk\tRELAY\n", ""),
    (HOST, "", "", "LOCAL_RULESETS\nSLocal_check_rcpt\nR$*\t\t\t$: $>3 $1\nR$* % $*\t\t$#OK\n"),
    (HOST, "", "", "LOCAL_RULESETS\nSLocal_check_rcpt\nR$*\t\t\t$#OK\n"),
    (HOST, "@VIRTUSER@", "@virt.example\t%1@outside.example\n", ""),
    (
        HOST,
        "@VIRTUSER@",
        "@virt.example\t%1\n",
        "LOCAL_RULESETS\nSLocal_check_rcpt\nR$* @ virt.example $*\t$#OK\n",
    ),
];

/// Each serves its own, and friends whom it names.
const SOUND: &[Site] = &[
    (HOST, "", "", ""),
    (HOST, "FEATURE(`relay_entire_domain')dnl\n", "", ""),
    (HOST, "FEATURE(`relay_hosts_only')dnl\nRELAY_DOMAIN(`partner.example')dnl\n", "", ""),
    (HOST, "RELAY_DOMAIN(`partner.example 10 192.168')dnl\n", "", ""),
    (HOST, "LOCAL_DOMAIN(`site.example other.example')dnl\n", "", ""),
    (HOST, "MASQUERADE_AS(`site.example')dnl\nFEATURE(`masquerade_envelope')dnl\n", "", ""),
    (HOST, "define(`SMART_HOST', `relay.provider.example')dnl\n", "", ""),
    (HOST, "define(`MAIL_HUB', `hub.site.example')dnl\nLOCAL_DOMAIN(`site.example')dnl\n", "", ""),
    (HOST, "define(`LUSER_RELAY', `hub.site.example')dnl\nLOCAL_DOMAIN(`site.example')dnl\n", "", ""),
    (HOST, "FEATURE(`redirect')dnl\nFEATURE(`always_add_domain')dnl\n", "", ""),
    (HOST, "FEATURE(`accept_unqualified_senders')dnl\n", "", ""),
    (
        HOST,
        "@ACCESS@FEATURE(`blocklist_recipients')dnl\n",
        "To:partner.example\tRELAY\nspam@bad.example\tREJECT\n",
        "",
    ),
    (HOST, "@ACCESS@", "Connect:10\tRELAY\nConnect:192.168\tRELAY\nConnect:partner.example\tRELAY\n", ""),
    (
        HOST,
        "FEATURE(`delay_checks')dnl\n@ACCESS@",
        "From:partner.example\tOK\nConnect:198.51.100\tREJECT\n",
        "",
    ),
    (HOST, "@ACCESS@FEATURE(`relay_mail_from')dnl\n", "To:partner.example\tRELAY\n", ""),
    (HOST, "@VIRTUSER@", "joe@virt.example\troot\n@virt.example\terror:nouser no\n", ""),
    (HOST, "@VIRTUSER@", "@virt.example\tjoe@partner.example\n", ""),
    (HOST, "@VIRTUSER@RELAY_DOMAIN(`partner.example')dnl\n", "@virt.example\t%1@partner.example\n", ""),
    (HOST, "@MAILERTABLE@RELAY_DOMAIN(`partner.example')dnl\n", "partner.example\tsmtp:[192.0.2.25]\n", ""),
    (HOST, "FEATURE(`stickyhost')dnl\nLOCAL_DOMAIN(`site.example')dnl\n", "", ""),
    (HOST, "", "", "LOCAL_RULESETS\nSLocal_check_rcpt\nR$* % $*\t$#error $@ 5.7.1 $: 550 no\n"),
];

fn run(site: &Site) -> Value {
    let (host, lines, table, rules) = site;
    let lines = lines
        .replace("@ACCESS@", ACCESS)
        .replace("@VIRTUSER@", VIRTUSER)
        .replace("@MAILERTABLE@", MAILERTABLE);
    search(host, &lines, table, rules)
}

#[test]
fn every_hole_is_found() {
    let missed: Vec<&Site> =
        HOLES.iter().filter(|site| run(site)["accepted"][0]["recipient"].as_str().is_none()).collect();
    assert!(HOLES.len() >= 12 && missed.is_empty(), "{missed:#?}");
}

#[test]
fn sound_sites_have_none() {
    let mut said = Vec::new();
    for site in SOUND {
        let found = run(site);
        assert!(found["asked"].as_u64().is_some_and(|asked| asked > 200), "{site:?}");
        if let Some(hole) = found["accepted"].get(0) {
            said.push(format!("{site:?}: {} {} {}", hole["client"], hole["sender"], hole["recipient"]));
        }
    }
    assert!(SOUND.len() >= 20 && said.is_empty(), "{}", said.join("\n"));
}
