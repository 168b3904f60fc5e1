//! Matching a pattern: leftmost operators first, each as short as it can be, growing from the right.
//!
//! Here by symbols and without traces; `walk` does the same by text, step by step, and prints.

use super::program::{CompiledRule, Match, Program};
use super::scope::Scope;
use super::symbols::{Symbol, Text};
use crate::addr::MacroId;
use crate::config::Config;

/// What one wildcard has taken: tokens `start..end` of the workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Binding {
    pub start: usize,
    pub end: usize,
    /// The wildcard's place in the pattern.
    pub step: usize,
}

/// `$1` … `$9`.
pub(super) type Bindings = Vec<Binding>;

/// One attempt to match.
pub(super) struct Matcher<'a> {
    pub config: &'a Config,
    pub program: &'a Program,
    pub scope: &'a Scope,
    pub rule: &'a CompiledRule,
    pub workspace: &'a [Symbol],
    pub text: Text<'a>,
    pub bindings: &'a mut Bindings,
    pub room: &'a mut Room,
}

/// Room that attempts use again.
#[derive(Clone, Debug, Default)]
pub(super) struct Room {
    /// The text of a phrase.
    pub phrase: Vec<u8>,
    /// Pairs of step and place that have failed, once there was much backing up.
    failed: Vec<u64>,
    /// How often a wildcard has grown, all attempts together.
    pub grown: u64,
}

/// So often a wildcard may grow before failures are remembered.
const PATIENCE: u32 = 64;

impl Matcher<'_> {
    /// Does the pattern match the whole workspace? The bindings are left in `bindings`.
    pub fn run(&mut self) -> bool {
        self.bindings.clear();
        let pattern = self.program.pattern(self.rule);
        let (mut step, mut at, mut backed) = (0, 0, 0u32);
        loop {
            let next = match pattern.get(step) {
                None if at == self.workspace.len() => return true,
                _ if backed > PATIENCE && self.has_failed(pattern.len(), step, at) => None,
                None => None,
                Some(matched) => self.advance(*matched, step, at, pattern.get(step + 1)),
            };
            (step, at) = match next {
                Some(next) => (step + 1, next),
                None => {
                    backed += 1;
                    self.room.grown += 1;
                    if backed == PATIENCE {
                        self.room.failed.clear();
                        let states = (pattern.len() + 1) * (self.workspace.len() + 1);
                        self.room.failed.resize(states.div_ceil(64), 0);
                    }
                    match self.back_up(pattern) {
                        Some(place) => place,
                        None => return false,
                    }
                }
            };
        }
    }

    /// Has the rest of the pattern been tried here before? It is, now. What comes of it does not
    /// depend on what earlier wildcards took, so once is enough.
    fn has_failed(&mut self, steps: usize, step: usize, at: usize) -> bool {
        let state = at * (steps + 1) + step;
        let (word, bit) = (&mut self.room.failed[state / 64], 1 << (state % 64));
        let seen = *word & bit != 0;
        *word |= bit;
        seen
    }

    /// One step of the pattern at one place of the workspace: where the next one begins.
    #[inline]
    fn advance(&mut self, matched: Match, step: usize, at: usize, next: Option<&Match>) -> Option<usize> {
        let token = self.workspace.get(at);
        let bind = |end| Binding { start: at, end, step };
        let end = match matched {
            Match::Literal(id) => return (token?.id == id).then_some(at + 1),
            Match::Nothing => return Some(at),
            Match::Macro(id) => return self.macro_end(id, at),
            Match::ZeroOrMore => self.wildcard_end(at, next)?,
            Match::OneOrMore => {
                token?;
                self.wildcard_end(at + 1, next)?
            }
            Match::One => {
                token?;
                at + 1
            }
            Match::NotClass(class) => {
                if self.is_member(class, *token?) {
                    return None;
                }
                at + 1
            }
            Match::Class(class) => self.member_end(class, at, at)?,
        };
        self.bindings.push(bind(end));
        Some(end)
    }

    /// Where `$*` or `$+` may end first, from `from` on: nowhere but before the literal that comes next, or at
    /// the end if nothing does.
    #[inline]
    fn wildcard_end(&self, from: usize, next: Option<&Match>) -> Option<usize> {
        match next {
            None => Some(self.workspace.len()),
            Some(Match::Literal(id)) => {
                let found = self.workspace[from..].iter().position(|token| token.id == *id);
                found.map(|at| from + at)
            }
            _ => Some(from),
        }
    }

    /// The most recent wildcard that can grow takes more; those after it start anew.
    #[inline]
    fn back_up(&mut self, pattern: &[Match]) -> Option<(usize, usize)> {
        while let Some(mut binding) = self.bindings.pop() {
            if binding.end >= self.workspace.len() {
                continue;
            }
            let end = match pattern[binding.step] {
                Match::ZeroOrMore | Match::OneOrMore => {
                    self.wildcard_end(binding.end + 1, pattern.get(binding.step + 1))
                }
                Match::Class(class) => self.member_end(class, binding.start, binding.end),
                _ => None,
            };
            if let Some(end) = end {
                binding.end = end;
                self.bindings.push(binding);
                return Some((binding.step + 1, end));
            }
        }
        None
    }

    fn is_member(&self, class: u16, token: Symbol) -> bool {
        let class = self.program.class(class);
        if class.bit != 0 {
            return self.program.symbols.facts[token.id as usize].member & class.bit != 0;
        }
        self.config.classes.get(class.id).is_some_and(|class| class.contains(self.text.bytes(token)))
    }

    /// The end of the shortest member of a class that begins at `start` and reaches beyond `from`.
    fn member_end(&mut self, class: u16, start: usize, from: usize) -> Option<usize> {
        let class = self.program.class(class);
        if class.phrase_bit != 0 {
            let words = &self.workspace[start..];
            let facts = &self.program.symbols.facts;
            let length = self.program.classes.shortest(class.phrase_bit, words, from - start, facts)?;
            return Some(start + length);
        }
        let members = self.config.classes.get(class.id)?;
        for end in from + 1..=self.workspace.len() {
            let phrase = &mut self.room.phrase;
            phrase.clear();
            self.text.join(&self.workspace[start..end], self.program.blank_sub, true, phrase);
            if members.contains(phrase) {
                return Some(end);
            }
            if members.longest() < phrase.len() {
                return None;
            }
        }
        None
    }

    /// `$&x`: each token must be the next bytes of the macro's value.
    fn macro_end(&self, id: MacroId, at: usize) -> Option<usize> {
        self.workspace.get(at)?;
        let value = self.scope.get(self.config, id).unwrap_or_default();
        macro_end(value, self.workspace, at, self.text)
    }
}

/// Where the tokens that spell `value` end, from `at` on.
pub(super) fn macro_end(value: &[u8], workspace: &[Symbol], at: usize, text: Text<'_>) -> Option<usize> {
    let (mut rest, mut at) = (value, at);
    while !rest.is_empty() {
        let token = text.bytes(*workspace.get(at)?);
        let (head, tail) = rest.split_at_checked(token.len())?;
        if !head.eq_ignore_ascii_case(token) {
            return None;
        }
        (rest, at) = (tail, at + 1);
    }
    Some(at)
}
