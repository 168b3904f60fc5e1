//! Which rule matches next: found out once for a place among the rules and the numbers of a workspace's tokens.
//!
//! In: a place, a workspace, and the rule that the matcher has come to there. Out: the same rule for every workspace that
//! patterns cannot tell from that one: literals and classes know tokens by their numbers alone, and all tokens that the
//! configuration does not mention have the same. So rules are tried for a new sequence of numbers only, and what was found is
//! kept as a regular expression's automaton is that is built while it runs: so many decisions, each about few
//! tokens; with one more all are forgotten. A decision also knows the one that follows, where a replacement holds nothing but
//! words and parts of the workspace, and, once it has been met again, what a row of such decisions comes to (`chain`). Never here: a token's bytes, what a replacement makes, what a map says. Rules that
//! compare bytes (`$&x`, classes without an index) are not decided here but tried each time.

use super::chain::Chain;
use super::matcher::{Binding, Bindings};
use super::symbols::{Shape, Symbol};
use std::cell::Cell;

thread_local! {
    /// What machines have found out on this thread: one that waits for a map holds nothing.
    static KNOWN: Cell<Decisions> = Cell::default();
}

/// Longest workspace about which something is kept.
pub(super) const MAX_LENGTH: usize = 64;
/// Most decisions.
const MAX_KNOWN: usize = 1 << 12;
/// Places of the table of decisions, and how many of them are looked at for one.
const SLOTS: usize = MAX_KNOWN * 2;
const PROBES: usize = 16;

/// A rule of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Place {
    /// See [`super::Program::stamp`].
    pub program: u32,
    /// Its number among all rules.
    pub rule: u32,
}

/// What a decision is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Question {
    place: Place,
    hash: u64,
}

/// What a search from a place on comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Outcome {
    /// So many rules further on.
    pub passed: u16,
    /// It matches; otherwise it must be tried, or is the end of the rules.
    pub matches: bool,
}

/// The number of a decision; 0 for none.
pub(super) type Number = u16;

#[derive(Clone, Copy, Debug, Default)]
struct Decision {
    place: Place,
    /// Where the numbers of its workspace's tokens begin.
    ids: u32,
    length: u16,
    /// Where the bindings of its wildcards begin, and how many they are.
    bindings: u32,
    bound: u16,
    outcome: Outcome,
    /// What is asked when the replacement has been made.
    next: Number,
    chain: Chained,
}

/// What is known of the decisions after one that no other leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Chained {
    /// It has not been met again.
    #[default]
    New,
    /// It has been met, and it may be seen what follows.
    Met,
    /// The number of the chain.
    Known(u16),
    /// There is nothing to be won.
    Never,
}

/// What has been found out.
#[derive(Clone, Debug, Default)]
pub(super) struct Decisions {
    /// The first stands for none. Empty before something is known.
    decisions: Vec<Decision>,
    ids: Vec<u32>,
    bindings: Vec<Binding>,
    chains: Vec<Chain>,
    /// Open addressing; 0 is a free place.
    slots: Vec<Number>,
}

impl Question {
    /// `None`: nothing is kept about such a workspace.
    #[inline]
    pub fn new(place: Place, workspace: &[Symbol]) -> Option<Self> {
        const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut hash = u64::from(place.program) << 32 | u64::from(place.rule);
        let mut shapes = Shape::default();
        for symbol in workspace {
            hash = (hash.rotate_left(5) ^ u64::from(symbol.id)).wrapping_mul(FACTOR);
            shapes |= symbol.shape;
        }
        // with quote bytes a phrase is not what its tokens' numbers say
        let is_kept = workspace.len() <= MAX_LENGTH && !shapes.contains(Shape::QUOTE_BYTE);
        is_kept.then_some(Self { place, hash: hash.wrapping_mul(FACTOR) })
    }

    fn slots(self) -> impl Iterator<Item = usize> {
        let first = (self.hash >> 32) as usize;
        (0..PROBES).map(move |step| (first + step) % SLOTS)
    }
}

impl Decisions {
    /// Those of this thread, for a machine that runs on it.
    pub fn borrow() -> Self {
        KNOWN.take()
    }

    /// They are there for the next one.
    pub fn give_back(self) {
        KNOWN.set(self);
    }

    /// What is known of a workspace; 0 for nothing.
    #[inline]
    pub fn find(&self, question: Question, workspace: &[Symbol]) -> Number {
        for slot in question.slots() {
            let number = self.slots.get(slot).copied().unwrap_or_default();
            let decision = match self.decisions.get(usize::from(number)) {
                Some(decision) if number != 0 => decision,
                _ => return 0,
            };
            if decision.place == question.place && self.is_about(decision, workspace) {
                return number;
            }
        }
        0
    }

    #[inline]
    fn is_about(&self, decision: &Decision, workspace: &[Symbol]) -> bool {
        let begin = decision.ids as usize;
        let ids = &self.ids[begin..begin + usize::from(decision.length)];
        ids.len() == workspace.len() && ids.iter().zip(workspace).all(|(id, symbol)| *id == symbol.id)
    }

