//! arpa: an address turned round, as reverse zones and DNS lists want it.

use super::class::{
    FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, answered, as_it_is,
};
use super::flags::{Declaring, read_dequote};
use super::map::{Found, Map, missing};
use crate::engine::{Event, MapEvent, Observer};
use crate::schema::Sysexit;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

struct Arpa;

pub(super) fn read(map: &mut Map, args: &[u8], _declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    read_dequote(map, args);
    Some(Arc::new(Arpa))
}

impl MapClass for Arpa {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, _opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        as_it_is(self)
    }
}

impl OpenMap for Arpa {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        answered(lookup(query.map, query.key, query.args, context.observer))
    }
}

fn lookup(map: &Map, key: &[u8], args: &[Vec<u8>], observer: &mut dyn Observer) -> Found {
    let name = reversed(key);
    observer.event(&Event::Map(&MapEvent::Arpa { key, name: name.as_deref() }));
    match name {
        Some(name) => map.found(key, name.as_bytes(), args, observer),
        None => missing(Sysexit::DATAERR),
    }
}

/// `4.3.2.1` for `1.2.3.4`, 32 nibbles for `IPv6:…`; `None` for anything else.
fn reversed(key: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(key).ok()?;
    if text.get(..5).is_some_and(|prefix| prefix.eq_ignore_ascii_case("IPv6:")) {
        let address: Ipv6Addr = text[5..].parse().ok()?;
        let mut name = String::with_capacity(64);
        for byte in address.octets().iter().rev() {
            let dot = if name.is_empty() { "" } else { "." };
            write!(name, "{dot}{:x}.{:x}", byte & 15, byte >> 4).ok()?;
        }
        return Some(name);
    }
    let [a, b, c, d] = text.parse::<Ipv4Addr>().ok()?.octets();
    Some(format!("{d}.{c}.{b}.{a}"))
}

#[cfg(test)]
mod tests {
    use super::reversed;

    #[test]
    fn both_families() {
        assert_eq!(reversed(b"10.2.3.4").as_deref(), Some("4.3.2.10"));
        let six = reversed(b"IPv6:2001:db8::1").expect("an address");
        assert!(six.starts_with("1.0.0.") && six.ends_with(".8.b.d.0.1.0.0.2"), "{six}");
        assert_eq!(reversed(b"2001:db8::1"), None);
        assert_eq!(reversed(b"1.2.3"), None);
    }
}
