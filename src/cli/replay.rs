//! The `replay` personality: what would become of the mail in a log under another configuration.

use super::asking::{loading, named, side, threads};
use super::dns::{self, DnsWords};
use super::logs;
use super::output::Shape;
use super::process::{self, complain};
use super::progress::Progress;
use crate::analysis::{self, Dns, KnownDomains, Replay, Replayer};
use crate::schema::Sysexit;
use clap::Parser;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Say what would become of the mail in a log under another configuration
///
/// Each connection and each recipient in the log is asked of the new configuration: would it be refused now, would it
/// be taken, would it go elsewhere? Without --against it is compared with what the log says of it, and each refusal
/// is shown with its rule; with it both configurations are asked, and each change is shown with the edit that is to
/// blame. Read are the logs of sendmail, canonify and Postfix, as syslog or the journal (export or JSON) writes them,
/// also compressed with gzip, bzip2, xz or zstd; `-' is standard input.
///
/// Unless --dns says otherwise, domains whose mail was taken exist and no others do.
#[derive(Parser)]
#[command(
    name = "canonify replay",
    bin_name = "canonify replay",
    about,
    after_help = "Would the new configuration have refused anything last week?\n  canonify replay /var/log/mail.log* -C new.mc \
                  --against /etc/mail/sendmail.mc\n\nFrom the journal:\n  journalctl -t sendmail -o json | canonify replay - -C new.mc"
)]
pub(super) struct Arguments {
    /// Logs; - is standard input
    #[arg(value_name = "MAILLOG", required = true)]
    logs: Vec<PathBuf>,
    /// The new configuration, a .mc or a .cf
    #[arg(short = 'C', value_name = "FILE")]
    new: PathBuf,
    /// The configuration that it is compared with
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// How many threads ask; 0 for as many as there are processors
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0)]
    threads: usize,
    #[command(flatten)]
    dns: DnsWords,
    #[command(flatten)]
    shape: Shape,
}

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    process::run(dns::joined(args), |arguments: Arguments| {
        let replay = run(&arguments)?;
        Ok(if !replay.groups.is_empty() { process::FOUND } else { Sysexit::OK })
    })
}

fn run(arguments: &Arguments) -> Result<Replay, Sysexit> {
    let new = named(&arguments.new)?;
    let old = arguments.against.as_deref().map(named).transpose()?;
    let known = Arc::new(KnownDomains::default());
    let dns = arguments.dns.choose(Dns::Known(known.clone()))?;
    let loading = loading(dns.dns.clone());
    let new_side = side(&loading, &new)?;
    let old_side = old.as_ref().map(|old| side(&loading, old)).transpose()?;
    let progress = Progress::new();
    progress.begin("reading the log", logs::length(&arguments.logs));
    let count = threads(arguments.threads);
    let mut replayer = Replayer::new(&new_side, old_side.as_ref(), count, &|_| {}, known);
    logs::events(&arguments.logs, &|bytes| progress.add(bytes), &mut |event| replayer.event(event))?;
    progress.begin("looking for the causes", 0);
    let replay = replayer.finish(&new, old.as_ref(), &loading).map_err(|error| {
        complain(&error.to_string());
        Sysexit::OSERR
    })?;
    drop(progress);
    dns.finish()?;
    arguments.shape.show(&replay, analysis::replay_text, analysis::replay_page)?;
    Ok(replay)
}
