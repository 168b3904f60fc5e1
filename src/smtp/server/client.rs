//! The client at the other end: address, name, and how far the name is to be trusted.

use super::policy::{DaemonFacts, Policy};
use super::security::Security;
use crate::config::Config;
use crate::engine::Scope;
use crate::envelope::BodyType;
use crate::net::{Family, Resolver};
use crate::schema::Outcome;
use crate::schema::ip_text;
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

/// `${client_resolve}`
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Resolved {
    /// The name leads back to the address.
    Ok,
    /// There is no name.
    #[default]
    Fail,
    /// The name belongs to other addresses.
    Forged,
    /// No answer for now.
    Temporary,
}

impl Resolved {
    /// As rules see it.
    pub fn as_bytes(self) -> &'static [u8] {
        match self {
            Self::Ok => b"OK",
            Self::Fail => b"FAIL",
            Self::Forged => b"FORGED",
            Self::Temporary => b"TEMP",
        }
    }
}

/// Who is connected, from where, through which listener.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The client's address; `None` on standard input.
    pub address: Option<SocketAddr>,
    /// UseCompressedIPv6Addresses
    pub compressed_ipv6: bool,
    /// Our own end.
    pub local: Option<SocketAddr>,
    /// `${client_name}`: a verified name, or the address in brackets.
    pub name: Vec<u8>,
    /// `${client_ptr}`: the name, verified or not, or the address in brackets. Log lines show it.
    pub pointer: Vec<u8>,
    /// Whoever runs the program, on standard input.
    pub user: Option<Vec<u8>>,
    /// How many hosts its messages have passed at least (`-h`).
    pub hops: u32,
    /// What the messages of whoever is on standard input are, where MAIL does not say it (`-B`).
    pub body_type: Option<BodyType>,
    /// How the name was found.
    pub resolved: Resolved,
    /// `$_`: what log lines and Received fields show.
    pub display: Vec<u8>,
    /// How far it is to be trusted.
    pub security: Security,
    /// The listener.
    pub daemon: DaemonFacts,
    /// Open connections of this address, this one included.
    pub connections: u32,
    /// Connections of this address within the window.
    pub rate: u32,
    /// All connections within the window.
    pub total_rate: u32,
}

impl Client {
    /// Are top bits taken off what comes in, where MAIL does not say it?
    pub(super) fn seven_bit_input(&self, policy: &Policy) -> bool {
        self.body_type.map_or(policy.seven_bit_input, |declared| declared == BodyType::SEVEN_BIT)
    }

    /// Looks the client's name up, and the name's addresses.
    pub async fn resolve(address: SocketAddr, config: &Config, resolver: &Resolver) -> Self {
        let (ip, compressed_ipv6) =
            (address.ip().to_canonical(), config.options.use_compressed_ipv6_addresses);
        let bracketed = format!("[{}]", ip_text(ip, compressed_ipv6)).into_bytes();
        let (resolved, pointer) = verify(ip, resolver).await;
        let name = if resolved == Resolved::Ok { pointer.clone() } else { bracketed.clone() };
        let mut display = match resolved {
            Resolved::Ok | Resolved::Forged => [&pointer[..], b" ", &bracketed].concat(),
            _ => bracketed.clone(),
        };
        if resolved == Resolved::Forged {
            display.extend_from_slice(b" (may be forged)");
        }
        let pointer = if pointer.is_empty() { bracketed } else { pointer };
        Self {
            address: Some(SocketAddr::new(ip, address.port())),
            compressed_ipv6,
            name,
            pointer,
            resolved,
            display,
            ..Self::default()
        }
    }

    /// The user of this machine who speaks SMTP on standard input.
    pub fn local_user(user: &[u8]) -> Self {
        Self {
            name: b"localhost".to_vec(),
            pointer: b"localhost".to_vec(),
            user: Some(user.to_vec()),
            resolved: Resolved::Ok,
            display: [user, b"@localhost"].concat(),
            security: Security::of_local_user(user),
            ..Self::default()
        }
    }

    /// May it say for whom it speaks (XCLIENT)? The class holds hosts, and networks of them.
    pub(super) fn may_name_another(&self, config: &Config) -> bool {
        let address = self.address.map(|address| address.ip().to_canonical());
        address.is_some_and(|address| config.class_has_address("xclient_hosts", address))
    }

    /// The address as rules see it (`IPv6:` before a version 6 one).
    pub fn address_text(&self) -> Vec<u8> {
        match self.address {
            Some(address) => ip_text(address.ip().to_canonical(), self.compressed_ipv6).into_bytes(),
            None => b"0".to_vec(),
        }
    }

    /// Sets the macros of the connection.
    pub fn set_macros(&self, config: &Config, scope: &mut Scope) {
        let port = self.address.map_or(0, |address| address.port());
        let rows: &[(&[u8], Cow<'_, [u8]>)] = &[
            (b"_", (&self.display).into()),
            (b"client_addr", self.address_text().into()),
            (b"client_name", (&self.name).into()),
            (b"client_ptr", (&self.pointer).into()),
            (b"client_resolve", self.resolved.as_bytes().into()),
            (b"client_port", decimal(port).into()),
            (b"client_connections", decimal(self.connections).into()),
            (b"client_rate", decimal(self.rate).into()),
            (b"total_rate", decimal(self.total_rate).into()),
            (b"daemon_name", (&self.daemon.name).into()),
            (b"daemon_flags", self.daemon.flags_macro().into()),
            (b"daemon_family", (&self.daemon.family).into()),
            (b"daemon_addr", (&self.daemon.address).into()),
            (b"daemon_port", (&self.daemon.port).into()),
        ];
        for (name, value) in rows {
            scope.set_named(config, name, value);
        }
        if let Some(mode) = self.daemon.delivery_mode {
            scope.set_delivery_mode(config, mode);
        }
        if let Some(local) = self.local.filter(|local| !local.ip().is_loopback()) {
            scope.set_named(
                config,
                b"if_addr",
                ip_text(local.ip().to_canonical(), self.compressed_ipv6).as_bytes(),
            );
            let family: &[u8] = if local.is_ipv4() { b"inet" } else { b"inet6" };
            scope.set_named(config, b"if_family", family);
        }
    }
}

fn decimal(number: impl ToString) -> Vec<u8> {
    number.to_string().into_bytes()
}

async fn verify(ip: IpAddr, resolver: &Resolver) -> (Resolved, Vec<u8>) {
    let name = match resolver.ptr(ip).await {
        Outcome::Done(name) => name,
        Outcome::Later(_) => return (Resolved::Temporary, Vec::new()),
        Outcome::Never(_) => return (Resolved::Fail, Vec::new()),
    };
    let family = if ip.is_ipv4() { Family::V4 } else { Family::V6 };
    let resolved = match resolver.addresses(&name, family).await {
        Outcome::Done(addresses) if addresses.contains(&ip) => Resolved::Ok,
        Outcome::Done(_) | Outcome::Never(_) => Resolved::Forged,
        Outcome::Later(_) => return (Resolved::Temporary, Vec::new()),
    };
    (resolved, name)
}
