//! Questions to name servers: UDP, TCP when the answer does not fit, and a cache that forgets in time.

use super::error::DnsError;
use super::record::{Record, name_text};
use super::settings::{Settings, Validating};
use hashbrown::HashMap;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// Answers kept; when there are more, all are forgotten.
const MAX_CACHED: usize = 20_000;
/// Nothing is kept longer, whatever its TTL.
const MAX_TTL: u32 = 3600;
/// "There is no such name" without a TTL of its own is kept this long, in seconds.
const NEGATIVE_TTL: u32 = 60;
/// What fits in a UDP answer (RFC 9715 advises against more).
const UDP_SIZE: u16 = 1232;

type Answer = Result<Vec<Record>, DnsError>;

/// Answers by name and type, and until when they are believed.
type Cache = HashMap<(Vec<u8>, u16), (Instant, Answer)>;

/// Asks the configured servers.
#[derive(Debug)]
pub(super) struct Client {
    servers: Vec<SocketAddr>,
    timeout: Duration,
    attempts: u32,
    validating: Validating,
    cache: Mutex<Cache>,
}

impl Client {
    pub fn new(settings: &Settings) -> Self {
        Self {
            servers: settings.servers.clone(),
            timeout: settings.timeout,
            attempts: settings.attempts,
            validating: settings.validating,
            cache: Mutex::default(),
        }
    }

    /// The answer section for a question, CNAME steps included; never empty.
    pub async fn ask(&self, name: &[u8], kind: u16) -> Answer {
        let key = (name.to_ascii_lowercase(), kind);
        if let Some(answer) = self.cached(&key) {
            return answer;
        }
        let question = question_name(name).ok_or(DnsError::HostNotFound)?;
        let (answer, ttl) = self.ask_servers(&question, RecordType::from(kind)).await;
        if ttl > 0 {
            self.keep(key, &answer, ttl);
        }
        answer
    }

    fn cached(&self, key: &(Vec<u8>, u16)) -> Option<Answer> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, answer) = cache.get(key)?;
        if *until > Instant::now() {
            return Some(answer.clone());
        }
        cache.remove(key);
        None
    }

    fn keep(&self, key: (Vec<u8>, u16), answer: &Answer, ttl: u32) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        let until = Instant::now() + Duration::from_secs(u64::from(ttl.min(MAX_TTL)));
        cache.insert(key, (until, answer.clone()));
    }

    /// The answer and how many seconds it may be kept.
    async fn ask_servers(&self, name: &Name, kind: RecordType) -> (Answer, u32) {
        for attempt in 0..self.attempts {
            // as the C library: wait longer each round, shared between the servers
            let patience = (self.timeout * (1 << attempt.min(4))) / self.servers.len().max(1) as u32;
            let patience = if attempt == 0 { self.timeout } else { patience.max(Duration::from_secs(1)) };
            for server in &self.servers {
                let trusted = self.validating.trusts(server.ip());
                let exchange = exchange(*server, name, kind, patience, trusted);
                let Ok(Ok(message)) = tokio::time::timeout(patience, exchange).await else { continue };
                match message.metadata.response_code {
                    ResponseCode::NoError => return answer_of(&message, kind, trusted),
                    ResponseCode::NXDomain => return (Err(DnsError::HostNotFound), negative_ttl(&message)),
                    _ => {}
                }
            }
        }
        (Err(DnsError::TryAgain), 0)
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

fn negative_ttl(message: &Message) -> u32 {
    let soa = message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    });
    soa.unwrap_or(NEGATIVE_TTL)
}

async fn exchange(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    patience: Duration,
    trusted: bool,
) -> io::Result<Message> {
    let id = random_id()?;
    let mut message = Message::new(id, MessageType::Query, OpCode::Query);
    message.metadata.recursion_desired = true;
    // asks for the bit in the answer (RFC 6840, 5.7)
    message.metadata.authentic_data = trusted;
    message.add_query(Query::query(name.clone(), kind));
    let mut edns = Edns::new();
    edns.set_max_payload(UDP_SIZE);
    message.set_edns(edns);
    let bytes = message.to_vec().map_err(io::Error::other)?;
    let answer = over_udp(server, &bytes, id, name, kind).await?;
    if !answer.metadata.truncation {
        return Ok(answer);
    }
    let over_tcp = over_tcp(server, &bytes, id, name, kind);
    tokio::time::timeout(patience, over_tcp).await.map_err(|_| io::ErrorKind::TimedOut)?
}

/// From the kernel: an id that cannot be guessed is half of the defence against forged answers, the
/// other half is the port that the kernel picks.
fn random_id() -> io::Result<u16> {
    Ok(u16::from_ne_bytes(crate::sys::random::bytes()?))
}

async fn over_udp(
    server: SocketAddr,
    bytes: &[u8],
    id: u16,
    name: &Name,
    kind: RecordType,
) -> io::Result<Message> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(server).await?;
    socket.send(bytes).await?;
    let mut buffer = vec![0; 4096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // whatever does not belong to the question is somebody else's
        if let Ok(answer) = Message::from_vec(&buffer[..length])
            && belongs(&answer, id, name, kind)
        {
            return Ok(answer);
        }
    }
}

async fn over_tcp(
    server: SocketAddr,
    bytes: &[u8],
    id: u16,
    name: &Name,
    kind: RecordType,
) -> io::Result<Message> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(bytes.len()).map_err(io::Error::other)?;
    stream.write_all(&[length.to_be_bytes().as_slice(), bytes].concat()).await?;
    let mut buffer = vec![0; usize::from(stream.read_u16().await?)];
    stream.read_exact(&mut buffer).await?;
    let answer = Message::from_vec(&buffer).map_err(io::Error::other)?;
    if belongs(&answer, id, name, kind) { Ok(answer) } else { Err(io::ErrorKind::InvalidData.into()) }
}

fn belongs(answer: &Message, id: u16, name: &Name, kind: RecordType) -> bool {
    let asked = answer.queries.first().is_none_or(|query| {
        query.query_type() == kind && name_text(query.name()).eq_ignore_ascii_case(&name_text(name))
    });
    answer.metadata.id == id && answer.metadata.message_type == MessageType::Response && asked
}
