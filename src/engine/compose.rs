//! Decisions that follow each other become a chain.
//!
//! In: a decision, where it was made, and a workspace that it is about. Out: what comes of that workspace up to the first rule that asks a
//! map, reads a macro or must be tried, through calls and back. What is known is put together; nothing is found out here.

use super::chain::{Chain, Part, Passage, Position};
use super::decisions::{Decisions, MAX_LENGTH, Number, Place, Question};
use super::frames::call_work;
use super::matcher::Binding;
use super::program::Program;
use super::rule::{Method, Piece, RuleAction};
use super::symbols::Symbol;
use crate::addr::op;

/// Most decisions of a chain: fewer than a rule may be applied in a row.
const MOST_STEPS: usize = 64;
/// Fewer are as well taken one by one.
const FEWEST_STEPS: usize = 2;
/// Marks a source as the place of a word.
const WORD: u32 = 1 << 31;

struct Composer<'a> {
    program: &'a Program,
    decisions: &'a Decisions,
    /// The workspace, and where each token comes from: its place in the first workspace, or among the words.
    workspace: Vec<Symbol>,
    sources: Vec<u32>,
    chain: Chain,
    /// Other workspaces may go another way from here on.
    stopped: bool,
}

/// The chain that begins with a decision; `None` where there is nothing to be won.
pub(super) fn compose(
    program: &Program,
    decisions: &Decisions,
    first: Number,
    at: Position,
    workspace: &[Symbol],
) -> Option<Chain> {
    let sources = (0..workspace.len() as u32).collect();
    let workspace = workspace.to_vec();
    let chain = Chain::new(at);
    let mut composer = Composer { program, decisions, workspace, sources, chain, stopped: false };
    composer.run(first);
    (composer.chain.passages.len() >= FEWEST_STEPS).then(|| composer.finish())
}

