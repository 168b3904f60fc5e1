//! The `m4` personality.

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs it with argv; gives the exit status.
pub fn main(_args: Vec<OsString>) -> ExitCode {
    todo!()
}
