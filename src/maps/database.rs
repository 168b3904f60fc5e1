//! hash and btree: Berkeley DB files; implicit: whichever database there is.

use super::bdb::{Kind, Reader};
use super::class::Class;
use super::declare::Declaring;
use super::files;
use super::map::{Flags, Found, Map, later, missing};
use super::open::Opening;
use crate::logging::Tracer;
use crate::schema::Sysexit;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};

/// Reads the value of a key; `false` where there is none.
type Read<'a> = dyn Fn(&[u8], &mut Vec<u8>) -> io::Result<bool> + 'a;

/// Longer keys are cut.
pub(super) const LONGEST_KEY: usize = 256;

pub(super) fn parse_hash(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    map.own = Class::Database(Kind::Hash);
    map.read_with_file(args, declaring)
}

pub(super) fn parse_btree(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    map.own = Class::Database(Kind::Btree);
    map.read_with_file(args, declaring)
}

pub(super) fn parse_implicit(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> bool {
    map.own = Class::Implicit;
    map.read_with_file(args, declaring)
}

/// An open database file and what its keys were found to look like.
#[derive(Debug)]
pub(super) struct Database {
    reader: Reader,
    /// TRY_BARE and TRY_NULL: the first hit of one kind turns the other off.
    tries: AtomicU32,
}

/// What became of an attempt that may have to wait.
pub(super) enum Attempt<T> {
    Done(T),
    /// Somebody is rewriting the file: try again soon.
    Locked,
}

impl Database {
    /// Opens the map's file; problems are said unless the map is optional.
    pub fn open(map: &Map, kind: Kind, opening: &mut Opening<'_>) -> Attempt<Option<Self>> {
        let class = map.class.name.as_bytes();
        let file = map.file.as_deref().unwrap_or_default();
        opening.trace(2, &[class, b"_map_open(", &map.name, b", ", file, b", 0)"]);
        let name = files::with_suffix(file, b".db");
        if let Err(why) = opening.check(&name) {
            if !map.flags.contains(Flags::OPTIONAL) {
                let what: &[u8] = if why.absent { b"\": missing map file " } else { b"\": unsafe map file " };
                opening.say(&[class, b" map \"", &map.name, what, &name, b": ", &why.text]);
            }
            return Attempt::Done(None);
        }
        match Reader::open(files::path(&name), Some(kind)) {
            Ok(reader) => {
                let tries = map.flags & (Flags::TRY_BARE | Flags::TRY_NULL);
                Attempt::Done(Some(Self { reader, tries: AtomicU32::new(tries.bits()) }))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Attempt::Locked,
            Err(error) => {
                let text = match error.kind() {
                    io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => b"Invalid argument".to_vec(),
                    _ => files::error_text(&error),
                };
                if !(map.flags.contains(Flags::OPTIONAL) && error.kind() == io::ErrorKind::NotFound) {
                    opening.say(&[b"Cannot open ", class, b" database ", &name, b": ", &text]);
                }
                Attempt::Done(None)
            }
        }
    }

    /// implicit: the first kind of database that is there, silently.
    pub fn open_implicit(map: &Map, opening: &mut Opening<'_>) -> Attempt<Option<Self>> {
        let file = map.file.as_deref().unwrap_or_default();
        opening.trace(2, &[b"impl_map_open(", &map.name, b", ", file, b", 0)"]);
        opening.trace(2, &[b"hash_map_open(", &map.name, b", ", file, b", 0)"]);
        let name = files::with_suffix(file, b".db");
        if opening.check(&name).is_err() {
            return Attempt::Done(None);
        }
        match Reader::open(files::path(&name), Some(Kind::Hash)) {
            Ok(reader) => {
                let tries = map.flags & (Flags::TRY_BARE | Flags::TRY_NULL);
                Attempt::Done(Some(Self { reader, tries: AtomicU32::new(tries.bits()) }))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Attempt::Locked,
            Err(_) => Attempt::Done(None),
        }
    }

    /// Flags as `-d38.9` shows them when the map is closed.
    pub fn tries(&self) -> Flags {
        Flags::from_bits_truncate(self.tries.load(Ordering::Relaxed))
    }

    pub fn lookup(&self, map: &Map, key: &[u8], args: &[Vec<u8>], tracer: &mut dyn Tracer) -> Attempt<Found> {
        if tracer.level(38) >= 20 {
            if matches!(map.own, Class::Implicit) {
                tracer.line(&[b"impl_map_lookup(", map.name.as_slice(), b", ", key, b")"].concat());
            }
            tracer.line(&[b"db_map_lookup(", map.name.as_slice(), b", ", key, b")"].concat());
        }
        match self.get(map, key) {
            Ok(Some(value)) => Attempt::Done(map.found(key, &value, args, tracer)),
            Ok(None) => Attempt::Done(missing(Sysexit::OK)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Attempt::Locked,
            Err(error) => {
                let text = files::error_text(&error);
                tracer.message(
                    &[b"Error getting ", key, b" (", map.file.as_deref().unwrap_or_default(), b"): ", &text]
                        .concat(),
                );
                Attempt::Done(later())
            }
        }
    }

    /// The stored value, without a trailing NUL.
    pub fn get(&self, map: &Map, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let mut value = Vec::new();
        let read = |key: &[u8], value: &mut Vec<u8>| match self.reader.get(key)? {
            Some(found) => {
                *value = found;
                Ok(true)
            }
            None => Ok(false),
        };
        Ok(self.find(map, key, &mut value, &read)?.then_some(value))
    }

    /// The same from memory, where the page lies there; a rebuilt file is noticed a moment later.
    pub fn get_quickly(&self, map: &Map, key: &[u8], value: &mut Vec<u8>) -> io::Result<bool> {
        self.find(map, key, value, &|key, value| self.reader.get_quickly(key, value))
    }

    fn find(&self, map: &Map, key: &[u8], value: &mut Vec<u8>, read: &Read<'_>) -> io::Result<bool> {
        let key = &key[..key.len().min(LONGEST_KEY)];
        let mut folded = [0; LONGEST_KEY + 1];
        folded[..key.len()].copy_from_slice(key);
        if !map.flags.contains(Flags::KEEP_CASE) {
            folded[..key.len()].make_ascii_lowercase();
        }
        let tries = self.tries();
        // with and without the NUL that C programs store; the first hit of one kind ends the other
        for (bare, other) in [(Flags::TRY_BARE, Flags::TRY_NULL), (Flags::TRY_NULL, Flags::TRY_BARE)] {
            let length = key.len() + usize::from(bare == Flags::TRY_NULL);
            if !tries.contains(bare) || !read(&folded[..length], value)? {
                continue;
            }
            if tries.contains(other) {
                self.tries.fetch_and(!other.bits(), Ordering::Relaxed);
            }
            if value.last() == Some(&0) {
                value.pop();
            }
            return Ok(true);
        }
        Ok(false)
    }
}
