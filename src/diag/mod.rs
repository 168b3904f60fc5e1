//! Diagnostics for the author of a configuration: file, line, column, excerpt, advice.
//!
//! In: spans into source texts. Out: one rendered form (annotate-snippets) for a terminal.
//! Never here: deciding what is wrong.

mod json;
mod nearest;
mod render;

pub use json::{json_line, json_string};
pub use nearest::nearest;
pub use render::{render, summary};

/// How bad a finding is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; changes nothing.
    Notice,
    /// Suspicious; the result is used all the same.
    Warning,
    /// Wrong; the result is not to be used.
    Error,
}

/// A place in a source file. Lines and columns count from 1; column 0 means the whole line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in bytes, from 1; 0 when only the line is known.
    pub column: u32,
}

/// One finding about a configuration text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in sendmail's words where sendmail has words for it.
    pub message: String,
    /// Where.
    pub place: Place,
    /// The source line, for the excerpt.
    pub excerpt: Option<String>,
    /// What to write instead.
    pub help: Option<String>,
}

/// A source line as an excerpt shows it. Bytes that are no character are shown as `?` and tabs as blanks, one for
/// one, so that columns stay what they are.
pub fn shown(line: &[u8]) -> String {
    let mut text = String::with_capacity(line.len());
    for chunk in line.utf8_chunks() {
        text.extend(chunk.valid().chars().map(|c| if c == '\t' { ' ' } else { c }));
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}
