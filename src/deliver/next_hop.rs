//! Where a host's mail goes: `$h` of an `[IPC]` mailer, through MX, to names and addresses.

use super::host_names::{bare, dotted, in_brackets, literal, split_hosts};
use super::result::{DeliveryResult, TranscriptLine};
use crate::addr::{MacroId, op};
use crate::config::{Config, ConfigEnv, Mailer, SystemEnv};
use crate::net::{DnsError, Family, Resolver};
use crate::schema::{Disposition, EnhancedStatus, Outcome, Reply, Sysexit};
use crate::tls_policy::{Asked, Domain, Policies};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// One host, address or socket to connect to, with its port.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum NextHop {
    /// A host whose addresses are still to be asked for.
    Host {
        /// Without trailing dot.
        name: Vec<u8>,
        /// TCP port.
        port: u16,
        /// Whose mail goes there, if that says something about its TLS.
        domain: Option<Arc<Domain>>,
        /// FallbackMXhost stands in brackets, and logs name it so.
        bracketed: bool,
    },
    /// FallbackSmartHost: a host as it is written, named so in logs.
    SmartHost {
        /// Brackets and all.
        name: Vec<u8>,
        /// TCP port.
        port: u16,
    },
    /// An address literal.
    Address {
        /// Where it is.
        address: SocketAddr,
        /// As it is written.
        literal: Vec<u8>,
        /// The same, if the site wants something of its TLS.
        domain: Option<Arc<Domain>>,
    },
    /// A UNIX socket (LMTP).
    Socket(PathBuf),
    /// A program, by its mailer, that is started for this `$h`.
    Pipe {
        /// The mailer's name.
        mailer: Vec<u8>,
        /// `$h`
        host: Vec<u8>,
    },
    /// `[LPC]`: standard input and output.
    Terminal {
        /// The mailer's name.
        mailer: Vec<u8>,
    },
}

impl NextHop {
    /// The one of a mailer for which no name is looked up.
    pub(super) fn of_this_host(mailer: &Mailer, host: &[u8]) -> Option<Self> {
        if mailer.is_pipe() {
            return Some(Self::Pipe { mailer: mailer.name.clone(), host: host.to_vec() });
        }
        (mailer.path == b"[LPC]").then(|| Self::Terminal { mailer: mailer.name.clone() })
    }

    /// Is it the domain `$h` itself?
    pub(super) fn is_named(&self, domain: &[u8]) -> bool {
        matches!(self, Self::Host { name, .. } if name == domain.strip_suffix(b".").unwrap_or(domain))
    }

    /// The same host, whosever mail goes there: who calls it shares its permits.
    pub(super) fn of_anybody(&self) -> Self {
        match self {
            Self::Host { name, port, bracketed, .. } => {
                Self::Host { name: name.clone(), port: *port, domain: None, bracketed: *bracketed }
            }
            Self::Address { address, literal, .. } => {
                Self::Address { address: *address, literal: literal.clone(), domain: None }
            }
            other => other.clone(),
        }
    }

    /// Does the site itself want something of its TLS, so that no other host may take its place?
    pub(super) fn is_insisted_on(&self) -> bool {
        let (Self::Host { domain, .. } | Self::Address { domain, .. }) = self else { return false };
        domain.as_ref().is_some_and(|domain| domain.is_insisted_on())
    }

    /// As logs and replies name it: hosts with a dot at the end.
    pub(super) fn shown(&self) -> Vec<u8> {
        match self {
            Self::Host { name, bracketed: true, .. } => [b"[", &name[..], b"]"].concat(),
            Self::Host { name, .. } => dotted(name),
            Self::SmartHost { name, .. } => name.clone(),
            Self::Address { literal, .. } => literal.clone(),
            Self::Socket(_) => b"localhost".to_vec(),
            Self::Pipe { mailer, .. } | Self::Terminal { mailer } => mailer.clone(),
        }
    }
}

/// Finds the next hops of one mailer.
pub(super) struct RouteLookup<'a> {
    config: &'a Config,
    resolver: &'a Resolver,
    mailer: &'a Mailer,
    port: u16,
    /// Who knows what TLS hosts must have, and what is asked.
    policies: Option<(&'a Policies, Asked)>,
}

