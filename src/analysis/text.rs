//! An explanation for a terminal: the answer first, then the way there, no wider than the screen.

use super::explain::{Explanation, RecipientAnswer};
use super::layout::{Lines, Part, Style};
use super::sources::Place;
use super::step::{Call, Decision, Lookup, RuleUse, Stage, Step, is_refusal};

/// The text, and where it has got to.
struct Page {
    lines: Lines,
    /// Rulesets that are being shown: of one that calls itself, the inner calls are shown by their look-ups.
    inside: Vec<String>,
}

impl Page {
    fn new(style: Style) -> Self {
        Self { lines: Lines::new(style), inside: Vec::new() }
    }

    fn line(&mut self, depth: usize, parts: &[(Part, &str)]) {
        self.lines.line(depth, parts);
    }

    fn answer(&mut self, answer: &RecipientAnswer) {
        let part = if answer.accepted { Part::Good } else { Part::Bad };
        self.line(0, &[(Part::Heading, &answer.recipient)]);
        self.line(1, &[(part, &answer.reply)]);
        if let Some(resolved) = &answer.resolved {
            self.line(1, &[(Part::Plain, resolved)]);
        }
        if let Some(forms) = &answer.forms {
            let rows = [
                ("sender    ", &forms.envelope_sender, &forms.header_sender),
                ("recipient ", &forms.envelope_recipient, &forms.header_recipient),
            ];
            for (who, envelope, header) in rows {
                let header = format!(", in the header {header}");
                self.line(1, &[(Part::Faint, who), (Part::Plain, envelope), (Part::Plain, &header)]);
            }
        }
    }

    /// Without details: what was found, and what decided.
    fn stage(&mut self, depth: usize, stage: &Stage, details: bool) {
        self.line(
            depth,
            &[
                (Part::Name, &stage.what),
                (Part::Plain, " "),
                (Part::Plain, &stage.about),
                (Part::Plain, " \u{21d2} "),
                (outcome_part(&stage.outcome), &stage.outcome),
            ],
        );
        match details {
            true => self.steps(depth + 1, &stage.steps),
            false => self.summary(depth + 1, stage),
        }
        if let Some(Decision { rule, place }) = &stage.decision {
            self.line(depth + 1, &[(Part::Heading, "decided by "), (Part::Plain, rule)]);
            self.place(depth + 2, place);
        }
    }

    /// What was found, and where nothing was.
    fn summary(&mut self, depth: usize, stage: &Stage) {
        let mut in_vain: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut said: Vec<&Lookup> = Vec::new();
        for lookup in stage.lookups() {
            if lookup.value.is_some() || lookup.problem.is_some() {
                if !said.contains(&lookup) {
                    self.lookup(depth, lookup);
                    said.push(lookup);
                }
                continue;
            }
            let at = in_vain.iter().position(|(map, _)| *map == lookup.map).unwrap_or_else(|| {
                in_vain.push((&lookup.map, Vec::new()));
                in_vain.len() - 1
            });
            if !in_vain[at].1.contains(&&*lookup.key) {
                in_vain[at].1.push(&lookup.key);
            }
        }
        for (map, keys) in in_vain {
            let text = format!("nothing in map {map} for {}", keys.join(", "));
            self.line(depth, &[(Part::Faint, &text)]);
        }
    }

    fn place(&mut self, depth: usize, place: &Place) {
        self.line(depth, &[(Part::Faint, &place.words())]);
    }

    fn steps(&mut self, depth: usize, steps: &[Step]) {
        for step in steps {
            match step {
                Step::Ruleset(call) => self.call(depth, call),
                Step::Rule(rule) => self.rule(depth, rule),
                Step::Tried(rule) => {
                    let place = rule.place.short();
                    self.line(
                        depth,
                        &[
                            (Part::Faint, "no match "),
                            (Part::Faint, &rule.rule),
                            (Part::Faint, "  "),
                            (Part::Faint, &place),
                        ],
                    );
                }
                Step::Lookup(lookup) => self.lookup(depth, lookup),
            }
        }
    }

    fn call(&mut self, depth: usize, call: &Call) {
        if call.is_idle() {
            return;
        }
        let parts = [
            (Part::Name, &*call.name),
            (Part::Plain, " "),
            (Part::Plain, &call.before),
            (Part::Plain, " \u{21d2} "),
            (outcome_part(&call.after), &call.after),
        ];
        if self.inside.contains(&call.name) {
            let mut asked = Vec::new();
            call.steps.iter().for_each(|step| step.put_lookups(&mut asked));
            asked.into_iter().for_each(|lookup| self.lookup(depth, lookup));
            return;
        }
        self.line(depth, &parts);
        self.inside.push(call.name.clone());
        self.steps(depth + 1, &call.steps);
        self.inside.pop();
    }

    fn rule(&mut self, depth: usize, rule: &RuleUse) {
        if !rule.has_effect() {
            return;
        }
        self.line(depth, &[(Part::Plain, &rule.rule)]);
        self.place(depth + 1, &rule.place);
        self.steps(depth + 1, &rule.steps);
        if let Some(after) = &rule.after {
            self.line(
                depth + 1,
                &[(Part::Plain, &rule.before), (Part::Plain, " \u{2192} "), (outcome_part(after), after)],
            );
        }
    }

    fn lookup(&mut self, depth: usize, lookup: &Lookup) {
        let (part, value) = match (&lookup.value, &lookup.problem) {
            (_, Some(problem)) => (Part::Bad, problem.as_str()),
            (Some(value), _) => (Part::Good, value.as_str()),
            (None, _) => (Part::Faint, "nothing"),
        };
        let key = if lookup.key.is_empty() { String::new() } else { format!(" {} =", lookup.key) };
        let place = lookup.source.as_ref().map(|place| format!("  ({})", place.short())).unwrap_or_default();
        self.line(
            depth,
            &[
                (Part::Name, "map "),
                (Part::Name, &lookup.map),
                (Part::Plain, &key),
                (Part::Plain, " "),
                (part, value),
                (Part::Faint, &place),
            ],
        );
    }
}

/// A refusal looks like one.
fn outcome_part(text: &str) -> Part {
    if is_refusal(text) { Part::Bad } else { Part::Plain }
}

/// The whole explanation.
pub fn text(explanation: &Explanation, style: Style) -> String {
    let mut page = Page::new(style);
    for answer in &explanation.answers {
        page.answer(answer);
    }
    page.lines.empty();
    page.line(0, &[(Part::Faint, &explanation.question)]);
    for exchange in explanation.exchanges.iter().filter(|one| !one.stages.is_empty()) {
        page.lines.empty();
        let command = if exchange.command.is_empty() { "connection" } else { &exchange.command };
        page.line(0, &[(Part::Heading, command)]);
        for stage in &exchange.stages {
            page.stage(1, stage, style.rules);
        }
        let part = if exchange.reply.starts_with(['2', '3']) { Part::Good } else { Part::Bad };
        page.line(1, &[(part, &exchange.reply)]);
    }
    for answer in &explanation.answers {
        let stages = answer.forms.iter().flat_map(|forms| &forms.stages);
        for (number, stage) in stages.enumerate() {
            if number == 0 {
                page.lines.empty();
                page.line(
                    0,
                    &[(Part::Heading, "addresses on the way to "), (Part::Heading, &answer.recipient)],
                );
            }
            page.stage(1, stage, style.rules);
        }
    }
    page.lines.text
}

/// Stages alone: what one ruleset did.
pub fn stages(stages: &[Stage], style: Style) -> String {
    let mut page = Page::new(style);
    stages.iter().for_each(|stage| page.stage(0, stage, true));
    page.lines.text
}
