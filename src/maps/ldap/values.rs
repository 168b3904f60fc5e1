//! From entries to one value; attributes that name other entries, filters or URLs are followed, each once.

use super::connection::{Connection, EVERYTHING, Failure, ONE_ENTRY};
use super::search::{Entry, Search};
use super::spec::{Attribute, LdapMap, Meaning};
use ldap3::Scope;
use std::collections::BTreeMap;

/// Searches for one look-up, in all.
const MAX_SEARCHES: usize = 1000;

impl Entry {
    fn has_class(&self, classes: &[Vec<u8>]) -> bool {
        let own = self.attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(b"objectClass"));
        let own = own.map(|(_, values)| values.as_slice()).unwrap_or_default();
        classes.is_empty()
            || classes.iter().any(|class| own.iter().any(|value| value.eq_ignore_ascii_case(class)))
    }

    /// What each attribute means here; `None` for those that were only asked for their classes.
    fn meaning(&self, wanted: &[Attribute], name: &[u8]) -> Option<Meaning> {
        if wanted.is_empty() {
            return Some(Meaning::Normal);
        }
        let attribute = wanted.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))?;
        self.has_class(&attribute.classes).then_some(attribute.meaning)
    }
}

/// The filter of a look-up: %s is the key as it is, %0 (and with -K %1 …) with LDAP's specials escaped.
pub(super) fn filled(filter: &[u8], key: &[u8], args: &[Vec<u8>], many: bool) -> String {
    let mut out = Vec::with_capacity(filter.len() + key.len());
    let mut rest = filter.iter().copied();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        match rest.next() {
            Some(b's') => out.extend_from_slice(key),
            Some(b'0') => escape(key, &mut out),
            Some(digit @ b'1'..=b'9') if many => {
                let argument = args.get(usize::from(digit - b'0'));
                escape(argument.map(Vec::as_slice).unwrap_or_default(), &mut out);
            }
            Some(other) => out.extend_from_slice(&[b'%', other]),
            None => out.push(b'%'),
        }
    }
    text(&out)
}

/// RFC 4515: what means something in a filter is written as its number.
fn escape(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        match byte {
            b'(' | b')' | b'*' | b'\\' | 0 => out.extend_from_slice(format!("\\{byte:02X}").as_bytes()),
            byte => out.push(*byte),
        }
    }
}

/// A filter as text: bytes that are no UTF-8 are written as their numbers.
fn text(bytes: &[u8]) -> String {
    match String::from_utf8(bytes.to_vec()) {
        Ok(text) => text,
        Err(_) => bytes
            .iter()
            .map(|byte| if byte.is_ascii() { char::from(*byte).to_string() } else { format!("\\{byte:02x}") })
            .collect(),
    }
}

/// Base, scope and filter of an LDAP URL (RFC 4516).
fn parts_of_url(url: &[u8]) -> Option<(String, Option<Scope>, Option<String>)> {
    let url = String::from_utf8(url.to_vec()).ok()?;
    let (_, rest) = url.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let mut parts = path.split('?').map(decoded);
    let base = parts.next().unwrap_or_default();
    let scope = match parts.nth(1).unwrap_or_default().to_ascii_lowercase().as_str() {
        "base" => Some(Scope::Base),
        "one" => Some(Scope::OneLevel),
        "sub" => Some(Scope::Subtree),
        _ => None,
    };
    Some((base, scope, parts.next().filter(|filter| !filter.is_empty())))
}

fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) if *byte == b'%' => {
                out.push(value);
                rest = &after[2..];
            }
            _ => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// What is still to be followed (`true`: has been); in the order of kinds and texts.
type Followed = BTreeMap<(Meaning, Vec<u8>), bool>;

/// Everything that a look-up has gathered.
struct Gathered<'a> {
    own: &'a LdapMap,
    delimiter: u8,
    value: Option<Vec<u8>>,
    followed: Followed,
}

