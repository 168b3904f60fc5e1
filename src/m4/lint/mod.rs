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
mod mistakes;
mod order;
mod plain;
mod ports;
mod renamed;
mod slips;
mod twice;
mod unread;
mod values;
mod words;

pub(crate) use copied::{is_about_template, is_template_line};
pub(super) use library_messages::reconcile;
pub use macros::library_names;
pub(super) use mend::{Choice, mended};
pub(super) use mistakes::{Lint, Mistake};

use super::library::SiteFiles;
use super::scan::Survey;

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
}
