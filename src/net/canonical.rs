//! Completing a host name: sendmail's getcanonname.

use super::error::{Answered, DnsError, answered};
use super::record::{Record, kind};
use super::resolver::Resolver;
use crate::engine::{Event, HostEvent, Observer};
use crate::schema::Sysexit;

impl Resolver {
    /// getcanonname: the full name of a host by hosts file and DNS, without a trailing dot.
    pub async fn canonical(&self, name: &[u8], observer: &mut dyn Observer) -> Answered<Vec<u8>> {
        answered(full_name(self, name, observer).await)
    }
}

/// The full name of a host by the services of the service switch, without a trailing dot.
async fn full_name(
    resolver: &Resolver,
    host: &[u8],
    observer: &mut dyn Observer,
) -> Result<Vec<u8>, DnsError> {
    let mut error = DnsError::HostNotFound;
    let mut status = Sysexit::OK;
    let mut host = host;
    // what needs no name server counts as secure
    let mut secure = true;
    for service in &resolver.settings.name_services {
        // NIS is nowhere asked
        if matches!(service.as_slice(), b"files" | b"dns") {
            observer.event(&Event::Host(HostEvent::Tried { host, service }));
        }
        let found = match service.as_slice() {
            b"files" => {
                observer.event(&Event::Host(HostEvent::File { host }));
                from_file(resolver, host)
            }
            b"dns" => {
                let found = from_dns(resolver, host).await;
                secure = false;
                // whoever is asked next no longer sees a closing dot
                host = host.strip_suffix(b".").unwrap_or(host);
                found
            }
            _ => continue,
        };
        status = match found {
            Ok(name) => {
                observer.event(&Event::Host(HostEvent::Found { name: &name, secure }));
                return Ok(name);
            }
            Err(DnsError::TryAgain) => {
                // one service that may know better later keeps the question open
                error = DnsError::TryAgain;
                Sysexit::TEMPFAIL
            }
            Err(_) => Sysexit::NOHOST,
        };
    }
    observer.event(&Event::Host(HostEvent::Missing { host, status }));
    resolver.remember(error.number());
    Err(error)
}

/// A line that holds the name in any place; its first name with a dot is the answer. A name in the own
/// domain, or in one that the own domain begins with (`host.example` in example.com), is also looked for
/// without it.
fn from_file(resolver: &Resolver, host: &[u8]) -> Result<Vec<u8>, DnsError> {
    let domain = resolver.settings.domain.as_slice();
    let short = without_domain(host, domain);
    let host = host.strip_suffix(b".").unwrap_or(host);
    let short = short.unwrap_or(host);
    let is_own = |name: &Vec<u8>| name.eq_ignore_ascii_case(host) || name.eq_ignore_ascii_case(short);
    let entries = resolver.canon_hosts.entries();
    let entry = entries.iter().find(|entry| entry.names.iter().any(is_own)).ok_or(DnsError::HostNotFound)?;
    if let Some(full) = entry.names.iter().find(|name| name.contains(&b'.')) {
        return Ok(full.clone());
    }
    // an empty domain leaves the dot
    let short = entry.names.first().ok_or(DnsError::HostNotFound)?;
    Ok([short, b".".as_slice(), domain].concat())
}

/// The first label of a name if what follows is the domain or its first labels.
fn without_domain<'n>(host: &'n [u8], domain: &[u8]) -> Option<&'n [u8]> {
    let dot = memchr::memchr(b'.', host)?;
    let rest = &host[dot + 1..];
    if rest.strip_suffix(b".").is_some_and(|rest| rest.eq_ignore_ascii_case(domain)) {
        return Some(&host[..dot]);
    }
    let begins = domain.get(..rest.len()).is_some_and(|head| head.eq_ignore_ascii_case(rest));
    let whole = matches!(domain.get(rest.len()), None | Some(b'.'));
    (begins && whole && !rest.is_empty()).then_some(&host[..dot])
}

/// Tries the name as it is and in the search domains; an address, an alias or an MX record proves that a name exists, the latter not
/// in a search domain where the site has wildcard MX records.
async fn from_dns(resolver: &Resolver, host: &[u8]) -> Result<Vec<u8>, DnsError> {
    let mut error = DnsError::HostNotFound;
    for candidate in resolver.settings.completions(host) {
        let completed = candidate.len() > host.len() + 1;
        for wanted in [kind::AAAA, kind::A, kind::MX] {
            if wanted == kind::MX && completed && resolver.settings.wildcard_mx {
                continue;
            }
            match resolver.ask(&candidate, wanted).await {
                Ok(records) => {
                    // CNAME steps have been taken by the server: the last alias leads to the real name. Without
                    // one the name stays as it was asked for, its case too
                    let is_alias =
                        |record: &Record| record.kind == kind::CNAME && resolver.settings.expand_aliases;
                    let last = records.into_iter().rfind(is_alias);
                    return Ok(last.map_or(candidate, |alias| alias.text));
                }
                Err(DnsError::TryAgain) if wanted == kind::AAAA && resolver.settings.broken_aaaa => {}
                Err(DnsError::TryAgain) => return Err(DnsError::TryAgain),
                Err(DnsError::HostNotFound) => break,
                Err(other) => error = other,
            }
        }
    }
    Err(error)
}
