//! The next rule that matches a ruleset's workspace.
//!
//! In: a frame, which says from which rule on. Out: the frame at the rule, with the bindings of its wildcards. What is known of
//! such workspaces (`decisions`) is taken; otherwise rules are passed over that cannot match (`select`), and the
//! others tried (`matcher`). Never here: what becomes of a rule that matches (`frames`).

use super::build::Stop;
use super::decisions::{Number, Outcome, Place, Question};
use super::event::{Attempt, Tokens};
use super::frame::Frame;
use super::frames::{MAX_TRIES, MAX_WORK};
use super::machine::{Machine, Run};
use super::matcher::Matcher;
use super::program::CompiledRuleset;
use super::reference_matcher::ReferenceMatcher;
use super::rule::CompiledRule;
use super::select::WorkspaceSummary;

impl Machine {
    /// Goes on to the next rule that matches. False: there is none, or one has been applied too often. `known` is what has been
    /// decided, if it has been looked for; `after` is the decision that this one follows on, then this one.
    ///
    /// # Errors
    /// The rules do not come to an end.
    #[inline(always)]
    pub(super) fn next_rule(
        &mut self,
        frame: &mut Frame,
        ruleset: &CompiledRuleset,
        mut known: Number,
        after: &mut Number,
        run: &mut Run<'_>,
    ) -> Result<bool, Stop> {
        loop {
            if known == 0 {
                known = self.decisions.next(*after);
            }
            if known == 0 || frame.tries >= MAX_TRIES {
                let question = self.question(frame, ruleset, run);
                known = self.answer_to(question, frame);
                if known == 0 {
                    return self.find_rule(frame, ruleset, question, after, run);
                }
                self.decisions.follow(*after, known);
            }
            let outcome = self.decisions.outcome(known, &mut self.bindings);
            self.pass_over(frame, ruleset, outcome.passed.into(), run);
            let Some(rule) = ruleset.rules.get(frame.rule) else { return Ok(false) };
            self.begin_attempt(frame, ruleset, run)?;
            if outcome.matches {
                *after = known;
                return Ok(true);
            }
            (*after, known) = (0, 0);
            if self.matches(frame, rule, false, run) {
                return Ok(true);
            }
            (frame.rule, frame.tries) = (frame.rule + 1, 0);
        }
    }

    /// What has been decided about the workspace; 0 for nothing.
    #[inline]
    pub(super) fn known(&self, frame: &Frame, ruleset: &CompiledRuleset, run: &Run<'_>) -> Number {
        self.answer_to(self.question(frame, ruleset, run), frame)
    }

    #[inline]
    fn answer_to(&self, question: Option<Question>, frame: &Frame) -> Number {
        question.map_or(0, |asked| self.decisions.find(asked, &self.stack[frame.base..]))
    }

    /// What may be known already; `None` if rules are to be tried.
    #[inline(always)]
    fn question(&self, frame: &Frame, ruleset: &CompiledRuleset, run: &Run<'_>) -> Option<Question> {
        if run.reference || run.shows_steps() || frame.tries >= MAX_TRIES {
            return None;
        }
        let place = Place { program: run.program.stamp, rule: (ruleset.place + frame.rule) as u32 };
        Question::new(place, &self.stack[frame.base..])
    }

    /// Tries rules until one matches. What is found is the answer to the question.
    ///
    /// # Errors
    /// The rules do not come to an end.
    #[inline(never)]
    fn find_rule(
        &mut self,
        frame: &mut Frame,
        ruleset: &CompiledRuleset,
        mut question: Option<Question>,
        after: &mut Number,
        run: &mut Run<'_>,
    ) -> Result<bool, Stop> {
        let (first, mut known) = (frame.rule, None);
        let before = std::mem::take(after);
        loop {
            let is_free = ruleset.filters.get(frame.rule).is_some_and(|filter| filter.is_free);
            if !(is_free || run.reference || frame.tries >= MAX_TRIES) {
                let summary = known.get_or_insert_with(|| WorkspaceSummary::of(&self.stack[frame.base..]));
                self.skip_rules(frame, ruleset, summary, run);
            }
            let passed = frame.rule - first;
            let Some(rule) = ruleset.rules.get(frame.rule) else {
                self.keep(question, frame, passed, false, before);
                return Ok(false);
            };
            if run.shows_steps() {
                self.show_tried(frame, rule, run);
            }
            if frame.tries >= MAX_TRIES {
                run.count_tried(ruleset, frame, 1);
                self.infinite_loop(ruleset, frame, run);
                return Ok(false);
            }
            self.begin_attempt(frame, ruleset, run)?;
            if ruleset.filters.get(frame.rule).is_none_or(|filter| filter.reads_text) {
                self.keep(question.take(), frame, passed, false, before);
            }
            // of a free rule nothing is compared as text
            let by_text = known.is_some_and(|summary: WorkspaceSummary| summary.has_quote_bytes);
            let matches = self.matches(frame, rule, by_text, run);
            if run.shows_steps() {
                self.show_outcome(frame, rule, matches, run);
            }
            if matches {
                *after = self.keep(question, frame, passed, true, before);
                return Ok(true);
            }
            (frame.rule, frame.tries) = (frame.rule + 1, 0);
        }
    }

