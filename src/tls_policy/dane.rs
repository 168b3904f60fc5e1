//! The TLSA records of a host (RFC 7672, 2.2), as far as they have been validated.

use super::requirement::{Domain, NextHopPolicy, Unmet};
use crate::net::{DnsError, Record, Resolver, kind};
use crate::schema::{EnhancedStatus, Outcome};
use crate::tls::{DaneProof, TlsaRecord};
use std::sync::Arc;

/// What a host's TLSA records want; `None`: it has none that may be believed.
///
/// # Errors
/// The records cannot be had: they may be kept from us (RFC 7672, 2.1.1), so nothing is sent.
pub(super) async fn policy(
    resolver: &Resolver,
    domain: &Domain,
    host: &[u8],
    port: u16,
) -> Result<Option<NextHopPolicy>, Unmet> {
    // an address has no records
    if host.starts_with(b"[") {
        return Ok(None);
    }
    let Some(full) = address_owner(resolver, host).await? else { return Ok(None) };
    // an alias: first what it stands for, then itself (RFC 7672, 2.2.3)
    let mut bases = vec![full];
    if !bases[0].eq_ignore_ascii_case(host) {
        bases.push(host.to_vec());
    }
    for base in bases {
        let name = [format!("_{port}._tcp.").as_bytes(), &base].concat();
        let found = records(resolver, &name, kind::TLSA).await?;
        if found.is_empty() || !found.iter().all(|record| record.secure) {
            continue;
        }
        let usable: Vec<_> = found.iter().filter_map(|record| TlsaRecord::parse(&record.whole)).collect();
        if usable.is_empty() {
            return Ok(Some(NextHopPolicy::Dane(None)));
        }
        let mut names = vec![base, domain.name.clone()];
        if !names[0].eq_ignore_ascii_case(host) {
            names.push(host.to_vec());
        }
        return Ok(Some(NextHopPolicy::Dane(Some(Arc::new(DaneProof { records: usable, names })))));
    }
    Ok(None)
}

/// Whose the host's address records are. `None`: there are none, or nobody has validated them: then its name servers are
/// not asked for records that they may not know how to deny (RFC 7672, 2.2.2).
async fn address_owner(resolver: &Resolver, host: &[u8]) -> Result<Option<Vec<u8>>, Unmet> {
    for kind in [kind::A, kind::AAAA] {
        let found = records(resolver, host, kind).await?;
        if let Some(first) = found.first() {
            return Ok(first.secure.then(|| first.owner.clone()));
        }
    }
    Ok(None)
}

async fn records(resolver: &Resolver, name: &[u8], kind: u16) -> Result<Vec<Record>, Unmet> {
    match resolver.validated(name, kind).await {
        Outcome::Done(records) => Ok(records),
        Outcome::Never(_) => Ok(Vec::new()),
        Outcome::Later(error) => {
            let name = String::from_utf8_lossy(name);
            let why = if error == DnsError::Bogus { error.to_string() } else { "look-up failed".into() };
            // directory server failure (RFC 3463, 3.5)
            Err(Unmet { reason: format!("name server: {name}: {why}"), status: EnhancedStatus(4, 4, 3) })
        }
    }
}
