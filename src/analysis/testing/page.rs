//! What came of tests, as a page: the wrong answers first, each with the way there.

use super::report::{Outcome, Report};
use crate::analysis::html::{document, escaped, explanation_body};

/// A page that stands for itself.
pub fn page(report: &Report) -> String {
    let (passed, failed) = report.counts();
    let class = if failed == 0 { "good" } else { "bad" };
    let mut html = format!("<h1 class=\"{class}\">{passed} passed, {failed} failed</h1>\n");
    report.failures().for_each(|outcome| put_failure(outcome, &mut html));
    for suite in report.outcomes.chunk_by(|one, other| one.file == other.file) {
        html.push_str(&format!("<h2>{}</h2>\n<table class=\"tests\">\n", escaped(&suite[0].file)));
        suite.iter().for_each(|outcome| put_row(outcome, &mut html));
        html.push_str("</table>\n");
    }
    document("What came of tests", &html)
}

fn put_failure(outcome: &Outcome, html: &mut String) {
    html.push_str(&format!(
        "<div class=\"answer\"><code>{}</code> <span class=\"faint\">{}:{}</span>\n<div class=\"bad\">the answer is {}</div>\n",
        escaped(&outcome.test.text),
        escaped(&outcome.file),
        outcome.test.line,
        escaped(&outcome.asked.answer.shown())
    ));
    if outcome.asked.is_explained() {
        html.push_str("<details><summary>how it came to it</summary>\n");
        explanation_body(&outcome.explanation(), html);
        html.push_str("</details>\n");
    }
    html.push_str("</div>\n");
}

fn put_row(outcome: &Outcome, html: &mut String) {
    let (class, word) = if outcome.passed() { ("good", "\u{2713}") } else { ("bad", "\u{2717}") };
    html.push_str(&format!(
        "<tr><td class=\"{class}\">{word}</td><td class=\"faint\">{}</td><td><code>{}</code></td><td>{}</td></tr>\n",
        outcome.test.line,
        escaped(&outcome.test.text),
        escaped(&outcome.asked.answer.shown())
    ));
}
