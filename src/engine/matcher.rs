//! Matching a pattern: leftmost operators first, each as short as it can be, growing from the right.
//!
//! Here by symbols; `reference_matcher` does the same by text, step by step.

use super::program::Program;
use super::rule::{CompiledRule, Match};
use super::scope::Scope;
use super::symbols::{Symbol, Text};
use crate::addr::MacroId;
use crate::config::Config;

/// What one wildcard has taken: tokens `start..end` of the workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Binding {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The wildcard's place in the pattern.
    pub(super) step: u32,
}

impl Binding {
    pub(super) fn new(start: usize, end: usize, step: usize) -> Self {
        Self { start: start as u32, end: end as u32, step: step as u32 }
    }

    /// Where the tokens taken lie, of a workspace that begins at `base`.
    pub fn range(self, base: usize) -> std::ops::Range<usize> {
        base + self.start as usize..base + self.end as usize
    }
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
    /// Tokens hold quote bytes, which joining drops: phrases are compared as text.
    pub by_text: bool,
    pub bindings: &'a mut Bindings,
    pub scratch: &'a mut Scratch,
}

/// Memory that attempts use again.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    /// The text of a phrase.
    pub phrase: Vec<u8>,
    /// Pairs of step and place that have failed, once there was much backing up.
    failed: Vec<u64>,
    /// How often a wildcard has grown, all attempts together.
    pub grown: u64,
}

/// So often a wildcard may grow before failures are remembered.
const MAX_UNREMEMBERED: u32 = 64;

impl Matcher<'_> {
    /// Does the pattern match the whole workspace? The bindings are left in `bindings`.
    pub fn run(&mut self) -> bool {
        self.bindings.clear();
        let pattern = self.program.pattern(self.rule);
        let (mut step, mut at, mut backed) = (0, 0, 0u32);
        while !self.go_on(pattern, step, at, backed > MAX_UNREMEMBERED) {
            backed += 1;
            self.scratch.grown += 1;
            if backed == MAX_UNREMEMBERED {
                self.scratch.failed.clear();
                let states = (pattern.len() + 1) * (self.workspace.len() + 1);
                self.scratch.failed.resize(states.div_ceil(64), 0);
            }
            match self.back_up(pattern) {
                Some(place) => (step, at) = place,
                None => return false,
            }
        }
        true
    }

    /// Does the rest of the pattern match the rest of the workspace, every wildcard as short as it can be?
    fn go_on(&mut self, pattern: &[Match], mut step: usize, mut at: usize, remember: bool) -> bool {
        while let Some(matched) = pattern.get(step) {
            if remember && self.has_failed(pattern.len(), step, at) {
                return false;
            }
            let end = match *matched {
                Match::Literal(id) => match self.workspace.get(at) {
                    Some(token) if token.id == id => {
                        (step, at) = (step + 1, at + 1);
                        continue;
                    }
                    _ => return false,
                },
                Match::Nothing => {
                    step += 1;
                    continue;
                }
                Match::Macro(id) => match self.macro_end(id, at) {
                    Some(end) => {
                        (step, at) = (step + 1, end);
                        continue;
                    }
                    None => return false,
                },
                Match::ZeroOrMore => self.wildcard_end(at, pattern.get(step + 1)),
                Match::OneOrMore => self.wildcard_end(at + 1, pattern.get(step + 1)),
                Match::One => self.workspace.get(at).map(|_| at + 1),
                Match::NotClass(class) => {
                    self.workspace.get(at).and_then(|token| (!self.is_member(class, token)).then_some(at + 1))
                }
                Match::Class(class) => self.member_end(class, at, at),
            };
            let Some(end) = end else { return false };
            self.bindings.push(Binding::new(at, end, step));
            (step, at) = (step + 1, end);
        }
        at == self.workspace.len()
    }

    /// Has the rest of the pattern been tried here before? It is, now. What comes of it does not
    /// depend on what earlier wildcards took, so once is enough.
    fn has_failed(&mut self, steps: usize, step: usize, at: usize) -> bool {
        let state = at * (steps + 1) + step;
        let (word, bit) = (&mut self.scratch.failed[state / 64], 1 << (state % 64));
        let seen = *word & bit != 0;
        *word |= bit;
        seen
    }

    /// Where `$*` or `$+` may end first, from `from` on: nowhere but before the literal that comes next, or at
    /// the end if nothing does.
    #[inline]
    fn wildcard_end(&self, from: usize, next: Option<&Match>) -> Option<usize> {
        let rest = self.workspace.get(from..)?;
        match next {
            None => Some(self.workspace.len()),
            Some(Match::Literal(id)) => rest.iter().position(|token| token.id == *id).map(|at| from + at),
            _ => Some(from),
        }
    }

    /// The most recent wildcard that can grow takes more; those after it start anew.
    #[inline]
    fn back_up(&mut self, pattern: &[Match]) -> Option<(usize, usize)> {
        while let Some(binding) = self.bindings.pop() {
            let (step, end) = (binding.step as usize, binding.end as usize);
            if end >= self.workspace.len() {
                continue;
            }
            let end = match pattern[step] {
                Match::ZeroOrMore | Match::OneOrMore => self.wildcard_end(end + 1, pattern.get(step + 1)),
                Match::Class(class) => self.member_end(class, binding.start as usize, end),
                _ => None,
            };
            if let Some(end) = end {
                self.bindings.push(Binding::new(binding.start as usize, end, step));
                return Some((step + 1, end));
            }
        }
        None
    }

    fn is_member(&self, class: u16, token: &Symbol) -> bool {
        let class = self.program.class(class);
        if class.bit != 0 {
            return self.program.symbols.facts[token.id as usize].member & class.bit != 0;
        }
        self.scope.class(self.config, class.id).is_some_and(|class| class.contains(self.text.bytes(*token)))
    }

    /// The end of the shortest member of a class that begins at `start` and reaches beyond `from`.
    fn member_end(&mut self, class: u16, start: usize, from: usize) -> Option<usize> {
        let class = self.program.class(class);
        if class.phrase_bit != 0 && !self.by_text {
            let words = self.workspace.get(start..)?;
            if words.first()?.begins & class.phrase_bit == 0 {
                return None;
            }
            let facts = &self.program.symbols.facts;
            let length = self.program.classes.shortest(class.phrase_bit, words, from - start, facts)?;
            return Some(start + length);
        }
        let members = self.scope.class(self.config, class.id)?;
        for end in from + 1..=self.workspace.len() {
            let phrase = &mut self.scratch.phrase;
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
