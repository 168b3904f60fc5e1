//! Where a host's mail goes: `$h` of an `[IPC]` mailer, through MX, to names and addresses.

use super::fate::{End, Fate, Line};
use crate::config::{Config, Mailer};
use crate::net::{DnsError, Family, Resolver};
use crate::schema::{EnhancedStatus, Outcome, Reply, Sysexit};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// One place to connect to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// A host whose addresses are still to be asked for.
    Host {
        /// Without trailing dot.
        name: Vec<u8>,
        /// TCP port.
        port: u16,
    },
    /// An address literal.
    Address(SocketAddr),
    /// A UNIX socket (LMTP).
    Path(PathBuf),
}

impl Place {
    /// As logs and replies name it: hosts with a dot at the end.
    pub(super) fn shown(&self) -> Vec<u8> {
        match self {
            Self::Host { name, .. } => dotted(name),
            Self::Address(address) => format!("[{}]", address.ip()).into_bytes(),
            Self::Path(path) => path.clone().into_os_string().into_encoded_bytes(),
        }
    }
}

/// `name.`
pub(super) fn dotted(name: &[u8]) -> Vec<u8> {
    let name = name.strip_suffix(b".").unwrap_or(name);
    [name, b"."].concat()
}

/// Cuts a list at its colons, but not inside brackets.
fn split_hosts(list: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut depth) = (Vec::new(), 0, 0u32);
    for (index, byte) in list.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b':' | b',' if depth == 0 => {
                parts.push(&list[start..index]);
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.push(&list[start..]);
    parts.retain(|part| !part.is_empty());
    parts
}

fn literal(inner: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(inner).ok()?;
    let text = match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("ipv6:") => &text[5..],
        _ => text,
    };
    text.parse().ok()
}

/// Asks for MX records.
pub(super) struct Lookup<'a> {
    pub(super) config: &'a Config,
    pub(super) resolver: &'a Resolver,
    pub(super) mailer: &'a Mailer,
    pub(super) port: u16,
}

impl Lookup<'_> {
    /// Every place for a host list, in the order of trial; or why there is none.
    pub(super) async fn places(&self, list: &[u8]) -> Result<Vec<Place>, Fate> {
        if list.starts_with(b"/") {
            return Ok(vec![Place::Path(crate::sys::accounts::path(list))]);
        }
        let (mut places, mut failure) = (Vec::new(), None);
        for host in split_hosts(list) {
            match self.host(host).await {
                Ok(found) => places.extend(found),
                Err(fate) => failure = Some(later_of(failure, fate)),
            }
        }
        if let Some(host) = &self.config.options.fallback_mx_host
            && !failure.as_ref().is_some_and(|fate| fate.end == End::Never)
        {
            let name = host.strip_suffix(b".").unwrap_or(host).to_vec();
            places.push(Place::Host { name, port: self.port });
        }
        places.truncate(MOST);
        match (places.is_empty(), failure) {
            (false, _) => Ok(places),
            (true, Some(fate)) => Err(fate),
            (true, None) => Err(Fate::exit(Sysexit::CONFIG)),
        }
    }

    async fn host(&self, host: &[u8]) -> Result<Vec<Place>, Fate> {
        let inner = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
        if let Some(ip) = inner.and_then(literal) {
            return Ok(vec![Place::Address(SocketAddr::new(ip, self.port))]);
        }
        let plain = inner.unwrap_or(host);
        let name = plain.strip_suffix(b".").unwrap_or(plain).to_vec();
        if inner.is_some() || self.mailer.has(b'0') {
            return Ok(vec![Place::Host { name, port: self.port }]);
        }
        self.mx(&name).await
    }

    /// Is it a name of this host?
    fn is_self(&self, name: &[u8]) -> bool {
        let config = self.config;
        let in_w = config.macro_id("w").and_then(|id| config.classes.get(id));
        in_w.is_some_and(|class| class.contains(name))
            || config.macro_value("j").is_some_and(|own| own.eq_ignore_ascii_case(name))
    }

    async fn mx(&self, name: &[u8]) -> Result<Vec<Place>, Fate> {
        let answer = match self.resolver.mx(name, &|host| self.is_self(host)).await {
            Outcome::Done(answer) => answer,
            Outcome::Later(_) => return Err(lookup_failed(name)),
            Outcome::Never(error) => return Err(unknown(name, error)),
        };
        if answer.null_mx {
            return Err(null_mx());
        }
        if answer.hosts.is_empty() && answer.saw_self {
            return match self.config.options.try_null_mx_list {
                true => Ok(vec![Place::Host { name: name.to_vec(), port: self.port }]),
                false => Err(points_back(name, self.config)),
            };
        }
        let place = |host: Vec<u8>| Place::Host { name: host, port: self.port };
        Ok(answer.hosts.into_iter().map(place).collect())
    }
}

