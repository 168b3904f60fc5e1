//! A ruleset being run: which rules are tried, what becomes of one that matches, what is handed back.
//!
//! In: the frame on top and the stack it works on. Out: a call, a question to a map, or the end. What a
//! replacement holds is `build`'s business, look-ups in it `ask`'s, calls `calls`'.

use super::build::Stop;
use super::decisions::Number;
use super::event::Event;
use super::frame::{Frame, Next, Phase};
use super::machine::{Machine, Run};
use super::program::CompiledRuleset;
use super::rule::{CompiledRule, MAX_TOKENS, Method, Piece, RuleAction};
use crate::addr::op;
use crate::config::RulesetId;
use crate::schema::{Reply, Sysexit};
use std::borrow::Cow;

/// Deepest nesting of rulesets.
pub(super) const MAX_DEPTH: usize = 51;
/// Most applications of one rule in a row.
pub(super) const MAX_TRIES: u32 = 100;
/// Rules tried, wildcards grown and tokens copied in one run. sendmail would go on for years where rules
/// call themselves in two places; nothing that ends within seconds there comes near this.
pub(super) const MAX_WORK: u64 = 1 << 24;
/// What a message counts as: rules that run in circles say a line for each round.
const MESSAGE_WORK: u64 = 1 << 8;
/// What a call counts as, and each token it is given: they may be shown, on the way in and on the way out.
const CALL_WORK: u64 = 1 << 4;
const SHOWN_WORK: u64 = 1 << 2;

/// What a call with so many tokens counts as.
pub(super) fn call_work(tokens: usize) -> u64 {
    CALL_WORK + SHOWN_WORK * tokens as u64
}

impl Machine {
    /// A ruleset to be run on the end of the stack.
    pub(super) fn frame(&self, ruleset: RulesetId, base: usize) -> Frame {
        Frame {
            ruleset,
            rule: 0,
            tries: 0,
            origin: base,
            base,
            length: self.stack.len() - base,
            calls: self.calls.len(),
            status: Sysexit::OK,
            phase: Phase::Enter,
        }
    }

    /// True if a map is to be asked.
    pub(super) fn work(&mut self, run: &mut Run<'_>) -> bool {
        while let Some(mut frame) = self.frames.pop() {
            loop {
                match self.go_on(&mut frame, run) {
                    Next::Continue => {}
                    Next::Call(ruleset, at) => {
                        self.frames.push(frame);
                        frame = self.frame(ruleset, at);
                    }
                    Next::Ask => {
                        self.frames.push(frame);
                        return true;
                    }
                    Next::Leave(shown) => {
                        self.leave(frame, shown, run);
                        break;
                    }
                }
            }
        }
        false
    }

    #[inline]
    fn go_on(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        match frame.phase {
            Phase::Enter => self.enter(frame, run),
            Phase::Try => self.try_rules(frame, 0, run),
            Phase::Waiting => match self.answer.take() {
                // asked again without an answer: ask again
                None => Next::Ask,
                Some(answer) => {
                    let pending = std::mem::take(&mut self.pending);
                    match self.answered(frame, pending, answer.value.as_deref(), answer.status, run) {
                        Ok(from) => match self.lookups(frame, from, usize::MAX, run) {
                            Some(next) => next,
                            None => self.prepare_calls(frame, run),
                        },
                        Err(stop) => self.stop(frame, stop, run),
                    }
                }
            },
            Phase::Calls => self.next_call(frame, run),
            Phase::InCall => Next::Continue,
            Phase::Overflow => self.stop(frame, Stop::TooLong, run),
        }
    }

