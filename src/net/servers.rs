//! One question to the configured name servers: UDP, TCP when the answer does not fit.

use super::record::name_text;
use super::settings::{Settings, Validating};
use hickory_proto::op::{Edns, Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, RecordType};
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

/// What fits in a UDP answer (RFC 9715 advises against more).
const UDP_SIZE: u16 = 1232;
/// "There is no such name" without a TTL of its own is believed this long, in seconds.
const NEGATIVE_TTL: u32 = 60;

/// The name servers, and how patient we are.
#[derive(Clone, Debug)]
pub(super) struct Servers {
    servers: Vec<SocketAddr>,
    timeout: Duration,
    attempts: u32,
    validating: Validating,
}

/// What a server answers; `trusted`: what it says of its having validated the answer counts.
pub(super) struct Answered {
    pub message: Message,
    pub trusted: bool,
}

/// What is wanted beside the records themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Beside {
    /// Nothing.
    Nothing,
    /// Has the server validated it (RFC 6840, 5.7)?
    ItsWord,
    /// Signatures and denials, whatever the server thinks of them (RFC 4035, 3.2.1 and 3.2.2).
    Proofs,
}

impl Servers {
    pub fn new(settings: &Settings) -> Self {
        Self {
            servers: settings.servers.clone(),
            timeout: settings.timeout,
            attempts: settings.attempts,
            validating: settings.validating,
        }
    }

    /// The first answer that says that there are such records, or that there are none.
    pub async fn ask(&self, name: &Name, kind: RecordType) -> Option<Answered> {
        self.ask_for(name, kind, false).await
    }

    /// The same with signatures and denials.
    pub async fn ask_with_proofs(&self, name: &Name, kind: RecordType) -> Option<Message> {
        Some(self.ask_for(name, kind, true).await?.message)
    }

    async fn ask_for(&self, name: &Name, kind: RecordType, proofs: bool) -> Option<Answered> {
        for attempt in 0..self.attempts {
            // as the C library: wait longer each round, shared between the servers
            let patience = (self.timeout * (1 << attempt.min(4))) / self.servers.len().max(1) as u32;
            let patience = if attempt == 0 { self.timeout } else { patience.max(Duration::from_secs(1)) };
            for server in &self.servers {
                let trusted = self.validating.trusts(server.ip());
                let beside = match (proofs, trusted) {
                    (true, _) => Beside::Proofs,
                    (false, true) => Beside::ItsWord,
                    (false, false) => Beside::Nothing,
                };
                let Ok(question) = Question::new(*server, name, kind, beside) else { continue };
                let answer = tokio::time::timeout(patience, question.ask(patience)).await;
                let Ok(Ok(message)) = answer else { continue };
                if matches!(message.metadata.response_code, ResponseCode::NoError | ResponseCode::NXDomain) {
                    return Some(Answered { message, trusted });
                }
            }
        }
        None
    }
}

/// One question to one server.
struct Question<'a> {
    server: SocketAddr,
    name: &'a Name,
    kind: RecordType,
    id: u16,
    bytes: Vec<u8>,
}

impl<'a> Question<'a> {
    fn new(server: SocketAddr, name: &'a Name, kind: RecordType, beside: Beside) -> io::Result<Self> {
        let id = random_id()?;
        let mut message = Message::new(id, MessageType::Query, OpCode::Query);
        message.metadata.recursion_desired = true;
        message.metadata.authentic_data = beside == Beside::ItsWord;
        message.metadata.checking_disabled = beside == Beside::Proofs;
        message.add_query(Query::query(name.clone(), kind));
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_SIZE);
        edns.set_dnssec_ok(beside == Beside::Proofs);
        message.set_edns(edns);
        let bytes = message.to_vec().map_err(io::Error::other)?;
        Ok(Self { server, name, kind, id, bytes })
    }

    async fn ask(&self, patience: Duration) -> io::Result<Message> {
        let answer = self.over_udp().await?;
        if !answer.metadata.truncation {
            return Ok(answer);
        }
        tokio::time::timeout(patience, self.over_tcp()).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    async fn over_udp(&self) -> io::Result<Message> {
        let any: SocketAddr = match self.server {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(self.server).await?;
        socket.send(&self.bytes).await?;
        let mut buffer = vec![0; 4096];
        loop {
            let length = socket.recv(&mut buffer).await?;
            // whatever does not belong to the question is somebody else's
            if let Ok(answer) = Message::from_vec(&buffer[..length])
                && self.is_answered_by(&answer)
            {
                return Ok(answer);
            }
        }
    }

    async fn over_tcp(&self) -> io::Result<Message> {
        let mut stream = TcpStream::connect(self.server).await?;
        let length = u16::try_from(self.bytes.len()).map_err(io::Error::other)?;
        stream.write_all(&[length.to_be_bytes().as_slice(), &self.bytes].concat()).await?;
        let mut buffer = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut buffer).await?;
        let answer = Message::from_vec(&buffer).map_err(io::Error::other)?;
        if self.is_answered_by(&answer) { Ok(answer) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    fn is_answered_by(&self, answer: &Message) -> bool {
        let asked = answer.queries.first().is_none_or(|query| {
            query.query_type() == self.kind
                && name_text(query.name()).eq_ignore_ascii_case(&name_text(self.name))
        });
        answer.metadata.id == self.id && answer.metadata.message_type == MessageType::Response && asked
    }
}

/// From the kernel: an id that cannot be guessed is half of the defence against forged answers, the
/// other half is the port that the kernel picks.
fn random_id() -> io::Result<u16> {
    Ok(u16::from_ne_bytes(crate::sys::random::bytes()?))
}

/// How long it may be believed that there is nothing, in seconds.
pub(super) fn negative_ttl(message: &Message) -> u32 {
    let soa = message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    });
    soa.unwrap_or(NEGATIVE_TTL)
}
