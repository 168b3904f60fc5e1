//! What a name is that the binary answers to.

use clap::Command;
use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

/// One name the binary answers to.
pub struct Personality {
    /// argv[0] or the first argument.
    pub name: &'static str,
    /// Gets argv; the first element is the personality's name as it was called.
    pub entry: fn(Vec<OsString>) -> ExitCode,
    /// A set-group-id start lends the queue's group: only what works on the queue keeps it.
    pub keeps_group: bool,
    /// One line for the list of names.
    pub about: &'static str,
    /// Its command line, for manual page and completions; made of the table that reads it.
    pub command: fn() -> Command,
}

/// The row of a name.
pub(super) fn find<'a>(rows: &'a [Personality], name: &OsStr) -> Option<&'a Personality> {
    rows.iter().find(|row| name == row.name)
}