impl<'a> RouteLookup<'a> {
    /// Reads the port out of A=.
    pub(super) fn new(config: &'a Config, resolver: &'a Resolver, mailer: &'a Mailer) -> Self {
        Self { config, resolver, mailer, port: port(config, mailer), policies: None }
    }

    /// With what is to be known of the TLS of hosts.
    pub(super) fn with_policies(self, policies: &'a Policies, asked: Asked) -> Self {
        Self { policies: Some((policies, asked)), ..self }
    }

    /// A host that the configuration names.
    fn named(&self, name: Vec<u8>) -> NextHop {
        let domain = self.policies.and_then(|(policies, asked)| policies.of_named_host(&name, asked));
        NextHop::Host { name, port: self.port, domain, bracketed: false }
    }

    /// Every next hop for `$h`, in the order of trial; or why there is none.
    pub(super) async fn next_hops(&self, host: &[u8]) -> Result<Vec<NextHop>, DeliveryResult> {
        let list = self.host_list(host);
        if list.starts_with(b"/") {
            return Ok(vec![NextHop::Socket(crate::sys::accounts::path(&list))]);
        }
        let (mut hops, mut failure) = (Vec::new(), None);
        for host in split_hosts(&list) {
            match self.host(host).await {
                Ok(found) => hops.extend(found),
                Err(next)
                    if failure.as_ref().is_some_and(|before: &DeliveryResult| before.outweighs(&next)) => {}
                Err(next) => failure = Some(next),
            }
        }
        if failure.as_ref().is_none_or(may_be_elsewhere) {
            hops.extend(self.fallback().await);
        }
        hops.truncate(MAX_NEXT_HOPS);
        match (hops.is_empty(), failure) {
            (false, _) => Ok(hops),
            (true, Some(result)) if result.dsn == UNKNOWN => {
                self.smart_host().map(|hop| vec![hop]).ok_or(result)
            }
            (true, Some(result)) => Err(result),
            (true, None) => Err(DeliveryResult::of_exit(Sysexit::CONFIG)),
        }
    }

    /// FallbackMXhost: its exchangers, or the host itself where it stands in brackets or nothing is known of it. None where that is
    /// this host.
    async fn fallback(&self) -> Vec<NextHop> {
        let Some(host) = self.config.fallback_host() else { return Vec::new() };
        let in_brackets = in_brackets(host).is_some();
        match self.host(host).await {
            Ok(mut hops) => {
                for hop in &mut hops {
                    if let NextHop::Host { bracketed, .. } = hop {
                        *bracketed = in_brackets;
                    }
                }
                hops
            }
            Err(result) if may_be_elsewhere(&result) => vec![self.named(bare(host).to_vec())],
            Err(_) => Vec::new(),
        }
    }

    /// FallbackSmartHost, unless the site insists on the domain's own hosts.
    fn smart_host(&self) -> Option<NextHop> {
        if self.policies.is_some_and(|(_, asked)| asked.must.is_some()) {
            return None;
        }
        let name = self.config.options.fallback_smart_host.clone()?;
        Some(NextHop::SmartHost { name, port: self.port })
    }

    /// The hosts to try: the second word of A=, `$h` as a rule, the path of a socket with FILE.
    fn host_list(&self, host: &[u8]) -> Vec<u8> {
        let word = self.mailer.argv.get(1).map_or(&[op::MACRO_EXPAND, b'h'][..], Vec::as_slice);
        let value = |id: MacroId| (id == MacroId(b'h')).then(|| host.to_vec());
        self.config.expand_with(word, &value)
    }

    async fn host(&self, host: &[u8]) -> Result<Vec<NextHop>, DeliveryResult> {
        let inner = in_brackets(host);
        if let Some(ip) = inner.and_then(literal) {
            let (address, literal) = (SocketAddr::new(ip, self.port), host.to_ascii_lowercase());
            let insisting = self.policies.filter(|(_, asked)| asked.must.is_some());
            let domain = insisting.and_then(|(policies, asked)| policies.of_named_host(&literal, asked));
            return Ok(vec![NextHop::Address { address, literal, domain }]);
        }
        let name = bare(host).to_vec();
        if inner.is_some() || self.mailer.has(b'0') {
            return Ok(vec![self.named(name)]);
        }
        self.mx(&name).await
    }

