//! Mistakes in a .mc that m4 lets pass, or that it tells of in words of its own.
//!
//! In: the text, what a look at it saw ([`Survey`]), and what the expansion said. Out: findings at their
//! places, with the change to the text that mends each where there is exactly one. Never here: expansion,
//! and the text of the cf.

mod arguments;
mod mend;
mod order;
mod plain;
mod ports;
mod slips;
mod tables;
mod values;
mod words;

pub(super) use mend::{Choice, Edit, mended};
pub(super) use tables::is_statement;

use super::findings::{Said, excerpt};
use super::host::FindingKind;
use super::library::SiteFiles;
use super::scan::Survey;
use crate::diag::{Diagnostic, Place, Severity};

/// What to do about a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Remedy {
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
pub(super) struct Mistake {
    /// Offset in the text; nothing for the whole file.
    at: Option<usize>,
    severity: Severity,
    message: String,
    help: Option<String>,
    remedy: Remedy,
}

/// A look at one file.
pub(super) struct Lint<'a> {
    text: &'a [u8],
    survey: &'a Survey,
    files: &'a SiteFiles,
    /// Names of macros that exist after the expansion.
    names: &'a dyn Fn() -> Vec<String>,
    /// Does the expansion say something about this line itself?
    told: &'a dyn Fn(u32) -> bool,
    found: Vec<Mistake>,
}

/// Which file is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// The .mc.
    Main,
    /// A file that it reads: what is missing there may stand elsewhere.
    Included,
}

/// The kinds of mistakes, each looked for by one function.
const CHECKS: &[fn(&mut Lint<'_>)] = &[
    slips::check,
    slips::odd_bytes,
    words::misspelled,
    words::glued,
    words::unread_defines,
    words::obsolete,
    arguments::gaps,
    arguments::missing_commas,
    arguments::lost,
    arguments::map_types,
    arguments::flags,
    values::check,
    ports::check,
    order::late_defines,
    plain::rules,
    plain::comments,
];

/// Those that want to know all of a site's text.
const CHECKS_OF_ALL: &[fn(&mut Lint<'_>)] =
    &[ports::submission_twice, order::features, order::mailers_order, order::missing, plain::prose];

impl<'a> Lint<'a> {
    /// All mistakes, in no particular order.
    pub(super) fn run(
        text: &'a [u8],
        survey: &'a Survey,
        files: &'a SiteFiles,
        names: &'a dyn Fn() -> Vec<String>,
        told: &'a dyn Fn(u32) -> bool,
        part: Part,
    ) -> Vec<Mistake> {
        let mut lint = Lint { text, survey, files, names, told, found: Vec::new() };
        // With other quotes the text means something else than this look takes it for.
        if survey.calls.iter().any(|call| call.name == "changequote" && call.called()) {
            slips::odd_bytes(&mut lint);
            return lint.found;
        }
        CHECKS.iter().for_each(|check| check(&mut lint));
        if part == Part::Main {
            CHECKS_OF_ALL.iter().for_each(|check| check(&mut lint));
        }
        lint.found
    }

    fn add(&mut self, severity: Severity, at: usize, message: impl Into<String>, help: impl Into<String>) {
        self.mend(severity, at, message, help, Remedy::None);
    }

    fn mend(
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

    fn line(&self, at: usize) -> u32 {
        self.survey.place(at).0
    }
}

impl Mistake {
    /// For its reader.
    pub(super) fn diagnostic(&self, file: &str, text: &[u8], survey: &Survey) -> Diagnostic {
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
    pub(super) fn bends_text(&self) -> bool {
        self.severity == Severity::Error && self.remedy != Remedy::None
    }
}

/// Where the expansion and the look at the text tell of the same thing, one of them will do; and what the
/// library says at its end gets the place of the define that it is about.
pub(super) fn reconcile(
    file: &str,
    text: &[u8],
    survey: &Survey,
    said: &mut Vec<Said>,
    found: &mut Vec<Diagnostic>,
) {
    for said in said.iter_mut().filter(|said| said.diagnostic.place.file != file) {
        relocate(file, text, survey, &mut said.diagnostic);
    }
    let late = |line| {
        found.iter().any(|found| found.place.line == line && found.message.starts_with("OSTYPE after"))
    };
    said.retain(|said| said.kind != FindingKind::Errprint || !late(said.diagnostic.place.line));
    for said in
        said.iter_mut().filter(|said| said.diagnostic.message.starts_with("FEATURE() should be before"))
    {
        let mailer = survey.called("MAILER").next().map(|call| survey.place(call.at).0);
        said.diagnostic.help = mailer.map(|line| format!("move it before the first MAILER (line {line})"));
    }
    let endless = found.iter().any(|found| found.message.contains(" never ") && found.place.line > 0);
    said.retain(|said| {
        let message = &said.diagnostic.message;
        let line = said.diagnostic.place.line;
        let lost =
            || found.iter().any(|found| found.place.line == line && found.message.ends_with("is lost"));
        match said.kind {
            FindingKind::OpenQuote | FindingKind::OpenArguments => !endless,
            FindingKind::Warning if message.starts_with("excess arguments") => !lost(),
            FindingKind::Warning => !message.starts_with("end of file treated as newline"),
            _ => true,
        }
    });
    found.retain(|found| {
        let Some(name) =
            found.message.strip_suffix("' is out of use").and_then(|rest| rest.strip_prefix('`'))
        else {
            return true;
        };
        let same = said.iter_mut().find(|said| {
            said.diagnostic.place.line == found.place.line && said.diagnostic.message.contains(name)
        });
        let Some(same) = same else { return true };
        same.diagnostic.help = found.help.clone();
        same.diagnostic.place.column = found.place.column;
        false
    });
}

/// A message of the library about a name that the .mc defines belongs to that define; any other that
/// comes at its end is about the whole file.
fn relocate(file: &str, text: &[u8], survey: &Survey, told: &mut Diagnostic) {
    let words = told.message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let names: Vec<&str> = words.filter(|word| word.starts_with("conf")).collect();
    let defines = survey.calls.iter().filter(|call| call.called() && call.name == "define");
    let Some(call) = defines.filter(|call| names.contains(&call.text(0))).max_by_key(|call| call.at) else {
        if told.message.starts_with("No system type defined") {
            told.place = Place { file: file.to_owned(), line: 0, column: 0 };
            told.excerpt = None;
            told.help = Some("OSTYPE(`linux') for Linux, before the first FEATURE".to_owned());
        }
        return;
    };
    let (line, column) = survey.place(call.at);
    told.place = Place { file: file.to_owned(), line, column };
    told.excerpt = excerpt(text, line);
}
