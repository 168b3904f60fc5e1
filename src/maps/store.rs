//! All maps of a configuration: found by name, opened at their first use (`open`), asked.

use super::alias_text::AliasRules;
use super::class::{self, Class};
use super::database::{Attempt, Database};
use super::declare::Declaring;
use super::map::{Flags, Found, Map, NOT_FOUND, later, missing};
use super::open::{Opened, State};
use super::settings::Settings;
use super::{arpa, dns, host, ldap, program, regex, syslog, user};
use crate::config::{Config, Names};
use crate::engine::{Answer, LookupRequest, lookup_head};
use crate::logging::Tracer;
use crate::net::Resolver;
use crate::schema::Sysexit;
use hashbrown::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// %0 to %8: the key and at most eight arguments.
pub(super) const MOST_ARGUMENTS: usize = 9;

/// How long somebody may hold a database's lock before the look-up fails for now.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(60);
pub(super) const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Sequences within sequences.
pub(super) const DEEPEST: usize = 8;

/// All maps of a configuration, opened at their first use and shared by all sessions.
pub struct Store {
    pub(super) settings: Settings,
    pub(super) resolver: Arc<Resolver>,
    pub(super) slots: Vec<Slot>,
    by_name: HashMap<Vec<u8>, usize>,
    pub(super) host_names: host::Cache,
    ldap_defaults: ldap::LdapMap,
}

/// A map and what became of its opening.
pub(super) struct Slot {
    pub map: Map,
    /// Set once it is open or has failed; an optional map that is absent is tried again.
    pub state: OnceLock<State>,
    /// Two sessions do not open (and complain) at the same time.
    pub opening: Mutex<()>,
    /// Test mode, as every process of sendmail, tries once; a daemon that serves all sessions tries again.
    pub given_up: OnceLock<State>,
}

impl Slot {
    fn new(map: Map) -> Self {
        Self { map, state: OnceLock::new(), opening: Mutex::new(()), given_up: OnceLock::new() }
    }

    fn state(&self) -> State {
        self.state.get().cloned().unwrap_or_default()
    }
}

/// What a look-up must know besides map and key.
pub struct LookupContext<'a> {
    /// Delivery mode `d`: maps with `-D` are not asked, they fail temporarily.
    pub deferred: bool,
    /// Where trace lines and messages go.
    pub tracer: &'a mut dyn Tracer,
    /// What makes names of the left sides of alias files.
    pub aliases: Option<&'a dyn AliasRules>,
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

type Boxed<'a> = Pin<Box<dyn Future<Output = Found> + Send + 'a>>;

impl Store {
    /// Maps of this configuration. Nothing is opened yet.
    pub fn new(config: Arc<Config>, resolver: Arc<Resolver>) -> Self {
        let mut store = Self {
            settings: Settings::of(&config),
            resolver,
            slots: Vec::new(),
            by_name: HashMap::new(),
            host_names: host::Cache::default(),
            ldap_defaults: defaults(&config),
        };
        for decl in &config.maps {
            store.add(&decl.name, &decl.class, &decl.args, decl.space);
        }
        for (name, class, args) in BUILT_IN {
            if !store.has(name) {
                store.add(name, class, args, config.options.blank_sub);
            }
        }
        store
    }

    /// One more map, as a K line says it; what is wrong with it has been said by [`super::declare`].
    fn add(&mut self, name: &[u8], class: &[u8], args: &[u8], blank_sub: u8) {
        let Some(row) = class::find(class) else { return };
        let folded = name.to_ascii_lowercase();
        let by_name = &self.by_name;
        let known = |name: &[u8]| by_name.contains_key(name.to_ascii_lowercase().as_slice());
        let ldap_defaults = self.ldap_defaults.clone();
        let mut declaring = Declaring { messages: Vec::new(), known: &known, blank_sub, ldap_defaults };
        match self.by_name.get(&folded) {
            Some(index) => {
                let map = &mut self.slots[*index].map;
                (map.class, map.own) = (row, Class::Nothing);
                map.read(args, &mut declaring);
            }
            None => {
                let mut map = Map::new(name, row);
                map.read(args, &mut declaring);
                self.by_name.insert(folded, self.slots.len());
                self.slots.push(Slot::new(map));
            }
        }
    }

