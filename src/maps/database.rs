//! hash and btree: Berkeley DB files; implicit: whichever database there is.

use super::class::{
    FoundFuture, ImmediateQuery, LookupContext, MapClass, NotOpen, OpenFuture, OpenMap, Opening, Query,
};
use super::files;
use super::flags::Declaring;
use super::map::{Flags, Found, Map, later, missing};
use super::settings::Settings;
use crate::db::bdb::{Kind, Reader};
use crate::engine::{Event, ImmediateLookup, MapEvent, Observer};
use crate::schema::Sysexit;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Reads the value of a key; `false` where there is none.
type GetValue<'a> = dyn Fn(&[u8], &mut Vec<u8>) -> io::Result<bool> + 'a;

/// Longer keys are cut.
pub(super) const MAX_KEY: usize = 256;

/// Which file a class opens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Only(Kind),
    /// Whatever there is, silently.
    Implicit,
}

type Class = Option<Arc<dyn MapClass>>;

pub(super) fn read_hash(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Class {
    read(Wanted::Only(Kind::Hash), map, args, declaring)
}

pub(super) fn read_btree(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Class {
    read(Wanted::Only(Kind::Btree), map, args, declaring)
}

pub(super) fn read_implicit(map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Class {
    read(Wanted::Implicit, map, args, declaring)
}

fn read(wanted: Wanted, map: &mut Map, args: &[u8], declaring: &mut Declaring<'_>) -> Class {
    map.read_with_file(args, declaring).then(|| Arc::new(wanted) as Arc<dyn MapClass>)
}

impl MapClass for Wanted {
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a> {
        Box::pin(async move {
            let database = match *self {
                Self::Only(kind) => Database::open(map, kind, opening).await?,
                Self::Implicit => Database::open_implicit(map, opening).await?,
            };
            Ok(Arc::new(database) as Arc<dyn OpenMap>)
        })
    }

    fn files(&self, map: &Map, _settings: &Settings) -> Vec<Vec<u8>> {
        map.file.iter().map(|file| files::with_suffix(file, b".db")).collect()
    }
}

/// An open database file and what its keys were found to look like.
struct Database {
    reader: Reader,
    /// It belongs to a map of class implicit.
    implicit: bool,
    /// TRY_BARE and TRY_NULL: the first hit of one kind turns the other off.
    tries: AtomicU32,
}

impl Database {
    fn new(map: &Map, reader: Reader, implicit: bool) -> Self {
        let tries = map.flags & (Flags::TRY_BARE | Flags::TRY_NULL);
        Self { reader, implicit, tries: AtomicU32::new(tries.bits()) }
    }

    /// Opens the map's file; problems are said unless the map is optional.
    async fn open(map: &Map, kind: Kind, opening: &mut Opening<'_>) -> Result<Self, NotOpen> {
        let class = map.class.as_bytes();
        let file = map.file.as_deref().unwrap_or_default();
        opening.begins(map.class, map);
        let name = files::with_suffix(file, b".db");
        if let Err(why) = opening.check(&name) {
            if !map.flags.contains(Flags::OPTIONAL) {
                let what: &[u8] = if why.absent { b"\": missing map file " } else { b"\": unsafe map file " };
                opening.say(&[class, b" map \"", &map.name, what, &name, b": ", &why.text]);
            }
            return Err(NotOpen::Failed);
        }
        let helpers = opening.helpers;
        match files::unlocked(|| helpers.open_database(&name, kind)).await {
            Ok(reader) => Ok(Self::new(map, reader, false)),
            Err(error) if files::is_locked(&error) => Err(NotOpen::Locked),
            Err(error) => {
                let text = match error.kind() {
                    io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => b"Invalid argument".to_vec(),
                    _ => files::error_text(&error),
                };
                if !(map.flags.contains(Flags::OPTIONAL) && error.kind() == io::ErrorKind::NotFound) {
                    opening.say(&[b"Cannot open ", class, b" database ", &name, b": ", &text]);
                }
                Err(NotOpen::Failed)
            }
        }
    }

    /// implicit: the first kind of database that is there, silently.
    async fn open_implicit(map: &Map, opening: &mut Opening<'_>) -> Result<Self, NotOpen> {
        let file = map.file.as_deref().unwrap_or_default();
        opening.begins("impl", map);
        opening.begins("hash", map);
        let name = files::with_suffix(file, b".db");
        opening.check(&name).map_err(|_| NotOpen::Failed)?;
        let helpers = opening.helpers;
        match files::unlocked(|| helpers.open_database(&name, Kind::Hash)).await {
            Ok(reader) => Ok(Self::new(map, reader, true)),
            Err(error) if files::is_locked(&error) => Err(NotOpen::Locked),
            Err(_) => Err(NotOpen::Failed),
        }
    }

    /// Whose look-up it is, in sendmail's words.
    fn functions(&self) -> &'static [&'static str] {
        if self.implicit { &["impl_map_lookup", "db_map_lookup"] } else { &["db_map_lookup"] }
    }

    /// TRY_BARE and TRY_NULL as they stand now.
    fn tries(&self) -> Flags {
        Flags::from_bits_truncate(self.tries.load(Ordering::Relaxed))
    }

    async fn lookup_locked(&self, query: Query<'_>, observer: &mut dyn Observer) -> Found {
        let Query { map, key, args, .. } = query;
        for function in self.functions() {
            map.show_search(function, key, observer);
        }
        match files::unlocked(|| self.get(map, key)).await {
            Ok(Some(value)) => map.found(key, &value, args, observer),
            Ok(None) => missing(Sysexit::OK),
            Err(error) => {
                if !files::is_locked(&error) {
                    let (file, text) = (map.file.as_deref().unwrap_or_default(), files::error_text(&error));
                    observer.tracer().message(&[b"Error getting ", key, b" (", file, b"): ", &text].concat());
                }
                later()
            }
        }
    }

    /// The stored value, without a trailing NUL.
    fn get(&self, map: &Map, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
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
    fn get_quickly(&self, map: &Map, key: &[u8], value: &mut Vec<u8>) -> io::Result<bool> {
        self.find(map, key, value, &|key, value| self.reader.get_quickly(key, value))
    }

    fn find(&self, map: &Map, key: &[u8], value: &mut Vec<u8>, read: &GetValue<'_>) -> io::Result<bool> {
        let key = &key[..key.len().min(MAX_KEY)];
        let mut folded = [0; MAX_KEY + 1];
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

impl OpenMap for Database {
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a> {
        Box::pin(self.lookup_locked(query, context.observer))
    }

    fn lookup_now(&self, query: &ImmediateQuery<'_>, value: &mut Vec<u8>) -> ImmediateLookup {
        // the long way waits for the lock, or says what is wrong
        let Ok(found) = self.get_quickly(query.map, query.key, value) else { return ImmediateLookup::Wait };
        for function in self.functions() {
            query.show_search(function);
        }
        if found { query.found(value) } else { ImmediateLookup::Missing(Sysexit::OK) }
    }

    fn show_close(&self, map: &Map, observer: &mut dyn Observer) {
        let mut flags = (map.flags - Flags::TRY_BARE - Flags::TRY_NULL) | self.tries();
        flags |= Flags::OPEN | Flags::CLOSING;
        flags.set(Flags::IMPLICIT_HASH, self.implicit);
        let (implicit, map, file) = (self.implicit, map.name.as_slice(), map.file.as_deref());
        let flags = flags.bits();
        observer.event(&Event::Map(&MapEvent::DatabaseClosed { implicit, map, file, flags }));
    }
}
