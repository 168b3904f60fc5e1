//! May this client send for this domain (SPF, RFC 7208)?

use super::dns::{self, TryLater};
use super::spf_record::{Mechanism, Record, Term};
use super::verdict::Verdict;
use crate::net::{Resolver, kind};
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::time::Duration;

/// Terms that ask the DNS (RFC 7208, 4.6.4).
const MAX_LOOKUPS: u32 = 10;
/// Of these, how many may lead to nothing.
const MAX_VOID: u32 = 2;
/// Names of one mx or ptr.
const MAX_NAMES: usize = 10;
/// All of it (RFC 7208, 4.6.4 asks for 20 seconds or more).
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Who is asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SpfQuestion {
    /// The client.
    pub address: IpAddr,
    /// What it calls itself.
    pub helo: Vec<u8>,
    /// The local part of the sender; `postmaster` where there is none.
    pub local: Vec<u8>,
    /// The domain that is asked.
    pub domain: Vec<u8>,
}

/// Asks the domain. Whatever takes too long is to be tried again.
pub async fn spf(resolver: &Resolver, question: &SpfQuestion) -> Verdict {
    // an address literal, or a word that is no domain
    if !is_domain(&question.domain) {
        return Verdict::None;
    }
    let mut check = Check { resolver, question, lookups: 0, voids: 0 };
    let checked = check.domain(question.domain.clone());
    match tokio::time::timeout(TIME_LIMIT, checked).await {
        Ok(Ok(verdict) | Err(verdict)) => verdict,
        Err(_) => Verdict::TempError,
    }
}

/// Two labels or more, each short enough (RFC 7208, 4.3).
fn is_domain(name: &[u8]) -> bool {
    let name = name.strip_suffix(b".").unwrap_or(name);
    let label = |label: &[u8]| (1..64).contains(&label.len());
    name.len() < 254
        && name.contains(&b'.')
        && !name.starts_with(b"[")
        && name.split(|byte| *byte == b'.').all(label)
}

/// The result, or the error that ends everything.
type Checked = Result<Verdict, Verdict>;

struct Check<'a> {
    resolver: &'a Resolver,
    question: &'a SpfQuestion,
    lookups: u32,
    voids: u32,
}

