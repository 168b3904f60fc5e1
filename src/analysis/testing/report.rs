//! What came of tests, for a reader.

use super::ask::Asked;
use super::syntax::{Test, TestFile};
use crate::analysis::explain::Explanation;
use crate::analysis::layout::Style;
use crate::analysis::step::Exchange;
use crate::analysis::text as explained;
use crate::diag::{Diagnostic, Place, Severity, render};

/// What came of one test.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The file.
    pub file: String,
    /// The question.
    pub test: Test,
    /// The line, for the excerpt.
    pub line: String,
    /// The answer and the way there.
    pub asked: Asked,
}

/// What came of all tests of all files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// In order.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    /// Adds what came of a test.
    pub fn add(&mut self, file: &TestFile, test: &Test, asked: Asked) {
        let line = file.lines.get(test.line as usize - 1).cloned().unwrap_or_default();
        self.outcomes.push(Outcome { file: file.name.clone(), test: test.clone(), line, asked });
    }

    /// Those that were answered otherwise than they were to be.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|outcome| !outcome.passed())
    }

    /// How many agree, and how many do not.
    pub fn counts(&self) -> (usize, usize) {
        let failed = self.failures().count();
        (self.outcomes.len() - failed, failed)
    }
}

impl Outcome {
    /// Is it the wanted answer? A question that says nothing of it asks for none.
    pub fn passed(&self) -> bool {
        self.test.agrees_with(&self.asked.answer)
    }

    /// The way to the answer: the session, or what rules did without one.
    pub(super) fn explanation(&self) -> Explanation {
        self.asked.explanation.clone().unwrap_or_else(|| Explanation {
            question: self.test.text.clone(),
            answers: Vec::new(),
            exchanges: vec![Exchange {
                command: "the rules".into(),
                reply: self.asked.answer.shown(),
                stages: self.asked.stages.clone(),
            }],
        })
    }

    /// In the form of a finding, if it fails.
    pub fn diagnostic(&self) -> Diagnostic {
        let (file, line, column) = (self.file.clone(), self.test.line, self.test.column);
        Diagnostic {
            severity: Severity::Error,
            message: format!("the answer is {}", self.asked.answer.shown()),
            place: Place { file, line, column },
            excerpt: Some(self.line.clone()),
            help: None,
        }
    }
}

/// Failures with the way there, then a count.
pub fn text(report: &Report, style: Style) -> String {
    let mut text = String::new();
    for outcome in report.failures() {
        text.push_str(&render(&[outcome.diagnostic()], style.colour));
        let way = explained::text(&outcome.explanation(), style);
        if outcome.asked.is_explained() {
            text.extend(way.trim_start().lines().map(|line| match line {
                "" => "\n".to_owned(),
                line => format!("    {line}\n"),
            }));
            text.push('\n');
        }
    }
    let open = report.outcomes.iter().filter(|outcome| outcome.test.wanted.is_none() && outcome.passed());
    for outcome in open {
        text.push_str(&format!("{} => {}\n", outcome.test.text, outcome.asked.answer.shown()));
    }
    let (passed, failed) = report.counts();
    text.push_str(&format!("{passed} passed, {failed} failed\n"));
    text
}
