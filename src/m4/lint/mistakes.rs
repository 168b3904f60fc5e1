//! What one look at a text keeps: the text, and the mistakes found so far with what mends each.

use crate::diag::{Diagnostic, Place, Severity};
use crate::m4::library::SiteFiles;
use crate::m4::said::excerpt;
use crate::m4::scan::Survey;

/// What to do about a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::m4) enum Remedy {
    /// Only its author knows.
    None,
    /// There is one way to mend it.
    Sure(Vec<Edit>),
    /// Likely meant: good enough to see what else is wrong, not to be written.
    Guess(Vec<Edit>),
    /// Two ways: the line as a comment, or in force.
    Either {
        /// The line becomes a comment.
        comment: Vec<Edit>,
        /// The line is in force.
        activate: Vec<Edit>,
    },
}

/// One mistake.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::m4) struct Mistake {
    /// Offset in the text; nothing for the whole file.
    pub(super) at: Option<usize>,
    pub(super) severity: Severity,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) remedy: Remedy,
}

/// A look at one file.
pub(in crate::m4) struct Lint<'a> {
    pub(super) text: &'a [u8],
    pub(super) survey: &'a Survey,
    pub(super) files: &'a SiteFiles,
    /// Names of macros that exist after the expansion.
    pub(super) names: &'a dyn Fn() -> Vec<String>,
    /// Does the expansion say something about this line itself?
    pub(super) told: &'a dyn Fn(u32) -> bool,
    /// A file that the text wants is missing: what would have read a name is not known.
    pub(super) incomplete: bool,
    pub(super) found: Vec<Mistake>,
}

/// Bytes from `at` to `end` give way to others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::m4) struct Edit {
    pub(in crate::m4) at: usize,
    pub(in crate::m4) end: usize,
    pub(in crate::m4) with: Vec<u8>,
}

impl Edit {
    pub(in crate::m4) fn new(at: usize, end: usize, with: impl Into<Vec<u8>>) -> Self {
        Self { at, end, with: with.into() }
    }
}

impl Lint<'_> {
    pub(super) fn add(
        &mut self,
        severity: Severity,
        at: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.mend(severity, at, message, help, Remedy::None);
    }

    pub(super) fn mend(
        &mut self,
        severity: Severity,
        at: usize,
        message: impl Into<String>,
        help: impl Into<String>,
        remedy: Remedy,
    ) {
        let help = Some(help.into()).filter(|help| !help.is_empty());
        self.found.push(Mistake { at: Some(at), severity, message: message.into(), help, remedy });
    }

    pub(super) fn line(&self, at: usize) -> u32 {
        self.survey.place(at).0
    }
}

impl Mistake {
    /// For its reader.
    pub(in crate::m4) fn diagnostic(&self, file: &str, text: &[u8], survey: &Survey) -> Diagnostic {
        let (line, column) = self.at.map_or((0, 0), |at| survey.place(at));
        Diagnostic {
            severity: self.severity,
            message: self.message.clone(),
            place: Place { file: file.to_owned(), line, column },
            excerpt: excerpt(text, line),
            help: self.help.clone(),
        }
    }

    /// Is m4's view of the text another than its author's because of it?
    pub(in crate::m4) fn bends_text(&self) -> bool {
        self.severity == Severity::Error && self.remedy != Remedy::None
    }
}
