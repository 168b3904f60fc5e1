//! Mail exchangers as sendmail's getmxrr names them, for maps and test mode.

use super::dns;
use super::error::DnsError;
use super::literal::address_literal;
use super::record::kind;
use super::resolver::Resolver;
use crate::engine::Observer;
use crate::schema::Outcome;

/// Where mail for a host goes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Exchangers {
    /// Names with a closing dot, the best first; addresses in brackets. None if the name cannot be one.
    Hosts(Vec<Vec<u8>>),
    /// RFC 7505: the domain takes no mail.
    NullMx,
    /// There is no such host.
    Unknown,
    /// Not known for now.
    Later,
}

impl Resolver {
    /// getmxrr: where mail for a host or an address in brackets goes.
    pub async fn exchangers(
        &self,
        host: &[u8],
        is_self: &(dyn Fn(&[u8]) -> bool + Sync),
        observer: &mut dyn Observer,
    ) -> Exchangers {
        of(self, host, is_self, observer).await
    }
}

async fn of(
    resolver: &Resolver,
    host: &[u8],
    is_self: &(dyn Fn(&[u8]) -> bool + Sync),
    observer: &mut dyn Observer,
) -> Exchangers {
    if host.first() == Some(&b'[') {
        return of_bracketed(resolver, host, observer).await;
    }
    if host.is_empty() || !resolver.uses_dns() {
        return Exchangers::Hosts(Vec::new());
    }
    match resolver.mx(host, is_self).await {
        Outcome::Done(answer) if answer.null_mx => Exchangers::NullMx,
        Outcome::Done(answer) if answer.implicit => itself(resolver, host).await,
        Outcome::Done(answer) => Exchangers::Hosts(answer.hosts.iter().map(|host| dotted(host)).collect()),
        Outcome::Later(_) => Exchangers::Later,
        Outcome::Never(_) => Exchangers::Unknown,
    }
}

/// An address in brackets stands for itself, a name in brackets for its full name.
async fn of_bracketed(resolver: &Resolver, host: &[u8], observer: &mut dyn Observer) -> Exchangers {
    let Some(end) = memchr::memchr(b']', host) else { return Exchangers::Hosts(Vec::new()) };
    if address_literal(host).is_some() {
        return Exchangers::Hosts(vec![host.to_vec()]);
    }
    let name = resolver.canonical(&host[1..end], observer).await;
    Exchangers::Hosts(name.done().map(|name| dotted(&name)).into_iter().collect())
}

/// A host without MX records counts if it has an address.
async fn itself(resolver: &Resolver, host: &[u8]) -> Exchangers {
    if dns::question_name(host).is_none() {
        return Exchangers::Hosts(Vec::new());
    }
    for family in [kind::A, kind::AAAA] {
        match resolver.records(host, family).await {
            Outcome::Done(records) => {
                return Exchangers::Hosts(
                    records.iter().take(1).map(|record| dotted(&record.owner)).collect(),
                );
            }
            Outcome::Later(_) => return Exchangers::Later,
            Outcome::Never(DnsError::HostNotFound | DnsError::NoData) => {}
            Outcome::Never(_) => break,
        }
    }
    Exchangers::Unknown
}

fn dotted(name: &[u8]) -> Vec<u8> {
    [name, b"."].concat()
}
