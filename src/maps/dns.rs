//! dns: records of one type; bestmx: where mail for a domain goes.

use super::class::{FoundFuture, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened};
use super::flags::{Declaring, Words, delimiter, interval, number};
use super::map::{Flags, Found, Map, NOT_FOUND, missing};
use super::null::Null;
use crate::engine::{MapEvent, Observer};
use crate::net::{DnsError, Exchangers, Resolver, kind};
use crate::schema::{Outcome, Sysexit};
use std::sync::Arc;
use std::time::Duration;

/// What a dns map asks.
#[derive(Clone, Default)]
struct Dns {
    kind: u16,
    /// -B: appended to the key with a dot.
    base: Vec<u8>,
    /// -Z: at most so many records.
    limit: usize,
}

const KINDS: &[(&str, u16)] = &[
    ("A", kind::A),
    ("AAAA", kind::AAAA),
    ("AFSDB", kind::AFSDB),
    ("CNAME", kind::CNAME),
    ("MX", kind::MX),
    ("NS", kind::NS),
    ("PTR", kind::PTR),
    ("SRV", kind::SRV),
    ("TXT", kind::TXT),
    ("TLSA", kind::TLSA),
];

pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
    let mut own = Dns::default();
    let mut words = Words::new(args);
    while let Some((letter, beside)) = words.flag() {
        match letter {
            b'N' => map.flags.insert(Flags::INCLUDE_NULL),
            b'o' => map.flags.insert(Flags::OPTIONAL),
            b'f' => map.flags.insert(Flags::KEEP_CASE),
            b'm' => map.flags.insert(Flags::MATCH_ONLY),
            b'A' => map.flags.insert(Flags::APPEND),
            b't' => map.flags.insert(Flags::NO_DEFER),
            b'D' => map.flags.insert(Flags::DEFER),
            b'a' => map.append = Some(beside.to_vec()),
            b'T' => map.on_failure = Some(beside.to_vec()),
            b'd' => map.timeout = Some(interval(beside, declaring)),
            b'r' => map.retries = Some(number(beside)),
            b'z' => map.delimiter = delimiter(beside),
            b'Z' => own.limit = number(words.value(beside)) as usize,
            b'B' => own.base = words.value(beside).to_vec(),
            b'S' => map.space = words.space(beside),
            b'R' => {
                let word = words.value(beside);
                match KINDS.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word)) {
                    Some((_, kind)) => own.kind = *kind,
                    None => {
                        // the complaint shows all that follows
                        let at = word.as_ptr() as usize - args.as_ptr() as usize;
                        declaring.say(&[b"dns map ", &map.name, b": wrong type ", &args[at..]]);
                    }
                }
            }
            _ => {}
        }
    }
    if own.kind == 0 {
        declaring.say(&[b"dns map ", &map.name, b": missing -R type"]);
        return Some(Arc::new(Null));
    }
    let file = words.word();
    if !file.is_empty() {
        map.file = Some(file.to_vec());
    }
    Some(Arc::new(own))
}

impl MapClass for Dns {
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opening.show(MapEvent::Opening { class: "dns", map: &map.name, file: None });
        opened(Some(OpenDns { own: self, resolver: Arc::clone(opening.resolver) }))
    }
}

struct OpenDns {
    own: Arc<Dns>,
    resolver: Arc<Resolver>,
}

impl OpenMap for OpenDns {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(lookup(&self.resolver, query.map, &self.own, query.key, query.args, context.observer))
    }
}

struct BestMx;

pub(super) fn read_bestmx(
    map: &mut Map,
    args: &[u8],
    declaring: &mut Declaring<'_>,
) -> Option<Arc<dyn MapClass>> {
    map.read_common(args, declaring);
    Some(Arc::new(BestMx))
}

impl MapClass for BestMx {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opened(Some(OpenBestMx(Arc::clone(opening.resolver))))
    }
}

struct OpenBestMx(Arc<Resolver>);

impl OpenMap for OpenBestMx {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(lookup_bestmx(&self.0, query.map, query.key, query.args, context.observer))
    }
}

async fn lookup(
    resolver: &Resolver,
    map: &Map,
    own: &Dns,
    key: &[u8],
    args: &[Vec<u8>],
    observer: &mut dyn Observer,
) -> Found {
    map.show_search("dns_map_lookup", key, observer);
    let mut name = map.fold(key);
    if !own.base.is_empty() {
        name = [name.strip_suffix(b".").unwrap_or(&name), b".", &own.base].concat();
    }
    let asked = resolver.records(&name, own.kind);
    let answer = match map.timeout.filter(|seconds| *seconds > 0) {
        Some(seconds) => {
            let timeout = Duration::from_secs(seconds.into()) * map.retries.unwrap_or(1).max(1);
            tokio::time::timeout(timeout, asked).await
        }
        None => Ok(asked.await),
    };
    match answer {
        Ok(Outcome::Done(records)) => {
            // sendmail counts so: -Z1 is one record, -Z2 are three
            let limit = match own.limit {
                0 => usize::MAX,
                1 => 1,
                more => more + 1,
            };
            let texts: Vec<&[u8]> = records.iter().take(limit).map(|record| record.text.as_slice()).collect();
            let value = if map.delimiter == 0 {
                texts.first().map_or(Vec::new(), |text| text.to_vec())
            } else {
                texts.join(&map.delimiter)
            };
            map.found(key, &value, args, observer)
        }
        Ok(Outcome::Never(_)) => missing(NOT_FOUND),
        Ok(Outcome::Later(_)) | Err(_) => missing(Sysexit::TEMPFAIL),
    }
}

async fn lookup_bestmx(
    resolver: &Resolver,
    map: &Map,
    key: &[u8],
    args: &[Vec<u8>],
    observer: &mut dyn Observer,
) -> Found {
    match resolver.exchangers(key, &|_| false, observer).await {
        Exchangers::Hosts(hosts) if hosts.is_empty() => {
            if key.first() == Some(&b'[') && key.contains(&b']') {
                // it is looked for once more, among the system's hosts
                resolver.remember(DnsError::HostNotFound.number());
            }
            missing(Sysexit::OK)
        }
        Exchangers::Hosts(mut hosts) => {
            if map.delimiter == 0 {
                hosts.truncate(1);
            }
            map.found(key, &hosts.join(&map.delimiter), args, observer)
        }
        Exchangers::NullMx => missing(Sysexit::OK),
        Exchangers::Unknown => missing(NOT_FOUND),
        Exchangers::Later => missing(Sysexit::TEMPFAIL),
    }
}
