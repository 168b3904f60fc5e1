//! Maps: from a key to a value, through files, programs, servers and tables.
//!
//! In: K lines ([`crate::config::MapDecl`]) and look-ups ([`LookupRequest`]). Out: [`Answer`]s;
//! messages and trace lines go to the caller's [`Tracer`]. Never here: rules, and any change of a
//! map's content (that is [`bdb::Writer`] and the `makemap` command).
//!
//! A temporary failure is an answer of its own (status 75) and never turns into "not found".

pub mod bdb;

use crate::config::{Config, MapDecl};
use crate::engine::{Answer, LookupRequest};
use crate::logging::Tracer;
use crate::net::Resolver;
use crate::schema::Sysexit;
use std::sync::Arc;

/// All maps of a configuration, opened at their first use and shared by all sessions.
pub struct Store {
    config: Arc<Config>,
    resolver: Arc<Resolver>,
}

/// What a look-up must know besides map and key.
pub struct LookupContext<'a> {
    /// Delivery mode `d`: maps with `-D` are not asked, they fail temporarily.
    pub deferred: bool,
    /// Where trace lines and messages go.
    pub tracer: &'a mut dyn Tracer,
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
    /// Maps of this configuration. Nothing is opened yet.
    pub fn new(config: Arc<Config>, resolver: Arc<Resolver>) -> Self {
        Self { config, resolver }
    }

    /// `$( map key $@ args $)` in a rule: arguments of the map's flags and `%n` are applied.
    pub async fn lookup(&self, _request: &LookupRequest, _context: &mut LookupContext<'_>) -> Answer {
        let _ = (&self.config, &self.resolver);
        Answer { value: None, status: Sysexit::TEMPFAIL }
    }

    /// `/map name key`: the key is text, there are no arguments.
    pub async fn lookup_text(
        &self,
        _map: &[u8],
        _key: &[u8],
        _context: &mut LookupContext<'_>,
    ) -> TextAnswer {
        TextAnswer::Unknown
    }

    /// Is there a map of this name?
    pub fn has(&self, map: &[u8]) -> bool {
        self.config.maps.iter().any(|decl| decl.name == map)
    }

    /// The end of a process: what `-d38.9` says when maps are closed.
    pub fn close(&self, _tracer: &mut dyn Tracer) {}
}

/// What must be said while a K line is read (unknown class, bad flag, bad pattern): each entry is one
/// message without its `file: line N: ` prefix. The map exists afterwards only if `keep` is true.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Declared {
    /// Messages in order.
    pub messages: Vec<Vec<u8>>,
    /// Does the map exist afterwards (perhaps unusable)?
    pub keep: bool,
}

/// Checks a K line when it is read. `known` tells whether a map of that name was declared before.
pub fn declare(_decl: &MapDecl, _known: &dyn Fn(&[u8]) -> bool) -> Declared {
    Declared { messages: Vec::new(), keep: true }
}
