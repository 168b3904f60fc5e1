//! An SPF record: its terms, read (RFC 7208, 4.6 and 12).

use super::verdict::Verdict;
use std::net::IpAddr;

/// What a term holds the client against.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Mechanism {
    All,
    Include,
    A,
    Mx,
    Ptr,
    Exists,
    /// ip4, ip6: a network.
    Address(IpAddr, u32),
}

impl Mechanism {
    /// Does it ask the DNS?
    pub(super) fn asks(self) -> bool {
        !matches!(self, Self::All | Self::Address(..))
    }
}

/// A mechanism, what it is about, and what follows when it matches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Term {
    pub(super) verdict: Verdict,
    pub(super) mechanism: Mechanism,
    /// Unexpanded; none: the domain itself.
    pub(super) domain: Option<Vec<u8>>,
    /// Of IPv4 and IPv6.
    pub(super) prefixes: (u32, u32),
}

/// A record.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Record {
    pub(super) terms: Vec<Term>,
    /// Unexpanded; it counts only where no term is `all`.
    pub(super) redirect: Option<Vec<u8>>,
}

const VERSION: &[u8] = b"v=spf1";

impl Record {
    /// Is this text a record at all?
    pub(super) fn is_one(text: &[u8]) -> bool {
        let version = text.get(..VERSION.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(VERSION));
        version && matches!(text.get(VERSION.len()), None | Some(b' '))
    }

    /// Reads it; `None`: a term is no good.
    pub(super) fn read(text: &[u8]) -> Option<Self> {
        let (mut record, mut explained) = (Self::default(), false);
        let words = text.get(VERSION.len()..)?.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        for word in words {
            match modifier(word) {
                Some((name, value)) if name.eq_ignore_ascii_case(b"redirect") => {
                    if record.redirect.replace(value.to_vec()).is_some() || value.is_empty() {
                        return None;
                    }
                }
                Some((name, _)) if name.eq_ignore_ascii_case(b"exp") => {
                    if std::mem::replace(&mut explained, true) {
                        return None;
                    }
                }
                // modifiers that nobody knows say nothing
                Some(_) => {}
                None => record.terms.push(term(word)?),
            }
        }
        if record.terms.iter().any(|term| term.mechanism == Mechanism::All) {
            record.redirect = None;
        }
        Some(record)
    }
}

/// `name=value`
fn modifier(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = memchr::memchr(b'=', word)?;
    let name = &word[..equals];
    let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    is_name.then_some((name, &word[equals + 1..]))
}

fn term(word: &[u8]) -> Option<Term> {
    let (verdict, rest) = match word.split_first()? {
        (b'+', rest) => (Verdict::Pass, rest),
        (b'-', rest) => (Verdict::Fail, rest),
        (b'~', rest) => (Verdict::SoftFail, rest),
        (b'?', rest) => (Verdict::Neutral, rest),
        _ => (Verdict::Pass, word),
    };
    let end = rest.iter().position(|byte| b":/".contains(byte)).unwrap_or(rest.len());
    let (name, argument) = rest.split_at(end);
    let name = name.to_ascii_lowercase();
    if matches!(&name[..], b"ip4" | b"ip6") {
        let (address, prefix) = network(argument.strip_prefix(b":")?, name == b"ip4")?;
        return Some(Term {
            verdict,
            mechanism: Mechanism::Address(address, prefix),
            domain: None,
            prefixes: (32, 128),
        });
    }
    let (mechanism, wants_domain, takes_prefix) = match &name[..] {
        b"all" => (Mechanism::All, Some(false), false),
        b"include" => (Mechanism::Include, Some(true), false),
        b"exists" => (Mechanism::Exists, Some(true), false),
        b"ptr" => (Mechanism::Ptr, None, false),
        b"a" => (Mechanism::A, None, true),
        b"mx" => (Mechanism::Mx, None, true),
        _ => return None,
    };
    let (argument, prefixes) = if takes_prefix { prefixes(argument)? } else { (argument, (32, 128)) };
    let domain = match argument.strip_prefix(b":") {
        Some(domain) if !domain.is_empty() => Some(domain.to_vec()),
        None if argument.is_empty() => None,
        _ => return None,
    };
    if wants_domain.is_some_and(|wanted| wanted != domain.is_some()) {
        return None;
    }
    Some(Term { verdict, mechanism, domain, prefixes })
}

/// Takes `/24`, `//64` or `/24//64` off the end; a slash within a macro is none.
fn prefixes(argument: &[u8]) -> Option<(&[u8], (u32, u32))> {
    let from = memchr::memrchr(b'}', argument).map_or(0, |at| at + 1);
    let Some(slash) = memchr::memchr(b'/', &argument[from..]).map(|at| from + at) else {
        return Some((argument, (32, 128)));
    };
    let (rest, prefixes) = argument.split_at(slash);
    let (four, six) = match memchr::memmem::find(prefixes, b"//") {
        Some(at) => (&prefixes[..at], Some(&prefixes[at + 2..])),
        None => (prefixes, None),
    };
    let four = if four.is_empty() { 32 } else { number(four.strip_prefix(b"/")?, 32)? };
    let six = six.map_or(Some(128), |six| number(six, 128))?;
    Some((rest, (four, six)))
}

fn number(text: &[u8], most: u32) -> Option<u32> {
    let text =
        std::str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok().filter(|number| *number <= most)
}

fn network(text: &[u8], four: bool) -> Option<(IpAddr, u32)> {
    let most = if four { 32 } else { 128 };
    let (address, prefix) = match memchr::memchr(b'/', text) {
        Some(slash) => (&text[..slash], number(&text[slash + 1..], most)?),
        None => (text, most),
    };
    let address: IpAddr = std::str::from_utf8(address).ok()?.parse().ok()?;
    (address.is_ipv4() == four).then_some((address, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms() {
        let read = |text: &str| Record::read(text.as_bytes());
        for good in [
            "v=spf1",
            "v=spf1 A/24//64 MX:x.example/0 -all",
            "v=spf1 ip4:192.0.2.0/24 ip6:::1 x-new=%{d} exp=e.example ?all",
            "v=spf1  a:%{d1/}.x",
        ] {
            assert!(read(good).is_some(), "{good}");
        }
        for bad in [
            "all:x",
            "include",
            "exists:",
            "a:",
            "ip4:1.2.3",
            "ip4:192.0.2.1/33",
            "ip6:192.0.2.1",
            "a/33",
            "a//129",
            "mx/",
            "what",
            "redirect=a redirect=b",
            "redirect=",
            "*all",
            "exp=a exp=b",
        ] {
            assert_eq!(read(&format!("v=spf1 {bad}")), None, "{bad}");
        }
        assert_eq!(read("v=spf1 -all redirect=x.example").and_then(|record| record.redirect), None);
        assert!(
            Record::is_one(b"V=SPF1 -all") && !Record::is_one(b"v=spf1-all") && !Record::is_one(b"v=spf")
        );
    }
}
