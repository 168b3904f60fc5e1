//! Who answers for the DNS while a configuration is asked: nobody, name servers, a snapshot, or what a log tells.

use crate::config::Config;
use crate::net::{Answers, DnsError, FixedZone, Record, Resolver, Witness, kind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where names of hosts come from.
#[derive(Clone, Debug, Default)]
pub enum Dns {
    /// From nowhere: no host has a name or an address, and no hosts file is read.
    #[default]
    None,
    /// From the name servers and files that the system and the configuration name.
    Live,
    /// From the name servers; what they say is kept.
    Record(Arc<Snapshot>),
    /// From a snapshot; what it does not have does not exist.
    Use(Arc<Snapshot>),
    /// Domains that a log has shown to exist have an address.
    Known(Arc<KnownDomains>),
}

impl Dns {
    /// A resolver for one configuration.
    pub fn resolver(&self, config: &Config) -> Resolver {
        match self {
            Self::None => Resolver::fixed(FixedZone::new()),
            Self::Live => Resolver::for_config(config),
            Self::Record(snapshot) => Resolver::witnessed(config, snapshot.clone()),
            Self::Use(snapshot) => Resolver::answered_by(snapshot.clone()),
            Self::Known(domains) => Resolver::answered_by(domains.clone()),
        }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

type Answer = Result<Vec<Record>, DnsError>;

/// Answers of name servers by name and type.
#[derive(Debug, Default)]
pub struct Snapshot(Mutex<BTreeMap<(Vec<u8>, u16), Answer>>);

/// One line of the file: a question and its answer.
#[derive(Serialize, Deserialize)]
struct Line {
    name: String,
    kind: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    records: Vec<LineRecord>,
    /// Why there are none, as h_errno has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<i32>,
}

#[derive(Serialize, Deserialize)]
struct LineRecord {
    owner: String,
    kind: u16,
    text: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    whole: String,
    #[serde(default)]
    preference: u16,
    #[serde(default)]
    address: Option<IpAddr>,
    ttl: u32,
}

/// Every way to fail.
const ERRORS: &[DnsError] =
    &[DnsError::HostNotFound, DnsError::TryAgain, DnsError::NoRecovery, DnsError::NoData];

impl Snapshot {
    /// Reads what [`Self::text`] has written.
    ///
    /// # Errors
    /// The number of the first line that cannot be read, and why.
    pub fn read(text: &str) -> Result<Self, (usize, String)> {
        let mut answers = BTreeMap::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let line: Line = serde_json::from_str(line).map_err(|error| (index + 1, error.to_string()))?;
            let key = (line.name.to_ascii_lowercase().into_bytes(), line.kind);
            let error = line.error.map(|number| {
                ERRORS.iter().find(|error| error.number() == number).copied().unwrap_or(DnsError::NoRecovery)
            });
            let records = line.records.into_iter().map(LineRecord::record).collect();
            answers.insert(key, error.map_or(Ok(records), Err));
        }
        Ok(Self(Mutex::new(answers)))
    }

    /// One line of JSON for each question, in order.
    pub fn text(&self) -> String {
        let answers = locked(&self.0);
        let lines = answers.iter().filter_map(|((name, kind), answer)| {
            let line = Line {
                name: String::from_utf8_lossy(name).into_owned(),
                kind: *kind,
                records: answer.iter().flatten().map(LineRecord::of).collect(),
                error: answer.as_ref().err().map(|error| error.number()),
            };
            serde_json::to_string(&line).ok()
        });
        lines.map(|line| line + "\n").collect()
    }
}

impl LineRecord {
    fn of(record: &Record) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            owner: text(&record.owner),
            kind: record.kind,
            text: text(&record.text),
            whole: text(&record.whole),
            preference: record.preference,
            address: record.address,
            ttl: record.ttl,
        }
    }

    fn record(self) -> Record {
        Record {
            owner: self.owner.into_bytes(),
            kind: self.kind,
            text: self.text.into_bytes(),
            whole: self.whole.into_bytes(),
            preference: self.preference,
            address: self.address,
            ttl: self.ttl,
            secure: false,
        }
    }
}

impl Answers for Snapshot {
    fn ask(&self, name: &[u8], kind: u16) -> Answer {
        let key = (name.to_ascii_lowercase(), kind);
        locked(&self.0).get(&key).cloned().unwrap_or(Err(DnsError::HostNotFound))
    }
}

impl Witness for Snapshot {
    fn answered(&self, name: &[u8], kind: u16, answer: &Answer) {
        locked(&self.0).insert((name.to_ascii_lowercase(), kind), answer.clone());
    }
}

/// Domains whose mail has been accepted: they exist.
#[derive(Debug, Default)]
pub struct KnownDomains(Mutex<HashSet<Vec<u8>>>);

/// Beyond so many, no more are remembered.
const MAX_DOMAINS: usize = 200_000;

impl KnownDomains {
    /// The domain of an address is known from now on.
    pub fn add_address(&self, address: &[u8]) {
        let Some(at) = address.iter().rposition(|byte| *byte == b'@') else { return };
        let mut known = locked(&self.0);
        if known.len() < MAX_DOMAINS {
            known.insert(address[at + 1..].to_ascii_lowercase());
        }
    }
}

impl Answers for KnownDomains {
    fn ask(&self, name: &[u8], wanted: u16) -> Answer {
        let name = name.strip_suffix(b".").unwrap_or(name).to_ascii_lowercase();
        match (locked(&self.0).contains(&name), wanted) {
            (false, _) => Err(DnsError::HostNotFound),
            (true, kind::A) => {
                let address = Ipv4Addr::new(192, 0, 2, 25);
                let text = address.to_string().into_bytes();
                let address = Some(IpAddr::V4(address));
                Ok(vec![Record {
                    owner: name,
                    kind: kind::A,
                    text,
                    whole: Vec::new(),
                    preference: 0,
                    address,
                    ttl: 60,
                    secure: false,
                }])
            }
            (true, _) => Err(DnsError::NoData),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_answers_as_it_was_answered() {
        let snapshot = Snapshot::default();
        let record = Record {
            owner: b"x.example".to_vec(),
            kind: kind::MX,
            text: b"mail.x.example".to_vec(),
            whole: Vec::new(),
            preference: 10,
            address: None,
            ttl: 300,
            secure: false,
        };
        snapshot.answered(b"X.example", kind::MX, &Ok(vec![record]));
        snapshot.answered(b"later.example", kind::A, &Err(DnsError::TryAgain));
        let again = Snapshot::read(&snapshot.text()).expect("its own text");
        for (name, kind) in [("x.example", kind::MX), ("later.example", kind::A), ("never.example", kind::A)]
        {
            assert_eq!(again.ask(name.as_bytes(), kind), snapshot.ask(name.as_bytes(), kind), "{name}");
        }
        assert!(Snapshot::read("no JSON").is_err());
    }
}