    fn keep(
        &mut self,
        question: Option<Question>,
        frame: &Frame,
        passed: usize,
        matches: bool,
        after: Number,
    ) -> Number {
        let (Some(question), Ok(passed)) = (question, u16::try_from(passed)) else { return 0 };
        let bindings = if matches { &self.bindings[..] } else { &[] };
        let (workspace, outcome) = (&self.stack[frame.base..], Outcome { passed, matches });
        self.decisions.keep(question, workspace, outcome, bindings, after)
    }

    /// A rule is held against the workspace.
    ///
    /// # Errors
    /// The rules do not come to an end.
    #[inline]
    fn begin_attempt(
        &mut self,
        frame: &mut Frame,
        ruleset: &CompiledRuleset,
        run: &mut Run<'_>,
    ) -> Result<(), Stop> {
        run.count_tried(ruleset, frame, 1);
        frame.tries += 1;
        self.counts.tried += 1;
        self.work += 1 + std::mem::take(&mut self.scratch.grown);
        if self.work > MAX_WORK { Err(Stop::Exhausted) } else { Ok(()) }
    }

    /// Passes over the rules that cannot match.
    fn skip_rules(
        &mut self,
        frame: &mut Frame,
        ruleset: &CompiledRuleset,
        summary: &WorkspaceSummary,
        run: &mut Run<'_>,
    ) {
        let rest = ruleset.filters.get(frame.rule..).unwrap_or_default();
        let skipped = rest.iter().position(|filter| filter.admits(summary)).unwrap_or(rest.len());
        if skipped > 0 && run.shows_steps() {
            self.show_skipped(frame, ruleset, skipped, run);
        }
        self.pass_over(frame, ruleset, skipped, run);
    }

    #[inline]
    fn pass_over(&mut self, frame: &mut Frame, ruleset: &CompiledRuleset, rules: usize, run: &mut Run<'_>) {
        if rules > 0 {
            run.count_tried(ruleset, frame, rules);
            (frame.rule, frame.tries) = (frame.rule + rules, 0);
            self.counts.skipped += rules as u64;
        }
    }

    #[inline]
    fn matches(&mut self, frame: &Frame, rule: &CompiledRule, by_text: bool, run: &mut Run<'_>) -> bool {
        if run.reference {
            return self.matches_by_steps(frame, rule, run);
        }
        let (config, program, scope) = (run.config, run.program, &*run.scope);
        let workspace = &self.stack[frame.base..frame.base + frame.length];
        let (own, bindings, scratch) = (&self.text[..], &mut self.bindings, &mut self.scratch);
        Matcher { config, program, scope, workspace, own, by_text, bindings, scratch }.run(rule)
    }

    #[cold]
    fn matches_by_steps(&mut self, frame: &Frame, rule: &CompiledRule, run: &mut Run<'_>) -> bool {
        let (config, program, scope) = (run.config, run.program, &*run.scope);
        let symbols = &self.stack[frame.base..frame.base + frame.length];
        let workspace = Tokens { symbols, text: program.symbols.text(&self.text) };
        let (bindings, phrase) = (&mut self.bindings, &mut self.scratch.phrase);
        let patience = MAX_WORK.saturating_sub(self.work);
        let attempt = Attempt { config, program, scope, rule, workspace };
        let mut matcher = ReferenceMatcher { attempt, bindings, phrase, patience, record: &mut |_| {} };
        let matches = matcher.run();
        self.work += MAX_WORK.saturating_sub(self.work) - matcher.patience;
        matches
    }
}
