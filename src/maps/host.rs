//! host: full names of hosts, as `$[ name $]` asks for them.

use super::class::{
    FoundFuture, ImmediateQuery, LookupContext, MapClass, OpenFuture, OpenMap, Opening, Query, opened,
};
use super::flags::{Declaring, Words, interval, number};
use super::map::{Flags, Found, Map, NOT_FOUND, missing};
use crate::engine::{Event, HostAnswer, ImmediateLookup, MapEvent, Observer, shorten};
use crate::net::{DnsError, Resolver, address_literal};
use crate::schema::{Outcome, Sysexit};
use hashbrown::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Names kept; when there are more, all are forgotten.
const MAX_CACHED: usize = 20_000;
/// Bytes of a name in a message.
const MAX_SHOWN: usize = 33;
/// How long a name is believed in.
const KEPT: Duration = Duration::from_secs(600);
/// How long a name server is left alone that has just failed to answer.
const SPARED: Duration = Duration::from_secs(30);

/// What was found out about names, for all maps of this class. Names are not folded.
#[derive(Default)]
struct Cache(Mutex<HashMap<Vec<u8>, (Instant, Canonical)>>);

/// A full name, or the h_errno that says why there is none.
type Canonical = Result<Vec<u8>, i32>;

/// sendmail's word for an h_errno.
fn status(number: i32) -> Sysexit {
    match number {
        1 | 4 => NOT_FOUND,
        2 => Sysexit::TEMPFAIL,
        3 => Sysexit::SOFTWARE,
        _ => Sysexit::UNAVAILABLE,
    }
}

impl Cache {
    fn get(&self, name: &[u8]) -> Option<Canonical> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get(name).filter(|(until, _)| *until > Instant::now()).map(|(_, found)| found.clone())
    }

    /// Puts a known name behind what `value` holds; `false` for a host known to have none.
    fn get_into(&self, name: &[u8], resolver: &Resolver, value: &mut Vec<u8>) -> Option<bool> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, found) = cache.get(name)?;
        if *until <= Instant::now() {
            return None;
        }
        match found {
            Ok(name) => {
                resolver.remember(0);
                value.extend_from_slice(name);
                Some(true)
            }
            Err(number) if status(*number) == NOT_FOUND => {
                resolver.remember(*number);
                Some(false)
            }
            // a failure for now is no answer, and something is to be said about it
            Err(_) => None,
        }
    }

    fn put(&self, name: &[u8], found: &Canonical) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        let failed_now = found.as_ref().is_err_and(|number| status(*number).is_temporary());
        let kept = if failed_now { SPARED } else { KEPT };
        cache.insert(name.to_vec(), (Instant::now() + kept, found.clone()));
    }
}

/// Unknown flags pass silently.
pub(super) fn read(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Option<Arc<dyn MapClass>> {
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
    Some(Arc::new(Host))
}

struct Host;

impl MapClass for Host {
    fn open<'a>(self: Arc<Self>, _map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        opened(Some(HostNames { cache: opening.shared.get(), resolver: Arc::clone(opening.resolver) }))
    }
}

struct HostNames {
    /// All maps of this class share it.
    cache: Arc<Cache>,
    resolver: Arc<Resolver>,
}

impl OpenMap for HostNames {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(lookup(self, query.map, query.key, query.args, context.observer))
    }

    fn lookup_now(&self, query: &ImmediateQuery<'_>, value: &mut Vec<u8>) -> ImmediateLookup {
        match self.cache.get_into(query.key, &self.resolver, value) {
            Some(found) => {
                let name = found.then(|| value.clone().into());
                query.keep(|| MapEvent::Host { key: query.key.to_vec().into() });
                query.keep(|| MapEvent::HostAnswer(HostAnswer::Cached(name)));
                if found { query.found(value) } else { ImmediateLookup::Missing(NOT_FOUND) }
            }
            None => ImmediateLookup::Wait,
        }
    }
}

async fn lookup(
    names: &HostNames,
    map: &Map,
    key: &[u8],
    args: &[Vec<u8>],
    observer: &mut dyn Observer,
) -> Found {
    observer.event(&Event::Map(&MapEvent::Host { key: key.into() }));
    let show = |answer: HostAnswer<'_>, observer: &mut dyn Observer| {
        observer.event(&Event::Map(&MapEvent::HostAnswer(answer)));
    };
    let found = match names.cache.get(key) {
        Some(found) => {
            names.resolver.remember(found.as_ref().err().copied().unwrap_or(0));
            show(HostAnswer::Cached(found.as_deref().ok().map(Into::into)), observer);
            found
        }
        // half a bracket is looked for nowhere
        None if key.first() == Some(&b'[') && !key.contains(&b']') => {
            show(HostAnswer::Failed, observer);
            return missing(Sysexit::OK);
        }
        None => {
            let found = find(names, map, key, observer).await;
            names.cache.put(key, &found);
            match &found {
                Ok(name) => show(HostAnswer::Found(name), observer),
                Err(number) => show(HostAnswer::Missing(*number), observer),
            }
            found
        }
    };
    match found.map_err(status) {
        Ok(name) => map.found(key, &name, args, observer),
        Err(Sysexit::TEMPFAIL) => {
            // where no name server is asked, none can be late
            if names.resolver.uses_dns() {
                observer.tracer().notice(&[&shorten(key, MAX_SHOWN)[..], b": Name server timeout"].concat());
            }
            missing(Sysexit::TEMPFAIL)
        }
        Err(status) => missing(status),
    }
}

async fn find(names: &HostNames, map: &Map, key: &[u8], observer: &mut dyn Observer) -> Canonical {
    let asked = async {
        let outcome = match address_literal(key) {
            Some(address) => names.resolver.ptr(address).await,
            // no address: sendmail takes the resolver's last word for an answer
            None if key.first() == Some(&b'[') => return Err(names.resolver.last_error()),
            None => names.resolver.canonical(key, observer).await,
        };
        match outcome {
            Outcome::Done(name) => Ok(name),
            Outcome::Later(error) | Outcome::Never(error) => Err(error.number()),
        }
    };
    match map.timeout {
        Some(seconds) if seconds > 0 => {
            let timeout = Duration::from_secs(u64::from(seconds)) * map.retries.unwrap_or(1).max(1);
            tokio::time::timeout(timeout, asked).await.unwrap_or(Err(DnsError::TryAgain.number()))
        }
        _ => asked.await,
    }
}
