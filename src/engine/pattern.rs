//! Patterns as they are matched: every wildcard with the literals behind it is one part.
//!
//! In: the steps of a rule's left side. Out: parts. So a wildcard does not grow token by token: it ends where its
//! literals stand, and nowhere else.

use super::rule::Match;
use super::symbols::Symbol;
use crate::addr::MacroId;

/// One part of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Part {
    pub wildcard: Wildcard,
    /// The literals behind it; more than two are parts of their own.
    pub literals: Literals,
}

/// What a part begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wildcard {
    /// Nothing: literals alone.
    None,
    /// `$*` and `$+`: so many tokens at least.
    Any(u8),
    /// The same in the last part of a pattern: it ends so that the literals are the last tokens.
    Last(u8),
    /// `$-`
    One,
    /// `$=x`: the number of the class in the program's index.
    Class(u16),
    /// `$~x`
    NotClass(u16),
    /// `$&x`, which binds nothing.
    Macro(MacroId),
}

/// Up to two literals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Literals {
    count: u32,
    /// No token of a workspace that stands for a literal has the number 0.
    first: u32,
    second: u32,
}

/// Appends the parts of a pattern.
pub(super) fn add_parts(pattern: &[Match], parts: &mut Vec<Part>) {
    let from = parts.len();
    for step in pattern {
        let wildcard = match *step {
            Match::Literal(id) => {
                if !parts[from..].last_mut().is_some_and(|part| part.literals.add(id)) {
                    parts.push(Part { wildcard: Wildcard::None, literals: Literals::one(id) });
                }
                continue;
            }
            Match::Nothing => continue,
            Match::ZeroOrMore => Wildcard::Any(0),
            Match::OneOrMore => Wildcard::Any(1),
            Match::One => Wildcard::One,
            Match::Class(class) => Wildcard::Class(class),
            Match::NotClass(class) => Wildcard::NotClass(class),
            Match::Macro(id) => Wildcard::Macro(id),
        };
        parts.push(Part { wildcard, literals: Literals::default() });
    }
    if let Some(last) = parts[from..].last_mut()
        && let Wildcard::Any(least) = last.wildcard
    {
        last.wildcard = Wildcard::Last(least);
    }
}

impl Literals {
    fn one(id: u32) -> Self {
        Self { count: 1, first: id, second: 0 }
    }

    /// `false`: there is no room.
    fn add(&mut self, id: u32) -> bool {
        let place = match self.count {
            0 => &mut self.first,
            1 => &mut self.second,
            _ => return false,
        };
        *place = id;
        self.count += 1;
        true
    }

    /// How many tokens they are.
    pub fn count(self) -> usize {
        self.count as usize
    }

    /// Do they stand there?
    #[inline]
    pub fn stand_at(self, words: &[Symbol], at: usize) -> bool {
        let is = |at: usize, id: u32| words.get(at).is_some_and(|word| word.id == id);
        match self.count {
            0 => at <= words.len(),
            1 => is(at, self.first),
            _ => is(at, self.first) && is(at + 1, self.second),
        }
    }

    /// Where they stand first, from a place on.
    #[inline]
    pub fn find(self, words: &[Symbol], from: usize) -> Option<usize> {
        let mut at = from;
        match self.count {
            0 => (from <= words.len()).then_some(from),
            1 => loop {
                if words.get(at)?.id == self.first {
                    return Some(at);
                }
                at += 1;
            },
            _ => loop {
                if words.get(at)?.id == self.first && words.get(at + 1)?.id == self.second {
                    return Some(at);
                }
                at += 1;
            },
        }
    }
}
