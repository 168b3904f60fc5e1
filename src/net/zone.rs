//! Answers from memory in the place of name servers.

use super::error::DnsError;
use super::record::{Record, kind};
use std::net::IpAddr;

/// Name, type (`A`, `AAAA`, `MX` with `10 host`, `CNAME`, `PTR`, `TXT`, `SRV`, `NS`), data. The type
/// `TRYAGAIN` makes every question about the name fail temporarily, `AD` has all of its records validated; `TLSA` is
/// written in hexadecimal digits, as on the wire.
pub type FixedZone = Vec<(String, String, String)>;

/// Whoever answers in the place of name servers.
pub trait Answers: std::fmt::Debug + Send + Sync {
    /// The records of the answer section, CNAME steps included; never empty.
    ///
    /// # Errors
    /// When nobody has such records, or nobody answers.
    fn ask(&self, name: &[u8], kind: u16) -> Result<Vec<Record>, DnsError>;
}

/// Is shown what name servers have answered.
pub trait Witness: std::fmt::Debug + Send + Sync {
    /// To this question, this.
    fn answered(&self, name: &[u8], kind: u16, answer: &Result<Vec<Record>, DnsError>);
}

#[derive(Debug)]
pub(super) struct Zone(FixedZone);

const KINDS: &[(&str, u16)] = &[
    ("A", kind::A),
    ("AAAA", kind::AAAA),
    ("MX", kind::MX),
    ("CNAME", kind::CNAME),
    ("PTR", kind::PTR),
    ("TXT", kind::TXT),
    ("SRV", kind::SRV),
    ("NS", kind::NS),
    ("TLSA", kind::TLSA),
];

impl Zone {
    pub fn new(zone: FixedZone) -> Self {
        Self(zone)
    }
}

impl Answers for Zone {
    fn ask(&self, name: &[u8], wanted: u16) -> Result<Vec<Record>, DnsError> {
        let mut name = name.to_vec();
        let mut answer = Vec::new();
        // an alias leads to another name, but not for ever
        for _ in 0..10 {
            let own: Vec<_> =
                self.0.iter().filter(|row| row.0.as_bytes().eq_ignore_ascii_case(&name)).collect();
            if own.iter().any(|row| row.1 == "TRYAGAIN") {
                return Err(DnsError::TryAgain);
            }
            if own.is_empty() && answer.is_empty() {
                return Err(DnsError::HostNotFound);
            }
            let secure = own.iter().any(|row| row.1 == "AD");
            let records = own.iter().filter_map(|row| record(row));
            let records: Vec<Record> = records.map(|record| Record { secure, ..record }).collect();
            answer.extend(records.iter().filter(|record| record.kind == wanted).cloned());
            let alias = records.iter().find(|record| record.kind == kind::CNAME && wanted != kind::CNAME);
            match alias {
                Some(alias) => {
                    answer.push(alias.clone());
                    name.clone_from(&alias.text);
                }
                None => break,
            }
        }
        if answer.iter().any(|record| record.kind == wanted) { Ok(answer) } else { Err(DnsError::NoData) }
    }
}

fn record((owner, word, data): &(String, String, String)) -> Option<Record> {
    let (_, kind) = KINDS.iter().find(|(known, _)| known == word)?;
    let (mut preference, mut text) = (0, data.as_str());
    if *kind == kind::MX
        && let Some((number, host)) = data.split_once(' ')
    {
        (preference, text) = (number.parse().ok()?, host);
    }
    let address: Option<IpAddr> = text.parse().ok().filter(|_| matches!(*kind, kind::A | kind::AAAA));
    let whole = match *kind {
        kind::TXT => text.as_bytes().to_vec(),
        kind::TLSA => hexadecimal(text)?,
        _ => Vec::new(),
    };
    let text = text.strip_suffix('.').unwrap_or(text).as_bytes().to_vec();
    let owner = owner.clone().into_bytes();
    Some(Record { owner, kind: *kind, text, whole, preference, address, ttl: 60, secure: false })
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect::<Option<_>>()?;
    Some(digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect())
}
