//! stab: an alias text file, read into memory when the map is opened.

use super::alias_text::{AliasRules, plain_aliases};
use super::files;
use super::map::{Found, Map, missing};
use super::open::Opening;
use crate::logging::Tracer;
use crate::schema::Sysexit;
use hashbrown::HashMap;

/// The aliases of one file; names are compared without case.
#[derive(Debug)]
pub(super) struct Aliases(HashMap<Vec<u8>, Vec<u8>>);

impl Aliases {
    /// Reads the file; names are what `rules` make of them, or stay as written where there are none. An
    /// unreadable file is a temporary failure without a message.
    pub async fn open(map: &Map, rules: Option<&dyn AliasRules>, opening: &mut Opening<'_>) -> Option<Self> {
        let file = map.file.as_deref().unwrap_or_default();
        opening.trace(2, &[b"stab_map_open(", &map.name, b", ", file, b", 0)"]);
        opening.check(file).ok()?;
        let text = std::fs::read(files::path(file)).ok()?;
        let pairs = match rules {
            Some(rules) => rules.read(file, &text, &mut *opening.tracer).await,
            None => plain_aliases(&text).collect(),
        };
        // the last of two aliases counts
        Some(Self(pairs.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect()))
    }

    pub fn get(&self, key: &[u8]) -> Option<&[u8]> {
        self.0.get(key.to_ascii_lowercase().as_slice()).map(Vec::as_slice)
    }

    pub fn lookup(&self, map: &Map, key: &[u8], args: &[Vec<u8>], tracer: &mut dyn Tracer) -> Found {
        match self.get(key) {
            Some(value) => map.found(key, value, args, tracer),
            None => missing(Sysexit::OK),
        }
    }
}
