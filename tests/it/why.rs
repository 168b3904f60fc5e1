//! `canonify why`: the five questions that are asked most, each with a change that works.

use crate::scratch::{CANONIFY, copied};
use std::fs;
use std::process::Command;

/// The sites of `testdata/diff`, in a directory of their own.
struct Sites(tempfile::TempDir);

impl Sites {
    fn new() -> Self {
        Self(copied("diff"))
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// What is proposed: each place, less the directory, and the change.
    fn proposals(&self, site: &str, words: &[&str]) -> Vec<(String, String)> {
        let file = self.path(site);
        let output = Command::new(CANONIFY)
            .args(["why", "--json", "--dns", "none", "-C", &file])
            .args(words)
            .output()
            .expect("canonify runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let found: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{output:?}"));
        let word =
            |proposal: &serde_json::Value, name: &str| proposal[name].as_str().unwrap_or_default().to_owned();
        let directory = format!("{}/", self.0.path().display());
        let proposals = found["proposals"].as_array().expect("proposals").iter();
        proposals
            .map(|proposal| (word(proposal, "place").replace(&directory, ""), word(proposal, "change")))
            .collect()
    }
}

fn has(proposals: &[(String, String)], place: &str, change: &str) -> bool {
    proposals.iter().any(|(at, what)| at == place && what == change)
}

#[test]
fn relaying_denied() {
    let sites = Sites::new();
    let found = sites.proposals("hub.mc", &["550 5.7.1 <a@other.example>... Relaying denied"]);
    assert!(has(&found, "access", "To:other.example\tRELAY"), "{found:?}");
    assert!(has(&found, "hub.mc, before its mailers", "RELAY_DOMAIN(`other.example')dnl"), "{found:?}");
    let found = sites.proposals("old.cf", &["550 5.7.1 <a@other.example>... Relaying denied"]);
    assert_eq!(found, [("old.cf, at its end".to_owned(), "CRother.example".to_owned())]);
}

#[test]
fn local_configuration_error() {
    let found =
        Sites::new().proposals("plain.mc", &["553 5.3.5 <root@old.example>... Local configuration error"]);
    assert_eq!(
        found,
        [("plain.mc, before its mailers".to_owned(), "LOCAL_DOMAIN(`old.example')dnl".to_owned())]
    );
}

#[test]
fn domain_of_sender_does_not_resolve() {
    let reply = "553 5.1.8 <a@nowhere.example>... Domain of sender address a@nowhere.example does not exist";
    let sites = Sites::new();
    let found = sites.proposals("plain.mc", &[reply]);
    let feature = "FEATURE(`accept_unresolvable_domains')dnl";
    assert_eq!(found, [("plain.mc, before its mailers".to_owned(), feature.to_owned())]);
    let found = sites.proposals("hub.mc", &[reply]);
    assert!(has(&found, "access", "From:nowhere.example\tOK"), "{found:?}");
}

#[test]
fn user_unknown_through_virtusertable() {
    let reply = "550 5.1.1 <other@virt.example>... User unknown";
    // the sender's domain is none that resolves here
    let found = Sites::new()
        .proposals("hub.mc", &[reply, "--from", "root@localhost", "--client", "127.0.0.1=localhost"]);
    assert!(has(&found, "virtusertable", "other@virt.example\troot"), "{found:?}");
}

#[test]
fn masquerading_not_applied() {
    let sites = Sites::new();
    let words = ["--from", "www@mail.site.example", "--as", "www@site.example"];
    let found = sites.proposals("plain.mc", &words);
    assert!(has(&found, "plain.mc, before its mailers", "MASQUERADE_AS(`site.example')dnl"), "{found:?}");
    let hub = fs::read_to_string(sites.path("hub.mc")).expect("the hub");
    fs::write(
        sites.path("hub.mc"),
        hub.replace("MAILER(`local')", "EXPOSED_USER(`www')dnl\nMAILER(`local')"),
    )
    .expect("the hub");
    let found = sites.proposals("hub.mc", &words);
    assert_eq!(found, [("hub.mc:11, without the line".to_owned(), "EXPOSED_USER(`www')dnl".to_owned())]);
}

/// A client that the access table refuses, known from the log by the message's identifier.
#[test]
fn the_log_tells_of_a_message() {
    let sites = Sites::new();
    let line = "Dec  1 07:00:00 host sendmail[1]: 6B1700AB000001: ruleset=check_rcpt, arg1=<a@other.example>, \
                relay=mx.example [192.0.2.7], reject=550 5.7.1 <a@other.example>... Relaying denied\n";
    fs::write(sites.path("log"), line).expect("a log");
    let found = sites.proposals("lists.mc", &["--log", &sites.path("log"), "6B1700AB000001"]);
    assert!(has(&found, "lists.mc, before its mailers", "RELAY_DOMAIN(`192.0.2.7')dnl"), "{found:?}");
    let found = sites.proposals("lists.mc", &[line.trim()]);
    assert!(has(&found, "lists.mc, before its mailers", "RELAY_DOMAIN(`other.example')dnl"), "{found:?}");
}
