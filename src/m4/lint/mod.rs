//! Mistakes in a .mc that m4 lets pass, or that it tells of in words of its own.
//!
//! In: the text, what a look at it saw ([`Survey`]), and what the expansion said. Out: findings at their
//! places, with the change to the text that mends each where there is exactly one. Never here: expansion,
//! and the text of the cf.

mod arguments;
mod copied;
mod library_messages;
mod macros;
mod mend;
mod order;
mod plain;
mod ports;
mod renamed;
mod slips;
mod tables;
mod twice;
mod unread;
mod values;
mod words;

pub(crate) use copied::{is_about_template, is_template_line};
pub(super) use library_messages::reconcile;
pub(super) use mend::{Choice, Edit, mended};
pub(super) use renamed::removed;
pub(super) use tables::is_statement;

use super::findings::excerpt;
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
    /// A file that the text wants is missing: what would have read a name is not known.
    incomplete: bool,
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
    copied::entities,
    words::misspelled,
    words::glued,
    words::in_texts,
    macros::check,
    unread::defines,
    unread::undefines,
    renamed::features,
    renamed::obsolete,
    twice::definitions,
    twice::calls,
    twice::maps,
    arguments::gaps,
    arguments::opened_by_apostrophe,
    arguments::missing_commas,
    arguments::lost,
    arguments::map_types,
    arguments::flags,
    arguments::breaking_commas,
    values::check,
    values::hosts_with_ports,
    values::macro_lists,
    ports::check,
    ports::equates_of_filters,
    order::late_defines,
    plain::rules,
    plain::comments,
];

/// Those that want to know all of a site's text.
const CHECKS_OF_ALL: &[fn(&mut Lint<'_>)] = &[
    copied::template,
    copied::made_already,
    ports::submission_twice,
    order::features,
    order::mailers_order,
    order::missing,
    plain::prose,
];

impl<'a> Lint<'a> {
    /// All mistakes, in no particular order.
    pub(super) fn run(
        text: &'a [u8],
        survey: &'a Survey,
        files: &'a SiteFiles,
        names: &'a dyn Fn() -> Vec<String>,
        told: &'a dyn Fn(u32) -> bool,
        part: Part,
        incomplete: bool,
    ) -> Vec<Mistake> {
        let mut lint = Lint { text, survey, files, names, told, incomplete, found: Vec::new() };
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
