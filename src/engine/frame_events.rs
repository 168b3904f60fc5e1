//! What a ruleset being run shows of itself.

use super::event::{Attempt, Event, Tokens};
use super::frame::Frame;
use super::machine::{Machine, Run};
use super::program::{CompiledRuleset, Program};
use super::rule::CompiledRule;

impl Machine {
    /// The stack from a place on, as events show it.
    pub(super) fn shown<'s>(&'s self, base: usize, program: &'s Program) -> Tokens<'s> {
        Tokens { symbols: &self.stack[base..], text: program.symbols.text(&self.text) }
    }

    pub(super) fn show_tried(&self, frame: &Frame, rule: &CompiledRule, run: &mut Run<'_>) {
        let (config, program, scope) = (run.config, run.program, &*run.scope);
        let symbols = &self.stack[frame.base..frame.base + frame.length];
        let workspace = Tokens { symbols, text: program.symbols.text(&self.text) };
        let attempt = Attempt { config, program, scope, rule, workspace };
        run.observer.event(&Event::Tried { rule: frame.rule_ref(rule), attempt });
    }

    pub(super) fn show_outcome(&self, frame: &Frame, rule: &CompiledRule, matches: bool, run: &mut Run<'_>) {
        let rule = frame.rule_ref(rule);
        run.observer.event(&match matches {
            true => Event::Matched { rule, bindings: &self.bindings },
            false => Event::Failed { rule },
        });
    }

    /// To those who look, a rule that was passed over has been tried and has failed.
    pub(super) fn show_skipped(
        &self,
        frame: &Frame,
        ruleset: &CompiledRuleset,
        skipped: usize,
        run: &mut Run<'_>,
    ) {
        for (index, rule) in ruleset.rules.iter().enumerate().skip(frame.rule).take(skipped) {
            let mut frame = *frame;
            frame.rule = index;
            self.show_tried(&frame, rule, run);
            self.show_outcome(&frame, rule, false, run);
        }
    }
}
