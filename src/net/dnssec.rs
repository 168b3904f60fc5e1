//! DNSSEC (RFC 4033 to 4035, 5155): is an answer what the owners of its zones have signed?
//!
//! In: questions, a way to ask name servers, keys that are trusted. Out: records that are all marked as validated, or none of
//! them (their zone is not signed, or no key is known above it); or that the answer is bogus, which nobody gets to see. Signatures and
//! denials are verified by hickory. Never here: sockets, and what a name server says of its own validation.

use super::anchors::Anchors;
use super::cache::Cache;
use super::error::DnsError;
use super::record::{Record, name_text};
use super::servers::{Servers, negative_ttl};
use hickory_net::dnssec::DnssecDnsHandle;
use hickory_net::runtime::TokioRuntimeProvider;
use hickory_net::xfer::{DnsResponseStream, FirstAnswer};
use hickory_net::{DnsError as Refusal, DnsHandle, NetError};
use hickory_proto::dnssec::Proof;
use hickory_proto::dnssec::rdata::{DNSSECRData, NSEC, RRSIG};
use hickory_proto::op::{DnsRequest, DnsRequestOptions, DnsResponse, Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record as WireRecord, RecordType};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Answers kept, and links of chains.
const MAX_CACHED: usize = 10_000;
/// Nothing is kept longer, in seconds.
const MAX_TTL: u32 = 3600;
/// Keys and delegations, which nobody has validated yet, are kept no longer: a forged one is not to be in the way for long.
const MAX_LINK_TTL: u32 = 300;
/// Signatures that hickory remembers as verified.
const VERIFIED: usize = 10_000;
/// Steps of aliases.
const MAX_ALIASES: usize = 8;
/// All questions that one answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

type Answer = Result<Vec<Record>, DnsError>;

/// Asks and validates.
pub(super) struct Validator {
    handle: DnssecDnsHandle<Transport>,
    anchors: Arc<Anchors>,
    cache: Cache<Answer>,
}

impl fmt::Debug for Validator {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Validator").field("anchors", &self.anchors).finish_non_exhaustive()
    }
}

impl Validator {
    pub fn new(servers: Servers, anchors: &Arc<Anchors>) -> Self {
        let links = Arc::new(Cache::new(MAX_CACHED, MAX_LINK_TTL));
        let handle = DnssecDnsHandle::with_trust_anchor(Transport { servers, links }, anchors.keys());
        let handle = handle.validation_cache_size(VERIFIED);
        Self { handle, anchors: anchors.clone(), cache: Cache::new(MAX_CACHED, MAX_TTL) }
    }

    /// The answer section for a question, CNAME steps included; never empty.
    pub async fn ask(&self, name: Name, kind: RecordType) -> Answer {
        let key = (name_text(&name).to_ascii_lowercase(), u16::from(kind));
        if let Some(answer) = self.cache.get(&key) {
            return answer;
        }
        let asked = tokio::time::timeout(PATIENCE, self.follow(name, kind)).await;
        let (answer, ttl) = asked.unwrap_or((Err(DnsError::TryAgain), 0));
        self.cache.keep(key, &answer, ttl);
        answer
    }

    /// Each alias is a question of its own: so what is missing behind it is denied for its own name.
    async fn follow(&self, mut name: Name, kind: RecordType) -> (Answer, u32) {
        let (mut records, mut secure, mut ttl) = (Vec::new(), true, u32::MAX);
        for _ in 0..=MAX_ALIASES {
            let message = match self.step(&name, kind).await {
                Ok(message) => message,
                Err(error) => return (Err(error), 0),
            };
            let own = |kind| message.answers.iter().filter(move |own| own.record_type() == kind);
            let alias = own(RecordType::CNAME).next().filter(|_| own(kind).next().is_none());
            let found: Vec<&WireRecord> = alias.map_or_else(|| own(kind).collect(), |alias| vec![alias]);
            if found.is_empty() {
                if !self.is_absence_believed(&message, &name) {
                    return (Err(DnsError::Bogus), 0);
                }
                let absent = match message.metadata.response_code {
                    ResponseCode::NXDomain => DnsError::HostNotFound,
                    _ => DnsError::NoData,
                };
                return (Err(absent), ttl.min(negative_ttl(&message)));
            }
            match self.is_secure(&found, &name) {
                Some(own) => secure &= own,
                None => return (Err(DnsError::Bogus), 0),
            }
            records.extend(found.iter().map(|record| Record::of(record)));
            ttl = found.iter().map(|record| record.ttl).fold(ttl, u32::min);
            match alias.map(|alias| &alias.data) {
                Some(RData::CNAME(target)) => name = target.0.clone(),
                _ => {
                    records.iter_mut().for_each(|record| record.secure = secure);
                    return (Ok(records), ttl);
                }
            }
        }
        // aliases in a circle
        (Err(DnsError::NoData), 0)
    }

    /// What is said of one name, verified as far as a key may be known.
    async fn step(&self, name: &Name, kind: RecordType) -> Result<Message, DnsError> {
        let query = Query::query(name.clone(), kind);
        let answer = match self.anchors.cover(name) {
            true => self.handle.lookup(query, DnsRequestOptions::default()).first_answer().await,
            false => self.handle.inner().answer(query).await,
        };
        match answer {
            Ok(response) => Ok(response.into_message()),
            // denied by more rounds of hashing than anybody wants to count: as if it were not signed (RFC 9276, 3.2)
            Err(NetError::Dns(Refusal::Nsec { proof: Proof::Insecure, response, .. })) => {
                Ok(response.into_message())
            }
            Err(NetError::Dns(Refusal::Nsec { response, .. })) if comes_from_wildcard(&response, name) => {
                Ok(response.into_message())
            }
            Err(NetError::Dns(Refusal::Nsec { .. })) => Err(DnsError::Bogus),
            Err(_) => Err(DnsError::TryAgain),
        }
    }

