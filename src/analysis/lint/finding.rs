//! One finding, and how it is mended.

use super::codes::{self, Code};
use crate::diag::{Diagnostic, Place, shown};
use std::path::PathBuf;

/// Something that is wrong with a site.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What kind of mistake it is.
    pub code: &'static Code,
    /// What is said of it, and where.
    pub diagnostic: Diagnostic,
    /// What would mend it, where there is one way to do so.
    pub edit: Option<Edit>,
}

/// One line of a file in another form.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Edit {
    /// The file.
    pub file: PathBuf,
    /// Its line, from 1.
    pub line: u32,
    /// As it must stand there still.
    pub old: Vec<u8>,
    /// What it becomes; `None`: it goes.
    pub new: Option<Vec<u8>>,
}

impl Finding {
    /// A finding about no place but a file.
    pub(super) fn new(code: &str, file: &str, message: String) -> Self {
        let code = codes::find(code);
        let place = Place { file: file.to_owned(), ..Place::default() };
        let diagnostic = Diagnostic { severity: code.severity, message, place, excerpt: None, help: None };
        Self { code, diagnostic, edit: None }
    }

    /// At a line (from 1) with its text, from a column on (0: the whole line).
    pub(super) fn at(mut self, line: u32, column: u32, text: &[u8]) -> Self {
        self.diagnostic.place.line = line;
        self.diagnostic.place.column = column;
        self.diagnostic.excerpt = Some(shown(text));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.diagnostic.help = Some(help.into());
        self
    }

    pub(super) fn mended_by(mut self, edit: Edit) -> Self {
        self.edit = Some(edit);
        self
    }
}

/// Findings of other rooms, under the code that the message tells, else under `otherwise`.
pub fn coded(diagnostic: Diagnostic, otherwise: &str) -> Finding {
    let code = codes::of_message(&diagnostic.message, otherwise);
    Finding { code, diagnostic, edit: None }
}
