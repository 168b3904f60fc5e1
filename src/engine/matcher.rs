//! Matching a pattern: leftmost operators first, each as short as it can be, growing from the right.
//!
//! Here by symbols; `reference_matcher` does the same by text, step by step.

use super::pattern::{Literals, Part, Wildcard};
use super::program::Program;
use super::rule::CompiledRule;
use super::scope::Scope;
use super::symbols::{Symbol, Text};
use crate::addr::MacroId;
use crate::config::Config;

/// What one wildcard has taken: tokens `start..end` of the workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Binding {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The place of the wildcard, or of the part that it begins, in the pattern.
    pub(super) part: u32,
}

impl Binding {
    pub(super) fn new(start: usize, end: usize, part: usize) -> Self {
        Self { start: start as u32, end: end as u32, part: part as u32 }
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
    pub workspace: &'a [Symbol],
    /// The machine's own text.
    pub own: &'a [u8],
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
    /// Pairs of part and place that have failed, once there was much backing up.
    failed: Vec<u64>,
    /// How often a wildcard has grown, all attempts together.
    pub grown: u64,
}

/// So often a wildcard may grow before failures are remembered.
const MAX_UNREMEMBERED: u32 = 64;

impl<'a> Matcher<'a> {
    /// Does the pattern match the whole workspace? The bindings are left in `bindings`.
    #[inline]
    pub fn run(&mut self, rule: &CompiledRule) -> bool {
        self.bindings.clear();
        let parts = self.program.parts(rule);
        self.go_on::<false>(parts, 0, 0) || self.search(parts)
    }

    /// Other ways to match, after the first one has failed.
    #[inline(never)]
    fn search(&mut self, parts: &[Part]) -> bool {
        let mut backed = 0;
        self.scratch.failed.clear();
        while let Some((part, at)) = self.back_up(parts) {
            backed += 1;
            self.scratch.grown += 1;
            if backed == MAX_UNREMEMBERED {
                let states = (parts.len() + 1) * (self.workspace.len() + 1);
                self.scratch.failed.resize(states.div_ceil(64), 0);
            }
            if self.go_on::<true>(parts, part, at) {
                return true;
            }
        }
        false
    }

    /// Do the parts from `part` on match what begins at `at`, every wildcard as short as it can be?
    #[inline(always)]
    fn go_on<const AGAIN: bool>(&mut self, parts: &[Part], mut part: usize, mut at: usize) -> bool {
        while let Some(Part { wildcard, literals }) = parts.get(part) {
            if AGAIN && self.has_failed(parts.len(), part, at) {
                return false;
            }
            let end = match *wildcard {
                Wildcard::Any(least) => literals.find(self.workspace, at + usize::from(least)),
                Wildcard::Class(class) => self.class_end(class, *literals, at, at),
                other => {
                    self.first_end(other, at, *literals).filter(|end| literals.stand_at(self.workspace, *end))
                }
            };
            let Some(end) = end else { return false };
            if !matches!(wildcard, Wildcard::None | Wildcard::Macro(_)) {
                self.bindings.push(Binding::new(at, end, part));
            }
            (part, at) = (part + 1, end + literals.count());
        }
        at == self.workspace.len()
    }

    /// Where a wildcard that begins at `at` may end first, whatever stands there.
    #[inline(always)]
    fn first_end(&mut self, wildcard: Wildcard, at: usize, literals: Literals) -> Option<usize> {
        let words = self.workspace;
        match wildcard {
            Wildcard::None => Some(at),
            Wildcard::Any(least) => Some(at + usize::from(least)),
            Wildcard::Last(least) => {
                let end = words.len().checked_sub(literals.count())?;
                (at + usize::from(least) <= end).then_some(end)
            }
            Wildcard::One => Some(at + 1),
            Wildcard::NotClass(class) => (!self.is_member(class, words.get(at)?)).then_some(at + 1),
            Wildcard::Class(class) => self.member_end(class, at, at),
            Wildcard::Macro(id) => self.macro_end(id, at),
        }
    }

    /// Has the rest of the pattern been tried here before? It is, now. What comes of it does not
    /// depend on what earlier wildcards took, so once is enough.
    fn has_failed(&mut self, parts: usize, part: usize, at: usize) -> bool {
        let state = at * (parts + 1) + part;
        let Some(word) = self.scratch.failed.get_mut(state / 64) else { return false };
        let bit = 1 << (state % 64);
        let seen = *word & bit != 0;
        *word |= bit;
        seen
    }

    /// The most recent wildcard that can grow takes more; those after it start anew.
    fn back_up(&mut self, parts: &[Part]) -> Option<(usize, usize)> {
        while let Some(binding) = self.bindings.pop() {
            let (part, start) = (binding.part as usize, binding.start as usize);
            let Part { wildcard, literals } = parts[part];
            if let Some(end) = self.next_end(wildcard, literals, start, binding.end as usize) {
                self.bindings.push(Binding::new(start, end, part));
                return Some((part + 1, end + literals.count()));
            }
        }
        None
    }

    /// Where a wildcard may end next, if it is longer.
    fn next_end(
        &mut self,
        wildcard: Wildcard,
        literals: Literals,
        start: usize,
        end: usize,
    ) -> Option<usize> {
        match wildcard {
            Wildcard::Any(_) => literals.find(self.workspace, end + 1),
            Wildcard::Class(class) => self.class_end(class, literals, start, end),
            _ => None,
        }
    }

    /// Where a member of a class that begins at `start` and reaches beyond `end` is followed by literals.
    fn class_end(&mut self, class: u16, literals: Literals, start: usize, mut end: usize) -> Option<usize> {
        loop {
            end = self.member_end(class, start, end)?;
            if literals.stand_at(self.workspace, end) {
                return Some(end);
            }
        }
    }

    fn text(&self) -> Text<'a> {
        self.program.symbols.text(self.own)
    }

    fn is_member(&self, class: u16, token: &Symbol) -> bool {
        let class = self.program.class(class);
        if class.bit != 0 {
            return self.program.symbols.facts[token.id as usize].member & class.bit != 0;
        }
        self.scope.class(self.config, class.id).is_some_and(|class| class.contains(self.text().bytes(*token)))
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
        let (members, text) = (self.scope.class(self.config, class.id)?, self.text());
        for end in from + 1..=self.workspace.len() {
            let phrase = &mut self.scratch.phrase;
            phrase.clear();
            text.join(&self.workspace[start..end], self.program.blank_sub, true, phrase);
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
        macro_end(value, self.workspace, at, self.text())
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
