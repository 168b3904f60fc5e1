//! The names that a site knows: members of its classes, keys of its maps, its aliases; and words of its texts.

use super::corpus::{Corpus, CorpusClient, client_address};
use crate::config::Config;
use crate::db::{AliasSpec, bdb, database_of, plain_aliases};
use crate::rewrite::Site;
use crate::sys::accounts;
use std::path::Path;

/// Names of one map, or of one class, beyond which no more are taken.
pub const MAX_NAMES: usize = 100_000;

impl Corpus {
    /// All that a site knows. A file that cannot be read adds nothing.
    pub fn add_site(&mut self, site: &Site) {
        self.add_some_of_site(site, MAX_NAMES);
    }

    /// No more than so many names of each class, map and alias file.
    pub fn add_some_of_site(&mut self, site: &Site, most: usize) {
        self.add_classes(&site.config, most);
        self.add_macros(&site.config);
        for (_, file) in site.maps.files() {
            keys_of_file(&accounts::path(&file), most, &mut |key| self.add_key(key));
        }
        for part in &site.config.options.alias_file {
            let file = AliasSpec::parse(part).file;
            keys_of_aliases(&file, most, &mut |name| self.add_word(name));
        }
    }

    fn add_classes(&mut self, config: &Config, most: usize) {
        for id in (0..=u8::MAX).map(crate::addr::MacroId) {
            let Some(class) = config.classes.get(id) else { continue };
            let mut words: Vec<&[u8]> = class.folded().take(most).collect();
            words.sort_unstable();
            words.into_iter().for_each(|word| self.add_word(word));
        }
    }

    /// Macros whose values are names of hosts and domains: $j, $m, the masquerade.
    fn add_macros(&mut self, config: &Config) {
        for id in (0..=u8::MAX).map(crate::addr::MacroId) {
            let value = config.macros.get(id).map(|value| config.expand(value)).unwrap_or_default();
            if value.contains(&b'.') && value.len() <= MAX_MACRO {
                self.add_word(&value);
            }
        }
    }

    /// A key of a map: with a tag as in access tables, an address, a domain or a user.
    pub fn add_key(&mut self, key: &[u8]) {
        let tagged = key.iter().position(|byte| *byte == b':').filter(|at| is_tag(&key[..*at]));
        let (tag, word) = match tagged {
            Some(at) => (&key[..at], &key[at + 1..]),
            None => (&b""[..], key),
        };
        let whole = word.strip_suffix(b"@").unwrap_or(word);
        match client_address(whole) {
            Some(address) => {
                self.clients.insert(CorpusClient { address, name: None, login: None });
            }
            None => self.add_word(whole),
        }
        let name = whole.strip_prefix(b".").unwrap_or(whole);
        let client = tag.is_empty() || CLIENT_TAGS.iter().any(|known| tag.eq_ignore_ascii_case(known));
        if client && name.contains(&b'.') && !name.contains(&b'@') && client_address(name).is_none() {
            self.clients.extend(named(&String::from_utf8_lossy(name)));
        }
    }

    /// Clients of the names that are known, and hosts below them.
    pub fn named_clients(&self) -> Vec<CorpusClient> {
        let domains = self.domains.iter().filter_map(|domain| std::str::from_utf8(domain).ok());
        domains.take(MAX_NAMED).flat_map(named).collect()
    }

    /// Words of a configuration's text that may be names: those between quotes, blanks and operators.
    pub fn add_text(&mut self, text: &[u8]) {
        let parts =
            |byte: &u8| !(byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@' | b'+'));
        for word in text.split(parts) {
            self.add_word(word.trim_ascii());
        }
    }
}

/// Domains that clients are named after.
const MAX_NAMED: usize = 1000;
/// The address of clients that are known by their names (RFC 5737).
const NAMED_CLIENT: &str = "203.0.113.5";

/// A client of this name, and one of a host below it.
fn named(name: &str) -> Vec<CorpusClient> {
    let names = [name.to_owned(), format!("host.{name}")];
    names.iter().filter_map(|name| CorpusClient::parse(&format!("{NAMED_CLIENT}={name}")).ok()).collect()
}

/// Tags of the access table whose keys are hosts that connect.
const CLIENT_TAGS: &[&[u8]] =
    &[b"Connect", b"GreetPause", b"ClientRate", b"ClientConn", b"Srv_Features", b"TLS_Clt"];

/// Longer values of macros are no names.
const MAX_MACRO: usize = 64;

/// Letters and `_`, as sendmail's tags are made; `IPv6` begins an address.
fn is_tag(word: &[u8]) -> bool {
    let letters = word.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    letters && !word.is_empty() && !word.eq_ignore_ascii_case(b"IPv6")
}

/// The keys of a database, or of a text as makemap reads it.
pub(super) fn keys_of_file(file: &Path, most: usize, each: &mut dyn FnMut(&[u8])) {
    if file.extension().is_some_and(|extension| extension == "db") {
        return keys_of_database(file, most, each);
    }
    let plain = std::fs::metadata(file).is_ok_and(|about| about.is_file());
    let Some(text) = plain.then(|| std::fs::read(file).ok()).flatten() else { return };
    let lines = text.split(|byte| *byte == b'\n');
    let keys = lines.filter_map(|line| line.split(u8::is_ascii_whitespace).next());
    keys.filter(|key| !key.is_empty() && !key.starts_with(b"#")).take(most).for_each(each);
}

fn keys_of_database(file: &Path, most: usize, each: &mut dyn FnMut(&[u8])) {
    let Ok(reader) = bdb::Reader::open(file, None) else { return };
    let mut left = most;
    let walked = reader.for_each(&mut |key, _| {
        each(key.strip_suffix(b"\0").unwrap_or(key));
        left -= 1;
        left > 0
    });
    // what was read before a damaged page is as good as any
    drop(walked);
}

/// The names of an alias file: its text, or its database where there is no text.
fn keys_of_aliases(file: &Path, most: usize, each: &mut dyn FnMut(&[u8])) {
    match std::fs::read(file) {
        Ok(text) => plain_aliases(&text).take(most).for_each(|(name, _)| each(&name)),
        Err(_) => keys_of_database(&database_of(file), most, each),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_access_tables() {
        let mut corpus = Corpus::default();
        for key in [
            "Connect:192.0.2",
            "To:partner.example",
            "spam@",
            "From:a@b.example",
            "relay.example",
            "IPv6:2001:db8:",
        ] {
            corpus.add_key(key.as_bytes());
        }
        let clients: Vec<String> = corpus.clients.iter().map(CorpusClient::to_string).collect();
        assert_eq!(
            clients,
            ["192.0.2.9", "203.0.113.5=host.relay.example", "203.0.113.5=relay.example", "2001:db8::9",]
        );
        let named: Vec<String> = corpus.named_clients().iter().map(CorpusClient::to_string).collect();
        assert!(named.contains(&"203.0.113.5=host.partner.example".to_owned()), "{named:?}");
        assert!(corpus.users.contains(&b"spam"[..]) && corpus.domains.contains(&b"partner.example"[..]));
        assert!(corpus.addresses.contains(&b"a@b.example"[..]));
    }
}
