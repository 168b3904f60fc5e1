//! Matching a pattern by text, step by step, as sendmail does it.
//!
//! Slower than `matcher`, and by other means, so that each checks the other. Tests run it, and a printer that is to show every
//! step.

use super::event::{Attempt, Tokens};
use super::matcher::{Binding, Bindings, macro_end};
use super::rule::Match;
use crate::addr::MacroId;

/// What the matcher does.
#[derive(Clone, Copy)]
pub(super) enum MatchStep<'a> {
    /// A step of the pattern is held against this token.
    Advance { step: usize, token: Option<&'a [u8]> },
    /// A wildcard is to take one more token.
    BackUp { step: usize, token: Option<&'a [u8]> },
    /// A phrase is no member of the class: one more token.
    Extend { step: usize, token: Option<&'a [u8]> },
    /// A phrase is a member of the class.
    ClassMatches,
    /// `$&x` has this value.
    Deferred { id: MacroId, value: Option<&'a [u8]> },
    /// The text of a phrase; the tokens begin with it.
    Joined { tokens: Tokens<'a>, text: &'a [u8] },
}

/// One attempt to match.
pub(super) struct ReferenceMatcher<'a, 'r> {
    pub attempt: Attempt<'a>,
    pub bindings: &'r mut Bindings,
    /// Used again for the text of each phrase.
    pub phrase: &'r mut Vec<u8>,
    /// How often a wildcard may grow before the attempt is given up.
    pub patience: u64,
    /// Is told every step.
    pub record: &'r mut dyn FnMut(MatchStep<'_>),
}

impl<'a> ReferenceMatcher<'a, '_> {
    /// Does the pattern match the whole workspace? The bindings are left in `bindings`.
    pub fn run(&mut self) -> bool {
        self.bindings.clear();
        let pattern = self.attempt.program.pattern(self.attempt.rule);
        let (mut step, mut at) = (0, 0);
        while step < pattern.len() || at < self.attempt.workspace.symbols.len() {
            let token = self.word(at);
            (self.record)(MatchStep::Advance { step, token });
            match self.advance(pattern, step, at) {
                Some(next) => (step, at) = (step + 1, next),
                None => match self.back_up(pattern) {
                    Some(place) => (step, at) = place,
                    None => return false,
                },
            }
        }
        true
    }

    fn word(&self, at: usize) -> Option<&'a [u8]> {
        let Tokens { symbols, text } = self.attempt.workspace;
        symbols.get(at).map(|symbol| text.bytes(*symbol))
    }

    /// One step of the pattern at one place of the workspace: where the next one begins.
    fn advance(&mut self, pattern: &[Match], step: usize, at: usize) -> Option<usize> {
        let token = self.word(at);
        let bind = |end| Binding::new(at, end, step);
        let Attempt { program, config, scope, .. } = self.attempt;
        match *pattern.get(step)? {
            Match::Literal(id) => program.symbols.spelling(id).eq_ignore_ascii_case(token?).then_some(at + 1),
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
                let id = program.class(class).id;
                if scope.class(config, id).is_some_and(|class| class.contains(token)) {
                    return None;
                }
                self.bindings.push(bind(at + 1));
                Some(at + 1)
            }
            Match::Class(class) => {
                let end = self.member_end(class, at, at, step)?;
                self.bindings.push(bind(end));
                Some(end)
            }
            Match::Nothing => Some(at),
            Match::Macro(id) => self.macro_end(id, at),
        }
    }

    /// The most recent wildcard that can grow takes more; those after it start anew.
    fn back_up(&mut self, pattern: &[Match]) -> Option<(usize, usize)> {
        self.patience = self.patience.checked_sub(1)?;
        while let Some(binding) = self.bindings.pop() {
            let (step, end) = (binding.part as usize, binding.end as usize);
            let token = self.word(end);
            (self.record)(MatchStep::BackUp { step, token });
            if end >= self.attempt.workspace.symbols.len() {
                continue;
            }
            let end = match pattern[step] {
                Match::ZeroOrMore | Match::OneOrMore => Some(end + 1),
                Match::Class(class) => self.member_end(class, binding.start as usize, end, step),
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
    fn member_end(&mut self, class: u16, start: usize, from: usize, step: usize) -> Option<usize> {
        let Attempt { program, config, scope, workspace: Tokens { symbols, text }, .. } = self.attempt;
        let class = scope.class(config, program.class(class).id);
        for last in from..symbols.len() {
            self.phrase.clear();
            text.join(&symbols[start..=last], program.blank_sub, true, self.phrase);
            let tokens = Tokens { symbols: &symbols[start..], text };
            (self.record)(MatchStep::Joined { tokens, text: self.phrase });
            if class.is_some_and(|class| class.contains(self.phrase)) {
                (self.record)(MatchStep::ClassMatches);
                return Some(last + 1);
            }
            let token = self.word(last);
            (self.record)(MatchStep::Extend { step, token });
        }
        None
    }

    /// `$&x`: each token must be the next bytes of the macro's value.
    fn macro_end(&mut self, id: MacroId, at: usize) -> Option<usize> {
        let Attempt { scope, config, workspace: Tokens { symbols, text }, .. } = self.attempt;
        symbols.get(at)?;
        let value = scope.get(config, id);
        (self.record)(MatchStep::Deferred { id, value });
        macro_end(value.unwrap_or_default(), symbols, at, text)
    }
}
