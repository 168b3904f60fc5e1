//! All maps of a configuration: found by name, and asked as rules, `-bt` and alias files ask them.

use super::class::{ImmediateQuery, LookupContext, OtherMaps, Query, SharedStates};
use super::declare;
use super::flags::Declaring;
use super::map::{Flags, Found, Map, later, missing};
use super::program_runner::{Directly, Helpers};
use super::settings::Settings;
use super::slot::{Slot, State, Surroundings};
use crate::addr::without_quotes;
use crate::config::{Config, MapDecl};
use crate::engine::{Answer, Event, ImmediateLookup, LookupRequest, MapEvent, Observer};
use crate::net::Resolver;
use crate::schema::Sysexit;
use crate::sys::process::Programs;
use hashbrown::HashMap;
use std::fs::File;
use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

/// %0 to %8: the key and at most eight arguments.
pub(super) const MAX_ARGUMENTS: usize = 9;

/// All maps of a configuration, opened at their first use and shared by all sessions.
pub struct Store {
    pub(super) surroundings: Surroundings,
    pub(super) slots: Vec<Slot>,
    by_name: HashMap<Vec<u8>, usize>,
}

/// The answer to a look-up by name and key text (`/map`, aliases, `F@` lines).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TextAnswer {
    /// No K line has this name: `Map named "N" not found`.
    Unknown,
    /// The map could not be made or opened: `Map named "N" not open`.
    NotOpen,
    /// The map was asked.
    Answer(Answer),
}

impl Store {
    /// Maps of this configuration, whose programs run in children of this process. Nothing is opened yet.
    pub fn new(config: Arc<Config>, resolver: Arc<Resolver>) -> Self {
        Self::with_helpers(config, resolver, Helpers::with_programs(Directly))
    }

    /// The same where somebody else runs the programs of maps, or opens their files.
    pub fn with_helpers(config: Arc<Config>, resolver: Arc<Resolver>, helpers: Helpers) -> Self {
        let settings = Settings::of(&config);
        let surroundings = Surroundings { settings, resolver, helpers, shared: SharedStates::default() };
        let mut store = Self { surroundings, slots: Vec::new(), by_name: HashMap::new() };
        for decl in &config.maps {
            store.add(decl);
        }
        if !store.has(b"host") {
            // it exists without a K line
            let (name, class, args) = (b"host".to_vec(), b"host".to_vec(), b"-a. -D".to_vec());
            let space = config.options.blank_sub;
            store.add(&MapDecl { name, class, args, space, ..MapDecl::default() });
        }
        store
    }

    /// One more map, as a K line says it; what is wrong with it has been said by [`super::environment`].
    fn add(&mut self, decl: &MapDecl) {
        let earlier = self.find(&decl.name);
        let known = |name: &[u8]| self.has(name);
        let mut declaring = Declaring::of(decl, &known);
        let earlier_map = earlier.map(|index| self.slots[index].map.clone());
        let Some(declared) = declare::read(decl, earlier_map, &mut declaring) else { return };
        match earlier {
            Some(index) => self.slots[index] = Slot::new(declared),
            None => {
                self.by_name.insert(decl.name.to_ascii_lowercase(), self.slots.len());
                self.slots.push(Slot::new(declared));
            }
        }
    }

    /// From now on a map answers this to a key, whatever else it has; `false`: there is no such map.
    pub fn add_entry(&mut self, map: &[u8], key: &[u8], value: &[u8]) -> bool {
        let Some(index) = self.find(map) else { return false };
        self.slots[index].add_entry(key, value);
        true
    }

    /// The files that look-ups open, with the name of their map.
    pub fn files(&self) -> Vec<(&[u8], Vec<u8>)> {
        let files = |slot: &Slot| slot.files(&self.surroundings.settings);
        let named = |slot| files(slot).into_iter().map(|file| (slot.map.name.as_slice(), file));
        self.slots.iter().flat_map(named).collect()
    }

    /// Opens a file as maps do.
    ///
    /// # Errors
    /// When neither this process nor who opens files for its maps may read it.
    pub fn open_file(&self, path: &Path) -> io::Result<File> {
        self.surroundings.helpers.files.open(path)
    }

    /// The programs of its maps, by name, for whoever runs them for others.
    pub fn programs(&self) -> Programs {
        let slots = self.slots.iter().filter(|slot| slot.map.class == "program");
        let usable = slots.filter(|slot| slot.map.flags.contains(Flags::VALID));
        let program =
            |slot: &Slot| (slot.map.name.clone(), self.surroundings.settings.programs.program(&slot.map));
        usable.map(program).collect()
    }

    /// Is there a map of this name?
    pub fn has(&self, map: &[u8]) -> bool {
        self.find(map).is_some()
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        self.by_name.get(name.to_ascii_lowercase().as_slice()).copied()
    }

