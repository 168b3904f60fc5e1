//! stab: an alias text file, read into memory when the map is opened.

use super::files;
use super::map::{Found, Map, missing};
use super::store::Opening;
use crate::logging::Tracer;
use crate::schema::Sysexit;
use hashbrown::HashMap;

/// The aliases of one file; names are compared without case.
#[derive(Debug)]
pub(super) struct Aliases(HashMap<Vec<u8>, Vec<u8>>);

impl Aliases {
    /// Reads the file; an unreadable one is a temporary failure without a message.
    pub fn open(map: &Map, opening: &mut Opening<'_>) -> Option<Self> {
        let file = map.file.as_deref().unwrap_or_default();
        opening.trace(2, &[b"stab_map_open(", &map.name, b", ", file, b", 0)"]);
        opening.check(file).ok()?;
        let text = std::fs::read(files::path(file)).ok()?;
        let mut aliases = HashMap::new();
        for (name, value) in lines(&text) {
            aliases.entry(name.to_ascii_lowercase()).or_insert(value);
        }
        Some(Self(aliases))
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

/// `name: value` lines with continuations; what is no alias is left out.
fn lines(text: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut entries: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
    let mut continues = false;
    for line in text.split(|byte| *byte == b'\n') {
        match line.first() {
            None | Some(b'#') => continue,
            Some(b' ' | b'\t') => {
                if let (true, Some((_, value))) = (continues, entries.last_mut()) {
                    value.extend_from_slice(line.trim_ascii_end());
                }
                continue;
            }
            _ => {}
        }
        let colon = line.iter().position(|byte| *byte == b':');
        continues = false;
        if let Some(colon) = colon {
            let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
            continues = !name.is_empty() && !value.is_empty();
            if continues {
                entries.push((name.to_vec(), value.to_vec()));
            }
        }
    }
    entries
}
