//! Matching a pattern by text, step by step, with the traces of `-d21` and `-d59`.
//!
//! Slower than `matcher`, and by other means, so that each checks the other.

use super::matcher::{Binding, Bindings, macro_end};
use super::program::{CompiledRule, Match, Program};
use super::scope::Scope;
use super::symbols::{Symbol, Text};
use super::trace::Trace;
use crate::addr::MacroId;
use crate::config::Config;

/// One attempt to match.
pub(super) struct Walker<'a> {
    pub config: &'a Config,
    pub program: &'a Program,
    pub scope: &'a Scope,
    pub rule: &'a CompiledRule,
    pub workspace: &'a [Symbol],
    pub text: Text<'a>,
    pub bindings: &'a mut Bindings,
    /// Room for the text of a phrase.
    pub phrase: &'a mut Vec<u8>,
    /// How often a wildcard may grow before the attempt is given up.
    pub patience: u64,
}

impl Walker<'_> {
    /// Does the pattern match the whole workspace? The bindings are left in `bindings`.
    pub fn run(&mut self, trace: &mut Trace<'_>) -> bool {
        self.bindings.clear();
        let pattern = self.program.pattern(self.rule);
        let (mut step, mut at) = (0, 0);
        while step < pattern.len() || at < self.workspace.len() {
            if trace.at(21, 35) {
                trace.advance(step, self.word(at));
            }
            match self.advance(pattern, step, at, trace) {
                Some(next) => (step, at) = (step + 1, next),
                None => match self.back_up(pattern, trace) {
                    Some(place) => (step, at) = place,
                    None => return false,
                },
            }
        }
        true
    }

    fn word(&self, at: usize) -> Option<&[u8]> {
        self.workspace.get(at).map(|symbol| self.text.bytes(*symbol))
    }

    /// One step of the pattern at one place of the workspace: where the next one begins.
    fn advance(&mut self, pattern: &[Match], step: usize, at: usize, trace: &mut Trace<'_>) -> Option<usize> {
        let token = self.word(at);
        let bind = |end| Binding::new(at, end, step);
        match *pattern.get(step)? {
            Match::Literal(id) => {
                self.program.symbols.spelling(id).eq_ignore_ascii_case(token?).then_some(at + 1)
            }
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
                let id = self.program.class(class).id;
                if self.config.classes.get(id).is_some_and(|class| class.contains(token)) {
                    return None;
                }
                self.bindings.push(bind(at + 1));
                Some(at + 1)
            }
            Match::Class(class) => {
                let end = self.member_end(class, at, at, step, trace)?;
                self.bindings.push(bind(end));
                Some(end)
            }
            Match::Nothing => Some(at),
            Match::Macro(id) => self.macro_end(id, at, trace),
        }
    }

    /// The most recent wildcard that can grow takes more; those after it start anew.
    fn back_up(&mut self, pattern: &[Match], trace: &mut Trace<'_>) -> Option<(usize, usize)> {
        self.patience = self.patience.checked_sub(1)?;
        while let Some(binding) = self.bindings.pop() {
            let (step, end) = (binding.step as usize, binding.end as usize);
            if trace.at(21, 36) {
                trace.back_up(step, self.word(end));
            }
            if end >= self.workspace.len() {
                continue;
            }
            let end = match pattern[step] {
                Match::ZeroOrMore | Match::OneOrMore => Some(end + 1),
                Match::Class(class) => self.member_end(class, binding.start as usize, end, step, trace),
                _ => None,
            };
            if let Some(end) = end {
                self.bindings.push(Binding::new(binding.start as usize, end, step));
                return Some((step + 1, end));
            }
        }
        None
    }

    /// The end of the shortest member of a class that begins at `start` and reaches beyond `from`.
    fn member_end(
        &mut self,
        class: u16,
        start: usize,
        from: usize,
        step: usize,
        trace: &mut Trace<'_>,
    ) -> Option<usize> {
        let class = self.config.classes.get(self.program.class(class).id);
        for last in from..self.workspace.len() {
            self.phrase.clear();
            self.text.join(&self.workspace[start..=last], self.program.blank_sub, true, self.phrase);
            trace.cataddr(true, &self.workspace[start..], self.text, self.phrase);
            if class.is_some_and(|class| class.contains(self.phrase)) {
                if trace.at(21, 36) {
                    trace.line(b"CLMATCH");
                }
                return Some(last + 1);
            }
            if trace.at(21, 36) {
                trace.extend(step, self.word(last));
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
        macro_end(value.unwrap_or_default(), self.workspace, at, self.text)
    }
}
