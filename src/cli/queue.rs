//! `canonify queue`: what a journal holds, put into queue files.
//!
//! In: the journal of a queue (option QueueJournal), or the daemon that owns it. Out: qf and df files. Never here: delivery. Ends with 75
//! where something stays in the journal.

use super::invocation::Invocation;
use super::mailq::open_queue;
use super::process::{complain, exit};
use super::{site, status};
use crate::config::Config;
use crate::daemon::file_journal;
use crate::queue::{QueueDirectories, QueueOptions};
use crate::schema::Sysexit;
use crate::sys::identity::{Identity, is_root};
use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;
use std::sync::Arc;

/// Put what the queue's journal holds into queue files
///
/// For the option QueueJournal. Root and the queue directory's owner may. Ends with 75 where something stays in the journal.
#[derive(Parser)]
#[command(name = "canonify queue", bin_name = "canonify queue")]
pub(super) struct Arguments {
    #[command(subcommand)]
    work: Work,
    /// The daemon's configuration
    #[arg(short = 'C', value_name = "FILE", default_value = "/etc/mail/sendmail.cf", global = true)]
    cf: OsString,
}

#[derive(Clone, Copy, Subcommand)]
enum Work {
    /// Let the daemon write files for all messages in its journal, those that are being delivered too; without one, recover
    Export,
    /// Write files for what a crash has left in a journal, and remove it, without starting anything
    Recover,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let Arguments { work, cf } = Arguments::parse_from(args);
    exit(run(work, cf).unwrap_or_else(|status| status))
}

fn run(work: Work, cf: OsString) -> Result<Sysexit, Sysexit> {
    let invocation = Invocation { cf: Some(cf.into_vec()), ..Invocation::default() };
    let config = Arc::new(site::load_sound_site(&invocation)?.config);
    match work {
        Work::Export => match status::ask_fronts(&config, file_journal) {
            Ok((answers, _)) => Ok(tell(answers.iter().sum())),
            Err(_) => recover(&config),
        },
        Work::Recover => recover(&config),
    }
}

fn recover(config: &Arc<Config>) -> Result<Sysexit, Sysexit> {
    become_owner(config)?;
    match open_queue(config)?.recover_journal() {
        Ok(Some(count)) => Ok(tell(count as u64)),
        Ok(None) => fail("a process has the journal"),
        Err(error) => fail(&error.to_string()),
    }
}

fn tell(count: u64) -> Sysexit {
    let plural = if count == 1 { "message" } else { "messages" };
    // a closed stdout leaves nobody to tell
    let _ = writeln!(std::io::stdout(), "{count} {plural} written to queue files");
    Sysexit::OK
}

fn fail(why: &str) -> Result<Sysexit, Sysexit> {
    complain(&format!("canonify queue: {why}"));
    Err(Sysexit::TEMPFAIL)
}

/// The files are to be those of whoever works on the queue.
fn become_owner(config: &Config) -> Result<(), Sysexit> {
    if !is_root() {
        return Ok(());
    }
    let owner = QueueDirectories::find(&QueueOptions::from_config(config))
        .map_err(|error| error.to_string())
        .and_then(|directories| directories.owner().map_err(|error| error.to_string()));
    let become_it = owner.and_then(|owner| match owner.uid {
        0 => Ok(()),
        _ => Identity::bare(owner).drop_for_good().map_err(|error| error.to_string()),
    });
    become_it.or_else(|why| fail(&why).map(drop))
}
