//! `$>name` in a replacement: which rulesets are called, the last one first.

use super::build::Stop;
use super::decisions::Number;
use super::event::Event;
use super::frame::{Frame, Next, Phase};
use super::machine::{Machine, Run};
use super::rule::{MAX_TOKENS, RuleAction, call_name};
use super::symbols::Symbol;
use crate::addr::op;
use crate::config::RulesetId;
use crate::schema::{Reply, Sysexit};

/// Most calls in one replacement, with one for the end.
const MAX_CALLS: usize = 16;

/// What hinders the calls of a replacement.
#[derive(Clone, PartialEq, Eq, Debug)]
enum CallError {
    /// What is wrong with the name itself, and the name.
    Unknown(Option<Vec<u8>>, Vec<u8>),
    TooMany,
}

impl Machine {
    pub(super) fn prepare_calls(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        let mut renamed = false;
        let found = self.find_calls(frame, &mut renamed, run);
        if renamed {
            run.scope.note_renamed(frame.ruleset, frame.rule);
        }
        if let Err(error) = found {
            let text = match error {
                CallError::Unknown(problem, name) => {
                    if let Some(problem) = problem {
                        run.complain(Reply::new(554, None, problem));
                    }
                    [b"Unknown ruleset ", &name[..]].concat()
                }
                CallError::TooMany => b"Too many subroutine calls (16 max)".to_vec(),
            };
            run.complain(Reply::new(554, None, text));
            frame.add_status(Sysexit::CONFIG);
            self.calls.truncate(frame.calls);
        }
        // a `$>` without a name stays, and so does one that is not called
        let obeyed = self.stack[frame.base + frame.length..].iter().filter(|symbol| symbol.is_obeyed());
        self.obeyed |= obeyed.count() != self.calls.len() - frame.calls;
        self.next_call(frame, run)
    }

    /// The one call of a replacement, on what has been built from `at` on: `$>` and the name have been left out. What
    /// the ruleset decides first follows on a decision.
    pub(super) fn call_at_once(
        &mut self,
        frame: &mut Frame,
        (ruleset, after): (RulesetId, Number),
        at: usize,
        run: &mut Run<'_>,
    ) -> Next {
        if self.stack.len() - at + 2 > MAX_TOKENS {
            return self.stop(frame, Stop::TooLong, run);
        }
        (frame.phase, self.called_after) = (Phase::InCall, after);
        Next::Call(ruleset, at)
    }

    /// The calls in the replacement, left to right, put on `self.calls`; each `$>name` is cut down to its
    /// place. Rulesets without rules are cut out altogether.
    fn find_calls(&mut self, frame: &Frame, renamed: &mut bool, run: &mut Run<'_>) -> Result<(), CallError> {
        let mut at = frame.base + frame.length;
        while at + 1 < self.stack.len() {
            let is_call = |symbol: &Symbol| symbol.first == op::CALL_SUBROUTINE;
            at += self.stack[at..].iter().position(is_call).unwrap_or(self.stack.len() - at);
            if at + 1 < self.stack.len() {
                let ruleset = self.called(at + 1, renamed, run)?;
                if run.program.ruleset(ruleset).is_none_or(|found| found.rules.is_empty()) {
                    if run.shows_steps() {
                        let name = run.program.symbols.text(&self.text).bytes(self.stack[at + 1]);
                        run.observer.event(&Event::CallSkipped { ruleset, name });
                    }
                    self.stack.drain(at..at + 2);
                    // sendmail's scan passes over the token that has moved here
                } else {
                    if self.calls.len() - frame.calls + 1 >= MAX_CALLS {
                        return Err(CallError::TooMany);
                    }
                    self.calls.push((at, ruleset));
                    at += 1;
                }
            }
            at += 1;
        }
        Ok(())
    }

    /// The ruleset that the token at this place names; quotes are taken off it.
    fn called(&mut self, at: usize, renamed: &mut bool, run: &Run<'_>) -> Result<RulesetId, CallError> {
        let symbol = self.stack[at];
        if let Some(ruleset) = symbol.ruleset() {
            return Ok(ruleset);
        }
        let symbols = &run.program.symbols;
        let token = symbols.text(&self.text).bytes(symbol);
        let name = call_name(token);
        if name != token {
            self.stack[at] = symbols.symbol(&name, self.text.len());
            self.text.extend_from_slice(&name);
            *renamed = true;
        }
        match run.config.rulesets.look_up(&name) {
            Ok((ruleset, _)) => Ok(ruleset),
            Err(problem) => Err(CallError::Unknown(problem, name)),
        }
    }

    pub(super) fn next_call(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        if self.calls.len() > frame.calls
            && let Some((at, ruleset)) = self.calls.pop()
        {
            self.stack.drain(at..at + 2);
            frame.phase = Phase::InCall;
            return Next::Call(ruleset, at);
        }
        let rules = run.program.ruleset(frame.ruleset).map(|ruleset| &ruleset.rules);
        let action =
            rules.and_then(|rules| rules.get(frame.rule)).map_or(RuleAction::Return, |rule| rule.action);
        frame.phase = Phase::Try;
        match self.apply(frame, frame.base + frame.length, action, run) {
            true => Next::Leave(true),
            false => Next::Continue,
        }
    }
}
