//! What MX records mean for a delivery.

use super::record::{Record, kind};

/// Where mail for a domain goes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MxAnswer {
    /// Hosts in the order of trial, without trailing dots.
    pub hosts: Vec<Vec<u8>>,
    /// RFC 7505: the domain accepts no mail (then `hosts` is empty).
    pub null_mx: bool,
    /// This host itself is in the list; what is not preferred to it has been cut off.
    pub saw_self: bool,
    /// There were no MX records; `hosts` holds the name itself.
    pub implicit: bool,
    /// Smallest TTL in seconds.
    pub ttl: u32,
    /// The records have been validated, or there are none: then the name's own records say more.
    pub secure: bool,
}

impl MxAnswer {
    /// A host that is its own mail exchanger.
    pub fn implicit(host: &[u8]) -> Self {
        Self { hosts: vec![host.to_vec()], implicit: true, secure: true, ..Self::default() }
    }
}

pub(super) fn answer(
    host: &[u8],
    records: Vec<Record>,
    is_self: &(dyn Fn(&[u8]) -> bool + Sync),
) -> MxAnswer {
    let mut records: Vec<Record> = records.into_iter().filter(|record| record.kind == kind::MX).collect();
    if records.is_empty() {
        return MxAnswer::implicit(host);
    }
    let ttl = records.iter().map(|record| record.ttl).min().unwrap_or(0);
    let secure = records.iter().all(|record| record.secure);
    if let [only] = records.as_slice()
        && only.text.is_empty()
    {
        return MxAnswer { null_mx: true, ttl, ..MxAnswer::default() };
    }
    records.retain(|record| !record.text.is_empty());
    // hosts of one preference share the load: their order differs from time to time and name to name
    let seed = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |now| now.subsec_nanos());
    records.sort_by_key(|record| (record.preference, shuffle(&record.text, seed)));
    let own = records.iter().find(|record| is_self(&record.text)).map(|record| record.preference);
    if let Some(own) = own {
        // RFC 5321 5.1: never hand mail to a host that is not preferred to oneself
        records.retain(|record| record.preference < own);
    }
    let mut hosts: Vec<Vec<u8>> = Vec::new();
    for record in records {
        if !hosts.iter().any(|known| known.eq_ignore_ascii_case(&record.text)) {
            hosts.push(record.text);
        }
    }
    MxAnswer { hosts, saw_self: own.is_some(), ttl, secure, ..MxAnswer::default() }
}

fn shuffle(name: &[u8], seed: u32) -> u32 {
    name.iter()
        .fold(seed | 1, |hash, byte| (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193))
}
