//! The stub resolver: hosts file and DNS in the order of the service switch.

use super::error::{Answered, DnsError, answered, failed};
use super::mx::{self, MxAnswer};
use super::record::{Record, is_host_name, kind};
use super::settings::Settings;
use super::zone::{Answers, FixedZone, Witness, Zone};
use super::{dns, hosts};
use crate::schema::Outcome;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

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

/// The stub resolver. One is shared by all sessions.
#[derive(Debug)]
pub struct Resolver {
    pub(super) settings: Settings,
    source: Source,
    hosts: hosts::HostsFile,
    pub(super) canon_hosts: hosts::HostsFile,
    /// Who is shown the answers of name servers.
    witness: Option<Arc<dyn Witness>>,
    /// h_errno, as the last question left it.
    last: AtomicI32,
    /// Who asks for deliveries of queue runs, where these have another patience (Timeout.resolver.*.normal).
    runs: Option<Box<Resolver>>,
}

/// A name in UTF-8 as name servers know it (A-labels; RFC 6531, section 3.2). `None`: it stays as it is.
fn ascii_name(name: &[u8]) -> Option<Vec<u8>> {
    if name.is_ascii() {
        return None;
    }
    idna::domain_to_ascii(std::str::from_utf8(name).ok()?).ok().map(String::into_bytes)
}

/// Where DNS answers come from.
#[derive(Debug)]
enum Source {
    Servers(Box<dns::Client>),
    Memory(Arc<dyn Answers>),
}

impl Resolver {
    /// The hosts files, which are read again when they change.
    pub fn hosts_files(&self) -> impl Iterator<Item = &std::path::Path> {
        let files = [self.settings.system_hosts.as_deref(), self.settings.hosts_file.as_deref()];
        files.into_iter().flatten()
    }

    /// As the system says: /etc/resolv.conf, /etc/hosts, /etc/nsswitch.conf.
    pub fn system() -> Self {
        Self::with(Settings::system())
    }

    /// As the system and the configuration say.
    pub fn for_config(config: &crate::config::Config) -> Self {
        let runs = Settings::for_queue_runs(config).map(|settings| Box::new(Self::with(settings)));
        Self { runs, ..Self::with(Settings::for_config(config)) }
    }

    /// The resolver of deliveries in queue runs.
    pub fn in_queue_runs(&self) -> &Self {
        self.runs.as_deref().unwrap_or(self)
    }

    /// With these settings.
    pub fn with(settings: Settings) -> Self {
        let source = Source::Servers(Box::new(dns::Client::new(&settings)));
        Self::from_source(settings, source)
    }

    /// Answers from a table; asks nobody and reads no hosts file.
    pub fn fixed(zone: FixedZone) -> Self {
        Self::answered_by(Arc::new(Zone::new(zone)))
    }

    /// Somebody answers in the place of name servers; no hosts file is read, and names are asked for as they are.
    pub fn answered_by(answers: Arc<dyn Answers>) -> Self {
        Self::from_source(Settings::isolated(), Source::Memory(answers))
    }

    /// Name servers answer as in [`Self::answered_by`], and somebody is shown what they say.
    pub fn witnessed(config: &crate::config::Config, witness: Arc<dyn Witness>) -> Self {
        let Settings { servers, timeout, attempts, .. } = Settings::for_config(config);
        let resolver = Self::with(Settings { servers, timeout, attempts, ..Settings::isolated() });
        Self { witness: Some(witness), ..resolver }
    }

    fn from_source(settings: Settings, source: Source) -> Self {
        let hosts = hosts::HostsFile::new(settings.system_hosts.clone());
        let canon_hosts = hosts::HostsFile::new(settings.hosts_file.clone());
        Self { settings, source, hosts, canon_hosts, witness: None, last: AtomicI32::new(0), runs: None }
    }

    /// Is DNS among the services that complete names?
    pub fn uses_dns(&self) -> bool {
        self.settings.name_services.iter().any(|service| service == b"dns")
    }

    /// The C library's h_errno: how the last question ended, whatever it was about. sendmail takes it for
    /// an answer where it has asked nothing.
    pub fn last_error(&self) -> i32 {
        self.last.load(Ordering::Relaxed)
    }

    /// Sets what [`Self::last_error`] tells.
    pub fn remember(&self, number: i32) {
        self.last.store(number, Ordering::Relaxed);
    }

    fn remember_end<T>(&self, answer: &Result<T, DnsError>) {
        self.remember(answer.as_ref().err().map_or(0, |error| error.number()));
    }

    /// All records of the answer section for a question, CNAME steps included.
    pub(super) async fn ask(&self, name: &[u8], kind: u16) -> Result<Vec<Record>, DnsError> {
        self.ask_for(name, kind, false).await
    }

    /// `validated`: it matters whether the records are the zone's own.
    async fn ask_for(&self, name: &[u8], kind: u16, validated: bool) -> Result<Vec<Record>, DnsError> {
        let encoded = ascii_name(name);
        let asked = encoded.as_deref().unwrap_or(name);
        let answer = match &self.source {
            Source::Servers(client) if validated => client.ask_validated(asked, kind).await,
            Source::Servers(client) => client.ask(asked, kind).await,
            Source::Memory(answers) => answers.ask(asked, kind),
        };
        if let Some(witness) = &self.witness {
            witness.answered(name, kind, &answer);
        }
        self.remember_end(&answer);
        answer
    }

    /// Addresses of a host, hosts file and DNS in the service order.
    pub async fn addresses(&self, host: &[u8], family: Family) -> Answered<Vec<IpAddr>> {
        let found = self.addresses_by_service(host, family).await;
        self.remember_end(&found);
        answered(found)
    }

