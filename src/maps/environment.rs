//! What a configuration asks of maps while it is read.

use super::flags::Declaring;
use super::map::{Flags, Map};
use super::{LookupContext, Store, TextAnswer, declare, registry};
use crate::config::{Config, DeclaredMap, MapDecl, MapFailure, MapWords, SystemEnv};
use crate::engine::Printer;
use crate::logging::Tracer;
use crate::net::Resolver;
use crate::schema::Sysexit;
use std::sync::Arc;

/// The real world for [`crate::config::load`], maps included.
pub fn environment() -> SystemEnv {
    SystemEnv { declare: Some(declare_map), words: Some(map_words) }
}

fn declare_map(decl: &MapDecl, known: &dyn Fn(&[u8]) -> bool, traced: bool) -> DeclaredMap {
    let (messages, map) = read(decl, known);
    let trace = map.as_ref().filter(|_| traced).map(Map::trace);
    let unusable = map.as_ref().is_some_and(|map| !map.flags.contains(Flags::VALID));
    DeclaredMap { messages, keep: map.is_some(), unusable, trace: trace.unwrap_or_default() }
}

/// What is to be said of a K line, and the map; `known` tells whether a map was declared before.
fn read(decl: &MapDecl, known: &dyn Fn(&[u8]) -> bool) -> (Vec<Vec<u8>>, Option<Map>) {
    let mut declaring = Declaring::of(decl, known);
    let declared = declare::read(decl, None, &mut declaring);
    (declaring.messages, declared.map(|declared| declared.map))
}

/// Keeps what the map says.
#[derive(Default)]
struct Listener(Vec<Vec<u8>>);

impl Tracer for Listener {
    fn level(&self, _category: u8) -> u8 {
        0
    }
    fn line(&mut self, _text: &[u8]) {}
    fn message(&mut self, text: &[u8]) {
        self.0.push(text.to_vec());
    }
    fn text(&mut self, _text: &[u8]) {}
}

/// Opens a map for one question. It runs on a thread of its own: the caller may or may not have a
/// runtime.
fn map_words(map: &MapDecl, key: &[u8], blame: &[Vec<u8>]) -> MapWords {
    let failed = |messages, failure| MapWords { messages, words: Err(failure) };
    if registry::find(&map.class).is_none() {
        return failed(Vec::new(), MapFailure::NoClass);
    }
    let (messages, _) = read(map, &|_| false);
    if !messages.is_empty() {
        return failed(messages, MapFailure::Arguments);
    }
    let mut config = Config::default();
    config.maps.push(map.clone());
    config.options.dont_blame_sendmail = blame.to_vec();
    std::thread::scope(|scope| {
        scope
            .spawn(|| ask(config, &map.name, key))
            .join()
            .unwrap_or_else(|_| failed(Vec::new(), MapFailure::Lookup))
    })
}

fn ask(config: Config, name: &[u8], key: &[u8]) -> MapWords {
    let mut listener = Listener::default();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return MapWords { messages: Vec::new(), words: Err(MapFailure::Open) };
    };
    let words = runtime.block_on(async {
        let config = Arc::new(config);
        let store = Store::new(config.clone(), Arc::new(Resolver::system()));
        let mut observer = Printer::new(&config, &mut listener);
        let mut context =
            LookupContext { deferred: false, once: false, observer: &mut observer, aliases: None };
        match store.lookup_text(name, key, &mut context).await {
            TextAnswer::Unknown => Err(MapFailure::NoClass),
            TextAnswer::NotOpen => Err(MapFailure::Open),
            TextAnswer::Answer(answer) if answer.status == Sysexit::TEMPFAIL => Err(MapFailure::Open),
            TextAnswer::Answer(answer) => Ok(answer.value),
        }
    });
    MapWords { messages: listener.0, words }
}
