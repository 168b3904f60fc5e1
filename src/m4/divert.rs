//! Diversions: where output waits.
//!
//! Each diversion is a text and, where provenance is wanted, the marks that tell which line made which
//! part of it. Diversion 0 is the output itself; negative ones are nothing at all.

use std::collections::BTreeMap;

use super::input::Position;

/// From this offset on, output was made by this input line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mark {
    pub(super) offset: usize,
    /// The line being read.
    pub(super) inner: Position,
    /// The site's line that led there.
    pub(super) site: Option<Position>,
    /// Each newline of this part moves one line on in the file too.
    pub(super) advancing: bool,
}

/// A text with its marks.
#[derive(Default)]
pub(super) struct Store {
    pub(super) text: Vec<u8>,
    pub(super) marks: Vec<Mark>,
}

impl Store {
    fn take_over(&mut self, mut other: Store) {
        let base = self.text.len();
        self.marks.extend(other.marks.drain(..).map(|mark| Mark { offset: mark.offset + base, ..mark }));
        if self.text.is_empty() {
            self.text = other.text;
        } else {
            self.text.extend_from_slice(&other.text);
        }
    }
}

/// All of them.
#[derive(Default)]
pub(super) struct Diversions {
    /// Number of the current diversion.
    pub(super) number: i32,
    current: Store,
    waiting: BTreeMap<i32, Store>,
    /// Bytes that `undivert` moved so far.
    pub(super) moved: u64,
}

impl Diversions {
    /// Where text goes now. What goes to a negative diversion is dropped at the next switch.
    pub(super) fn sink(&mut self) -> &mut Store {
        if self.number < 0 && self.current.text.len() > 1 << 16 {
            self.current = Store::default();
        }
        &mut self.current
    }

    /// `divert(number)`.
    pub(super) fn switch(&mut self, number: i32) {
        if number == self.number {
            return;
        }
        let left = std::mem::take(&mut self.current);
        if self.number >= 0 && !left.text.is_empty() {
            self.waiting.insert(self.number, left);
        }
        self.number = number;
        self.current =
            if number < 0 { Store::default() } else { self.waiting.remove(&number).unwrap_or_default() };
    }

    /// `undivert(number)`: appends it to the current diversion. The current one and output itself stay.
    /// True if there was something.
    pub(super) fn undivert(&mut self, number: i32) -> bool {
        if number <= 0 || number == self.number {
            return false;
        }
        let Some(store) = self.waiting.remove(&number) else { return false };
        self.moved += store.text.len() as u64;
        if self.number >= 0 {
            self.current.take_over(store);
        }
        true
    }

    /// `undivert` without arguments: all of them, in numerical order. True if there was something.
    pub(super) fn undivert_all(&mut self) -> bool {
        let numbers: Vec<i32> = self.waiting.keys().copied().collect();
        numbers.into_iter().fold(false, |any, number| self.undivert(number) | any)
    }

    /// Output made so far and not yet written, if it is more than `least` bytes.
    pub(super) fn output(&mut self, least: usize) -> Option<&mut Store> {
        let output = if self.number == 0 { Some(&mut self.current) } else { self.waiting.get_mut(&0) };
        output.filter(|store| store.text.len() > least)
    }

    /// Appends to the output itself, whatever the current diversion.
    pub(super) fn append_output(&mut self, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let output = if self.number == 0 { &mut self.current } else { self.waiting.entry(0).or_default() };
        output.text.extend_from_slice(text);
    }

    /// What waits in which diversion, in numerical order. The current one comes last, if need be with nothing.
    pub(super) fn kept(&self) -> Vec<(i32, &[u8])> {
        let waiting = self.waiting.iter().map(|(number, store)| (*number, &store.text[..]));
        let current = (self.number, &self.current.text[..]);
        let all = waiting.chain([current]).filter(|(number, text)| *number > 0 && !text.is_empty());
        let mut kept: Vec<_> = all.collect();
        kept.sort_by_key(|(number, _)| *number);
        if kept.last().map_or(0, |(number, _)| *number) != self.number {
            kept.push((self.number, b""));
        }
        kept
    }

    /// Bytes that wait in all of them.
    pub(super) fn size(&self) -> usize {
        self.current.text.len() + self.waiting.values().map(|store| store.text.len()).sum::<usize>()
    }
}
