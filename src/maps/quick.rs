//! Look-ups that the engine asks in the midst of a rule: answered from memory, without a system call, without
//! waiting, and without allocation but for values that `%n` makes longer.
//!
//! Whatever needs more (a map that is not open yet, a locked file, a server, a program, a trace) is left to
//! [`Store::lookup`].

use super::class::ImmediateQuery;
use super::map::{Flags, Map};
use super::store::{MAX_ARGUMENTS, Store, without_quotes};
use crate::engine::{ImmediateLookup, MapId, Maps};
use crate::schema::Sysexit;
use smallvec::SmallVec;

/// Bytes of a key without quotes for which nothing is allocated.
const USUAL_KEY: usize = 257;

impl Maps for Store {
    fn map_id(&self, name: &[u8]) -> Option<MapId> {
        self.find(name).map(|index| MapId(index as u32))
    }

    fn key_space(&self, map: MapId) -> u8 {
        let own = self.slots.get(map.0 as usize).and_then(|slot| slot.map.space);
        own.unwrap_or(self.surroundings.settings.blank_sub)
    }

    fn try_lookup(&self, map: MapId, key: &[u8], args: &[&[u8]], value: &mut Vec<u8>) -> ImmediateLookup {
        value.clear();
        let Some(slot) = self.slots.get(map.0 as usize) else { return ImmediateLookup::Wait };
        let map = &slot.map;
        if !map.flags.contains(Flags::VALID) {
            return ImmediateLookup::Missing(Sysexit::OK);
        }
        if self.surroundings.settings.deferred && map.flags.contains(Flags::DEFER) {
            return ImmediateLookup::Wait;
        }
        let mut bare = SmallVec::<[u8; USUAL_KEY]>::new();
        let key = match map.flags.contains(Flags::KEEP_QUOTES) {
            false if memchr::memchr2(b'"', b'\\', key).is_some() => {
                without_quotes(key, &mut |byte| bare.push(byte));
                bare.as_slice()
            }
            _ => key,
        };
        let args = &args[..args.len().min(MAX_ARGUMENTS - 1)];
        let query = ImmediateQuery { map, key, args, maps: self, depth: 0 };
        match slot.lookup_now(&query, value) {
            ImmediateLookup::Missing(status) if status.is_temporary() => finish(map, key, value),
            answer => answer,
        }
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