    async fn mx(&self, name: &[u8]) -> Result<Vec<NextHop>, DeliveryResult> {
        let answer = match self.resolver.mx(name, &|host| self.config.is_own_name(host)).await {
            Outcome::Done(answer) => answer,
            Outcome::Later(DnsError::Bogus) => return Err(bogus(name)),
            Outcome::Later(_) => return Err(lookup_failed(name)),
            Outcome::Never(error) => return Err(unknown(&dotted(name), error)),
        };
        if answer.null_mx {
            return Err(null_mx());
        }
        if answer.hosts.is_empty() && answer.saw_self {
            return match self.config.options.try_null_mx_list {
                true => Ok(vec![self.named(name.to_vec())]),
                false => Err(points_back(name, self.config)),
            };
        }
        let domain = match self.policies {
            Some((policies, asked)) => policies.of_domain(name, answer.secure, asked).await,
            None => None,
        };
        let hop = |name| NextHop::Host { name, port: self.port, domain: domain.clone(), bracketed: false };
        Ok(answer.hosts.into_iter().map(hop).collect())
    }
}

/// Bad destination system address (RFC 3463, 3.2).
const UNKNOWN: EnhancedStatus = EnhancedStatus(5, 1, 2);

/// May another host know how to reach a domain of which this is known?
fn may_be_elsewhere(result: &DeliveryResult) -> bool {
    result.disposition != Disposition::Failed || result.dsn == UNKNOWN
}

/// The port of A=`TCP $h PORT`, a number or the name of a service; 25 without one.
fn port(config: &Config, mailer: &Mailer) -> u16 {
    let Some(word) = mailer.argv.get(2).map(|word| config.expand(word)) else { return SMTP_PORT };
    let number = std::str::from_utf8(&word).ok().and_then(|text| text.parse().ok());
    number.or_else(|| SystemEnv::default().service(&word)).unwrap_or(SMTP_PORT)
}

/// RFC 5321, 4.5.4.2
const SMTP_PORT: u16 = 25;

/// Most hosts tried for one recipient.
const MAX_NEXT_HOPS: usize = 100;

/// The resolver could not say.
fn lookup_failed(name: &[u8]) -> DeliveryResult {
    let text = [b"Name server: ", &dotted(name)[..], b": host name lookup failure"].concat();
    DeliveryResult::delayed(text, EnhancedStatus(4, 0, 0))
}

const NOT_FOUND: &[u8] = b"host not found";

impl DeliveryResult {
    /// Of a recipient's own domain that nobody knows the report says so in the words of a server, unless what is known of hosts
    /// is forgotten at once (Timeout.hoststatus).
    pub(super) fn of_own_domain(mut self, config: &Config) -> Self {
        if self.names_nobody() && config.options.timeout.hoststatus > 0 {
            self.reply = Some(Reply::new(550, None, "Host unknown"));
        }
        self
    }

    /// Has nobody such a name?
    pub(super) fn names_nobody(&self) -> bool {
        self.dsn == UNKNOWN && self.text.ends_with(&[NOT_FOUND, b")"].concat())
    }
}

/// There is no such host.
fn unknown(shown: &[u8], error: DnsError) -> DeliveryResult {
    let why: &[u8] = match error {
        DnsError::NoData => b"no data known",
        DnsError::NoRecovery => b"non-recoverable error",
        _ => NOT_FOUND,
    };
    let text = [b"Host unknown (Name server: ", shown, b": ", why, b")"].concat();
    let mut result = DeliveryResult::of_exit(Sysexit::NOHOST);
    result.line =
        Some(TranscriptLine::WithAddresses(Reply::new(550, Some(EnhancedStatus(5, 1, 2)), text.clone())));
    result.text = text;
    result
}

/// RFC 7505.
fn null_mx() -> DeliveryResult {
    let mut result = DeliveryResult::of_exit(Sysexit::UNAVAILABLE);
    result.dsn = EnhancedStatus(5, 1, 10);
    result.reply = Some(Reply::new(556, None, "Host does not accept mail: MX 0 ."));
    result
}

