//! An explanation for a terminal: the answer first, then the way there, no wider than the screen.

use super::explain::{Explanation, RecipientAnswer};
use super::sources::Place;
use super::step::{Call, Decision, Lookup, RuleUse, Stage, Step, is_refusal};

/// How text is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Escape sequences for a terminal?
    pub colour: bool,
    /// Columns; 0: lines are not folded.
    pub width: usize,
    /// Show rules, and not only what maps have said and what decided?
    pub rules: bool,
}

/// Parts of the text, with their SGR codes.
#[derive(Clone, Copy)]
enum Part {
    Good,
    Bad,
    Heading,
    Name,
    Faint,
    Plain,
}

impl Part {
    fn code(self) -> Option<&'static str> {
        match self {
            Self::Good => Some("32"),
            Self::Bad => Some("31"),
            Self::Heading => Some("1"),
            Self::Name => Some("36"),
            Self::Faint => Some("2"),
            Self::Plain => None,
        }
    }
}

/// Text that grows line by line.
struct Page {
    style: Style,
    text: String,
    /// Rulesets that are being shown: of one that calls itself, the inner calls are shown by their look-ups.
    inside: Vec<String>,
}

/// Columns for each level of the tree.
const INDENT: usize = 2;
/// However deep the tree, so much of a line is left for its text.
const LEAST_TEXT: usize = 32;

impl Page {
    fn new(style: Style) -> Self {
        Self { style, text: String::new(), inside: Vec::new() }
    }

    /// A line of parts at a depth; what does not fit goes on below, further in.
    fn line(&mut self, depth: usize, parts: &[(Part, &str)]) {
        let indent = depth * INDENT;
        let width =
            if self.style.width == 0 { usize::MAX } else { self.style.width.max(indent + LEAST_TEXT) };
        let mut column = indent;
        self.text.push_str(&" ".repeat(indent));
        for (part, text) in parts {
            self.open(*part);
            for word in text.split_inclusive(' ') {
                let length = word.trim_end().chars().count();
                if column + length > width && column > indent + 2 * INDENT {
                    self.text.truncate(self.text.trim_end_matches(' ').len());
                    column = indent + 2 * INDENT;
                    self.text.push('\n');
                    self.text.push_str(&" ".repeat(column));
                }
                self.text.push_str(word);
                column += word.chars().count();
            }
            self.close(*part);
        }
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    fn open(&mut self, part: Part) {
        if let Some(code) = part.code().filter(|_| self.style.colour) {
            self.text.push_str(&format!("\x1b[{code}m"));
        }
    }

    fn close(&mut self, part: Part) {
        if part.code().is_some() && self.style.colour {
            self.text.push_str("\x1b[0m");
        }
    }

    fn empty(&mut self) {
        self.text.push('\n');
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
    page.empty();
    page.line(0, &[(Part::Faint, &explanation.question)]);
    for exchange in explanation.exchanges.iter().filter(|one| !one.stages.is_empty()) {
        page.empty();
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
                page.empty();
                page.line(
                    0,
                    &[(Part::Heading, "addresses on the way to "), (Part::Heading, &answer.recipient)],
                );
            }
            page.stage(1, stage, style.rules);
        }
    }
    page.text
}

/// Stages alone: what one ruleset did.
pub fn stages(stages: &[Stage], style: Style) -> String {
    let mut page = Page::new(style);
    stages.iter().for_each(|stage| page.stage(0, stage, true));
    page.text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_wider_than_the_screen() {
        let mut page = Page::new(Style { colour: false, width: 40, rules: false });
        page.line(1, &[(Part::Plain, &"word ".repeat(20)), (Part::Bad, "end")]);
        assert!(page.text.lines().all(|line| line.chars().count() <= 40), "{}", page.text);
        assert_eq!(page.text.split_whitespace().count(), 21);
    }
}
