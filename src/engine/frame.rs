//! What is kept of a ruleset that is being run: where it stands, which look-up and which calls it waits for.

use super::event::RuleRef;
use super::rule::CompiledRule;
use super::symbols::Symbol;
use crate::config::RulesetId;
use crate::schema::Sysexit;
use std::ops::Range;

/// Tokens of former workspaces that may lie below the present one: few, so that all stay in the processor's cache.
const MAX_LEFT: usize = 256;

/// A ruleset with its workspace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub ruleset: RulesetId,
    pub rule: usize,
    pub tries: u32,
    /// Where its part of the stack begins. What it returns is handed over there.
    pub origin: usize,
    /// Where the workspace begins in the stack, and its length: a replacement becomes the workspace where it
    /// was built, so `base` moves away from `origin`.
    pub base: usize,
    pub length: usize,
    /// Where its calls begin.
    pub calls: usize,
    pub status: Sysexit,
    pub phase: Phase,
}

/// Where a ruleset stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Nothing has been done yet.
    Enter,
    /// A rule is to be tried.
    Try,
    /// The map has been asked.
    Waiting,
    /// Calls are to be made, the last first.
    Calls,
    /// The ruleset called last is running.
    InCall,
    /// The result of a call does not fit.
    Overflow,
}

impl Frame {
    /// The rule that it has come to.
    pub fn rule_ref(&self, rule: &CompiledRule) -> RuleRef {
        RuleRef { ruleset: self.ruleset, index: self.rule, line: rule.line }
    }

    /// What has been built at the end of the stack, from `begin` on, becomes the workspace.
    #[inline]
    pub fn move_to(&mut self, begin: usize, stack: &mut Vec<Symbol>) {
        self.base = begin;
        if self.base - self.origin > MAX_LEFT {
            self.forget_left(stack);
        }
        self.length = stack.len() - self.base;
    }

    /// Moves the workspace down over those that it has come from.
    pub fn forget_left(&mut self, stack: &mut Vec<Symbol>) {
        stack.drain(self.origin..self.base);
        self.base = self.origin;
    }

    /// The first status counts, but a temporary failure counts more.
    pub fn add_status(&mut self, status: Sysexit) {
        if self.status.is_ok() || status.is_temporary() {
            self.status = status;
        }
    }
}

/// How a piece of work on a frame ends.
pub(super) enum Next {
    Continue,
    /// This ruleset is to be run on the stack from there on.
    Call(RulesetId, usize),
    Ask,
    /// The ruleset has ended; `true` if what it returns is to be shown.
    Leave(bool),
}

/// A look-up in the replacement, by places in the stack.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    /// Everything from `$(` to after `$)`.
    pub place: Range<usize>,
    /// The map's name; `None` for `$[`.
    pub map: Option<usize>,
    /// Everything between the map's name and `$)`.
    pub words: Range<usize>,
    /// Where the key ends.
    pub key_end: usize,
    /// There are arguments.
    pub has_arguments: bool,
    /// The tokens after the last `$:`.
    pub default: Option<Range<usize>>,
}

/// A call to make: where it begins in the stack, and what it runs.
pub(super) type Call = (usize, RulesetId);