impl Check<'_> {
    /// What a domain says (check_host, RFC 7208, 4).
    fn domain(&mut self, domain: Vec<u8>) -> Pin<Box<dyn Future<Output = Checked> + Send + '_>> {
        Box::pin(async move {
            let texts = dns::texts(self.resolver, &domain).await.map_err(|TryLater| Verdict::TempError)?;
            let mut records = texts.iter().filter(|text| Record::is_one(text));
            let Some(text) = records.next() else { return Ok(Verdict::None) };
            if records.next().is_some() {
                return Err(Verdict::PermError);
            }
            let record = Record::read(text).ok_or(Verdict::PermError)?;
            for term in &record.terms {
                if self.matches(term, &domain).await? {
                    return Ok(term.verdict);
                }
            }
            match &record.redirect {
                None => Ok(Verdict::Neutral),
                Some(target) => {
                    self.count_lookup()?;
                    let target = self.expand(target, &domain).ok_or(Verdict::PermError)?;
                    match self.domain(target).await? {
                        Verdict::None => Err(Verdict::PermError),
                        verdict => Ok(verdict),
                    }
                }
            }
        })
    }

    fn count_lookup(&mut self) -> Result<(), Verdict> {
        self.lookups += 1;
        if self.lookups > MAX_LOOKUPS { Err(Verdict::PermError) } else { Ok(()) }
    }

    /// An answer that is empty counts, too.
    fn answered<T>(&mut self, answer: Result<Vec<T>, TryLater>) -> Result<Vec<T>, Verdict> {
        let found = answer.map_err(|TryLater| Verdict::TempError)?;
        self.voids += u32::from(found.is_empty());
        if self.voids > MAX_VOID { Err(Verdict::PermError) } else { Ok(found) }
    }

    async fn matches(&mut self, term: &Term, domain: &[u8]) -> Result<bool, Verdict> {
        if term.mechanism.asks() {
            self.count_lookup()?;
        }
        let target = match &term.domain {
            Some(text) => self.expand(text, domain).ok_or(Verdict::PermError)?,
            None => domain.to_vec(),
        };
        let client = self.question.address;
        match term.mechanism {
            Mechanism::All => Ok(true),
            Mechanism::Address(address, prefix) => Ok(is_in(client, address, prefix)),
            Mechanism::Include => match self.domain(target).await? {
                Verdict::Pass => Ok(true),
                Verdict::None => Err(Verdict::PermError),
                _ => Ok(false),
            },
            Mechanism::A => self.has_address(&target, term, true).await,
            Mechanism::Mx => {
                let answer = dns::records(self.resolver, &target, kind::MX).await;
                let hosts = self.answered(answer)?;
                if hosts.len() > MAX_NAMES {
                    return Err(Verdict::PermError);
                }
                for host in hosts {
                    if self.has_address(&host.text, term, false).await? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Mechanism::Ptr => self.has_name(&target).await,
            Mechanism::Exists => {
                let answer = dns::records(self.resolver, &target, kind::A).await;
                Ok(!self.answered(answer)?.is_empty())
            }
        }
    }

    /// Has the host an address in the client's network? `counted`: that it has none counts.
    async fn has_address(&mut self, host: &[u8], term: &Term, counted: bool) -> Result<bool, Verdict> {
        let client = self.question.address;
        let answer = dns::addresses(self.resolver, host, client).await;
        let found = match counted {
            true => self.answered(answer)?,
            false => answer.map_err(|TryLater| Verdict::TempError)?,
        };
        let prefix = if client.is_ipv4() { term.prefixes.0 } else { term.prefixes.1 };
        Ok(found.into_iter().any(|address| is_in(client, address, prefix)))
    }

    /// Has the client a verified name of this domain? What cannot be had is no match (RFC 7208, 5.5).
    async fn has_name(&mut self, domain: &[u8]) -> Result<bool, Verdict> {
        let client = self.question.address;
        let names = dns::names(self.resolver, client).await.unwrap_or_default();
        for name in names.into_iter().take(MAX_NAMES) {
            let below = name.to_ascii_lowercase();
            let is_below = below.strip_suffix(&domain.to_ascii_lowercase()[..]);
            if !is_below.is_some_and(|rest| rest.is_empty() || rest.ends_with(b".")) {
                continue;
            }
            if dns::addresses(self.resolver, &name, client).await.unwrap_or_default().contains(&client) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A text of a record with its macros filled in (RFC 7208, 7).
    fn expand(&self, text: &[u8], domain: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let mut rest = text;
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            if *byte != b'%' {
                out.push(*byte);
                continue;
            }
            let (next, after) = rest.split_first()?;
            rest = after;
            match next {
                b'%' => out.push(b'%'),
                b'_' => out.push(b' '),
                b'-' => out.extend_from_slice(b"%20"),
                b'{' => {
                    let end = memchr::memchr(b'}', rest)?;
                    out.extend(self.value(&rest[..end], domain)?);
                    rest = &rest[end + 1..];
                }
                _ => return None,
            }
        }
        // what is too long loses labels from the left
        while out.len() > 253 {
            let dot = memchr::memchr(b'.', &out)?;
            out.drain(..=dot);
        }
        Some(out)
    }

    /// `d2r-`: a letter, how many labels, backwards, where they part.
    fn value(&self, text: &[u8], domain: &[u8]) -> Option<Vec<u8>> {
        let question = self.question;
        let (letter, rest) = text.split_first()?;
        let value = match letter.to_ascii_lowercase() {
            b's' => [&question.local[..], b"@", &question.domain].concat(),
            b'l' => question.local.clone(),
            b'o' => question.domain.clone(),
            b'd' => domain.to_vec(),
            b'i' => dotted(question.address),
            b'h' => question.helo.clone(),
            b'v' => {
                if question.address.is_ipv4() {
                    b"in-addr".to_vec()
                } else {
                    b"ip6".to_vec()
                }
            }
            // RFC 7208, 7.3: "unknown" where nobody looks it up
            b'p' => b"unknown".to_vec(),
            _ => return None,
        };
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (count, rest) = rest.split_at(digits);
        let (backwards, delimiters) = match rest.strip_prefix(b"r").or_else(|| rest.strip_prefix(b"R")) {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        if !delimiters.iter().all(|byte| b".-+,/_=".contains(byte)) {
            return None;
        }
        let delimiters = if delimiters.is_empty() { b"." } else { delimiters };
        let mut labels: Vec<&[u8]> = value.split(|byte| delimiters.contains(byte)).collect();
        if backwards {
            labels.reverse();
        }
        if !count.is_empty() {
            let count: usize = std::str::from_utf8(count).ok()?.parse().ok().filter(|count| *count > 0)?;
            labels.drain(..labels.len().saturating_sub(count));
        }
        Some(labels.join(&b'.'))
    }
}

/// An address as `%{i}` has it.
fn dotted(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(four) => four.to_string().into_bytes(),
        IpAddr::V6(six) => {
            let nibbles = six.octets().map(|byte| format!("{:x}.{:x}", byte >> 4, byte & 15));
            nibbles.join(".").into_bytes()
        }
    }
}

fn is_in(client: IpAddr, network: IpAddr, prefix: u32) -> bool {
    match (client, network) {
        (IpAddr::V4(client), IpAddr::V4(network)) => {
            (u32::from(client) ^ u32::from(network)).checked_shr(32 - prefix.min(32)).unwrap_or(0) == 0
        }
        (IpAddr::V6(client), IpAddr::V6(network)) => {
            (u128::from(client) ^ u128::from(network)).checked_shr(128 - prefix.min(128)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 7208, appendix A, and more.
    fn resolver() -> Resolver {
        let rows = [
            ("example.com", "MX", "10 mail-a.example.com"),
            ("example.com", "MX", "20 mail-b.example.com"),
            ("example.com", "A", "192.0.2.10"),
            ("example.com", "A", "192.0.2.11"),
            ("amy.example.com", "A", "192.0.2.65"),
            ("mail-a.example.com", "A", "192.0.2.129"),
            ("mail-b.example.com", "A", "192.0.2.130"),
            ("65.2.0.192.in-addr.arpa", "PTR", "amy.example.com"),
            ("all.example", "TXT", "v=spf1 +all"),
            ("a.example", "TXT", "v=spf1 a:example.com -all"),
            ("net.example", "TXT", "v=spf1 a:example.com/28 ~all"),
            ("mx.example", "TXT", "v=spf1 mx:example.com -all"),
            ("ptr.example", "TXT", "v=spf1 ptr:example.com ?all"),
            ("ip.example", "TXT", "v=spf1 ip4:192.0.2.128/28 ip6:2001:db8::/32 -all"),
            ("two.example", "TXT", "v=spf1 -all"),
            ("two.example", "TXT", "v=spf1 +all"),
            ("other.example", "TXT", "v=spf10 -all"),
            ("to.example", "TXT", "v=spf1 redirect=ip.example"),
            ("in.example", "TXT", "v=spf1 include:ip.example -all"),
            ("in2.example", "TXT", "v=spf1 include:example.com -all"),
            ("loop.example", "TXT", "v=spf1 include:loop.example -all"),
            ("void.example", "TXT", "v=spf1 a:x.void.example a:y.void.example a:z.void.example -all"),
            ("odd.example", "TXT", "v=spf1 what -all"),
            ("later.example", "TRYAGAIN", ""),
            ("inlater.example", "TXT", "v=spf1 include:later.example -all"),
            ("macro.example", "TXT", "v=spf1 exists:%{ir}.%{l1r-}.%{d2}.list.example -all"),
            ("129.2.0.192.strong.macro.example.list.example", "A", "127.0.0.2"),
            ("nothing.example", "TXT", "v=spf1"),
            ("nothing.example", "A", "192.0.2.1"),
        ];
        let zone = rows.map(|(name, kind, data)| (name.to_owned(), kind.to_owned(), data.to_owned()));
        Resolver::fixed(zone.to_vec())
    }

    async fn says(domain: &str, address: &str) -> &'static str {
        let address = address.parse().expect("an address");
        let question = SpfQuestion {
            address,
            helo: b"h.example".to_vec(),
            local: b"strong-bad".to_vec(),
            domain: domain.into(),
        };
        spf(&resolver(), &question).await.word()
    }

    #[tokio::test]
    async fn examples() {
        for (domain, address, wanted) in [
            ("all.example", "192.0.2.1", "pass"),
            ("a.example", "192.0.2.10", "pass"),
            ("a.example", "192.0.2.65", "fail"),
            ("net.example", "192.0.2.3", "pass"),
            ("net.example", "192.0.2.65", "softfail"),
            ("mx.example", "192.0.2.130", "pass"),
            ("mx.example", "192.0.2.10", "fail"),
            ("ptr.example", "192.0.2.65", "pass"),
            ("ptr.example", "192.0.2.10", "neutral"),
            ("ip.example", "192.0.2.140", "pass"),
            ("ip.example", "2001:db8::1", "pass"),
            ("ip.example", "2001:db9::1", "fail"),
            ("two.example", "192.0.2.1", "permerror"),
            ("other.example", "192.0.2.1", "none"),
            ("to.example", "192.0.2.129", "pass"),
            ("in.example", "192.0.2.129", "pass"),
            ("in.example", "192.0.2.1", "fail"),
            ("in2.example", "192.0.2.1", "permerror"),
            ("loop.example", "192.0.2.1", "permerror"),
            ("void.example", "192.0.2.1", "permerror"),
            ("odd.example", "192.0.2.1", "permerror"),
            ("later.example", "192.0.2.1", "temperror"),
            ("inlater.example", "192.0.2.1", "temperror"),
            ("macro.example", "192.0.2.129", "pass"),
            ("macro.example", "192.0.2.130", "fail"),
            ("nothing.example", "192.0.2.1", "neutral"),
            ("gone.example", "192.0.2.1", "none"),
            ("localhost", "192.0.2.1", "none"),
            ("[192.0.2.1]", "192.0.2.1", "none"),
        ] {
            assert_eq!(says(domain, address).await, wanted, "{domain} {address}");
        }
    }

    #[test]
    fn macros_of_rfc_7208_7_4() {
        let resolver = resolver();
        let four = SpfQuestion {
            address: "192.0.2.3".parse().expect("an address"),
            helo: b"h".to_vec(),
            local: b"strong-bad".to_vec(),
            domain: b"email.example.com".to_vec(),
        };
        let six = SpfQuestion { address: "2001:db8::cb01".parse().expect("an address"), ..four.clone() };
        let of = |question: &SpfQuestion, text: &str| {
            let check = Check { resolver: &resolver, question, lookups: 0, voids: 0 };
            check
                .expand(text.as_bytes(), &question.domain)
                .map(|text| String::from_utf8_lossy(&text).into_owned())
        };
        for (text, wanted) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l-}", "strong.bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
        ] {
            assert_eq!(of(&four, text).as_deref(), Some(wanted), "{text}");
        }
        let wanted = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com";
        assert_eq!(of(&six, "%{ir}.%{v}._spf.%{d2}").as_deref(), Some(wanted));
        for bad in ["%", "%x", "%{q}", "%{d0}", "%{d", "%{d!}"] {
            assert_eq!(of(&four, bad), None, "{bad}");
        }
    }
}
