//! What a map class is to the rest of the program: a row, what a K line makes of it, and that opened.
//!
//! A class is one file, which implements [`MapClass`] and [`OpenMap`], and one row in `registry`. Files of
//! classes know this file and what it is made of; nobody but `registry` knows them.

use super::alias_rules::AliasRules;
use super::files;
use super::flags::Declaring;
use super::map::{Found, Map};
use super::program_runner::Helpers;
pub(super) use super::query::{FoundFuture, ImmediateQuery, LookupContext, OtherMaps, Query};
use super::settings::{Refused, Settings};
use crate::engine::{Event, ImmediateLookup, MapEvent, Observer};
use crate::net::Resolver;
use hashbrown::HashMap;
use std::any::{Any, TypeId};
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

/// One class of maps.
pub(super) struct ClassRow {
    /// The name in K lines.
    pub name: &'static str,
    /// Reads what stands behind the class in a K line; `None`: the map is unusable, and why has been said.
    pub read: Read,
    /// A key's words are joined by what option BlankSub is in the end, not by what it is at the K line.
    pub late_space: bool,
}

/// Reads the text behind the class of a K line into the settings that all maps have; what only the class
/// knows is in the result.
pub(super) type Read = fn(&mut Map, &[u8], &mut Declaring<'_>) -> Option<Arc<dyn MapClass>>;

/// What a class makes of a K line.
pub(super) trait MapClass: Send + Sync {
    /// Opens the map. What goes wrong is said here.
    fn open<'a>(self: Arc<Self>, map: &'a Map, opening: &'a mut Opening<'_>) -> OpenFuture<'a>;

    /// The files that are opened, and opened again when they are replaced.
    fn files(&self, _map: &Map, _settings: &Settings) -> Vec<Vec<u8>> {
        Vec::new()
    }
}

/// A map that is open.
pub(super) trait OpenMap: Send + Sync {
    /// Asks it.
    fn lookup<'a>(&'a self, query: Query<'a>, context: &'a mut LookupContext<'_>) -> FoundFuture<'a>;

    /// Asks it for what it has in memory: never waits. What it shows is kept in the query.
    fn lookup_now(&self, _query: &ImmediateQuery<'_>, _value: &mut Vec<u8>) -> ImmediateLookup {
        ImmediateLookup::Wait
    }

    /// Is the server there that answers for this map? `None`: it needs none. Asked before every look-up; what
    /// goes wrong is said.
    fn reachable<'a>(
        &'a self,
        _map: &'a Map,
        _observer: &'a mut dyn Observer,
    ) -> Option<Pin<Box<dyn Future<Output = bool> + Send + 'a>>> {
        None
    }

    /// Shows that the map is closed.
    fn show_close(&self, _map: &Map, _observer: &mut dyn Observer) {}
}

/// An opening under way.
pub(super) type OpenFuture<'a> = Pin<Box<dyn Future<Output = Result<Arc<dyn OpenMap>, NotOpen>> + Send + 'a>>;

/// Why a map is not open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NotOpen {
    /// It will not be opened any more (unless it is optional).
    Failed,
    /// Somebody holds its lock: the next look-up tries again.
    Locked,
}

/// A map that needed no waiting to be opened, or could not be.
pub(super) fn opened<'a>(map: Option<impl OpenMap + 'static>) -> OpenFuture<'a> {
    let map = map.map(|map| Arc::new(map) as Arc<dyn OpenMap>);
    Box::pin(ready(map.ok_or(NotOpen::Failed)))
}

/// A class that has nothing to open.
pub(super) fn as_it_is<'a>(map: Arc<impl OpenMap + 'static>) -> OpenFuture<'a> {
    Box::pin(ready(Ok(map as Arc<dyn OpenMap>)))
}

/// An answer for which nobody waits.
pub(super) fn answered<'a>(found: Found) -> FoundFuture<'a> {
    Box::pin(ready(found))
}

/// What maps are opened with.
pub(super) struct Opening<'a> {
    /// Options to obey.
    pub settings: &'a Settings,
    /// Host names.
    pub resolver: &'a Arc<Resolver>,
    /// Who runs programs and opens files.
    pub helpers: &'a Helpers,
    /// What the maps of a class have in common.
    pub shared: &'a SharedStates,
    /// The other maps.
    pub maps: &'a dyn OtherMaps,
    /// What makes names of the left sides of alias files.
    pub aliases: Option<&'a dyn AliasRules>,
    /// Is shown what happens; messages go to its tracer.
    pub observer: &'a mut dyn Observer,
    /// The system's last word, for `-d38.4`.
    pub failure: Vec<u8>,
}

impl Opening<'_> {
    /// Says what is wrong.
    pub fn say(&mut self, parts: &[&[u8]]) {
        self.observer.tracer().message(&parts.concat());
    }

    /// Something has happened that is to be shown.
    pub fn show(&mut self, event: MapEvent<'_>) {
        self.observer.event(&Event::Map(&event));
    }

    /// A class begins to open its map.
    pub fn begins(&mut self, class: &'static str, map: &Map) {
        let (map, file) = (map.name.as_slice(), map.file.as_deref());
        self.show(MapEvent::Opening { class, map, file: Some(file.unwrap_or_default()) });
    }

    /// Is the file there, and may it be trusted?
    ///
    /// # Errors
    /// Why it must not be opened.
    pub fn check(&mut self, file: &[u8]) -> Result<(), Refused> {
        let checked = self.settings.check_file(&*self.helpers.files, files::path(file));
        if let Err(why) = &checked {
            self.failure.clone_from(&why.text);
        }
        checked
    }
}

/// What all maps of one class have in common, a cache for instance: one value of a type, made for whoever asks
/// first.
#[derive(Default)]
pub(super) struct SharedStates(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl SharedStates {
    /// The value of this type.
    pub fn get<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        // a type's id leads to a value of that type and no other
        Arc::clone(state).downcast().unwrap_or_default()
    }
}
