//! Strangers: their domains, clients, senders, and the ways in which they write a recipient.
//!
//! In: the names that a site knows. Out: names that it cannot mean. A network or a top level domain that the site names
//! is no word for its friends: a stranger stands in each of them.

use super::corpus::{Corpus, OUTSIDE, WriteAddress};
use crate::addr::MacroId;
use crate::config::Config;
use crate::sys::accounts;
use std::collections::BTreeSet;

/// Names of nobody's friends.
pub(super) struct Strangers {
    /// Domains that the site has not named.
    pub(super) domains: Vec<String>,
    /// Clients, as `IP` or `IP=NAME`.
    pub(super) clients: Vec<String>,
    /// Senders: strangers', none, and such as are pretended to be the site's.
    pub(super) senders: Vec<Vec<u8>>,
    /// Domains that the site has named, in whatever table.
    pub(super) known: Vec<Vec<u8>>,
    /// Those of them whose mail it takes.
    friends: BTreeSet<Vec<u8>>,
}

/// A recipient, and the stranger's domain that its mail must not reach; `None`: any that is no friend's.
pub(super) struct StrangeRecipient {
    pub(super) text: Vec<u8>,
    pub(super) domain: Option<Vec<u8>>,
}

/// Whom strangers write to.
pub(super) const USER: &[u8] = b"victim";

/// So many of the site's own domains, and of each kind of names, are tried.
const MAX_DOMAINS: usize = 60;
const MAX_NAMES: usize = 40;
/// Top level domains and registries that somebody may have named by mistake.
const REGISTRIES: &[&str] = &["example", "com", "net", "org", "co.uk", "com.au"];

impl Strangers {
    pub(super) fn of(config: &Config, corpus: &Corpus) -> Self {
        let words = single_words(config);
        let tops: BTreeSet<&str> = words.iter().map(String::as_str).filter(|word| is_label(word)).collect();
        let networks = words.iter().filter(|word| is_network(word)).take(MAX_NAMES);
        let mut registries: Vec<&str> = vec![REGISTRIES[0]];
        let named = |name: &&str| corpus.domains.contains(name.as_bytes()) || tops.contains(*name);
        registries.extend(REGISTRIES[1..].iter().copied().filter(named));
        registries.extend(tops.iter().copied().filter(|top| !REGISTRIES.contains(top)).take(MAX_NAMES));
        let domains: Vec<String> = registries.iter().map(|top| format!("outside.{top}")).collect();
        let mut clients = vec!["198.18.0.9".to_owned()];
        clients.extend(domains.iter().map(|domain| format!("198.18.0.9=client.{domain}")));
        clients.extend(networks.map(|network| format!("{}.98.76.5", network.trim_end_matches('.'))));
        let outside = |domain: &&Vec<u8>| !domain.ends_with(OUTSIDE);
        let known: Vec<Vec<u8>> = corpus.domains.iter().filter(outside).take(MAX_DOMAINS).cloned().collect();
        let mut senders = vec![b"stranger@outside.example".to_vec(), Vec::new(), b"root".to_vec()];
        let own = own_domains(config).into_iter().take(3);
        senders.extend(own.map(|domain| [b"root@", &domain[..]].concat()));
        senders.extend(trusted_senders(config).into_iter().take(MAX_NAMES));
        Self { domains, clients, senders, known, friends: friends(config) }
    }

    /// Does the site take mail for this domain, by its own word?
    pub(super) fn is_friend(&self, domain: &[u8]) -> bool {
        let domain = domain.strip_suffix(b".").unwrap_or(domain).to_ascii_lowercase();
        let dots = domain.iter().enumerate().filter(|(_, byte)| **byte == b'.').map(|(at, _)| at + 1);
        std::iter::once(0).chain(dots).any(|at| self.friends.contains(&domain[at..]))
    }
}

/// Members of the classes of hosts that are served, keys of the access table that say so.
fn friends(config: &Config) -> BTreeSet<Vec<u8>> {
    let mut friends: BTreeSet<Vec<u8>> = own_domains(config).into_iter().collect();
    for class in [b'R', b'w', b'm', b'M'] {
        let words = config.classes.get(MacroId(class)).into_iter().flat_map(|class| class.folded());
        friends.extend(words.map(<[u8]>::to_vec));
    }
    let served = access_rows(config).into_iter().filter(|(tag, _, value)| {
        ["", "to"].contains(&tag.as_str()) && ["RELAY", "OK"].contains(&value.to_ascii_uppercase().as_str())
    });
    friends.extend(served.map(|(_, key, _)| key.to_ascii_lowercase().into_bytes()));
    friends
}

fn is_label(word: &str) -> bool {
    word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphabetic()) && word != "localhost"
}

/// One number: a network of sixteen million hosts. Those of private networks (RFC 1918) and of this host are known.
fn is_network(word: &str) -> bool {
    let number = word.trim_end_matches('.').parse::<u8>();
    number.is_ok_and(|number| (1..=223).contains(&number) && ![10, 127].contains(&number))
}

/// Words without a dot in the classes that say whose mail is relayed, and keys of the access table.
fn single_words(config: &Config) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for class in [b'R', b'm', b'w', b'M'] {
        let members = config.classes.get(MacroId(class)).into_iter().flat_map(|class| class.folded());
        let single = members.filter(|word| !word.trim_ascii_end().contains(&b'.'));
        words.extend(single.map(|word| String::from_utf8_lossy(word).into_owned()));
    }
    for (tag, key, _) in access_rows(config) {
        if ["", "connect", "to", "from"].contains(&tag.as_str()) && !key.contains(['.', '@']) {
            words.push(key);
        }
    }
    words.sort();
    words.dedup();
    words
}

