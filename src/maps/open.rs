//! How a map is opened: once, at its first use, by one session while the others wait; and what is remembered of that.

use super::class::Class;
use super::database::{Attempt, Database};
use super::map::{Flags, Map};
use super::settings::Settings;
use super::store::{LOCK_PATIENCE, LOCK_PAUSE, LookupContext, Slot, Store};
use super::text::TextFile;
use super::{files, ldap, sequence, socket, stab, user, userdb};
use crate::logging::Tracer;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

#[derive(Clone, Default)]
pub(super) enum State {
    #[default]
    Closed,
    Open(Arc<Opened>),
    /// Could not be opened: fails temporarily for ever after.
    Bogus,
}

/// An open map.
pub(super) enum Opened {
    /// Nothing has to be kept open.
    Plain,
    Database(Database),
    Text(TextFile),
    Stab(stab::Aliases),
    User(usize),
    Members(Vec<usize>),
    Socket(socket::Connection),
    Ldap(ldap::Connection),
    UserDatabases(userdb::Databases),
}

/// The opener's side: settings to obey, messages to say.
pub(super) struct Opening<'a> {
    pub settings: &'a Settings,
    pub tracer: &'a mut dyn Tracer,
    /// The system's last word, for `-d38.4`.
    pub failure: Vec<u8>,
}

/// Why a file must not be opened.
pub(super) struct Refused {
    /// It does not exist.
    pub absent: bool,
    /// The reason, in the system's or sendmail's words.
    pub text: Vec<u8>,
}

impl Opening<'_> {
    pub fn say(&mut self, parts: &[&[u8]]) {
        self.tracer.message(&parts.concat());
    }

    pub fn trace(&mut self, level: u8, parts: &[&[u8]]) {
        if self.tracer.level(38) >= level {
            self.tracer.line(&parts.concat());
        }
    }

    /// Is the file there, and may it be trusted?
    pub fn check(&mut self, file: &[u8]) -> Result<(), Refused> {
        let checked = self.settings.check_file(files::path(file));
        if let Err(why) = &checked {
            self.failure.clone_from(&why.text);
        }
        checked
    }

    /// The same for a socket.
    pub fn check_socket(&self, path: &std::path::Path) -> Result<(), Refused> {
        self.settings.check_socket(path)
    }
}

impl Store {
    /// An alias text file is read by the rules, which take their time.
    async fn read_aliases(&self, slot: &Slot, context: &mut LookupContext<'_>) -> State {
        if let Some(state) = slot.state.get() {
            return state.clone();
        }
        if !slot.map.flags.contains(Flags::VALID) {
            return State::Closed;
        }
        let mut opening =
            Opening { settings: &self.settings, tracer: &mut *context.tracer, failure: Vec::new() };
        let aliases = stab::Aliases::open(&slot.map, context.aliases, &mut opening).await;
        let failure = std::mem::take(&mut opening.failure);
        self.settle(slot, aliases.map(Opened::Stab), &failure, context.tracer)
    }

    /// Opens a map if it is not open yet.
    pub(super) async fn opened(&self, index: usize, context: &mut LookupContext<'_>) -> State {
        let slot = &self.slots[index];
        if let Some(state) = slot.given_up.get() {
            return state.clone();
        }
        let state = match slot.map.own {
            Class::Stab => self.read_aliases(slot, context).await,
            _ => self.opened_now_or_later(index, context.tracer).await,
        };
        match state {
            State::Open(_) => state,
            _ if context.tracer.test_mode() => slot.given_up.get_or_init(|| state).clone(),
            _ => state,
        }
    }

    async fn opened_now_or_later(&self, index: usize, tracer: &mut dyn Tracer) -> State {
        let mut waited = Duration::ZERO;
        loop {
            match self.open_now(index, tracer) {
                Attempt::Done(state) => return self.connected(index, state, tracer).await,
                Attempt::Locked if waited >= LOCK_PATIENCE => return State::Bogus,
                Attempt::Locked => tokio::time::sleep(LOCK_PAUSE).await,
            }
            waited += LOCK_PAUSE;
        }
    }

    /// A directory that cannot be reached now is asked again the next time.
    async fn connected(&self, index: usize, state: State, tracer: &mut dyn Tracer) -> State {
        let State::Open(opened) = &state else { return state };
        let (Opened::Ldap(connection), map) = (opened.as_ref(), &self.slots[index].map) else { return state };
        if connection.ready(map, tracer).await {
            return state;
        }
        if map.flags.contains(Flags::OPTIONAL) { State::Closed } else { State::Bogus }
    }

