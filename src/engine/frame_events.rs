//! What a ruleset being run shows of itself.

use super::event::{Attempt, Event, Tokens};
use super::frame::Frame;
use super::machine::{Machine, Run};
use super::program::{CompiledRuleset, Program};
use super::rule::CompiledRule;

impl Machine {
    /// The stack from a place on, as events show it.
    #[cold]
    pub(super) fn shown<'s>(&'s self, base: usize, program: &'s Program) -> Tokens<'s> {
        Tokens { symbols: &self.stack[base..], text: program.symbols.text(&self.text) }
    }

    #[cold]
    pub(super) fn show_tried(&self, frame: &Frame, rule: &CompiledRule, run: &mut Run<'_>) {
        let (config, program, scope) = (run.config, run.program, &*run.scope);
        let symbols = &self.stack[frame.base..frame.base + frame.length];
        let workspace = Tokens { symbols, text: program.symbols.text(&self.text) };
        let attempt = Attempt { config, program, scope, rule, workspace };
        run.observer.event(&Event::Tried { rule: frame.rule_ref(rule), attempt });
    }

    /// What these wildcards have taken goes into a replacement.
    #[cold]
    pub(super) fn show_substituted(&self, frame: &Frame, first: u8, last: u8, run: &mut Run<'_>) {
        for (number, binding) in (first..=last).zip(self.bindings.iter().skip(usize::from(first) - 1)) {
            let symbols = &self.stack[binding.range(frame.base)];
            let tokens = Tokens { symbols, text: run.program.symbols.text(&self.text) };
            run.observer.event(&Event::Substituted { number: number.into(), tokens });
        }
    }

    #[cold]
    pub(super) fn show_outcome(&self, frame: &Frame, rule: &CompiledRule, matches: bool, run: &mut Run<'_>) {
        let rule = frame.rule_ref(rule);
        run.observer.event(&match matches {
            true => Event::Matched { rule, bindings: &self.bindings },
            false => Event::Failed { rule },
        });
    }

    /// To those who look, a rule that was passed over has been tried and has failed.
    #[cold]
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
