//! dns: records of one type; bestmx: where mail for a domain goes.

use super::class::Class;
use super::declare::Declaring;
use super::flags::{Words, delimiter, interval, number};
use super::map::{Flags, Found, Map, NOT_FOUND, missing};
use super::store::Store;
use crate::logging::Tracer;
use crate::net::{DnsError, Exchangers, kind};
use crate::schema::{Outcome, Sysexit};
use std::time::Duration;

/// What a dns map asks.
#[derive(Clone, Debug, Default)]
pub struct DnsMap {
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

pub(super) fn parse(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    let mut own = DnsMap::default();
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
        map.own = Class::Null;
        return true;
    }
    let file = words.word();
    if !file.is_empty() {
        map.file = Some(file.to_vec());
    }
    map.own = Class::Dns(own);
    true
}

pub(super) fn parse_bestmx(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    map.own = Class::BestMx;
    map.read_common(args, declaring);
    true
}

pub(super) async fn lookup(
    store: &Store,
    map: &Map,
    own: &DnsMap,
    key: &[u8],
    args: &[Vec<u8>],
    tracer: &mut dyn Tracer,
) -> Found {
    if tracer.level(38) >= 20 {
        tracer.line(&[b"dns_map_lookup(", map.name.as_slice(), b", ", key, b")"].concat());
    }
    let mut name = map.fold(key);
    if !own.base.is_empty() {
        name = [name.strip_suffix(b".").unwrap_or(&name), b".", &own.base].concat();
    }
    let asked = store.resolver.records(&name, own.kind);
    let answer = match map.timeout.filter(|seconds| *seconds > 0) {
        Some(seconds) => {
            let patience = Duration::from_secs(seconds.into()) * map.retries.unwrap_or(1).max(1);
            tokio::time::timeout(patience, asked).await
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
            map.found(key, &value, args, tracer)
        }
        Ok(Outcome::Never(_)) => missing(NOT_FOUND),
        Ok(Outcome::Later(_)) | Err(_) => missing(Sysexit::TEMPFAIL),
    }
}

pub(super) async fn lookup_bestmx(
    store: &Store,
    map: &Map,
    key: &[u8],
    args: &[Vec<u8>],
    tracer: &mut dyn Tracer,
) -> Found {
    match store.resolver.exchangers(key, &|_| false, tracer).await {
        Exchangers::Hosts(hosts) if hosts.is_empty() => {
            if key.first() == Some(&b'[') && key.contains(&b']') {
                // it is looked for once more, among the system's hosts
                store.resolver.remember(DnsError::HostNotFound.number());
            }
            missing(Sysexit::OK)
        }
        Exchangers::Hosts(mut hosts) => {
            if map.delimiter == 0 {
                hosts.truncate(1);
            }
            map.found(key, &hosts.join(&map.delimiter), args, tracer)
        }
        Exchangers::NullMx => missing(Sysexit::OK),
        Exchangers::Unknown => missing(NOT_FOUND),
        Exchangers::Later => missing(Sysexit::TEMPFAIL),
    }
}