/// This host is its own best MX, but does not know the domain.
fn points_back(name: &[u8], config: &Config) -> DeliveryResult {
    let own = config.macro_value("j").unwrap_or_default();
    let text = [b"MX list for ", &dotted(name)[..], b" points back to ", own].concat();
    let mut result = DeliveryResult::of_exit(Sysexit::CONFIG);
    result.status = Some(EnhancedStatus(5, 5, 0));
    result.system_error = Some(text);
    result
}

/// The addresses of a hop.
///
/// # Errors
/// Nobody knows its name, or nobody can say.
pub(super) async fn addresses(
    hop: &NextHop,
    shown: &[u8],
    mailer: &Mailer,
    resolver: &Resolver,
) -> Result<Vec<SocketAddr>, DeliveryResult> {
    let (name, port) = match hop {
        NextHop::Address { address, .. } => return Ok(vec![*address]),
        NextHop::Socket(_) | NextHop::Pipe { .. } | NextHop::Terminal { .. } => return Ok(Vec::new()),
        NextHop::Host { name, port, .. } => (&name[..], *port),
        NextHop::SmartHost { name, port } => {
            if let Some(ip) = literal(bare(name)) {
                return Ok(vec![SocketAddr::new(ip, *port)]);
            }
            (bare(name), *port)
        }
    };
    let family = if mailer.has(b'4') { Family::V4 } else { Family::Both };
    match resolver.addresses(name, family).await {
        Outcome::Done(found) if !found.is_empty() => {
            Ok(found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
        }
        Outcome::Done(_) => Err(unknown(shown, DnsError::NoData)),
        Outcome::Later(_) => Err(lookup_failed(name)),
        Outcome::Never(error) => Err(unknown(shown, error)),
    }
}

/// What the name servers say of its MX records is not what its owner has signed: directory server failure (RFC 3463, 3.5).
fn bogus(name: &[u8]) -> DeliveryResult {
    let text = format!(": {}", DnsError::Bogus);
    let text = [b"Name server: ", &dotted(name)[..], text.as_bytes()].concat();
    DeliveryResult::delayed(text, EnhancedStatus(4, 4, 3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn domains_that_nobody_knows_go_to_hosts_of_the_options() {
        let mailer =
            Mailer { argv: vec![b"TCP".to_vec(), vec![op::MACRO_EXPAND, b'h']], ..Mailer::default() };
        let mut config = Config::default();
        let resolver = Resolver::fixed(Vec::new());
        config.options.fallback_smart_host = Some(b"[192.0.2.1]".to_vec());
        let hops = RouteLookup::new(&config, &resolver, &mailer).next_hops(b"nobody.example.").await;
        for hop in hops.expect("a smart host") {
            let found = addresses(&hop, &hop.shown(), &mailer, &resolver).await;
            match hop {
                NextHop::SmartHost { .. } => {
                    assert_eq!(found, Ok(vec!["192.0.2.1:25".parse().expect("one")]))
                }
                hop => assert!(hop.is_named(b"nobody.example.") && found.is_err()),
            }
        }
        assert!(may_be_elsewhere(&lookup_failed(b"x")) && !may_be_elsewhere(&null_mx()));
    }

    #[tokio::test]
    async fn a_host_to_fall_back_to_is_shown_as_it_is_written() {
        let mailer =
            Mailer { argv: vec![b"TCP".to_vec(), vec![op::MACRO_EXPAND, b'h']], ..Mailer::default() };
        let resolver = Resolver::fixed(Vec::new());
        for (written, shown) in [("[last.example]", "[last.example]"), ("last.example", "last.example.")] {
            let mut config = Config::default();
            config.options.fallback_mx_host = Some(written.as_bytes().to_vec());
            let hops = RouteLookup::new(&config, &resolver, &mailer).next_hops(b"[first.example]").await;
            let hops: Vec<_> = hops.expect("hosts").iter().map(NextHop::shown).collect();
            assert_eq!(hops, [b"first.example.", shown.as_bytes()]);
        }
    }
}
