//! host: full names of hosts, as `$[ name $]` asks for them.

use super::class::Class;
use super::declare::Declaring;
use super::flags::{Words, interval, number};
use super::map::{Flags, Found, Map, NOT_FOUND, missing};
use super::store::Store;
use crate::engine::shorten;
use crate::logging::Tracer;
use crate::net::DnsError;
use crate::schema::{Outcome, Sysexit};
use hashbrown::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Names kept; when there are more, all are forgotten.
const LARGEST_CACHE: usize = 20_000;
/// Bytes of a name in a message.
const MAX_SHOWN: usize = 33;
/// How long a name is believed in.
const KEPT: Duration = Duration::from_secs(600);
/// How long a name server is left alone that has just failed to answer.
const SPARED: Duration = Duration::from_secs(30);

/// What was found out about names, for all maps of this class. Names are not folded.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<Vec<u8>, (Instant, Canonical)>>);

/// A full name, or why there is none.
type Canonical = Result<Vec<u8>, DnsError>;

impl Cache {
    fn get(&self, name: &[u8]) -> Option<Canonical> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(name).filter(|(until, _)| *until > Instant::now()).map(|(_, found)| found.clone())
    }

    /// Puts a known name behind what `value` holds; `false` for a host known to have none.
    pub fn get_into(&self, name: &[u8], value: &mut Vec<u8>) -> Option<bool> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, found) = cache.get(name)?;
        // a failure for now is no answer, and something is to be said about it
        if *until <= Instant::now() || matches!(found, Err(DnsError::TryAgain)) {
            return None;
        }
        if let Ok(name) = found {
            value.extend_from_slice(name);
        }
        Some(found.is_ok())
    }

    fn put(&self, name: &[u8], found: &Canonical) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= LARGEST_CACHE {
            cache.clear();
        }
        let kept = if matches!(found, Err(DnsError::TryAgain)) { SPARED } else { KEPT };
        cache.insert(name.to_vec(), (Instant::now() + kept, found.clone()));
    }
}

/// Unknown flags pass silently.
pub(super) fn parse(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    map.own = Class::Host;
    let mut words = Words::new(args);
    while let Some((letter, beside)) = words.flag() {
        match letter {
            b'a' => map.append = Some(beside.to_vec()),
            b'T' => map.on_failure = Some(beside.to_vec()),
            b'm' => map.flags.insert(Flags::MATCH_ONLY),
            b't' => map.flags.insert(Flags::NO_DEFER),
            b'D' => map.flags.insert(Flags::DEFER),
            b'S' => map.space = words.space(beside),
            b'd' => map.timeout = Some(interval(beside, declaring)),
            b'r' => map.retries = Some(number(beside)),
            _ => {}
        }
    }
    true
}

pub(super) async fn lookup(
    store: &Store,
    map: &Map,
    key: &[u8],
    args: &[Vec<u8>],
    tracer: &mut dyn Tracer,
) -> Found {
    let traced = tracer.level(9) >= 1;
    let say = |what: &[u8], tracer: &mut dyn Tracer| {
        if traced {
            tracer.line(&[b"host_map_lookup(", key, b") => ", what].concat());
        }
    };
    let found = match store.host_names.get(key) {
        Some(found) => {
            let what = match &found {
                Ok(name) => [b"CACHE ", name.as_slice()].concat(),
                Err(DnsError::TryAgain) => b"CACHE NULL".to_vec(),
                Err(error) => format!("CACHE FAIL {}", error.number()).into_bytes(),
            };
            say(&what, tracer);
            found
        }
        None => {
            let found = find(store, map, key).await;
            store.host_names.put(key, &found);
            let what = match &found {
                Ok(name) => [b"FOUND ", name.as_slice()].concat(),
                Err(error) => format!("FAIL ({})", error.number()).into_bytes(),
            };
            say(&what, tracer);
            found
        }
    };
    match found {
        Ok(name) => map.found(key, &name, args, tracer),
        Err(DnsError::TryAgain) => {
            tracer.notice(&[&shorten(key, MAX_SHOWN)[..], b": Name server timeout"].concat());
            missing(Sysexit::TEMPFAIL)
        }
        Err(_) => missing(NOT_FOUND),
    }
}

async fn find(store: &Store, map: &Map, key: &[u8]) -> Canonical {
    let asked = async {
        let outcome = match literal(key) {
            Some(address) => store.resolver.ptr(address).await,
            // no address: sendmail takes the resolver's last word for an answer
            None if key.first() == Some(&b'[') => {
                let open = !key.contains(&b']');
                let failed = !open && store.resolver.failed_last();
                return Err(if failed { DnsError::TryAgain } else { DnsError::HostNotFound });
            }
            None => store.resolver.canonical(key).await,
        };
        match outcome {
            Outcome::Done(name) => Ok(name),
            Outcome::Later(error) | Outcome::Never(error) => Err(error),
        }
    };
    match map.timeout {
        Some(seconds) if seconds > 0 => {
            let patience = Duration::from_secs(u64::from(seconds)) * map.retries.unwrap_or(1).max(1);
            tokio::time::timeout(patience, asked).await.unwrap_or(Err(DnsError::TryAgain))
        }
        _ => asked.await,
    }
}

/// `[1.2.3.4]` or `[IPv6:…]`, whatever follows the bracket. IPv4 addresses may be written as the C library
/// reads them: fewer numbers, octal, hexadecimal.
fn literal(key: &[u8]) -> Option<IpAddr> {
    let inside = key.strip_prefix(b"[")?;
    let text = std::str::from_utf8(&inside[..memchr::memchr(b']', inside)?]).ok()?;
    match text.get(..5).filter(|prefix| prefix.eq_ignore_ascii_case("IPv6:")) {
        Some(_) => text[5..].parse().ok().map(IpAddr::V6),
        None => four(text).map(IpAddr::V4).or_else(|| text.parse().ok()),
    }
}

fn four(text: &str) -> Option<Ipv4Addr> {
    let number = |text: &str| match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => u32::from_str_radix(&text[2..], 16).ok(),
        [b'0', _, ..] => u32::from_str_radix(&text[1..], 8).ok(),
        [first, ..] if first.is_ascii_digit() => text.parse().ok(),
        _ => None,
    };
    let parts: Vec<u32> = text.split('.').map(number).collect::<Option<_>>()?;
    let (last, first) = parts.split_last()?;
    if first.len() > 3 || first.iter().any(|part| *part > 255) {
        return None;
    }
    let rest = 32 - 8 * first.len() as u32;
    let fits = u64::from(*last) < 1u64 << rest;
    let head = first.iter().fold(0u64, |sum, part| sum << 8 | u64::from(*part)) << rest;
    fits.then(|| Ipv4Addr::from((head | u64::from(*last)) as u32))
}
