//! Which rule matches next: found out once for a place among the rules and the numbers of a workspace's tokens.
//!
//! In: a place, a workspace, and the rule that the matcher has come to there. Out: the same rule for every workspace that
//! patterns cannot tell from that one: literals and classes know tokens by their numbers alone, and all tokens that the
//! configuration does not mention have the same. So rules are tried for a new sequence of numbers only, and what was found is
//! kept as a regular expression's automaton is that is built while it runs: so many entries, each of a few tokens,
//! a new one in the place of an old one. Never here: a token's bytes, what a replacement makes, what a map says. Rules that
//! compare bytes (`$&x`, classes without an index) are not decided here but tried each time.

use super::matcher::{Binding, Bindings};
use super::symbols::{Shape, Symbol};

/// Longest workspace that is kept.
const MAX_LENGTH: usize = 32;
/// Most wildcards that are kept.
const MAX_BOUND: usize = 9;
/// Entries, as a power of two.
const SLOT_BITS: u32 = 12;

/// A rule of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    /// See [`super::Program::stamp`].
    pub program: u32,
    /// Its number among all rules.
    pub rule: u32,
}

/// What a decision is asked for, and kept as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Question {
    place: Place,
    slot: usize,
}

/// What a search from a place on comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Outcome {
    /// So many rules further on.
    pub passed: u16,
    /// It matches; otherwise it must be tried, or is the end of the rules.
    pub matches: bool,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    place: Place,
    outcome: Outcome,
    length: u8,
    bound: u8,
    /// Where wildcards begin and end.
    bindings: [(u8, u8); MAX_BOUND],
    ids: [u32; MAX_LENGTH],
}

const FREE: Entry = Entry {
    place: Place { program: 0, rule: 0 },
    outcome: Outcome { passed: 0, matches: false },
    length: 0,
    bound: 0,
    bindings: [(0, 0); MAX_BOUND],
    ids: [0; MAX_LENGTH],
};

/// What a machine has found out.
#[derive(Clone, Debug, Default)]
pub(super) struct Decisions {
    /// Empty before the first one.
    entries: Vec<Entry>,
}

impl Question {
    /// `None`: nothing is kept of such a workspace.
    #[inline]
    pub fn new(place: Place, workspace: &[Symbol]) -> Option<Self> {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut hash = u64::from(place.program) << 32 | u64::from(place.rule);
        let mut shapes = Shape::default();
        for symbol in workspace {
            hash = (hash.rotate_left(5) ^ u64::from(symbol.id)).wrapping_mul(FACTOR);
            shapes |= symbol.shape;
        }
        let slot = (hash.wrapping_mul(FACTOR) >> (u64::BITS - SLOT_BITS)) as usize;
        // with quote bytes a phrase is not what its tokens' numbers say
        let is_kept = workspace.len() <= MAX_LENGTH && !shapes.contains(Shape::QUOTE_BYTE);
        is_kept.then_some(Self { place, slot })
    }
}

impl Decisions {
    /// What is known; the bindings of a rule that matches are left in `bindings`.
    #[inline]
    pub fn find(&self, question: Question, workspace: &[Symbol], bindings: &mut Bindings) -> Option<Outcome> {
        let entry = self.entries.get(question.slot)?;
        if entry.place != question.place || usize::from(entry.length) != workspace.len() {
            return None;
        }
        if !entry.ids.iter().zip(workspace).all(|(id, symbol)| *id == symbol.id) {
            return None;
        }
        bindings.clear();
        let bound = entry.bindings.iter().take(entry.bound.into());
        bindings.extend(bound.map(|(start, end)| Binding::new((*start).into(), (*end).into(), 0)));
        Some(entry.outcome)
    }

    /// Keeps what has been found out for a workspace.
    pub fn keep(&mut self, question: Question, workspace: &[Symbol], outcome: Outcome, bindings: &[Binding]) {
        if bindings.len() > MAX_BOUND {
            return;
        }
        if self.entries.is_empty() {
            self.entries = vec![FREE; 1 << SLOT_BITS];
        }
        let entry = &mut self.entries[question.slot];
        *entry = Entry {
            place: question.place,
            outcome,
            length: workspace.len() as u8,
            bound: bindings.len() as u8,
            ..FREE
        };
        for (kept, binding) in entry.bindings.iter_mut().zip(bindings) {
            let range = binding.range(0);
            *kept = (range.start as u8, range.end as u8);
        }
        for (id, symbol) in entry.ids.iter_mut().zip(workspace) {
            *id = symbol.id;
        }
    }
}
