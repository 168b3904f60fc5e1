//! Names and addresses: a stub resolver over /etc/hosts and DNS.
//!
//! In: host names, addresses. Out: [`Outcome`]s that keep "not now" (TRY_AGAIN) apart from "no such
//! host" (HOST_NOT_FOUND). Never here: policy (which host to talk to), connections to mail servers.

use crate::schema::Outcome;
use std::net::{IpAddr, SocketAddr};

/// Why a question has no answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DnsError {
    /// h_errno 1
    #[error("Host unknown")]
    HostNotFound,
    /// h_errno 2
    #[error("Host name lookup failure")]
    TryAgain,
    /// h_errno 3
    #[error("Non-recoverable name server error")]
    NoRecovery,
    /// h_errno 4: the name exists without records of this type.
    #[error("No address associated with name")]
    NoData,
}

/// Answer of the resolver.
pub type Answered<T> = Outcome<T, DnsError, DnsError>;

/// Which addresses are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// Both, IPv6 first.
    Both,
}

/// Where mail for a domain goes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MxAnswer {
    /// Hosts in the order of trial, without trailing dots.
    pub hosts: Vec<Vec<u8>>,
    /// RFC 7505: the domain accepts no mail (then `hosts` is empty).
    pub null_mx: bool,
    /// The best preference was this host itself or the list was cut off at it.
    pub saw_self: bool,
    /// There were no MX records; `hosts` holds the name itself.
    pub implicit: bool,
    /// Smallest TTL in seconds.
    pub ttl: u32,
}

/// A record of a dns map.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Type number.
    pub kind: u16,
    /// The data as a dns map shows it.
    pub text: Vec<u8>,
    /// Seconds.
    pub ttl: u32,
}

/// An in-memory zone for tests: name, type (`A`, `AAAA`, `MX`, `CNAME`, `PTR`, `TXT`), data; type
/// `TRYAGAIN` makes every question about the name fail temporarily.
pub type FixedZone = Vec<(String, String, String)>;

/// The stub resolver. One is shared by all sessions.
#[derive(Debug)]
pub struct Resolver {
    servers: Vec<SocketAddr>,
}

impl Resolver {
    /// As the system says: /etc/resolv.conf, /etc/hosts, /etc/nsswitch.conf.
    pub fn system() -> Self {
        Self { servers: Vec::new() }
    }

    /// Answers from a table; asks nobody.
    pub fn fixed(_zone: FixedZone) -> Self {
        Self { servers: Vec::new() }
    }

    /// Addresses of a host, hosts file and DNS in the service order.
    pub async fn addresses(&self, _host: &[u8], _family: Family) -> Answered<Vec<IpAddr>> {
        let _ = &self.servers;
        Outcome::Later(DnsError::TryAgain)
    }

    /// Where to deliver mail for a domain (MX, else the name itself). `is_self` says whether a name is
    /// one of this host's own (class w): the list ends before it.
    pub async fn mx(&self, _host: &[u8], _is_self: &(dyn Fn(&[u8]) -> bool + Sync)) -> Answered<MxAnswer> {
        Outcome::Later(DnsError::TryAgain)
    }

    /// The name of an address.
    pub async fn ptr(&self, _address: IpAddr) -> Answered<Vec<u8>> {
        Outcome::Later(DnsError::TryAgain)
    }

    /// Records of one type (number as in DNS).
    pub async fn records(&self, _name: &[u8], _kind: u16) -> Answered<Vec<Record>> {
        Outcome::Later(DnsError::TryAgain)
    }

    /// getcanonname: the full name of a host by hosts file and DNS, without a trailing dot.
    pub async fn canonical(&self, _name: &[u8]) -> Answered<Vec<u8>> {
        Outcome::Later(DnsError::TryAgain)
    }
}