    fn open_now(&self, index: usize, tracer: &mut dyn Tracer) -> Attempt<State> {
        let Slot { map, state, opening, .. } = &self.slots[index];
        if let Some(state) = state.get() {
            return Attempt::Done(state.clone());
        }
        if !map.flags.contains(Flags::VALID) {
            return Attempt::Done(State::Closed);
        }
        let _only_one = opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = state.get() {
            return Attempt::Done(state.clone());
        }
        let mut opening = Opening { settings: &self.settings, tracer: &mut *tracer, failure: Vec::new() };
        let opened = match self.open_class(map, &mut opening) {
            Attempt::Locked => return Attempt::Locked,
            Attempt::Done(opened) => opened,
        };
        let failure = std::mem::take(&mut opening.failure);
        Attempt::Done(self.settle(&self.slots[index], opened, &failure, tracer))
    }

    /// What became of the opening of a map is said and remembered.
    fn settle(&self, slot: &Slot, opened: Option<Opened>, failure: &[u8], tracer: &mut dyn Tracer) -> State {
        let map = &slot.map;
        let file = map.file.as_deref().unwrap_or(b"NULL");
        let valid = match &opened {
            Some(_) => b"valid".to_vec(),
            None if failure.is_empty() => b"invalid".to_vec(),
            None => [b"invalid: ", failure].concat(),
        };
        if tracer.level(38) >= 4 {
            let class = map.class.name.as_bytes();
            tracer.line(&[b"openmap()\t", class, b":", &map.name, b" ", file, b": ", &valid].concat());
        }
        let opened = match opened {
            Some(opened) => State::Open(Arc::new(opened)),
            None if map.flags.contains(Flags::OPTIONAL) => return State::Closed,
            None => State::Bogus,
        };
        slot.state.get_or_init(|| opened).clone()
    }

    fn open_class(&self, map: &Map, opening: &mut Opening<'_>) -> Attempt<Option<Opened>> {
        let opened = match &map.own {
            Class::Database(kind) => {
                return match Database::open(map, *kind, opening) {
                    Attempt::Done(database) => Attempt::Done(database.map(Opened::Database)),
                    Attempt::Locked => Attempt::Locked,
                };
            }
            Class::Implicit => {
                return match Database::open_implicit(map, opening) {
                    Attempt::Done(database) => Attempt::Done(database.map(Opened::Database)),
                    Attempt::Locked => Attempt::Locked,
                };
            }
            Class::Text => TextFile::open(map, opening).map(Opened::Text),
            Class::User => user::open(map, opening).map(Opened::User),
            Class::Sequence(members) => {
                Some(Opened::Members(members.iter().filter_map(|name| self.find(name)).collect()))
            }
            Class::Switch => {
                let file = map.file.as_deref().unwrap_or_default();
                let services = self.settings.services(file);
                trace_switch(&map.name, file, services.as_deref(), opening);
                let members = sequence::open_switch(map, services, &|name| self.has(name), opening);
                members
                    .map(|names| Opened::Members(names.iter().filter_map(|name| self.find(name)).collect()))
            }
            Class::UserDatabase => {
                let spec = self.settings.user_databases.as_deref().unwrap_or_default();
                Some(Opened::UserDatabases(userdb::Databases::open(spec, opening)))
            }
            Class::Ldap(own) => Some(Opened::Ldap(ldap::Connection::new(own))),
            Class::Socket => socket::Connection::open(map, opening).map(Opened::Socket),
            Class::Unsupported => {
                say_unsupported(map, opening);
                None
            }
            Class::Nothing | Class::Fail => None,
            Class::Dns(_) => {
                opening.trace(2, &[b"dns_map_open(", &map.name, b", 0)"]);
                Some(Opened::Plain)
            }
            _ => Some(Opened::Plain),
        };
        Attempt::Done(opened)
    }
}

/// NIS as a host without a domain sees it; the other classes fail silently.
fn say_unsupported(map: &Map, opening: &mut Opening<'_>) {
    if map.class.name != "nis" || map.flags.contains(Flags::OPTIONAL) {
        return;
    }
    let file = map.file.as_deref().unwrap_or_default();
    match file.iter().position(|byte| *byte == b'@') {
        None => opening.say(&[b"NIS map ", file, b" specified, but NIS not running"]),
        Some(at) => {
            let (name, domain) = (&file[..at], &file[at + 1..]);
            opening.say(&[b"Cannot bind to map ", name, b" in domain ", domain, b": Internal NIS error"]);
        }
    }
}

fn trace_switch(name: &[u8], service: &[u8], services: Option<&[Vec<u8>]>, opening: &mut Opening<'_>) {
    opening.trace(2, &[b"switch_map_open(", name, b", ", service, b", 0)"]);
    let services = services.unwrap_or_default();
    opening.trace(19, &[format!("\tswitch_map_find => {}", services.len()).as_bytes()]);
    for service in services {
        opening.trace(19, &[b"\t\t", service]);
    }
}
