//! A chain of rules is taken as one step.
//!
//! In: a frame at a rule of which something is known. Out: the frame where the chain ends, callers below it. Who watches rulesets sees them
//! run one rule at a time, with the same results.

use super::chain::Position;
use super::compose::compose;
use super::decisions::{Chained, Number};
use super::frame::{Frame, Phase};
use super::frames::{MAX_DEPTH, MAX_WORK};
use super::machine::{Machine, Run};
use crate::schema::Sysexit;

/// Where a chain has led.
pub(super) struct Taken {
    /// The decision that comes next; 0 where it is not known.
    pub next: Number,
    /// The ruleset has ended.
    pub leaves: bool,
}

impl Machine {
    /// Takes the chain that begins with a decision. `None`: rules are to be applied one by one.
    #[inline]
    pub(super) fn take_chain(
        &mut self,
        known: Number,
        frame: &mut Frame,
        run: &mut Run<'_>,
    ) -> Option<Taken> {
        if known == 0 || frame.tries > 0 || self.obeyed || run.shows_rulesets() {
            return None;
        }
        match self.decisions.chained(known) {
            Chained::Known(chain) => self.take(chain, frame, run),
            Chained::Met => match self.compose(known, frame, run) {
                Chained::Known(chain) => self.take(chain, frame, run),
                _ => None,
            },
            Chained::New | Chained::Never => None,
        }
    }

    #[inline(never)]
    fn compose(&mut self, known: Number, frame: &Frame, run: &Run<'_>) -> Chained {
        let at = Position { ruleset: frame.ruleset, rule: frame.rule, tries: 0 };
        let chain = compose(run.program, &self.decisions, known, at, &self.stack[frame.base..]);
        self.decisions.keep_chain(known, chain)
    }

    fn take(&mut self, chain: u16, frame: &mut Frame, run: &mut Run<'_>) -> Option<Taken> {
        let chain = self.decisions.chain(chain);
        let work = self.work + std::mem::take(&mut self.scratch.grown);
        self.work = work;
        if work + chain.work > MAX_WORK
            || self.frames.len() + chain.depth >= MAX_DEPTH
            || !chain.holds_for(&self.stack[frame.base..])
        {
            return None;
        }
        self.work += chain.work;
        self.counts += chain.counts;
        if let Some(shard) = &mut run.tally {
            chain.count_uses(shard);
        }
        let begin = chain.replace(&mut self.stack, frame.base, run.program);
        frame.move_to(begin, &mut self.stack);
        // what a call returns takes the whole workspace of its caller, so of that nothing is kept
        for caller in &chain.callers {
            let Position { ruleset, rule, tries } = *caller;
            self.frames.push(Frame { ruleset, rule, tries, length: 0, phase: Phase::InCall, ..*frame });
            (frame.origin, frame.status) = (frame.base, Sysexit::OK);
        }
        let Position { ruleset, rule, tries } = chain.at;
        (frame.ruleset, frame.rule, frame.tries) = (ruleset, rule, tries);
        Some(Taken { next: chain.next, leaves: chain.leaves })
    }
}

#[cfg(test)]
mod tests {
    use super::super::decisions::Decisions;
    use super::super::program::Program;
    use super::super::tests::{Outcome, Side, UNWATCHED, outcome, with_rules};
    use super::*;
    use crate::addr::op;
    use crate::engine::RuleUses;

    fn side(words: &[&[u8]]) -> Side {
        words.iter().map(|word| word.to_vec()).collect()
    }

    /// Ruleset 0 calls 1 and looks up what comes back, 1 turns a pair about, which another of its rules then ends.
    fn rules() -> Vec<(Side, Side)> {
        const ALL: &[u8] = &[op::MATCH_ONE_OR_MORE];
        const ONCE: &[u8] = &[op::CANONICAL_USER];
        const ONE: &[u8] = &[op::MATCH_REPLACE, b'1'];
        const TWO: &[u8] = &[op::MATCH_REPLACE, b'2'];
        let look_up: &[&[u8]] = &[&[op::LOOKUP_BEGIN], b"table", ONE, &[op::LOOKUP_END], b".", TWO];
        vec![
            (side(&[ALL]), side(&[ONCE, &[op::CALL_SUBROUTINE], b"1", ONE])),
            (side(&[ALL, b".", ALL]), side(&[ONCE, TWO, b".", ONE])),
            (side(&[ALL, b"@", ALL]), side(&[ONCE, TWO, b".", ONE])),
            (side(&[b"z"]), side(&[b"z"])),
            (side(&[ALL, b".", ALL]), side(&[&[ONCE][..], look_up].concat())),
            (side(&[ALL, b".", b"b"]), side(&[&[op::CANONICAL_HOST], b"b", b"@", ONE])),
        ]
    }

    #[test]
    fn rules_that_are_met_again_are_taken_together_and_count_one_by_one() {
        let config = with_rules(&rules(), b"");
        let mut program = Program::compile(&config, config.operators.clone(), b' ');
        program.count_uses();
        let (mut machine, mut uses) = (Machine::new(), vec![Vec::new()]);
        let mut seen = |level: u8| {
            let text = side(&[b"b", b".", b"unknown"]);
            let Outcome { tokens, status, rules, .. } =
                outcome(&config, &program, &mut machine, &text, level);
            let count = |rule: &RuleUses| (rule.tried, rule.matched);
            uses.push(program.uses().expect("it counts").rules.iter().map(count).collect());
            (tokens, status, rules)
        };
        let watched = seen(99);
        for _ in 0..4 {
            assert_eq!(seen(UNWATCHED), watched);
        }
        let first = &uses[1];
        for (times, counted) in uses.iter().enumerate().skip(1) {
            let wanted: Vec<_> =
                first.iter().map(|(tried, matched)| (tried * times as u64, matched * times as u64)).collect();
            assert_eq!(*counted, wanted);
        }
        let decisions = Decisions::borrow();
        assert_eq!(decisions.chain(0).counts.matched, 4, "up to the look-up: {:?}", decisions.chain(0));
        assert_eq!(decisions.chain(0).callers, [], "through the call and back");
    }
}