    /// Have records of one name and type been validated, or is their zone not signed? `None`: bogus.
    fn is_secure(&self, records: &[&WireRecord], name: &Name) -> Option<bool> {
        let all = |proof| records.iter().all(|record| record.proof == proof);
        match self.anchors.cover(name) {
            true if all(Proof::Secure) => Some(true),
            true if !all(Proof::Insecure) => None,
            _ => Some(false),
        }
    }

    /// No denial was found wrong: is one there, or is it known that the name's zone is not signed? That some other zone is
    /// not says nothing.
    fn is_absence_believed(&self, message: &Message, name: &Name) -> bool {
        let said = &message.authorities;
        let denied = said.iter().any(|record| record.proof == Proof::Secure && denies(record));
        let only_of_others = !said.is_empty()
            && said.iter().all(|record| record.proof == Proof::Insecure && !record.name.zone_of(name));
        denied || !only_of_others || !self.anchors.cover(name)
    }
}

/// Do the records come from a wildcard, and is no name nearer to this one (RFC 4035, 5.3.4)? hickory does not take the
/// wildcard's own NSEC record as a proof of that.
fn comes_from_wildcard(message: &Message, name: &Name) -> bool {
    let labels =
        |record: &WireRecord| (record.proof == Proof::Secure).then(|| signed_labels(record)).flatten();
    let mut parents = message.answers.iter().filter_map(labels).peekable();
    let nearest = |labels: u8| {
        message.authorities.iter().filter(|record| record.proof == Proof::Secure).any(|record| {
            let RData::DNSSEC(DNSSECRData::NSEC(nsec)) = &record.data else { return false };
            encloser(&record.name, nsec, name) == Some(labels)
        })
    };
    parents.peek().is_some() && parents.all(|labels| labels < name.num_labels() && nearest(labels))
}

/// How many labels the nearest name that exists above this one has, if a record proves that this one does not exist.
fn encloser(owner: &Name, nsec: &NSEC, name: &Name) -> Option<u8> {
    let next = nsec.next_domain_name();
    let is_last = next <= owner && next.zone_of(name);
    let types = nsec.type_set();
    // of what stands below a delegation it knows nothing (RFC 6840, 4.1)
    let delegated = types.contains(RecordType::NS) && !types.contains(RecordType::SOA);
    let elsewhere = (delegated || types.contains(RecordType::DNAME)) && owner.zone_of(name);
    let covers = owner < name && (name < next || is_last) && !elsewhere;
    let common = |other: &Name| {
        let mut above = name.clone();
        while !above.zone_of(other) {
            above = above.base_name();
        }
        above.num_labels()
    };
    covers.then(|| common(owner).max(common(next)))
}

/// Labels of the name that was signed (RFC 4034, 3.1.3), if it is a signature: fewer than its own have those of a wildcard.
fn signed_labels(record: &WireRecord) -> Option<u8> {
    record.try_borrow::<RRSIG>().map(|rrsig| rrsig.data().input().num_labels)
}

fn denies(record: &WireRecord) -> bool {
    matches!(record.data, RData::DNSSEC(DNSSECRData::NSEC(_) | DNSSECRData::NSEC3(_)))
}

/// Our servers, as hickory asks them.
#[derive(Clone)]
struct Transport {
    servers: Servers,
    /// Keys and delegations, as they came.
    links: Arc<Cache<Message>>,
}

impl DnsHandle for Transport {
    type Response = DnsResponseStream;
    // it asks this one for the time
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        let (own, query) = (self.clone(), request.queries.first().cloned());
        let answer = async move {
            let query = query.ok_or(NetError::Message("no question"))?;
            own.answer(query).await
        };
        DnsResponseStream::from(Box::pin(answer))
    }
}

impl Transport {
    async fn answer(&self, query: Query) -> Result<DnsResponse, NetError> {
        let (name, kind) = (query.name(), query.query_type());
        let key = (name_text(name).to_ascii_lowercase(), u16::from(kind));
        let is_link = matches!(kind, RecordType::DS | RecordType::DNSKEY | RecordType::NS);
        if let Some(message) = is_link.then(|| self.links.get(&key)).flatten() {
            return Ok(DnsResponse::from_message(message)?);
        }
        let mut message = self.servers.ask_with_proofs(name, kind).await.ok_or(NetError::Timeout)?;
        pare(&mut message, name);
        if is_link {
            let ttl = message.answers.iter().map(|record| record.ttl).min();
            self.links.keep(key, &message, ttl.unwrap_or_else(|| negative_ttl(&message)));
        }
        Ok(DnsResponse::from_message(message)?)
    }
}

/// Leaves what an answer says of the name itself. Where it says that there is something, nothing else has to be
/// proved, unless it comes from a wildcard: then there must be no name that is nearer (RFC 4035, 5.3.4).
fn pare(message: &mut Message, name: &Name) {
    message.answers.retain(|record| record.name == *name);
    message.additionals.clear();
    let expanded = message.answers.iter().filter_map(signed_labels).any(|labels| labels < name.num_labels());
    if !message.answers.is_empty() && !expanded {
        message.authorities.clear();
    }
}

#[cfg(test)]
mod tests;
