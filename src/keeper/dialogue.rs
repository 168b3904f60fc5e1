//! A program that speaks SMTP or LMTP on its standard input and output, and the front at the other end.
//!
//! The keeper starts it, hands the connection over, hears no word of the dialogue, and tells how the program ended.

use super::deliver;
use super::program::{self, Output};
use super::protocol::{Delivery, MailerResult};
use super::service::KeeperService;
use crate::sys::errno_text;
use crate::sys::passing;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

/// A program that the front talks to.
pub(super) struct Running {
    child: Child,
    output: Output,
    end: Option<Instant>,
    report: UnixStream,
}

/// Starts the program: it, the connection to it, and where its end will be told of.
///
/// # Errors
/// Why it does not run.
pub(super) fn begin(
    service: &KeeperService,
    delivery: &Delivery,
) -> Result<(Running, Vec<OwnedFd>), MailerResult> {
    let (program, limit) = deliver::of_dialogue(service, delivery)?;
    let failed = |error: io::Error| MailerResult::later(&errno_text(&error));
    let (ours, theirs) = passing::pair().map_err(failed)?;
    let (told, report) = passing::pair().map_err(failed)?;
    let mut child =
        program.spawn_on(theirs.into()).map_err(|error| program::not_started(&program, &error))?;
    let output = Output::of(&mut child);
    let end = (limit > 0).then(|| Instant::now() + Duration::from_secs(u64::from(limit)));
    Ok((Running { child, output, end, report }, vec![ours.into(), told.into()]))
}

impl Running {
    /// Waits for its end and tells the front.
    pub(super) fn attend(mut self) {
        let status = program::attend(&mut self.child, &mut self.output, self.end);
        // the front may be gone
        let _ = self.report.write_all(told(status).as_bytes());
    }
}

/// The exit status as a number, else words.
fn told(status: Result<ExitStatus, &'static str>) -> String {
    match status {
        Ok(status) => match (status.code(), status.signal()) {
            (Some(code), _) => code.to_string(),
            (None, signal) => format!("died with signal {}", signal.unwrap_or(0)),
        },
        Err(why) => why.to_owned(),
    }
}