    async fn addresses_by_service(&self, host: &[u8], family: Family) -> Result<Vec<IpAddr>, DnsError> {
        let host = host.strip_suffix(b".").unwrap_or(host);
        let mut error = DnsError::HostNotFound;
        for service in &self.settings.address_services {
            let found = match service.as_slice() {
                b"files" => {
                    let mut found = self.hosts.addresses(host);
                    found.retain(|address| wanted(address, family));
                    if found.is_empty() { Err(DnsError::HostNotFound) } else { Ok(found) }
                }
                b"dns" => self.dns_addresses(host, family).await,
                _ => continue,
            };
            match found {
                Ok(found) => return Ok(found),
                Err(DnsError::HostNotFound) => {}
                Err(other) => error = other,
            }
        }
        Err(error)
    }

    async fn dns_addresses(&self, host: &[u8], family: Family) -> Result<Vec<IpAddr>, DnsError> {
        let mut found = Vec::new();
        let mut error = DnsError::HostNotFound;
        for (kind, asked) in [(kind::AAAA, Family::V6), (kind::A, Family::V4)] {
            if family != Family::Both && family != asked {
                continue;
            }
            match self.ask(host, kind).await {
                Ok(records) => found.extend(records.iter().filter_map(|record| record.address)),
                // what one family has counts, whatever the other says
                Err(other) if error == DnsError::HostNotFound || other == DnsError::TryAgain => error = other,
                Err(_) => {}
            }
        }
        if found.is_empty() { Err(error) } else { Ok(found) }
    }

    /// The name of an address.
    pub async fn ptr(&self, address: IpAddr) -> Answered<Vec<u8>> {
        let found = self.ptr_by_service(address).await;
        self.remember_end(&found);
        answered(found)
    }

    async fn ptr_by_service(&self, address: IpAddr) -> Result<Vec<u8>, DnsError> {
        let mut error = DnsError::HostNotFound;
        for service in &self.settings.address_services {
            let found = match service.as_slice() {
                b"files" => self.hosts.name_of(address).ok_or(DnsError::HostNotFound),
                b"dns" => self.dns_ptr(address).await,
                _ => continue,
            };
            match found {
                Ok(name) => return Ok(name),
                Err(DnsError::HostNotFound) => {}
                Err(other) => error = other,
            }
        }
        Err(error)
    }

    async fn dns_ptr(&self, address: IpAddr) -> Result<Vec<u8>, DnsError> {
        let records = self.ask(&reverse_name(address), kind::PTR).await?;
        let mut names =
            records.into_iter().filter(|record| record.kind == kind::PTR).map(|record| record.text);
        // whatever else the owner of an address writes there is no name to be shown or asked for
        names.find(|name| is_host_name(name)).ok_or(DnsError::NoData)
    }

    /// Records of one type (number as in DNS), CNAME steps left out; the name is completed with the
    /// domains of resolv.conf.
    pub async fn records(&self, name: &[u8], kind: u16) -> Answered<Vec<Record>> {
        let mut error = DnsError::HostNotFound;
        if name.is_empty() {
            // the root holds nobody's records
            self.remember(error.number());
            return failed(error);
        }
        for candidate in self.settings.candidates(name) {
            match self.ask(&candidate, kind).await {
                Ok(mut records) => {
                    records.retain(|record| record.kind == kind);
                    if !records.is_empty() {
                        return Outcome::Done(records);
                    }
                    error = DnsError::NoData;
                }
                Err(DnsError::TryAgain) => return failed(DnsError::TryAgain),
                Err(DnsError::NoData) => error = DnsError::NoData,
                Err(_) => {}
            }
        }
        failed(error)
    }

    /// Records of one type of exactly this name; no domain of resolv.conf completes it.
    pub async fn exact(&self, name: &[u8], kind: u16) -> Answered<Vec<Record>> {
        let found = self.ask(name, kind).await;
        answered(found.map(|mut records| {
            records.retain(|record| record.kind == kind);
            records
        }))
    }

    /// The same for those who want to know whether they have been validated.
    pub async fn validated(&self, name: &[u8], kind: u16) -> Answered<Vec<Record>> {
        let found = self.ask_for(name, kind, true).await;
        answered(found.map(|mut records| {
            records.retain(|record| record.kind == kind);
            records
        }))
    }

    /// Where to deliver mail for a domain (MX, else the name itself). `is_self` says whether a name is
    /// one of this host's own (class w): the list ends before it.
    pub async fn mx(&self, host: &[u8], is_self: &(dyn Fn(&[u8]) -> bool + Sync)) -> Answered<MxAnswer> {
        let host = host.strip_suffix(b".").unwrap_or(host);
        match self.ask_for(host, kind::MX, true).await {
            Ok(records) => Outcome::Done(mx::answer(host, records, is_self)),
            Err(error @ (DnsError::TryAgain | DnsError::Bogus)) => failed(error),
            // the host may still have an address, if only in the hosts file
            Err(_) => Outcome::Done(MxAnswer::implicit(host)),
        }
    }
}

fn wanted(address: &IpAddr, family: Family) -> bool {
    match family {
        Family::V4 => address.is_ipv4(),
        Family::V6 => address.is_ipv6(),
        Family::Both => true,
    }
}

/// The name whose PTR record names an address.
pub fn reverse_name(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(four) => {
            let [a, b, c, d] = four.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa").into_bytes()
        }
        IpAddr::V6(six) => {
            let nibbles =
                six.octets().into_iter().rev().map(|byte| format!("{:x}.{:x}.", byte & 15, byte >> 4));
            (nibbles.collect::<String>() + "ip6.arpa").into_bytes()
        }
    }
}
