//! Diagnostics as people read them.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

use super::{Diagnostic, Severity};

/// One rendered text for all findings, each followed by an empty line; with colours for a terminal.
pub fn render(diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii);
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&one(diagnostic, &renderer));
        text.push_str("\n\n");
    }
    text
}

/// `N errors, M warnings`, or nothing if there are none.
pub fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let count = |severity| diagnostics.iter().filter(|found| found.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let noun = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    match (errors, warnings) {
        (0, 0) => None,
        (0, warnings) => Some(noun(warnings, "warning")),
        (errors, 0) => Some(noun(errors, "error")),
        (errors, warnings) => Some(format!("{}, {}", noun(errors, "error"), noun(warnings, "warning"))),
    }
}

fn one(diagnostic: &Diagnostic, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Notice => Level::NOTE,
    };
    let place = &diagnostic.place;
    let located = if diagnostic.excerpt.is_none() && !place.file.is_empty() {
        match place.line {
            0 => format!("{}: {}", place.file, diagnostic.message),
            line => format!("{}:{line}: {}", place.file, diagnostic.message),
        }
    } else {
        diagnostic.message.clone()
    };
    let title = level.primary_title(located);
    let source = diagnostic.excerpt.as_deref().unwrap_or_default();
    let mut group = match diagnostic.excerpt {
        None => title.elements(Vec::<annotate_snippets::Element<'_>>::new()),
        Some(_) => title.element(
            Snippet::source(source)
                .line_start(place.line.max(1) as usize)
                .path(&place.file)
                .annotation(AnnotationKind::Primary.span(underlined(source, place.column))),
        ),
    };
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}

/// The word (or the one character) at a column; the whole line where no column is known.
fn underlined(source: &str, column: u32) -> std::ops::Range<usize> {
    let Some(start) = (column as usize).checked_sub(1).filter(|start| source.is_char_boundary(*start)) else {
        let indent = source.len() - source.trim_start().len();
        return indent..source.trim_end().len().max(indent);
    };
    let rest = &source[start..];
    let word: usize =
        rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_' || *c == '-').map(char::len_utf8).sum();
    let first = rest.chars().next().map_or(0, char::len_utf8);
    start..start + word.max(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Place;

    #[test]
    fn excerpt_and_help() {
        let found = Diagnostic {
            severity: Severity::Error,
            message: "unknown FEATURE `acces_db'".into(),
            place: Place { file: "site.mc".into(), line: 7, column: 10 },
            excerpt: Some("FEATURE(`acces_db')dnl".into()),
            help: Some("did you mean `access_db'?".into()),
        };
        let expected = "\
error: unknown FEATURE `acces_db'
 --> site.mc:7:10
  |
7 | FEATURE(`acces_db')dnl
  |          ^^^^^^^^
  |
  = help: did you mean `access_db'?

";
        assert_eq!(render(&[found], false), expected);
    }

    #[test]
    fn without_excerpt_the_place_leads() {
        let found = Diagnostic {
            severity: Severity::Warning,
            message: "no OSTYPE".into(),
            place: Place { file: "site.mc".into(), line: 0, column: 0 },
            excerpt: None,
            help: None,
        };
        assert_eq!(render(&[found], false), "warning: site.mc: no OSTYPE\n\n");
    }
}
