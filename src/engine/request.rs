//! What a rule asks a map.

use super::symbols::{Symbol, Text};
use crate::addr::{Token, op};
use smallvec::SmallVec;

/// Does a new part of a look-up begin here?
pub(super) fn is_mark(symbol: &Symbol) -> bool {
    matches!(symbol.first, op::CANONICAL_HOST | op::CANONICAL_USER)
}

/// A look-up in a map, `$( map key $@ arg … $)` or `$[ name $]`. It lies where the machine has it:
/// nothing is copied until somebody asks.
#[derive(Clone, Copy)]
pub struct LookupRequest<'m> {
    map: &'m [u8],
    words: &'m [Symbol],
    text: Text<'m>,
}

impl<'m> LookupRequest<'m> {
    pub(super) fn new(map: &'m [u8], words: &'m [Symbol], text: Text<'m>) -> Self {
        Self { map, words, text }
    }

    /// The map's name (`host` for `$[ … $]`).
    pub fn map(&self) -> &'m [u8] {
        self.map
    }

    /// Key, then arguments: what stands before the first mark, and after each `$@`.
    pub(super) fn parts(&self) -> impl Iterator<Item = &'m [Symbol]> {
        let mut rest = Some(self.words);
        let mut opened_by = op::CANONICAL_HOST;
        std::iter::from_fn(move || {
            loop {
                let words = rest?;
                let end = words.iter().position(is_mark);
                let wanted = opened_by == op::CANONICAL_HOST;
                let part = &words[..end.unwrap_or(words.len())];
                rest = end.map(|end| &words[end + 1..]);
                opened_by = end.map_or(0, |end| words[end].first);
                if wanted {
                    return Some(part);
                }
            }
        })
    }

    pub(super) fn text(&self) -> Text<'m> {
        self.text
    }

    /// Appends the key as text, `space` between atoms; double quotes are still in it (the map's flags decide
    /// about them).
    pub fn put_key(&self, space: u8, out: &mut Vec<u8>) {
        if let Some(key) = self.parts().next() {
            self.text.join(key, space, true, out);
        }
    }

    /// The arguments as text, `space` between atoms; %1 is the first.
    pub fn arguments(&self, space: u8) -> impl Iterator<Item = Vec<u8>> {
        let text = self.text;
        self.parts().skip(1).map(move |part| {
            let mut out = Vec::new();
            text.join(part, space, true, &mut out);
            out
        })
    }

    /// Appends the key and the arguments as text; gives where each ends.
    pub(super) fn put_all(&self, key_space: u8, space: u8, out: &mut Vec<u8>) -> SmallVec<[usize; 10]> {
        let mut ends = SmallVec::new();
        for part in self.parts() {
            let space = if ends.is_empty() { key_space } else { space };
            self.text.join(part, space, true, out);
            ends.push(out.len());
        }
        ends
    }

    /// The tokens of the key.
    pub fn key_tokens(&self) -> Vec<Token> {
        self.parts().next().map(|key| self.text.tokens(key)).unwrap_or_default()
    }
}

impl std::fmt::Debug for LookupRequest<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let map = String::from_utf8_lossy(self.map);
        let words = self.text.tokens(self.words);
        formatter.debug_struct("LookupRequest").field("map", &map).field("words", &words).finish()
    }
}
