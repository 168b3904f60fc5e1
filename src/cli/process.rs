//! How a process of any personality begins, complains and ends.

use crate::schema::Sysexit;
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Reads the command line of a personality of our own; what is wrong with it, or asked by `--help`, has been printed.
///
/// # Errors
/// The exit status.
pub(super) fn parse<T: clap::Parser>(args: Vec<OsString>) -> Result<T, Sysexit> {
    T::try_parse_from(args).map_err(|error| {
        // nobody is left to be told when both streams are gone
        drop(error.print());
        if error.use_stderr() { Sysexit::USAGE } else { Sysexit::OK }
    })
}

/// What the process of a personality of our own ends with: its command line is read, and it does its work.
pub(super) fn run<T: clap::Parser>(
    args: Vec<OsString>,
    work: impl FnOnce(T) -> Result<Sysexit, Sysexit>,
) -> ExitCode {
    exit(parse(args).and_then(work).unwrap_or_else(|status| status))
}

/// Nothing went wrong, and the answer is the one that scripts look for: something changes, or is not as it should be.
pub(super) const FOUND: Sysexit = Sysexit(1);

/// What the process ends with.
pub(super) fn exit(status: Sysexit) -> ExitCode {
    ExitCode::from(u8::try_from(status.0).unwrap_or(70))
}

/// A line on standard error.
pub(super) fn complain(text: &str) {
    // a closed stderr leaves nobody to tell; the exit status still says it
    let _ = writeln!(std::io::stderr(), "{text}");
}
