//! One map of a configuration: opened once, at its first use, by one session while the others wait; what is
//! remembered of that; and asked.

use super::class::{
    ImmediateQuery, LookupContext, MapClass, NotOpen, OpenMap, Opening, OtherMaps, Query, SharedStates,
};
use super::declare::DeclaredMap;
use super::map::{Flags, Found, Map, later};
use super::program_runner::Helpers;
use super::settings::Settings;
use crate::engine::{Event, ImmediateLookup, MapEvent, Observer};
use crate::net::Resolver;
use crate::schema::Sysexit;
use std::sync::{Arc, OnceLock};
use tokio::sync::Mutex;

/// A map and what became of its opening.
pub(super) struct Slot {
    /// What its K lines say.
    pub map: Map,
    class: Option<Arc<dyn MapClass>>,
    /// Entries in memory that go before those of the file, keys folded: of a map that somebody tries changes with.
    added: Vec<(Vec<u8>, Vec<u8>)>,
    /// Set once it is open or has failed; an optional map that is absent is tried again.
    state: OnceLock<State>,
    /// Two sessions do not open (and complain) at the same time.
    opening: Mutex<()>,
    /// Test mode, as every process of sendmail, tries once; a daemon that serves all sessions tries again.
    given_up: OnceLock<State>,
}

#[derive(Clone, Default)]
pub(super) enum State {
    #[default]
    Closed,
    Open(Arc<dyn OpenMap>),
    /// Could not be opened: fails temporarily for ever after.
    Bogus,
}

/// What maps are opened with, whoever asks.
pub(super) struct Surroundings {
    /// Options to obey.
    pub settings: Settings,
    /// Host names.
    pub resolver: Arc<Resolver>,
    /// Who runs programs and opens files.
    pub helpers: Helpers,
    /// What the maps of a class have in common.
    pub shared: SharedStates,
}

impl Slot {
    /// The files that it reads.
    pub fn files(&self, settings: &Settings) -> Vec<Vec<u8>> {
        self.class.as_ref().map_or_else(Vec::new, |class| class.files(&self.map, settings))
    }

    /// A map that nobody has asked yet.
    pub fn new(declared: DeclaredMap) -> Self {
        Self {
            map: declared.map,
            class: declared.class,
            added: Vec::new(),
            state: OnceLock::new(),
            opening: Mutex::new(()),
            given_up: OnceLock::new(),
        }
    }

    /// From now on this is answered to a key.
    pub fn add_entry(&mut self, key: &[u8], value: &[u8]) {
        self.added.push((self.map.fold(key), value.to_vec()));
    }

    /// What was added for a key.
    pub fn added(&self, key: &[u8]) -> Option<&[u8]> {
        if self.added.is_empty() {
            return None;
        }
        let key = self.map.fold(key);
        self.added.iter().find(|(known, _)| *known == key).map(|(_, value)| &value[..])
    }

    /// What is known of it without opening it.
    pub fn state(&self) -> State {
        self.state.get().cloned().unwrap_or_default()
    }

    /// Asks the map, which is opened if need be; `None` if it is not open (unusable, or optional and absent).
    pub async fn lookup(
        &self,
        surroundings: &Surroundings,
        query: Query<'_>,
        context: &mut LookupContext<'_>,
    ) -> Option<Found> {
        let state = self.opened(surroundings, query.maps, context).await;
        self.ask(state, query, context).await
    }

    /// Asks the map in the state in which it was found.
    pub async fn ask(
        &self,
        state: State,
        query: Query<'_>,
        context: &mut LookupContext<'_>,
    ) -> Option<Found> {
        if let Some(value) = self.added(query.key) {
            return Some(self.map.found(query.key, value, query.args, context.observer));
        }
        match state {
            State::Closed => None,
            State::Bogus => Some(later()),
            State::Open(opened) => Some(opened.lookup(Query { map: &self.map, ..query }, context).await),
        }
    }

    /// What a map that is open says from memory; values have their flags applied.
    pub fn lookup_now(&self, query: &ImmediateQuery<'_>, value: &mut Vec<u8>) -> ImmediateLookup {
        if let Some(added) = self.added(query.key) {
            value.clear();
            value.extend_from_slice(added);
            return ImmediateQuery { map: &self.map, ..*query }.found(value);
        }
        match self.state.get() {
            Some(State::Open(opened)) => {
                opened.lookup_now(&ImmediateQuery { map: &self.map, ..*query }, value)
            }
            Some(State::Bogus) => ImmediateLookup::Missing(Sysexit::TEMPFAIL),
            _ => ImmediateLookup::Wait,
        }
    }

    /// Opens the map if it is not open yet.
    pub async fn opened(
        &self,
        surroundings: &Surroundings,
        maps: &dyn OtherMaps,
        context: &mut LookupContext<'_>,
    ) -> State {
        if let Some(state) = self.given_up.get() {
            return state.clone();
        }
        let state = match self.state.get() {
            Some(state) => state.clone(),
            None => self.open_once(surroundings, maps, context).await,
        };
        let state = self.reached(state, context.observer).await;
        match state {
            State::Open(_) => state,
            _ if context.once => self.given_up.get_or_init(|| state).clone(),
            _ => state,
        }
    }

    async fn open_once(
        &self,
        surroundings: &Surroundings,
        maps: &dyn OtherMaps,
        context: &mut LookupContext<'_>,
    ) -> State {
        let Some(class) = &self.class else { return State::Closed };
        let _only_one = self.opening.lock().await;
        if let Some(state) = self.state.get() {
            return state.clone();
        }
        let mut opening = Opening {
            settings: &surroundings.settings,
            resolver: &surroundings.resolver,
            helpers: &surroundings.helpers,
            shared: &surroundings.shared,
            maps,
            aliases: context.aliases,
            observer: &mut *context.observer,
            failure: Vec::new(),
        };
        let opened = Arc::clone(class).open(&self.map, &mut opening).await;
        let failure = std::mem::take(&mut opening.failure);
        match opened {
            Err(NotOpen::Locked) => State::Bogus,
            Ok(opened) => self.settle(Some(opened), &failure, context.observer),
            Err(NotOpen::Failed) => self.settle(None, &failure, context.observer),
        }
    }

    /// What became of the opening is said and remembered.
    fn settle(&self, opened: Option<Arc<dyn OpenMap>>, failure: &[u8], observer: &mut dyn Observer) -> State {
        let map = &self.map;
        let (class, file) = (map.class.as_bytes(), map.file.as_deref());
        let valid = if opened.is_some() { Ok(()) } else { Err(failure) };
        let event = MapEvent::Opened { class, map: &map.name, file, opened: valid };
        observer.event(&Event::Map(&event));
        let state = match opened {
            Some(opened) => State::Open(opened),
            None if map.flags.contains(Flags::OPTIONAL) => return State::Closed,
            None => State::Bogus,
        };
        self.state.get_or_init(|| state).clone()
    }

    /// A server that cannot be reached now is asked again the next time.
    async fn reached(&self, state: State, observer: &mut dyn Observer) -> State {
        let State::Open(opened) = &state else { return state };
        let reachable = match opened.reachable(&self.map, observer) {
            Some(reachable) => reachable.await,
            None => true,
        };
        match reachable {
            true => state,
            false if self.map.flags.contains(Flags::OPTIONAL) => State::Closed,
            false => State::Bogus,
        }
    }
}
