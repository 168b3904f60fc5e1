//! What rules that follow each other come to, taken as one step.
//!
//! In: what `compose` has found out. Out: the workspace that the last of them leaves, and where it is to go on. Never here: look-ups,
//! macros and whatever else numbers of tokens do not say: a chain ends before them.

use super::counts::Counts;
use super::program::Program;
use super::symbols::Symbol;
use super::tally::Shard;
use crate::addr::op;
use crate::config::RulesetId;

/// Where a ruleset stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Position {
    pub ruleset: RulesetId,
    pub rule: usize,
    pub tries: u32,
}

/// A piece of the workspace at the end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// Tokens of the workspace at the beginning.
    Kept(u32, u32),
    /// Tokens of replacements: where they lie in `Program::words`.
    Words(u32, u32),
}

/// Rules that were tried in turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Passage {
    /// The place of the first among all rules.
    pub place: usize,
    pub passed: usize,
    /// The one after them matches.
    pub matches: bool,
}

/// What a row of decisions comes to.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub parts: Vec<Part>,
    /// Rulesets that wait for the one that has been called last.
    pub callers: Vec<Position>,
    pub at: Position,
    /// Places of tokens that come to stand first. `$#` there would end a ruleset, which the number of a token does not always say.
    pub firsts: u64,
    /// How many rulesets were waiting at the deepest place.
    pub depth: usize,
    pub counts: Counts,
    pub work: u64,
    pub passages: Vec<Passage>,
    /// The ruleset in which it began has ended.
    pub leaves: bool,
    /// The decision that comes next; 0 where it is not known.
    pub next: u16,
}

impl Chain {
    pub fn new(at: Position) -> Self {
        Self {
            parts: Vec::new(),
            callers: Vec::new(),
            at,
            firsts: 0,
            depth: 0,
            counts: Counts::default(),
            work: 0,
            passages: Vec::new(),
            leaves: false,
            next: 0,
        }
    }

    /// Would the rules do the same to this workspace? It has the tokens' numbers of the one that they were found out about.
    pub fn holds_for(&self, workspace: &[Symbol]) -> bool {
        let mut firsts = self.firsts;
        while firsts != 0 {
            let place = firsts.trailing_zeros() as usize;
            if workspace.get(place).is_none_or(|symbol| symbol.first == op::CANONICAL_NET) {
                return false;
            }
            firsts &= firsts - 1;
        }
        true
    }

    /// Puts the workspace of the end in the place of the one that begins at `base`; gives where it begins.
    pub fn replace(&self, stack: &mut Vec<Symbol>, base: usize, program: &Program) -> usize {
        let is_word = |part: &Part| matches!(part, Part::Words(..));
        let (begin, rest) = match self.parts.split_first() {
            Some((Part::Kept(from, to), rest)) if rest.iter().all(is_word) => {
                stack.truncate(base + *to as usize);
                (base + *from as usize, rest)
            }
            _ => (stack.len(), &self.parts[..]),
        };
        for part in rest {
            match *part {
                Part::Kept(from, to) => stack.extend_from_within(base + from as usize..base + to as usize),
                Part::Words(from, to) => stack.extend_from_slice(program.words(from, to)),
            }
        }
        begin
    }

    /// Its rules count as if they had been tried one by one.
    pub fn count_uses(&self, shard: &mut Shard) {
        for passage in &self.passages {
            let Passage { place, passed, matches } = *passage;
            if passed > 0 {
                shard.tried(place, passed);
            }
            if matches {
                shard.tried(place + passed, 1);
                shard.matched(place + passed);
            }
        }
    }
}
