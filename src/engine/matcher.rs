//! Matching a pattern: leftmost operators first, each as short as it can be, growing from the right.

use super::program::{CompiledRule, Match, Program};
use super::scope::Scope;
use super::trace::Trace;
use crate::addr::{MacroId, Token, cataddr_into};
use crate::config::Config;
use smallvec::SmallVec;

/// What one wildcard has taken: tokens `start..end` of the workspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Binding {
    pub start: usize,
    pub end: usize,
    /// The wildcard's place in the pattern.
    pub step: usize,
}

/// `$1` … `$9`.
pub(super) type Bindings = SmallVec<[Binding; 9]>;

/// One attempt to match.
pub(super) struct Matcher<'a> {
    pub config: &'a Config,
    pub program: &'a Program,
    pub scope: &'a Scope,
    pub rule: &'a CompiledRule,
    pub workspace: &'a [Token],
    pub bindings: &'a mut Bindings,
    /// Room for the text of a phrase.
    pub phrase: &'a mut Vec<u8>,
}

impl Matcher<'_> {
    /// Does the pattern match the whole workspace? The bindings are left in `bindings`.
    pub fn run(&mut self, trace: &mut Trace<'_>) -> bool {
        self.bindings.clear();
        if self.workspace.len() < self.rule.min_tokens && !trace.at(21, 2) && !trace.at(59, 14) {
            return false;
        }
        let (mut step, mut at) = (0, 0);
        while step < self.rule.pattern.len() || at < self.workspace.len() {
            if trace.at(21, 35) {
                trace.advance(self.rule, step, self.workspace.get(at));
            }
            match self.advance(step, at, trace) {
                Some(next) => (step, at) = (step + 1, next),
                None => match self.back_up(trace) {
                    Some(place) => (step, at) = place,
                    None => return false,
                },
            }
        }
        true
    }

    /// One step of the pattern at one place of the workspace: where the next one begins.
    fn advance(&mut self, step: usize, at: usize, trace: &mut Trace<'_>) -> Option<usize> {
        let token = self.workspace.get(at);
        let bind = |end| Binding { start: at, end, step };
        match self.rule.pattern.get(step)? {
            Match::Literal(wanted) => wanted.eq_ignore_ascii_case(token?).then_some(at + 1),
            Match::ZeroOrMore => {
                self.bindings.push(bind(at));
                Some(at)
            }
            Match::OneOrMore | Match::One => {
                token?;
                self.bindings.push(bind(at + 1));
                Some(at + 1)
            }
            Match::NotClass(class) => {
                let token = token?;
                if self.config.classes.get(*class).is_some_and(|class| class.contains(token)) {
                    return None;
                }
                self.bindings.push(bind(at + 1));
                Some(at + 1)
            }
            Match::Class(class) => {
                let end = self.member_end(*class, at, at, step, trace)?;
                self.bindings.push(bind(end));
                Some(end)
            }
            Match::Nothing => Some(at),
            Match::Macro(id) => self.macro_end(*id, at, trace),
        }
    }

    /// The most recent wildcard that can grow takes more; those after it start anew.
    fn back_up(&mut self, trace: &mut Trace<'_>) -> Option<(usize, usize)> {
        while let Some(mut binding) = self.bindings.pop() {
            if trace.at(21, 36) {
                trace.back_up(self.rule, binding.step, self.workspace.get(binding.end));
            }
            if binding.end >= self.workspace.len() {
                continue;
            }
            let end = match self.rule.pattern[binding.step] {
                Match::ZeroOrMore | Match::OneOrMore => Some(binding.end + 1),
                Match::Class(class) => {
                    self.member_end(class, binding.start, binding.end, binding.step, trace)
                }
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

    /// The end of the shortest member of a class that begins at `start` and reaches beyond `from`.
    fn member_end(
        &mut self,
        id: MacroId,
        start: usize,
        from: usize,
        step: usize,
        trace: &mut Trace<'_>,
    ) -> Option<usize> {
        let class = self.config.classes.get(id);
        let seen = trace.at(21, 36) || trace.at(59, 14);
        if class.is_none() && !seen {
            return None;
        }
        for last in from..self.workspace.len() {
            let tokens = &self.workspace[start..=last];
            cataddr_into(&self.program.operators, tokens, Some(self.program.blank_sub), true, self.phrase);
            trace.cataddr(self.config, true, &self.workspace[start..], self.phrase);
            if class.is_some_and(|class| class.contains(self.phrase)) {
                if trace.at(21, 36) {
                    trace.line(b"CLMATCH");
                }
                return Some(last + 1);
            }
            if trace.at(21, 36) {
                trace.extend(self.rule, step, self.workspace.get(last));
            } else if !seen && class.is_some_and(|class| class.longest() < self.phrase.len()) {
                return None;
            }
        }
        None
    }

    /// `$&x`: each token must be the next bytes of the macro's value.
    fn macro_end(&self, id: MacroId, at: usize, trace: &mut Trace<'_>) -> Option<usize> {
        self.workspace.get(at)?;
        let value = self.scope.get(self.config, id);
        if trace.at(21, 2) {
            trace.deferred(self.config, "LHS", id, value);
        }
        let mut rest = value.unwrap_or_default();
        let mut at = at;
        while !rest.is_empty() {
            let token = self.workspace.get(at)?;
            let (head, tail) = rest.split_at_checked(token.len())?;
            if !head.eq_ignore_ascii_case(token) {
                return None;
            }
            (rest, at) = (tail, at + 1);
        }
        Some(at)
    }
}