/// Tag (in lower case), the rest of the key, the value, of the text of the access table.
fn access_rows(config: &Config) -> Vec<(String, String, String)> {
    let decl = config.maps.iter().find(|decl| decl.name.eq_ignore_ascii_case(b"access"));
    let file =
        decl.and_then(|decl| decl.args.split(u8::is_ascii_whitespace).rfind(|word| word.starts_with(b"/")));
    let Some(file) = file else { return Vec::new() };
    let path = accounts::path(file.strip_suffix(b".db").unwrap_or(file));
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let row = |line: &str| {
        let (key, value) = line.trim().split_once(char::is_whitespace)?;
        let (tag, rest) = match key.split_once(':') {
            Some((tag, rest)) if !tag.eq_ignore_ascii_case("ipv6") => (tag, rest),
            _ => ("", key),
        };
        (!key.starts_with('#')).then(|| (tag.to_ascii_lowercase(), rest.to_owned(), value.trim().to_owned()))
    };
    text.lines().filter_map(row).collect()
}

/// Senders for whom the access table has RELAY: anybody may pretend to be one.
fn trusted_senders(config: &Config) -> Vec<Vec<u8>> {
    let rows = access_rows(config).into_iter();
    let trusted = rows.filter(|(tag, key, value)| {
        ["", "from"].contains(&tag.as_str()) && value.eq_ignore_ascii_case("RELAY") && key.contains('.')
    });
    trusted
        .map(|(_, key, _)| if key.contains('@') { key } else { format!("anybody@{key}") }.into_bytes())
        .collect()
}

fn own_domains(config: &Config) -> Vec<Vec<u8>> {
    let class = |name: &str| config.names.get(name.as_bytes()).and_then(|id| config.classes.get(id));
    let mut own: Vec<Vec<u8>> = vec![config.expand(b"\x81j")];
    for name in ["m", "w", "VirtHost"] {
        let mut words: Vec<&[u8]> = class(name).into_iter().flat_map(|class| class.folded()).collect();
        words.sort_unstable();
        own.extend(
            words
                .into_iter()
                .filter(|word| word.contains(&b'.') && !word.starts_with(b"["))
                .map(<[u8]>::to_vec),
        );
    }
    own.dedup();
    own
}

/// Ways to write user and stranger's domain that need no domain of the site.
const PLAIN: &[WriteAddress] = &[
    |user, out, _| [user, b"@", out].concat(),
    |user, out, _| [user, b"@", out, b"."].concat(),
    |user, out, _| [user, b"@", out].concat().to_ascii_uppercase(),
    |user, out, _| [b"\"", user, b"\"@", out].concat(),
    |user, out, _| [user, b"%", out].concat(),
    |user, out, _| [b"\"", user, b"@", out, b"\""].concat(),
    |user, out, _| [out, b"!", user].concat(),
    |user, out, _| [b"@", out, b":", user, b"@", out].concat(),
];

/// Ways that go through one.
const MIXED: &[WriteAddress] = &[
    |user, out, own| [user, b"%", out, b"@", own].concat(),
    |user, out, own| [user, b"%", out, b"@", own, b"."].concat(),
    |user, out, own| [user, b"%", out, b"%", own].concat(),
    |user, out, own| [user, b"@", out, b"@", own].concat(),
    |user, out, own| [b"\"", user, b"%", out, b"\"@", own].concat(),
    |user, out, own| [b"\"", user, b"@", out, b"\"@", own].concat(),
    |user, out, own| [out, b"!", user, b"@", own].concat(),
    |user, out, own| [b"\"", out, b"!", user, b"\"@", own].concat(),
    |user, out, own| [own, b"!", out, b"!", user].concat(),
    |user, out, own| [out, b"!", user, b"%", own].concat(),
    |user, out, own| [b"@", own, b":", user, b"@", out].concat(),
    |user, out, own| [b"@", own, b",@", own, b":", user, b"@", out].concat(),
    |user, out, own| [user, b"%", out, b"@[", own, b"]"].concat(),
    |user, out, own| [user, b"@", own, b"@", out].concat(),
    |user, out, own| [user, b"@", own, b".", out].concat(),
];

/// Every way to write every stranger.
pub(super) fn recipients(strangers: &Strangers) -> Vec<StrangeRecipient> {
    let mut found = Vec::new();
    let mut add = |text: Vec<u8>, domain: &[u8]| {
        let domain = (!domain.is_empty()).then(|| domain.to_vec());
        found.push(StrangeRecipient { text, domain });
    };
    for domain in &strangers.domains {
        let out = domain.as_bytes();
        PLAIN.iter().for_each(|write| add(write(USER, out, b""), out));
    }
    for literal in ["[198.18.7.7]", "[IPv6:2001:db8::77]"] {
        add([USER, b"@", literal.as_bytes()].concat(), literal.as_bytes());
    }
    let out = strangers.domains[0].as_bytes();
    for own in &strangers.known {
        for write in MIXED {
            add(write(USER, out, own), out);
        }
        // whoever there is: where does the mail for all of a domain go?
        add([USER, b"@", &own[..]].concat(), b"");
        // a domain that only ends in the same letters, and one that only begins with them
        let [tail, head] = [[b"evil", &own[..]].concat(), [own, &b"."[..], out].concat()];
        for domain in [tail, head].into_iter().filter(|domain| !strangers.is_friend(domain)) {
            add([USER, b"@", &domain[..]].concat(), &domain);
        }
    }
    found
}