    /// Is there a map of this name?
    pub fn has(&self, map: &[u8]) -> bool {
        self.find(map).is_some()
    }

    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        self.by_name.get(name.to_ascii_lowercase().as_slice()).copied()
    }

    /// `$( map key $@ args $)` in a rule: all flags of the map, `%n` and the traces 60.x.
    /// A name without a map is not found; saying so is up to the caller ([`Self::has`]).
    pub async fn lookup(&self, request: &LookupRequest<'_>, context: &mut LookupContext<'_>) -> Answer {
        let Some(index) = self.find(request.map()) else { return missing(Sysexit::OK) };
        let map = &self.slots[index].map;
        if !map.flags.contains(Flags::VALID) {
            return missing(Sysexit::OK);
        }
        let key = self.key_text(map, request);
        if context.deferred && map.flags.contains(Flags::DEFER) {
            if context.tracer.level(60) >= 1 {
                context
                    .tracer
                    .line(&[b"map_lookup(", map.name.as_slice(), b", ", &key, b") => DEFERRED"].concat());
            }
            return later();
        }
        let arguments = request.arguments(self.settings.blank_sub);
        let args: Vec<Vec<u8>> = std::iter::once(key.clone()).chain(arguments).take(MOST_ARGUMENTS).collect();
        if context.tracer.level(60) == 0 {
            let Some(found) = self.ask(index, &key, &args, context, 0).await else {
                return missing(Sysexit::OK);
            };
            return finish(map, &key, found, context.tracer);
        }
        self.lookup_traced(index, &key, &args, context).await
    }

    async fn lookup_traced(
        &self,
        index: usize,
        key: &[u8],
        args: &[Vec<u8>],
        context: &mut LookupContext<'_>,
    ) -> Answer {
        let map = &self.slots[index].map;
        let every = args.iter().map(Vec::as_slice);
        let head = lookup_head(&Names::default(), &map.name, key, every, context.tracer.level(60));
        // sendmail prints this much before it looks; messages may follow on the same line
        if matches!(self.opened(index, context).await, State::Closed) {
            return missing(Sysexit::OK);
        }
        context.tracer.text(&head);
        let Some(found) = self.ask(index, key, args, context, 0).await else {
            return missing(Sysexit::OK);
        };
        let value = found.value.clone().unwrap_or_else(|| b"NOT FOUND".to_vec());
        context.tracer.line(&[value, format!(" ({}), ad=0", found.status.0).into_bytes()].concat());
        finish(map, key, found, context.tracer)
    }

    /// The key of a look-up in a rule.
    fn key_text(&self, map: &Map, request: &LookupRequest<'_>) -> Vec<u8> {
        let mut text = Vec::new();
        request.put_key(map.space.unwrap_or(self.settings.blank_sub), &mut text);
        if map.flags.contains(Flags::KEEP_QUOTES) {
            return text;
        }
        let mut bare = Vec::with_capacity(text.len());
        without_quotes(&text, &mut |byte| bare.push(byte));
        bare
    }

    /// `/map name key`: the key is text, there are no arguments.
    pub async fn lookup_text(&self, map: &[u8], key: &[u8], context: &mut LookupContext<'_>) -> TextAnswer {
        let Some(index) = self.find(map) else { return TextAnswer::Unknown };
        match self.ask(index, key, &[key.to_vec()], context, 0).await {
            Some(found) => TextAnswer::Answer(found),
            None => TextAnswer::NotOpen,
        }
    }

    /// Opens a map if it is not open yet; `false` if look-ups will find it not open (a map that cannot
    /// be opened is open in this sense: it fails).
    pub async fn open(&self, map: &[u8], context: &mut LookupContext<'_>) -> bool {
        match self.find(map) {
            Some(index) => !matches!(self.opened(index, context).await, State::Closed),
            None => false,
        }
    }

    /// Asks a map; `None` if it is not open (unusable, or optional and absent).
    fn ask<'a>(
        &'a self,
        index: usize,
        key: &'a [u8],
        args: &'a [Vec<u8>],
        context: &'a mut LookupContext<'_>,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Option<Found>> + Send + 'a>> {
        Box::pin(async move {
            match self.opened(index, context).await {
                State::Closed => None,
                State::Bogus => Some(later()),
                State::Open(opened) => Some(self.ask_opened(index, &opened, key, args, context, depth).await),
            }
        })
    }

    fn ask_opened<'a>(
        &'a self,
        index: usize,
        opened: &'a Opened,
        key: &'a [u8],
        args: &'a [Vec<u8>],
        context: &'a mut LookupContext<'_>,
        depth: usize,
    ) -> Boxed<'a> {
        let map = &self.slots[index].map;
        Box::pin(async move {
            if let Opened::Members(members) = opened {
                return self.ask_members(index, members, key, args, context, depth).await;
            }
            let tracer = &mut *context.tracer;
            match (opened, &map.own) {
                (Opened::Database(database), _) => ask_database(database, map, key, args, tracer).await,
                (Opened::Text(text), _) => text.lookup(map, key, args, tracer),
                (Opened::Stab(aliases), _) => aliases.lookup(map, key, args, tracer),
                (Opened::User(column), _) => user::lookup(map, *column, key, args, tracer).await,
                (Opened::Socket(connection), _) => connection.lookup(map, key, args, tracer).await,
                (Opened::UserDatabases(own), _) => own.lookup(map, key, args, tracer).await,
                (Opened::Ldap(connection), _) => ldap::lookup(connection, map, key, args, tracer).await,
                (_, Class::Regex(own)) => regex::lookup(map, own, key, args, tracer),
                (_, Class::Arpa) => arpa::lookup(map, key, args, tracer),
                (_, Class::Syslog(priority)) => syslog::lookup(map, *priority, key, tracer),
                (_, Class::Host) => host::lookup(self, map, key, args, tracer).await,
                (_, Class::Dns(own)) => dns::lookup(self, map, own, key, args, tracer).await,
                (_, Class::BestMx) => dns::lookup_bestmx(self, map, key, args, tracer).await,
                (_, Class::Program) => program::lookup(map, key, args, tracer).await,
                (_, Class::Canned(pairs)) => match pairs.iter().find(|(known, _)| *known == key) {
                    Some((_, value)) => map.found(key, value, args, tracer),
                    None => missing(NOT_FOUND),
                },
                (_, Class::Null) => missing(NOT_FOUND),
                (_, Class::Engine) => missing(Sysexit::CONFIG),
                _ => later(),
            }
        })
    }

    async fn ask_members(
        &self,
        index: usize,
        members: &[usize],
        key: &[u8],
        args: &[Vec<u8>],
        context: &mut LookupContext<'_>,
        depth: usize,
    ) -> Found {
        if context.tracer.level(38) >= 20 {
            context.tracer.line(
                &[b"seq_map_lookup(", self.slots[index].map.name.as_slice(), b", ", key, b")"].concat(),
            );
        }
        let mut status = NOT_FOUND;
        for member in members.iter().filter(|_| depth < DEEPEST) {
            let Some(found) = self.ask(*member, key, args, context, depth + 1).await else { continue };
            if found.value.is_some() {
                return found;
            }
            if found.status.is_temporary() {
                status = Sysexit::TEMPFAIL;
            }
        }
        missing(status)
    }

    /// The end of a process: what `-d38.9` says when maps are closed. `used` tells whether a map that
    /// the engine runs itself has been used.
    pub fn close(&self, used: &dyn Fn(&[u8]) -> bool, tracer: &mut dyn Tracer) {
        if tracer.level(38) < 9 {
            return;
        }
        let mut slots: Vec<_> = self.slots.iter().collect();
        slots.sort_by_key(|slot| symbol_order(&slot.map.name));
        for slot in slots {
            let (map, state) = (&slot.map, slot.state());
            if matches!(state, State::Closed) && !(matches!(map.own, Class::Engine) && used(&map.name)) {
                continue;
            }
            let file = map.file.as_deref().unwrap_or(b"NULL");
            tracer.line(&[b"closemaps: closing ", map.name.as_slice(), b" (", file, b")"].concat());
            let State::Open(opened) = state else { continue };
            if let Opened::Database(database) = opened.as_ref() {
                let flags = (map.flags - Flags::TRY_BARE - Flags::TRY_NULL) | database.tries();
                let implicit = matches!(map.own, Class::Implicit);
                let flags = flags | Flags::OPEN | Flags::CLOSING;
                let flags = if implicit { flags | Flags::IMPLICIT_HASH } else { flags };
                let flags = format!(", {:x})", flags.bits());
                let tail = [map.name.as_slice(), b", ", file, flags.as_bytes()].concat();
                if implicit {
                    tracer.line(&[b"impl_map_close(", tail.as_slice()].concat());
                }
                tracer.line(&[b"db_map_close(", tail.as_slice()].concat());
            }
        }
    }
}