/// Most hosts tried for one recipient.
const MOST: usize = 100;

/// Of two failures the one that leaves hope.
fn later_of(before: Option<Fate>, now: Fate) -> Fate {
    match before {
        Some(before) if before.end == End::Later => before,
        _ => now,
    }
}

/// The resolver could not say.
pub(super) fn lookup_failed(name: &[u8]) -> Fate {
    let text = [b"Name server: ", &dotted(name)[..], b": host name lookup failure"].concat();
    Fate::later(text, EnhancedStatus(4, 4, 3))
}

/// There is no such host.
pub(super) fn unknown(name: &[u8], error: DnsError) -> Fate {
    let why: &[u8] = match error {
        DnsError::NoData => b"no data known",
        DnsError::NoRecovery => b"non-recoverable error",
        _ => b"host not found",
    };
    let text = [b"Host unknown (Name server: ", &dotted(name)[..], b": ", why, b")"].concat();
    let mut fate = Fate::exit(Sysexit::NOHOST);
    fate.line = Some(Line::WithAddress(Reply::new(550, Some(EnhancedStatus(5, 1, 2)), text.clone())));
    fate.text = text;
    fate
}

/// RFC 7505.
fn null_mx() -> Fate {
    let mut fate = Fate::exit(Sysexit::UNAVAILABLE);
    fate.dsn = EnhancedStatus(5, 1, 10);
    fate.reply = Some(Reply::new(556, None, "Host does not accept mail: MX 0 ."));
    fate
}

/// This host is its own best MX, but does not know the domain.
fn points_back(name: &[u8], config: &Config) -> Fate {
    let own = config.macro_value("j").unwrap_or_default();
    let text = [b"MX list for ", &dotted(name)[..], b" points back to ", own].concat();
    let mut fate = Fate::exit(Sysexit::CONFIG);
    fate.status = Some(EnhancedStatus(5, 5, 0));
    fate.system_error = Some(text);
    fate
}

/// The addresses of a place.
pub(super) async fn addresses(
    place: &Place,
    mailer: &Mailer,
    resolver: &Resolver,
) -> Result<Vec<SocketAddr>, Fate> {
    match place {
        Place::Address(address) => Ok(vec![*address]),
        Place::Path(_) => Ok(Vec::new()),
        Place::Host { name, port } => {
            let family = if mailer.has(b'4') { Family::V4 } else { Family::Both };
            match resolver.addresses(name, family).await {
                Outcome::Done(found) if !found.is_empty() => {
                    Ok(found.into_iter().map(|ip| SocketAddr::new(ip, *port)).collect())
                }
                Outcome::Done(_) => Err(unknown(name, DnsError::NoData)),
                Outcome::Later(_) => Err(lookup_failed(name)),
                Outcome::Never(error) => Err(unknown(name, error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_lists() {
        let shown = |list: &[u8]| -> Vec<String> {
            split_hosts(list).into_iter().map(|part| String::from_utf8_lossy(part).into_owned()).collect()
        };
        assert_eq!(shown(b"a.example.:b.example:[c.example]"), ["a.example.", "b.example", "[c.example]"]);
        assert_eq!(shown(b"[IPv6:::1]:[127.0.0.1]"), ["[IPv6:::1]", "[127.0.0.1]"]);
        assert_eq!(literal(b"IPv6:::1"), Some("::1".parse().expect("an address")));
    }
}