    /// What follows on a decision; 0 where that is not known.
    #[inline]
    pub fn next(&self, number: Number) -> Number {
        self.decisions.get(usize::from(number)).map_or(0, |decision| decision.next)
    }

    /// What has been decided; the bindings of a rule that matches are left in `bindings`.
    #[inline]
    pub fn outcome(&self, number: Number, bindings: &mut Bindings) -> Outcome {
        let Decision { bindings: begin, bound, outcome, .. } = self.decisions[usize::from(number)];
        bindings.clear();
        bindings.extend_from_slice(&self.bindings[begin as usize..begin as usize + usize::from(bound)]);
        outcome
    }

    /// What has been decided, and what wildcards take; nothing of none.
    pub fn said(&self, number: Number) -> Option<(Outcome, &[Binding])> {
        let decision = self.decisions.get(usize::from(number)).filter(|_| number != 0)?;
        let begin = decision.bindings as usize;
        Some((decision.outcome, &self.bindings[begin..begin + usize::from(decision.bound)]))
    }

    /// What is known of the decisions from this one on. It has been met once more.
    #[inline]
    pub fn chained(&mut self, number: Number) -> Chained {
        let Some(decision) = self.decisions.get_mut(usize::from(number)) else { return Chained::Never };
        let known = decision.chain;
        if known == Chained::New {
            decision.chain = Chained::Met;
        }
        known
    }

    /// A chain by its number.
    #[inline]
    pub fn chain(&self, number: u16) -> &Chain {
        &self.chains[usize::from(number)]
    }

    /// Keeps the chain that begins with a decision; `None`: there is none.
    pub fn keep_chain(&mut self, number: Number, chain: Option<Chain>) -> Chained {
        let chained = match chain {
            Some(chain) => {
                self.chains.push(chain);
                // there are not more than decisions
                Chained::Known((self.chains.len() - 1) as u16)
            }
            None => Chained::Never,
        };
        self.decisions[usize::from(number)].chain = chained;
        chained
    }

    /// From now on one decision is known to follow on the other; nothing follows on none.
    #[inline]
    pub fn follow(&mut self, number: Number, next: Number) {
        if number != 0 {
            self.decisions[usize::from(number)].next = next;
        }
    }

    /// Keeps what has been found out about a workspace, which follows on another decision.
    #[inline(never)]
    pub fn keep(
        &mut self,
        question: Question,
        workspace: &[Symbol],
        outcome: Outcome,
        found: &[Binding],
        mut after: Number,
    ) -> Number {
        if self.decisions.is_empty() || self.decisions.len() >= MAX_KNOWN {
            self.forget();
            after = 0;
        }
        let number = self.decisions.len() as Number;
        self.decisions.push(Decision {
            place: question.place,
            ids: self.ids.len() as u32,
            length: workspace.len() as u16,
            bindings: self.bindings.len() as u32,
            bound: found.len() as u16,
            outcome,
            next: 0,
            chain: Chained::New,
        });
        self.ids.extend(workspace.iter().map(|symbol| symbol.id));
        self.bindings.extend_from_slice(found);
        // whoever finds texts that meet in one place takes others' from it, and nothing more
        let slot = question.slots().find(|slot| self.slots[*slot] == 0).or(question.slots().next());
        if let Some(slot) = slot {
            self.slots[slot] = number;
        }
        self.follow(after, number);
        number
    }

    fn forget(&mut self) {
        self.decisions.clear();
        self.decisions.push(Decision::default());
        self.ids.clear();
        self.bindings.clear();
        self.chains.clear();
        self.slots.clear();
        self.slots.resize(SLOTS, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addr::Operators;
    use crate::engine::symbols::Symbols;

    #[test]
    fn what_is_kept_is_found_until_there_is_too_much() {
        let mut symbols = Symbols::new(&Operators::default());
        let words: Vec<String> = (0..MAX_KNOWN as u32 + 9).map(|number| format!("w{number}")).collect();
        for word in &words {
            symbols.intern(word.as_bytes());
        }
        let mut decisions = Decisions::default();
        let (place, mut bindings) = (Place { program: 1, rule: 7 }, Bindings::new());
        for (count, word) in words.iter().enumerate() {
            let workspace = [symbols.symbol(word.as_bytes(), 0)];
            let question = Question::new(place, &workspace).expect("one token");
            assert_eq!(decisions.find(question, &workspace), 0, "{word} is new");
            let outcome = Outcome { passed: count as u16, matches: true };
            let kept = decisions.keep(question, &workspace, outcome, &[Binding::new(0, 1, 0)], 0);
            assert_eq!(decisions.find(question, &workspace), kept);
            assert_eq!(decisions.outcome(kept, &mut bindings), outcome);
            assert_eq!(bindings[0].range(0), 0..1);
            let elsewhere = Question::new(Place { program: 2, ..place }, &workspace).expect("one token");
            assert_eq!(decisions.find(elsewhere, &workspace), 0, "another program knows nothing");
        }
        assert!(decisions.decisions.len() < 32, "all has been forgotten once");
    }
}
