//! Completing a host name: sendmail's getcanonname.

use super::record::kind;
use super::{DnsError, Resolver};
use crate::logging::Tracer;
use crate::schema::Sysexit;

/// The full name of a host by the services of the service switch, without a trailing dot.
pub(super) async fn name(
    resolver: &Resolver,
    host: &[u8],
    tracer: &mut dyn Tracer,
) -> Result<Vec<u8>, DnsError> {
    let mut error = DnsError::HostNotFound;
    let mut status = Sysexit::OK;
    for service in &resolver.settings.name_services {
        // NIS is nowhere asked
        if matches!(service.as_slice(), b"files" | b"dns") {
            trace(tracer, &[b"getcanonname(", host, b"), trying ", service]);
        }
        let found = match service.as_slice() {
            b"files" => {
                trace(tracer, &[b"text_getcanonname(", host, b")"]);
                from_file(resolver, host)
            }
            b"dns" => from_dns(resolver, host).await,
            _ => continue,
        };
        status = match found {
            Ok(name) => {
                trace(tracer, &[b"getcanonname(", &name, b"), found, ad=0"]);
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
    trace(tracer, &[b"getcanonname(", host, b"), failed, status=", status.0.to_string().as_bytes()]);
    Err(error)
}

/// -d38.20
fn trace(tracer: &mut dyn Tracer, parts: &[&[u8]]) {
    if tracer.level(38) >= 20 {
        tracer.line(&parts.concat());
    }
}

/// A line that holds the name in any place; its first name with a dot is the answer.
fn from_file(resolver: &Resolver, host: &[u8]) -> Result<Vec<u8>, DnsError> {
    let host = host.strip_suffix(b".").unwrap_or(host);
    let entries = resolver.canon_hosts.entries();
    let mut own =
        entries.iter().filter(|entry| entry.names.iter().any(|name| name.eq_ignore_ascii_case(host)));
    let entry = own.next().ok_or(DnsError::HostNotFound)?;
    if let Some(full) = entry.names.iter().find(|name| name.contains(&b'.')) {
        return Ok(full.clone());
    }
    let short = entry.names.first().ok_or(DnsError::HostNotFound)?;
    match resolver.settings.domain.as_slice() {
        b"" => Err(DnsError::HostNotFound),
        domain => Ok([short, b".".as_slice(), domain].concat()),
    }
}

/// Tries the name as it is and in the search domains; an address, an alias or (unless the site has
/// wildcard MX records) an MX record proves that a name exists.
async fn from_dns(resolver: &Resolver, host: &[u8]) -> Result<Vec<u8>, DnsError> {
    let mut error = DnsError::HostNotFound;
    for candidate in resolver.settings.completions(host) {
        for wanted in [kind::AAAA, kind::A, kind::MX] {
            if wanted == kind::MX && resolver.settings.wildcard_mx {
                continue;
            }
            match resolver.ask(&candidate, wanted).await {
                Ok(records) => {
                    // CNAME steps have been taken by the server: the last alias leads to the real name
                    let last = records.iter().rfind(|record| record.kind == kind::CNAME);
                    let real = records.iter().find(|record| record.kind == wanted);
                    return Ok(match (real, last) {
                        (Some(real), _) => real.owner.clone(),
                        (None, Some(alias)) => alias.text.clone(),
                        (None, None) => candidate,
                    });
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
