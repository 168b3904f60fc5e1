//! Findings as a page: the worst first, each with its line.

use super::finding::Finding;
use crate::analysis::html::{document, escaped};
use crate::diag::{Diagnostic, Severity, summary};

/// The words for each, worst first.
const SEVERITIES: &[(Severity, &str, &str)] = &[
    (Severity::Error, "error", "bad"),
    (Severity::Warning, "warning", "doubtful"),
    (Severity::Notice, "notice", "faint"),
];

/// A page that stands for itself. `name` is the configuration's.
pub fn page(name: &str, findings: &[Finding]) -> String {
    let diagnostics: Vec<Diagnostic> = findings.iter().map(|finding| finding.diagnostic.clone()).collect();
    let total = summary(&diagnostics).unwrap_or_else(|| "nothing found".into());
    let class = if findings.is_empty() { " class=\"good\"" } else { "" };
    let mut html =
        format!("<h1>{}</h1>\n<p><strong{class}>{}</strong></p>\n", escaped(name), escaped(&total));
    for (severity, word, class) in SEVERITIES {
        let like = findings.iter().filter(|finding| finding.diagnostic.severity == *severity);
        like.for_each(|finding| put(finding, word, class, &mut html));
    }
    document("What is wrong with a configuration", &html)
}

fn put(finding: &Finding, word: &str, class: &str, html: &mut String) {
    let Diagnostic { message, place, excerpt, help, .. } = &finding.diagnostic;
    html.push_str(&format!(
        "<div class=\"answer\"><div><b class=\"{class}\">{word}</b> {} <span class=\"faint\">[{}] {}</span></div>\n",
        escaped(message),
        finding.code.id,
        escaped(finding.code.name)
    ));
    let at = match (place.line, place.column) {
        (0, _) => String::new(),
        (line, 0) => format!(":{line}"),
        (line, column) => format!(":{line}:{column}"),
    };
    html.push_str(&format!("<div class=\"faint\">{}{at}</div>\n", escaped(&place.file)));
    if let Some(line) = excerpt {
        html.push_str(&format!("<pre>{}</pre>\n", marked(line, place.column, class)));
    }
    if let Some(help) = help {
        html.push_str(&format!("<div>{}</div>\n", escaped(help)));
    }
    html.push_str("</div>\n");
}

/// The line, with the rest of it marked from a column on (from 1, in bytes; 0: none).
fn marked(line: &str, column: u32, class: &str) -> String {
    let at = usize::try_from(column).unwrap_or(0).wrapping_sub(1);
    match line.split_at_checked(at) {
        Some((before, rest)) if !rest.is_empty() => {
            format!("{}<mark class=\"{class}\">{}</mark>", escaped(before), escaped(rest))
        }
        _ => escaped(line),
    }
}
