//! Questions to name servers, and what is remembered of their answers.

use super::cache::Cache;
use super::dnssec::Validator;
use super::error::DnsError;
use super::record::Record;
use super::servers::{Servers, negative_ttl};
use super::settings::Settings;
use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RecordType};

/// Answers kept.
const MAX_CACHED: usize = 20_000;
/// Nothing is kept longer, in seconds.
const MAX_TTL: u32 = 3600;

pub(super) type Answer = Result<Vec<Record>, DnsError>;

/// Asks the configured servers.
#[derive(Debug)]
pub(super) struct Client {
    servers: Servers,
    cache: Cache<Answer>,
    /// Validates answers, if the site has named keys for it.
    validator: Option<Validator>,
}

impl Client {
    pub fn new(settings: &Settings) -> Self {
        let servers = Servers::new(settings);
        let validator = settings.anchors.as_ref().map(|anchors| Validator::new(servers.clone(), anchors));
        Self { servers, cache: Cache::new(MAX_CACHED, MAX_TTL), validator }
    }

    /// The answer section for a question, CNAME steps included; never empty.
    pub async fn ask(&self, name: &[u8], kind: u16) -> Answer {
        let key = (name.to_ascii_lowercase(), kind);
        if let Some(answer) = self.cache.get(&key) {
            return answer;
        }
        let question = question_name(name).ok_or(DnsError::HostNotFound)?;
        let (answer, ttl) = self.ask_servers(&question, RecordType::from(kind)).await;
        self.cache.keep(key, &answer, ttl);
        answer
    }

    /// The same for those who want to know whether it has been validated.
    pub async fn ask_validated(&self, name: &[u8], kind: u16) -> Answer {
        let Some(validator) = &self.validator else { return self.ask(name, kind).await };
        let question = question_name(name).ok_or(DnsError::HostNotFound)?;
        validator.ask(question, RecordType::from(kind)).await
    }

    /// The answer and how many seconds it may be kept.
    async fn ask_servers(&self, name: &Name, kind: RecordType) -> (Answer, u32) {
        let Some(answered) = self.servers.ask(name, kind).await else { return (Err(DnsError::TryAgain), 0) };
        match answered.message.metadata.response_code {
            ResponseCode::NXDomain => (Err(DnsError::HostNotFound), negative_ttl(&answered.message)),
            _ => answer_of(&answered.message, kind, answered.trusted),
        }
    }
}

/// A name as the C library reads it: labels of any bytes, a backslash before a byte that is meant
/// literally or before three digits.
pub(super) fn question_name(text: &[u8]) -> Option<Name> {
    let mut labels = vec![Vec::new()];
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'.' => labels.push(Vec::new()),
            b'\\' => {
                let mut escaped = bytes.next()?;
                if escaped.is_ascii_digit() {
                    let number = [escaped, bytes.next()?, bytes.next()?];
                    escaped = std::str::from_utf8(&number).ok()?.parse().ok()?;
                }
                labels.last_mut()?.push(escaped);
            }
            byte => labels.last_mut()?.push(byte),
        }
    }
    if text.is_empty() {
        return Some(Name::root());
    }
    if labels.iter().any(Vec::is_empty) {
        return None;
    }
    let mut name = Name::from_labels(labels.iter().map(Vec::as_slice)).ok()?;
    name.set_fqdn(true);
    Some(name)
}

/// `trusted`: what the server says of its having validated the answer counts.
fn answer_of(message: &Message, kind: RecordType, trusted: bool) -> (Answer, u32) {
    let secure = trusted && message.metadata.authentic_data;
    let records: Vec<Record> =
        message.answers.iter().map(|record| Record { secure, ..Record::of(record) }).collect();
    let ttl = records.iter().map(|record| record.ttl).min();
    match ttl {
        Some(ttl) if records.iter().any(|record| record.kind == u16::from(kind)) => (Ok(records), ttl),
        // an alias that leads to nothing of this type
        _ => (Err(DnsError::NoData), negative_ttl(message)),
    }
}