    fn enter(&mut self, frame: &mut Frame, run: &mut Run<'_>) -> Next {
        let after = std::mem::take(&mut self.called_after);
        self.counts.rulesets += 1;
        self.work += call_work(frame.length);
        if run.shows_rulesets() {
            let (name, workspace) = (name_of(run, frame.ruleset), self.shown(frame.base, run.program));
            run.observer.event(&Event::Enter { ruleset: frame.ruleset, name: &name, workspace });
        }
        if self.frames.len() >= MAX_DEPTH {
            let name = name_of(run, frame.ruleset);
            let text = [b"rewrite: excessive recursion (max 50), ruleset ", &name[..]].concat();
            self.work += MESSAGE_WORK;
            run.complain(Reply::new(554, None, text));
            frame.status = Sysexit::CONFIG;
            return Next::Leave(false);
        }
        frame.phase = Phase::Try;
        self.try_rules(frame, after, run)
    }

    /// Applies rules until one asks, calls, or the ruleset ends. The first follows on this decision.
    fn try_rules(&mut self, frame: &mut Frame, mut after: Number, run: &mut Run<'_>) -> Next {
        let program = run.program;
        let Some(mut ruleset) = program.ruleset(frame.ruleset) else { return Next::Leave(true) };
        loop {
            if self.stack.get(frame.base).is_some_and(|first| first.first == op::CANONICAL_NET) {
                break;
            }
            let mut known = 0;
            if after == 0 {
                known = self.known(frame, ruleset, run);
                if let Some(taken) = self.take_chain(known, frame, run) {
                    let (Some(called), false) = (program.ruleset(frame.ruleset), taken.leaves) else { break };
                    (ruleset, known) = (called, taken.next);
                    if known == 0 {
                        continue;
                    }
                }
            }
            let matches = match self.next_rule(frame, ruleset, known, &mut after, run) {
                Ok(matches) => matches,
                Err(stop) => return self.stop(frame, stop, run),
            };
            let Some(rule) = ruleset.rules.get(frame.rule).filter(|_| matches) else { break };
            self.counts.matched += 1;
            run.count_matched(ruleset, frame);
            let begin = match self.replace(frame, rule, &mut after, run) {
                Ok(begin) => begin,
                Err(next) => return next,
            };
            if self.apply(frame, begin, rule.action, run) {
                break;
            }
        }
        Next::Leave(true)
    }

    /// Puts a replacement in the place of the workspace; gives where it begins. What is decided next follows on the
    /// decision for the rule, unless the replacement holds what others say.
    ///
    /// # Errors
    /// It is not complete: what is to be done first.
    fn replace(
        &mut self,
        frame: &mut Frame,
        rule: &CompiledRule,
        after: &mut Number,
        run: &mut Run<'_>,
    ) -> Result<usize, Next> {
        let pieces = run.program.replacement(rule);
        let method = match self.obeyed || run.reference {
            true => Method::Obeyed,
            false => rule.method,
        };
        match method {
            Method::InPlace if frame.length <= MAX_TOKENS / 2 => {
                self.substitute_in_place(frame, pieces, run).map_err(|stop| self.stop(frame, stop, run))
            }
            Method::InPlace | Method::Copied => self.build(frame, pieces, run),
            Method::Called(ruleset) => {
                let at = self.build(frame, &pieces[1..], run)?;
                Err(self.call_at_once(frame, (ruleset, *after), at, run))
            }
            Method::Obeyed => {
                *after = 0;
                let vector = self.build(frame, pieces, run)?;
                self.obey(frame, rule, vector, run).map_or(Ok(vector), Err)
            }
        }
    }

    fn build(&mut self, frame: &mut Frame, pieces: &[Piece], run: &mut Run<'_>) -> Result<usize, Next> {
        let vector = frame.base + frame.length;
        let built = self.substitute(frame, pieces, run);
        self.work += (self.stack.len() - vector) as u64;
        match built {
            Ok(()) => Ok(vector),
            Err(stop) => Err(self.stop(frame, stop, run)),
        }
    }

    /// Does what a replacement says that has been built from `vector` on. `None`: it is complete.
    fn obey(
        &mut self,
        frame: &mut Frame,
        rule: &CompiledRule,
        vector: usize,
        run: &mut Run<'_>,
    ) -> Option<Next> {
        if rule.lookups > 0 {
            let most = if self.obeyed || run.reference { usize::MAX } else { rule.lookups };
            if let Some(next) = self.lookups(frame, vector, most, run) {
                return Some(next);
            }
        }
        (rule.has_calls || self.obeyed).then(|| self.prepare_calls(frame, run))
    }

