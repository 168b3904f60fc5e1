//! The PROXY protocol, versions 1 and 2, on listeners with M=P: a proxy in front says whose connection it hands on
//! (<https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt>).
//!
//! In: a connection from a host of class `{proxy_hosts}`. Out: the two ends that it names. What names no client is
//! refused: nobody may pass for the proxy itself. Never here: who may speak it.

use proxy_header::{ParseConfig, Protocol, ProxyHeader};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};

/// How long a proxy may take to say it: it is its first word.
pub(super) const LIMIT: Duration = Duration::from_secs(10);
/// The longest line of version 1, in bytes.
const MAX_LINE: usize = 107;
/// The longest header of version 2 behind its length; proxies add certificates and the like.
const MAX_BINARY: usize = 4096;
/// What version 2 begins with; no header of version 1 is shorter.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// Version 2 and its command LOCAL.
const LOCAL: u8 = 0x20;

/// Both ends of a client's connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ends {
    pub(super) client: SocketAddr,
    pub(super) local: Option<SocketAddr>,
}

/// Why there is no client.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum NoClient {
    /// It does not speak the protocol.
    #[error("no PROXY header")]
    NoHeader,
    /// The proxy does not know, or it is no TCP connection.
    #[error("PROXY header without a client's address")]
    Unknown,
    /// It was not said in time, or the connection broke.
    #[error("PROXY header did not come")]
    Lost,
}

/// Reads the header and no byte more. `peer`: the ends of the proxy's own connection, which version 2's LOCAL stands for (it
/// looks whether we are there).
///
/// # Errors
/// There is no client to serve.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), peer: Ends) -> Result<Ends, NoClient> {
    match tokio::time::timeout(LIMIT, header(stream)).await {
        Ok(Ok(header)) => ends_of(&header, peer),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::InvalidData => Err(NoClient::NoHeader),
        _ => Err(NoClient::Lost),
    }
}

async fn header(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        let mut rest = [0; 4];
        stream.read_exact(&mut rest).await?;
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        if length > MAX_BINARY {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
        header.extend_from_slice(&rest);
        header.resize(SIGNATURE.len() + rest.len() + length, 0);
        stream.read_exact(&mut header[SIGNATURE.len() + rest.len()..]).await?;
        return Ok(header);
    }
    while header.starts_with(b"PROXY ") && !header.ends_with(b"\r\n") && header.len() < MAX_LINE {
        header.push(stream.read_u8().await?);
    }
    Ok(header)
}

fn ends_of(header: &[u8], peer: Ends) -> Result<Ends, NoClient> {
    let (parsed, _) = ProxyHeader::parse(header, ParseConfig::default()).map_err(|_| NoClient::NoHeader)?;
    match parsed.proxied_address() {
        Some(ends) if ends.protocol == Protocol::Stream => {
            Ok(Ends { client: ends.source, local: Some(ends.destination) })
        }
        None if header.starts_with(SIGNATURE) && header.get(SIGNATURE.len()) == Some(&LOCAL) => Ok(peer),
        _ => Err(NoClient::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer() -> Ends {
        Ends { client: ([192, 0, 2, 7], 9).into(), local: None }
    }

    async fn told(input: &[u8]) -> (Result<String, NoClient>, Vec<u8>) {
        let mut input = input;
        let read = read(&mut input, peer()).await;
        let shown = |ends: Ends| {
            format!("{} to {}", ends.client, ends.local.map_or("-".into(), |end| end.to_string()))
        };
        (read.map(shown), input.to_vec())
    }

    fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = (rest.len() as u16).to_be_bytes();
        [SIGNATURE, &[LOCAL | command, family], &length, rest, b"EHLO x\r\n"].concat()
    }

    #[tokio::test]
    async fn headers_of_both_versions() {
        let rest = b"EHLO x\r\n".to_vec();
        let four = b"PROXY TCP4 198.51.100.1 192.0.2.2 4711 25\r\nEHLO x\r\n";
        assert_eq!(told(four).await, (Ok("198.51.100.1:4711 to 192.0.2.2:25".into()), rest.clone()));
        let six = b"PROXY TCP6 2001:db8::1 2001:db8::2 4711 25\r\nEHLO x\r\n";
        assert_eq!(told(six).await, (Ok("[2001:db8::1]:4711 to [2001:db8::2]:25".into()), rest.clone()));
        let ends = [198, 51, 100, 1, 192, 0, 2, 2, 0x12, 0x67, 0, 25];
        let four = binary(1, 0x11, &ends);
        assert_eq!(told(&four).await, (Ok("198.51.100.1:4711 to 192.0.2.2:25".into()), rest.clone()));
        // what stands behind the addresses is passed over, and LOCAL is the proxy itself
        let more = binary(1, 0x11, &[&ends[..], &[0x04, 0, 1, 0]].concat());
        assert_eq!(told(&more).await, (Ok("198.51.100.1:4711 to 192.0.2.2:25".into()), rest.clone()));
        assert_eq!(told(&binary(0, 0, b"")).await, (Ok("192.0.2.7:9 to -".into()), rest.clone()));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_is_served_without_a_client() {
        let rows: [(&[u8], NoClient); 9] = [
            (b"EHLO client.example\r\n", NoClient::NoHeader),
            (b"PROXY UNKNOWN\r\nEHLO x\r\n", NoClient::Unknown),
            (b"PROXY TCP4 198.51.100.1 192.0.2.2 4711\r\n", NoClient::NoHeader),
            (b"PROXY TCP4 198.51.100.256 192.0.2.2 4711 25\r\n", NoClient::NoHeader),
            (&[b"PROXY TCP4 ", &[b'1'; 200][..]].concat(), NoClient::NoHeader),
            (b"PROXY TCP", NoClient::Lost),
            (&binary(1, 0, b""), NoClient::Unknown),
            (&binary(1, 0x12, &[0; 12]), NoClient::Unknown),
            (&[SIGNATURE, &[0x21, 0x11, 0xff, 0xff]].concat(), NoClient::NoHeader),
        ];
        for (input, why) in rows {
            assert_eq!(told(input).await.0, Err(why), "{}", String::from_utf8_lossy(input));
        }
        let (_silent, mut stream) = tokio::io::duplex(64);
        assert_eq!(read(&mut stream, peer()).await, Err(NoClient::Lost));
    }
}
