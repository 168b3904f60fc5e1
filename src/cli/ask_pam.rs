//! The `ask-pam` personality: the process in which PAM's modules run, for one password each.

use super::process::{self, complain};
use crate::keeper::SERVICE;
use crate::schema::Sysexit;
use crate::sys::limits;
use crate::sys::pam::{PamVerdict, ask_pam};
use crate::sys::process::close_standard_streams;
use clap::Parser;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

/// More of a name and a password nobody sends.
const MAX_QUESTION: u64 = 64 * 1024;

/// Ask PAM about one password
///
/// Reads a login name, a NUL and a password from standard input, asks pam_authenticate and pam_acct_mgmt, and prints which of them was the last and
/// what it has said. The daemon runs it where `pwcheck_method` of Sendmail.conf is `pam': modules of PAM run in no process that does anything else.
///
/// Ends with 0 if the user may come in, 77 if he may not, 75 if that cannot be said now. A module may end the process with any of them: only with the
/// line it is an answer.
#[derive(Parser)]
#[command(name = "canonify ask-pam", bin_name = "canonify ask-pam")]
pub(super) struct Arguments {
    /// Whose rules count: a file of /etc/pam.d
    #[arg(long, value_name = "NAME", default_value = SERVICE)]
    service: String,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(args, run)
}

fn run(arguments: Arguments) -> Result<Sysexit, Sysexit> {
    // a module that crashes must not leave the password on disk
    limits::leave_no_core();
    let mut question = Vec::new();
    io::stdin().lock().take(MAX_QUESTION).read_to_end(&mut question).map_err(|error| {
        complain(&format!("canonify ask-pam: the question cannot be read: {error}"));
        Sysexit::TEMPFAIL
    })?;
    let Some(end) = question.iter().position(|byte| *byte == 0) else {
        complain("canonify ask-pam: standard input is to be a login name, a NUL and a password");
        return Err(Sysexit::USAGE);
    };
    // what a module prints is no answer
    let mut output = private_output().map_err(|error| {
        complain(&format!("canonify ask-pam: standard output: {error}"));
        Sysexit::TEMPFAIL
    })?;
    let answer = ask_pam(&arguments.service, &question[..end], &question[end + 1..]);
    let line = format!("{}: {}\n", answer.step, answer.words.replace('\n', " "));
    output.write_all(line.as_bytes()).map_err(|_| Sysexit::TEMPFAIL)?;
    Ok(match answer.verdict {
        PamVerdict::Right => Sysexit::OK,
        PamVerdict::Wrong => Sysexit::NOPERM,
        PamVerdict::NotNow => Sysexit::TEMPFAIL,
    })
}

/// Standard output under a number that nobody else knows; the standard streams lead nowhere from now on.
fn private_output() -> io::Result<File> {
    let output = io::stdout().as_fd().try_clone_to_owned()?;
    close_standard_streams()?;
    Ok(File::from(output))
}