    /// The replacement, which begins at `begin`, becomes the workspace. True if the ruleset ends with it.
    #[inline]
    pub(super) fn apply(
        &mut self,
        frame: &mut Frame,
        begin: usize,
        action: RuleAction,
        run: &mut Run<'_>,
    ) -> bool {
        frame.move_to(begin, &mut self.stack);
        if run.shows_steps() {
            let workspace = self.shown(frame.base, run.program);
            run.observer.event(&Event::Rewritten { workspace });
        }
        match action {
            RuleAction::TryAgain => false,
            RuleAction::NextRule => {
                (frame.rule, frame.tries) = (frame.rule + 1, 0);
                false
            }
            RuleAction::Return => true,
        }
    }

    /// Ends a ruleset without showing its result.
    #[cold]
    pub(super) fn stop(&mut self, frame: &mut Frame, stop: Stop, run: &mut Run<'_>) -> Next {
        let name = name_of(run, frame.ruleset);
        let head = [b"rewrite: ruleset ", &name[..]].concat();
        let text = match stop {
            Stop::TooLong => b"rewrite: expansion too long".to_vec(),
            Stop::OutOfBounds(number) => {
                [&head[..], format!(": replacement ${number} out of bounds").as_bytes()].concat()
            }
            Stop::Exhausted => [&head[..], b": the rules do not come to an end"].concat(),
            Stop::NoToken => {
                self.workspace_lost = true;
                Vec::new()
            }
        };
        if !text.is_empty() {
            run.complain(Reply::new(554, None, text));
        }
        frame.status = stop.status();
        Next::Leave(false)
    }

    /// Hands a ruleset's result to its caller.
    fn leave(&mut self, mut frame: Frame, shown: bool, run: &mut Run<'_>) {
        self.stack.truncate(frame.base + frame.length);
        frame.forget_left(&mut self.stack);
        self.calls.truncate(frame.calls);
        if shown && run.shows_rulesets() {
            let name = name_of(run, frame.ruleset);
            let workspace = self.shown(frame.base, run.program);
            run.observer.event(&Event::Leave { ruleset: frame.ruleset, name: &name, workspace });
        }
        let Some(caller) = self.frames.last_mut() else {
            if self.workspace_lost && !shown {
                self.stack.clear();
            }
            self.status = frame.status;
            return;
        };
        if !frame.status.is_ok() {
            caller.add_status(frame.status);
            if !frame.status.is_temporary() {
                self.calls.truncate(caller.calls);
            }
        }
        let vector = self.stack.len() - caller.base - caller.length;
        caller.phase = if vector > MAX_TOKENS { Phase::Overflow } else { Phase::Calls };
    }

    #[cold]
    pub(super) fn infinite_loop(&mut self, ruleset: &CompiledRuleset, frame: &Frame, run: &mut Run<'_>) {
        let mut text = b"Infinite loop in ruleset ".to_vec();
        text.extend_from_slice(&ruleset.name);
        text.extend_from_slice(format!(", rule {}", frame.rule + 1).as_bytes());
        self.work += MESSAGE_WORK + SHOWN_WORK * frame.length as u64;
        run.complain(Reply::new(554, None, text));
        if let (true, Some(rule)) = (run.shows_rulesets(), ruleset.rules.get(frame.rule)) {
            let workspace = self.shown(frame.base, run.program);
            run.observer.event(&Event::Looped { rule: frame.rule_ref(rule), workspace });
        }
    }
}

fn name_of<'r>(run: &Run<'r>, ruleset: RulesetId) -> Cow<'r, [u8]> {
    match run.program.ruleset(ruleset) {
        Some(found) => Cow::Borrowed(&found.name),
        None => Cow::Owned(run.config.rulesets.display_name(ruleset)),
    }
}
