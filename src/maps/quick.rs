//! Look-ups that are answered at once, from memory: no system call, no waiting, and no allocation but
//! for values that `%n` makes longer.
//!
//! Whatever needs more (a map that is not open yet, a locked file, a server, a program, a trace) is left to
//! [`Store::lookup`].

use super::class::Class;
use super::database::LONGEST_KEY;
use super::map::{Flags, Map, NOT_FOUND};
use super::open::{Opened, State};
use super::store::{DEEPEST, MOST_ARGUMENTS, Store};
use crate::engine::{ImmediateLookup, MapId, Maps};
use crate::schema::Sysexit;
use smallvec::SmallVec;

/// Room for a key without quotes; longer ones take the long way.
type Key = SmallVec<[u8; LONGEST_KEY + 1]>;

impl Maps for Store {
    fn map_id(&self, name: &[u8]) -> Option<MapId> {
        self.find(name).map(|index| MapId(index as u32))
    }

    fn key_space(&self, map: MapId) -> u8 {
        let own = self.slots.get(map.0 as usize).and_then(|slot| slot.map.space);
        own.unwrap_or(self.settings.blank_sub)
    }

    fn try_lookup(&self, map: MapId, key: &[u8], args: &[&[u8]], value: &mut Vec<u8>) -> ImmediateLookup {
        value.clear();
        let Some(slot) = self.slots.get(map.0 as usize) else { return ImmediateLookup::Wait };
        let map_flags = slot.map.flags;
        if !map_flags.contains(Flags::VALID) {
            return ImmediateLookup::Missing(Sysexit::OK);
        }
        if self.settings.deferred && map_flags.contains(Flags::DEFER) {
            return ImmediateLookup::Wait;
        }
        let mut bare = Key::new();
        let key = match map_flags.contains(Flags::KEEP_QUOTES) {
            false if memchr::memchr2(b'"', b'\\', key).is_some() => {
                super::store::without_quotes(key, &mut |byte| bare.push(byte));
                bare.as_slice()
            }
            _ => key,
        };
        let args = &args[..args.len().min(MOST_ARGUMENTS - 1)];
        match self.ask_slot(map.0 as usize, key, args, value, 0) {
            ImmediateLookup::Missing(status) if status.is_temporary() => finish(&slot.map, key, value),
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

impl Store {
    /// What a map that is open says; values have their flags applied.
    fn ask_slot(
        &self,
        index: usize,
        key: &[u8],
        args: &[&[u8]],
        value: &mut Vec<u8>,
        depth: usize,
    ) -> ImmediateLookup {
        let Some(slot) = self.slots.get(index) else { return ImmediateLookup::Wait };
        let map = &slot.map;
        let opened = match slot.state.get() {
            Some(State::Open(opened)) => opened,
            Some(State::Bogus) => return ImmediateLookup::Missing(Sysexit::TEMPFAIL),
            _ => return ImmediateLookup::Wait,
        };
        match (opened.as_ref(), &map.own) {
            (Opened::Database(database), _) => match database.get_quickly(map, key, value) {
                Ok(true) => dress(map, key, args, value),
                Ok(false) => ImmediateLookup::Missing(Sysexit::OK),
                // the long way waits for the lock, or says what is wrong
                Err(_) => ImmediateLookup::Wait,
            },
            (Opened::Stab(aliases), _) => match aliases.get(key) {
                Some(found) => {
                    value.extend_from_slice(found);
                    dress(map, key, args, value)
                }
                None => ImmediateLookup::Missing(Sysexit::OK),
            },
            (Opened::Members(members), _) => {
                let mut status = NOT_FOUND;
                for member in members.iter().filter(|_| depth < DEEPEST) {
                    match self.ask_slot(*member, key, args, value, depth + 1) {
                        ImmediateLookup::Missing(one) if one.is_temporary() => status = one,
                        ImmediateLookup::Missing(_) => {}
                        answer => return answer,
                    }
                }
                ImmediateLookup::Missing(status)
            }
            (_, Class::Host) => match self.host_names.get_into(key, &self.resolver, value) {
                Some(true) => dress(map, key, args, value),
                Some(false) => ImmediateLookup::Missing(NOT_FOUND),
                None => ImmediateLookup::Wait,
            },
            (_, Class::Null) => ImmediateLookup::Missing(NOT_FOUND),
            _ => ImmediateLookup::Wait,
        }
    }
}

/// Applies -m, %n and -a to a found value.
fn dress(map: &Map, key: &[u8], args: &[&[u8]], value: &mut Vec<u8>) -> ImmediateLookup {
    if map.flags.contains(Flags::MATCH_ONLY) {
        value.clear();
        value.extend_from_slice(key);
    } else if memchr::memchr(b'%', value).is_some() {
        let argument = |number: usize| match number.checked_sub(1) {
            None => Some(key),
            Some(index) => args.get(index).copied(),
        };
        *value = super::map::interpolate(value, &argument);
    }
    value.extend_from_slice(map.append.as_deref().unwrap_or_default());
    ImmediateLookup::Found
}