impl Composer<'_> {
    fn run(&mut self, first: Number) {
        let mut next = first;
        for _ in 0..MOST_STEPS {
            if next == 0 {
                next = self.known();
            }
            match self.follow(next) {
                Some(after) => next = after,
                None => break,
            }
            if self.stopped || self.chain.leaves {
                next = 0;
                break;
            }
        }
        self.chain.next = next;
    }

    /// What has been decided about the workspace at this place.
    fn known(&self) -> Number {
        let Position { ruleset, rule, .. } = self.chain.at;
        let Some(ruleset) = self.program.ruleset(ruleset) else { return 0 };
        let place = Place { program: self.program.stamp, rule: (ruleset.place + rule) as u32 };
        let question = Question::new(place, &self.workspace);
        question.map_or(0, |asked| self.decisions.find(asked, &self.workspace))
    }

    /// Does what a decision says; gives the one that follows, or 0. `None`: it is left to the machine.
    fn follow(&mut self, number: Number) -> Option<Number> {
        let (outcome, bindings) = self.decisions.said(number)?;
        let (program, at) = (self.program, self.chain.at);
        let ruleset = program.ruleset(at.ruleset)?;
        let passed = usize::from(outcome.passed);
        let here = at.rule + passed;
        let rule = ruleset.rules.get(here);
        let mut passage = Passage { place: ruleset.place + at.rule, passed, matches: false };
        let Some(rule) = rule else {
            self.pass(passage);
            self.settle(true);
            return Some(0);
        };
        let pieces = match (outcome.matches, rule.method) {
            (true, Method::InPlace | Method::Copied) => program.replacement(rule),
            (true, Method::Called(called)) => {
                program.ruleset(called).and(program.replacement(rule).get(1..))?
            }
            _ => return None,
        };
        self.replace(pieces, bindings)?;
        passage.matches = true;
        self.pass(passage);
        let length = self.workspace.len();
        if rule.method != Method::InPlace {
            self.chain.work += length as u64;
        }
        let tries = if passed > 0 { 1 } else { at.tries + 1 };
        self.chain.at = Position { rule: here, tries, ..at };
        let goes_on = match rule.method {
            Method::Called(ruleset) => {
                self.chain.callers.push(self.chain.at);
                self.chain.depth = self.chain.depth.max(self.chain.callers.len());
                self.chain.at = Position { ruleset, rule: 0, tries: 0 };
                self.chain.counts.rulesets += 1;
                self.chain.work += call_work(length);
                self.settle(false)
            }
            _ => {
                let ends = self.act(rule.action);
                self.settle(ends)
            }
        };
        // who has called a ruleset is not known to its last decision
        Some(if goes_on { self.decisions.next(number) } else { 0 })
    }

    fn pass(&mut self, passage: Passage) {
        let counts = &mut self.chain.counts;
        counts.skipped += passage.passed as u64;
        if passage.matches {
            counts.tried += 1;
            counts.matched += 1;
            self.chain.work += 1;
        }
        self.chain.passages.push(passage);
    }

    /// Goes on after a rule. True: the ruleset ends.
    fn act(&mut self, action: RuleAction) -> bool {
        if action == RuleAction::NextRule {
            (self.chain.at.rule, self.chain.at.tries) = (self.chain.at.rule + 1, 0);
        }
        action == RuleAction::Return
    }

    /// Goes back to the callers of rulesets that end, be it because the workspace begins with `$#`. False: one has ended.
    fn settle(&mut self, mut ends: bool) -> bool {
        let mut goes_on = true;
        while ends || self.begins_resolved() {
            goes_on = false;
            let Some(caller) = self.chain.callers.pop() else {
                self.chain.leaves = true;
                break;
            };
            self.chain.at = caller;
            let rules = self.program.ruleset(caller.ruleset).map(|ruleset| &ruleset.rules);
            let rule = rules.and_then(|rules| rules.get(caller.rule));
            ends = self.act(rule.map_or(RuleAction::Return, |rule| rule.action));
        }
        goes_on
    }

    /// Does the workspace begin with `$#`, whatever tokens others have?
    fn begins_resolved(&mut self) -> bool {
        let (Some(first), Some(source)) = (self.workspace.first(), self.sources.first().copied()) else {
            return false;
        };
        let is_resolved = first.first == op::CANONICAL_NET;
        match source {
            WORD.. => return is_resolved,
            // if the first workspace began with it, its ruleset would have ended
            0 => {}
            _ if is_resolved => self.stopped = true,
            _ => self.chain.firsts |= 1 << source,
        }
        false
    }

    fn replace(&mut self, pieces: &[Piece], bindings: &[Binding]) -> Option<()> {
        let (mut workspace, mut sources) = (Vec::new(), Vec::new());
        let binding =
            |number: u8| bindings.get(usize::from(number).wrapping_sub(1)).map(|found| found.range(0));
        for piece in pieces {
            match *piece {
                Piece::Words(from, to) => {
                    workspace.extend_from_slice(self.program.words(from, to));
                    sources.extend((from..to).map(|word| word | WORD));
                }
                Piece::Span { first, before, last, after } => {
                    let (first, last) = (binding(first)?, binding(last)?);
                    let span = first.start - usize::from(before)..last.end + usize::from(after);
                    workspace.extend_from_slice(self.workspace.get(span.clone())?);
                    sources.extend_from_slice(self.sources.get(span)?);
                }
                Piece::Macro(_) => return None,
            }
        }
        if workspace.len() > MAX_LENGTH {
            return None;
        }
        (self.workspace, self.sources) = (workspace, sources);
        Some(())
    }

    fn finish(mut self) -> Chain {
        for source in self.sources {
            let (place, is_word) = (source & !WORD, source & WORD != 0);
            match (self.chain.parts.last_mut(), is_word) {
                (Some(Part::Words(_, end)), true) | (Some(Part::Kept(_, end)), false) if *end == place => {
                    *end = place + 1;
                }
                (_, true) => self.chain.parts.push(Part::Words(place, place + 1)),
                (_, false) => self.chain.parts.push(Part::Kept(place, place + 1)),
            }
        }
        self.chain
    }
}