impl Gathered<'_> {
    fn add(&mut self, name: &[u8], value: &[u8]) {
        let out = match &mut self.value {
            None => self.value.insert(Vec::new()),
            Some(out) => {
                out.push(self.delimiter);
                out
            }
        };
        if let Some(separator) = self.own.attribute_separator.filter(|_| !self.own.names_only) {
            out.extend_from_slice(name);
            out.push(separator);
        }
        out.extend_from_slice(value);
    }

    /// `true` when the first value was enough.
    fn entry(&mut self, entry: &Entry) -> bool {
        for (name, values) in &entry.attributes {
            let Some(meaning) = entry.meaning(&self.own.attributes, name) else { continue };
            if self.own.names_only {
                self.add(name, name);
                if self.delimiter == 0 {
                    return true;
                }
                continue;
            }
            for value in values {
                // without -z the first value is the answer, whatever it names
                if meaning == Meaning::Normal || self.delimiter == 0 {
                    self.add(name, value);
                } else {
                    self.followed.entry((meaning, value.to_ascii_lowercase())).or_insert(false);
                }
                if self.delimiter == 0 {
                    return true;
                }
            }
        }
        false
    }
}

/// Searches, follows, and joins. The error says whether the very first search failed.
pub(super) async fn gather(
    connection: &Connection,
    own: &LdapMap,
    delimiter: u8,
    first: Search,
) -> Result<Option<Vec<u8>>, (bool, Failure)> {
    let mut gathered = Gathered { own, delimiter, value: None, followed: Followed::new() };
    let entries = connection.search(&first).await.map_err(|failure| (true, failure))?;
    if own.single && entries.len() > 1 {
        return Ok(None);
    }
    if entries.iter().any(|entry| gathered.entry(entry)) {
        return Ok(gathered.value);
    }
    for _ in 0..MAX_SEARCHES {
        let Some((next, done)) = gathered.followed.iter_mut().find(|(_, done)| !**done) else { break };
        *done = true;
        let search = following(next, &first);
        let entries = connection.search(&search).await.map_err(|failure| (false, failure))?;
        for entry in &entries {
            gathered.entry(entry);
        }
    }
    Ok(gathered.value)
}

fn following((meaning, value): &(Meaning, Vec<u8>), first: &Search) -> Search {
    let named = String::from_utf8_lossy(value).into_owned();
    match meaning {
        Meaning::Normal | Meaning::Dn => {
            Search { base: named, scope: ONE_ENTRY, filter: EVERYTHING.to_owned() }
        }
        Meaning::Filter => Search { base: first.base.clone(), scope: first.scope, filter: text(value) },
        Meaning::Url => {
            let (base, scope, filter) = parts_of_url(value).unwrap_or_default();
            let filter = filter.unwrap_or_else(|| EVERYTHING.to_owned());
            Search { base, scope: scope.unwrap_or(ONE_ENTRY), filter }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        let args = [b"Key".to_vec(), b"one*".to_vec()];
        assert_eq!(filled(b"(a=%s)", b"x*", &args, false), "(a=x*)");
        assert_eq!(filled(b"(a=%0)(b=%1)%%", b"(x*\\)", &args, false), "(a=\\28x\\2A\\5C\\29)(b=%1)%%");
        assert_eq!(filled(b"%1%2", b"", &args, true), "one\\2A");
        assert_eq!(filled(b"%s", b"\xff", &args, true), "\\ff");
    }

    #[test]
    fn urls() {
        let (base, scope, filter) = parts_of_url(b"ldap:///ou=a%20b,c=d?mail?sub?(uid=x)").expect("a URL");
        assert_eq!(
            (base.as_str(), scope, filter.as_deref()),
            ("ou=a b,c=d", Some(Scope::Subtree), Some("(uid=x)"))
        );
        assert_eq!(parts_of_url(b"ldap://host/").expect("a URL").0, "");
        assert!(parts_of_url(b"nothing").is_none());
    }
}
