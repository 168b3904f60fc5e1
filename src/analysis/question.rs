//! What is asked.

use crate::schema::ip_text;
use crate::smtp::server::{Client, DaemonFacts, Resolved};
use std::net::{IpAddr, SocketAddr};

/// A session that never was: who connects, and what is said.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The client.
    pub client: Client,
    /// The argument of EHLO.
    pub helo: Vec<u8>,
    /// The argument of MAIL.
    pub from: Vec<u8>,
    /// Macros that a login or TLS would set, by name, in front of everything.
    pub macros: Vec<(&'static str, Vec<u8>)>,
    /// Fields of the message, `Name: value`; with them the message is sent.
    pub headers: Vec<Vec<u8>>,
    /// The arguments of RCPT.
    pub recipients: Vec<Vec<u8>>,
}

/// A port that a client may have.
const CLIENT_PORT: u16 = 40_000;

/// Reads `IP` or `IP=NAME`: a name given so counts as verified, and nobody is asked for it.
///
/// # Errors
/// What is wrong with it.
pub fn parse_client(text: &str) -> Result<Client, String> {
    let (address, name) = match text.split_once('=') {
        Some((address, name)) => (address, Some(name.trim_end_matches('.'))),
        None => (text, None),
    };
    let ip: IpAddr = address.parse().map_err(|_| format!("{address} is no IP address"))?;
    let bracketed = format!("[{}]", ip_text(ip, false));
    let name = name.filter(|name| !name.is_empty());
    let display = name.map_or_else(|| bracketed.clone(), |name| format!("{name} {bracketed}"));
    let known = name.unwrap_or(&bracketed).as_bytes();
    let family: &[u8] = if ip.is_ipv4() { b"inet" } else { b"inet6" };
    Ok(Client {
        address: Some(SocketAddr::new(ip, CLIENT_PORT)),
        name: known.to_vec(),
        pointer: known.to_vec(),
        resolved: if name.is_some() { Resolved::Ok } else { Resolved::Fail },
        display: display.into_bytes(),
        daemon: DaemonFacts {
            name: b"MTA".to_vec(),
            family: family.to_vec(),
            port: b"25".to_vec(),
            ..DaemonFacts::default()
        },
        connections: 1,
        rate: 1,
        total_rate: 1,
        ..Client::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_read() {
        let client = parse_client("192.0.2.1=mail.example.org.").expect("well-formed");
        assert_eq!((&client.name[..], client.resolved), (&b"mail.example.org"[..], Resolved::Ok));
        assert_eq!(client.display, b"mail.example.org [192.0.2.1]");
        let client = parse_client("2001:db8::1").expect("well-formed");
        assert_eq!(
            (&client.name[..], client.resolved),
            (&b"[IPv6:2001:db8:0:0:0:0:0:1]"[..], Resolved::Fail)
        );
        assert_eq!(parse_client("mail.example.org").unwrap_err(), "mail.example.org is no IP address");
    }
}
