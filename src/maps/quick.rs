//! Look-ups that the engine asks in the midst of a rule: answered from memory, without a system call, without
//! waiting, and without allocation but for values that `%n` makes longer.
//!
//! Whatever needs more (a map that is not open yet, a locked file, a server, a program) is left to
//! [`Store::lookup`]. Who watches changes nothing of that: events are kept until it is known that the answer is
//! there, and are then shown in their order.

use super::class::ImmediateQuery;
use super::map::{Flags, Map};
use super::store::{MAX_ARGUMENTS, Store};
use crate::addr::without_quotes;
use crate::engine::{Event, ImmediateLookup, MapEvent, MapId, MapNames, Maps, Observer};
use crate::schema::Sysexit;
use smallvec::SmallVec;
use std::cell::RefCell;

/// Bytes of a key without quotes for which nothing is allocated.
const USUAL_KEY: usize = 257;

impl MapNames for Store {
    fn map_id(&self, name: &[u8]) -> Option<MapId> {
        self.find(name).map(|index| MapId(index as u32))
    }

    fn key_space(&self, map: MapId) -> u8 {
        let own = self.slots.get(map.0 as usize).and_then(|slot| slot.map.space);
        own.unwrap_or(self.surroundings.settings.blank_sub)
    }
}

impl Maps for Store {
    fn try_lookup(
        &self,
        map: MapId,
        key: &[u8],
        args: &[&[u8]],
        value: &mut Vec<u8>,
        observer: Option<&mut dyn Observer>,
    ) -> ImmediateLookup {
        value.clear();
        let Some(slot) = self.slots.get(map.0 as usize) else { return ImmediateLookup::Wait };
        let map = &slot.map;
        if !map.flags.contains(Flags::VALID) {
            return ImmediateLookup::Missing(Sysexit::OK);
        }
        if self.surroundings.settings.may_defer && map.flags.contains(Flags::DEFER) {
            return ImmediateLookup::Wait;
        }
        let mut bare = SmallVec::<[u8; USUAL_KEY]>::new();
        let key = match map.flags.contains(Flags::KEEP_QUOTES) {
            false if memchr::memchr2(b'"', b'\\', key).is_some() => {
                bare.extend(without_quotes(key));
                bare.as_slice()
            }
            _ => key,
        };
        let args = &args[..args.len().min(MAX_ARGUMENTS - 1)];
        let kept = observer.is_some().then(RefCell::default);
        let query = ImmediateQuery { map, key, args, maps: self, depth: 0, events: kept.as_ref() };
        let found = slot.lookup_now(&query, value);
        let answer = match found {
            ImmediateLookup::Missing(status) if status.is_temporary() => finish(map, key, value),
            answer => answer,
        };
        if let (Some(kept), Some(observer)) = (&kept, observer)
            && answer != ImmediateLookup::Wait
        {
            let value = (found == ImmediateLookup::Found).then_some(value.as_slice());
            show(&query, found, value, &kept.take(), observer);
        }
        answer
    }
}

/// Shows a look-up that has been answered, what it did between question and answer.
fn show(
    query: &ImmediateQuery<'_>,
    found: ImmediateLookup,
    value: Option<&[u8]>,
    kept: &[MapEvent<'static>],
    observer: &mut dyn Observer,
) {
    let map = query.map.name.as_slice();
    let args: Vec<Vec<u8>> = std::iter::once(&query.key).chain(query.args).map(|arg| arg.to_vec()).collect();
    observer.event(&Event::Map(&MapEvent::Lookup { map, key: query.key, args: &args }));
    for event in kept {
        observer.event(&Event::Map(event));
    }
    let status = if let ImmediateLookup::Missing(status) = found { status } else { Sysexit::OK };
    observer.event(&Event::Map(&MapEvent::Answer { value, status }));
    if status.is_temporary() {
        show_failure(query, observer);
    }
}

/// What `finish` has made of a temporary failure: with -t nobody is told but of what -T puts in its place.
fn show_failure(query: &ImmediateQuery<'_>, observer: &mut dyn Observer) {
    let Map { name, on_failure, flags, .. } = query.map;
    if !flags.contains(Flags::NO_DEFER) {
        observer.event(&Event::Map(&MapEvent::Failed { map: name, key: query.key }));
    }
    if let Some(append) = on_failure {
        let value = [query.key, append].concat();
        observer.event(&Event::Map(&MapEvent::FailureAnswer { value: &value }));
    }
}

/// What -t and -T make of a temporary failure.
fn finish(map: &Map, key: &[u8], value: &mut Vec<u8>) -> ImmediateLookup {
    // a value with a failed status needs both of them
    match (&map.on_failure, map.flags.contains(Flags::NO_DEFER)) {
        (None, false) => ImmediateLookup::Missing(Sysexit::TEMPFAIL),
        (None, true) => ImmediateLookup::Missing(Sysexit::OK),
        (Some(_), false) => ImmediateLookup::Wait,
        (Some(append), true) => {
            value.extend_from_slice(key);
            value.extend_from_slice(append);
            ImmediateLookup::Found
        }
    }
}
