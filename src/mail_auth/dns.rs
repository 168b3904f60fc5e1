//! Questions about domains, as the checks need them: what is not there is nothing, what cannot be had for now is said so.

use crate::net::{Record, Resolver, kind, reverse_name};
use crate::schema::Outcome;
use std::net::IpAddr;

/// There is no answer for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TryLater;

/// All records of this kind; none where there are none.
pub(super) async fn records(resolver: &Resolver, name: &[u8], kind: u16) -> Result<Vec<Record>, TryLater> {
    match resolver.exact(name, kind).await {
        Outcome::Done(records) => Ok(records),
        Outcome::Later(_) => Err(TryLater),
        Outcome::Never(_) => Ok(Vec::new()),
    }
}

/// Whole texts of a name; none where there are none.
///
/// # Errors
/// Nobody answers for now.
pub async fn texts(resolver: &Resolver, name: &[u8]) -> Result<Vec<Vec<u8>>, TryLater> {
    let records = records(resolver, name, kind::TXT).await?;
    Ok(records.into_iter().map(|record| record.whole).collect())
}

/// Addresses of the family of `like`.
pub(super) async fn addresses(
    resolver: &Resolver,
    name: &[u8],
    like: IpAddr,
) -> Result<Vec<IpAddr>, TryLater> {
    let kind = if like.is_ipv4() { kind::A } else { kind::AAAA };
    let records = records(resolver, name, kind).await?;
    Ok(records.into_iter().filter_map(|record| record.address).collect())
}

/// Names of an address, whether they lead back to it or not.
pub(super) async fn names(resolver: &Resolver, address: IpAddr) -> Result<Vec<Vec<u8>>, TryLater> {
    let records = records(resolver, &reverse_name(address), kind::PTR).await?;
    Ok(records.into_iter().map(|record| record.text).collect())
}