    /// `$( map key $@ args $)` in a rule: all flags of the map, and `%n`.
    /// A name without a map is not found; saying so is up to the caller ([`Self::has`]).
    pub async fn lookup(&self, request: &LookupRequest<'_>, context: &mut LookupContext<'_>) -> Answer {
        let Some(index) = self.find(request.map()) else { return missing(Sysexit::OK) };
        let map = &self.slots[index].map;
        if !map.flags.contains(Flags::VALID) {
            return missing(Sysexit::OK);
        }
        let key = self.key_text(map, request);
        if context.deferred && map.flags.contains(Flags::DEFER) {
            context.observer.event(&Event::Map(&MapEvent::Deferred { map: &map.name, key: &key }));
            return later();
        }
        let arguments = request.arguments(self.surroundings.settings.blank_sub);
        let args: Vec<Vec<u8>> = std::iter::once(key.clone()).chain(arguments).take(MAX_ARGUMENTS).collect();
        let slot = &self.slots[index];
        let state = slot.opened(&self.surroundings, self, context).await;
        if matches!(state, State::Closed) && slot.added(&key).is_none() {
            return missing(Sysexit::OK);
        }
        let asked = MapEvent::Lookup { map: &map.name, key: &key, args: &args };
        context.observer.event(&Event::Map(&asked));
        let query = Query { map, key: &key, args: &args, maps: self, depth: 0 };
        let Some(found) = slot.ask(state, query, context).await else { return missing(Sysexit::OK) };
        let (value, status) = (found.value.as_deref(), found.status);
        context.observer.event(&Event::Map(&MapEvent::Answer { value, status }));
        finish(map, &key, found, context.observer)
    }

    /// The key of a look-up in a rule.
    fn key_text(&self, map: &Map, request: &LookupRequest<'_>) -> Vec<u8> {
        let mut text = Vec::new();
        request.put_key(map.space.unwrap_or(self.surroundings.settings.blank_sub), &mut text);
        if map.flags.contains(Flags::KEEP_QUOTES) {
            return text;
        }
        without_quotes(&text).collect()
    }

    /// `/map name key`: the key is text, there are no arguments.
    pub async fn lookup_text(&self, map: &[u8], key: &[u8], context: &mut LookupContext<'_>) -> TextAnswer {
        let Some(index) = self.find(map) else { return TextAnswer::Unknown };
        match self.ask(index, key, &[key.to_vec()], context).await {
            Some(found) => TextAnswer::Answer(found),
            None => TextAnswer::NotOpen,
        }
    }

    /// Opens a map if it is not open yet; `false` if look-ups will find it not open (a map that cannot
    /// be opened is open in this sense: it fails).
    pub async fn open(&self, map: &[u8], context: &mut LookupContext<'_>) -> bool {
        match self.find(map) {
            Some(index) => {
                !matches!(self.slots[index].opened(&self.surroundings, self, context).await, State::Closed)
            }
            None => false,
        }
    }

    /// Asks a map; `None` if it is not open (unusable, or optional and absent).
    async fn ask(
        &self,
        index: usize,
        key: &[u8],
        args: &[Vec<u8>],
        context: &mut LookupContext<'_>,
    ) -> Option<Found> {
        let slot = &self.slots[index];
        let query = Query { map: &slot.map, key, args, maps: self, depth: 0 };
        slot.lookup(&self.surroundings, query, context).await
    }

    /// The end of a process: shows that maps are closed. `used` tells whether a map that
    /// the engine runs itself has been used.
    pub fn close(&self, used: &dyn Fn(&[u8]) -> bool, observer: &mut dyn Observer) {
        let mut slots: Vec<_> = self.slots.iter().collect();
        slots.sort_by_key(|slot| symbol_order(&slot.map.name));
        for slot in slots {
            let (map, state) = (&slot.map, slot.state());
            if matches!(state, State::Closed) && !used(&map.name) {
                continue;
            }
            let closing = MapEvent::Closing { map: &map.name, file: map.file.as_deref() };
            observer.event(&Event::Map(&closing));
            if let State::Open(opened) = state {
                opened.show_close(map, observer);
            }
        }
    }
}

impl OtherMaps for Store {
    fn number(&self, name: &[u8]) -> Option<usize> {
        self.find(name)
    }

    fn lookup_member<'a>(
        &'a self,
        number: usize,
        query: Query<'a>,
        context: &'a mut LookupContext<'_>,
    ) -> Pin<Box<dyn Future<Output = Option<Found>> + Send + 'a>> {
        Box::pin(async move { self.slots.get(number)?.lookup(&self.surroundings, query, context).await })
    }

    fn lookup_member_now(
        &self,
        number: usize,
        query: &ImmediateQuery<'_>,
        value: &mut Vec<u8>,
    ) -> ImmediateLookup {
        self.slots.get(number).map_or(ImmediateLookup::Wait, |slot| slot.lookup_now(query, value))
    }
}

/// sendmail's symbol table lists its maps by this number.
fn symbol_order(name: &[u8]) -> u32 {
    const MAPS: u32 = 6;
    const SLOTS: u32 = 2003;
    name.iter().fold(MAPS, |hash, byte| ((hash << 1) ^ u32::from(byte.to_ascii_lowercase())) % SLOTS)
}

/// What -t and -T make of a temporary failure.
fn finish(map: &Map, key: &[u8], found: Found, observer: &mut dyn Observer) -> Answer {
    if !found.status.is_temporary() {
        return found;
    }
    let ignored = map.flags.contains(Flags::NO_DEFER);
    if !ignored {
        observer.event(&Event::Map(&MapEvent::Failed { map: &map.name, key }));
    }
    let status = if ignored { Sysexit::OK } else { Sysexit::TEMPFAIL };
    let Some(append) = &map.on_failure else { return Answer { value: found.value, status } };
    let value = [key, append].concat();
    observer.event(&Event::Map(&MapEvent::FailureAnswer { value: &value }));
    Answer { value: Some(value), status }
}