/// Option LDAPDefaultSpec, read as a map's flags; what is wrong with it has been said.
fn defaults(config: &Config) -> ldap::LdapMap {
    let mut map = Map::new(ldap::DEFAULTS_NAME, class::find(b"ldap").expect("a class of ours"));
    let spec = config.options.ldap_default_spec.as_deref().unwrap_or_default();
    let known = |_: &[u8]| false;
    let ldap_defaults = ldap::LdapMap::default();
    map.read(spec, &mut Declaring { messages: Vec::new(), known: &known, blank_sub: b' ', ldap_defaults });
    match map.own {
        Class::Ldap(own) => own.as_ref().clone(),
        _ => ldap::LdapMap::default(),
    }
}

/// sendmail's symbol table lists its maps by this number.
fn symbol_order(name: &[u8]) -> u32 {
    const MAPS: u32 = 6;
    const SLOTS: u32 = 2003;
    name.iter().fold(MAPS, |hash, byte| ((hash << 1) ^ u32::from(byte.to_ascii_lowercase())) % SLOTS)
}

/// Maps that exist without a K line.
const BUILT_IN: &[(&[u8], &[u8], &[u8])] = &[(b"host", b"host", b"-a. -D")];

async fn ask_database(
    database: &Database,
    map: &Map,
    key: &[u8],
    args: &[Vec<u8>],
    tracer: &mut dyn Tracer,
) -> Found {
    let mut waited = Duration::ZERO;
    loop {
        match database.lookup(map, key, args, tracer) {
            Attempt::Done(found) => return found,
            Attempt::Locked if waited >= LOCK_PATIENCE => return later(),
            Attempt::Locked => tokio::time::sleep(LOCK_PAUSE).await,
        }
        waited += LOCK_PAUSE;
    }
}

/// What -t and -T make of a temporary failure.
fn finish(map: &Map, key: &[u8], found: Found, tracer: &mut dyn Tracer) -> Answer {
    if !found.status.is_temporary() {
        return found;
    }
    let ignored = map.flags.contains(Flags::NO_DEFER);
    if !ignored && tracer.level(60) >= 1 {
        tracer.line(&[b"map_lookup(", map.name.as_slice(), b", ", key, b") tempfail: errno=0"].concat());
    }
    let status = if ignored { Sysexit::OK } else { Sysexit::TEMPFAIL };
    let Some(append) = &map.on_failure else { return Answer { value: found.value, status } };
    let value = [key, append].concat();
    if tracer.level(60) >= 4 {
        tracer.line(&[b"map_lookup tempfail: returning \"", value.as_slice(), b"\""].concat());
    }
    Answer { value: Some(value), status }
}

/// Double quotes go, and a backslash leaves the byte it protects.
pub(super) fn without_quotes(text: &[u8], put: &mut dyn FnMut(u8)) {
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => {}
            b'\\' => {
                if let Some(byte) = bytes.next() {
                    put(byte);
                }
            }
            byte => put(byte),
        }
    }
}
