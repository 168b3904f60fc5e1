//! The `diff` personality: what changes for mail between two configurations, and which edit changes it.

use super::asking::{add_addresses, loading, named, read, threads};
use super::dns::{self, DnsWords};
use super::logs;
use super::output::Shape;
use super::process::{self, complain};
use super::progress::Progress;
use crate::analysis::{self, Asking, Corpus, DiffError, Difference, Dns, LogEvent};
use crate::schema::Sysexit;
use clap::Parser;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Say what changes for mail between two configurations, and which edit changes it
///
/// Both are asked the same questions, made from their map keys, classes, aliases and every shape of an address: may
/// this client connect, send as this sender, to that recipient; where does the mail go; how do mailers write the
/// addresses. What is answered otherwise is shown by the edit that is to blame: edits are made one by one until the
/// smallest set of them is found that changes the answer. Nothing is sent, and neither configuration need be in use.
///
/// Ends with 0 if nothing changes, with 1 if something does, and with more if there is no telling.
#[derive(Parser)]
#[command(
    name = "canonify diff",
    bin_name = "canonify diff",
    about,
    after_help = "Before a change goes live:\n  canonify diff /etc/mail/sendmail.mc new.mc\n\nWith addresses of your own, one to a \
                  line (ADDRESS [from=ADDRESS] [client=IP[=NAME]]):\n  canonify diff old.mc new.mc --corpus addresses"
)]
pub(super) struct Arguments {
    /// The configuration as it is, a .mc or a .cf
    old: PathBuf,
    /// The configuration as it is to be
    new: PathBuf,
    /// Ask about these addresses too
    #[arg(long, value_name = "FILE")]
    corpus: Vec<PathBuf>,
    /// Ask about the recipients of these logs too
    #[arg(long, value_name = "MAILLOG")]
    log: Vec<PathBuf>,
    /// Ask no more than so many questions
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    limit: usize,
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
        let difference = compare(&arguments)?;
        Ok(if difference.changed > 0 { process::FOUND } else { Sysexit::OK })
    })
}

fn compare(arguments: &Arguments) -> Result<Difference, Sysexit> {
    let (old, new) = (named(&arguments.old)?, named(&arguments.new)?);
    let mut corpus = Corpus::common();
    for file in &arguments.corpus {
        add_addresses(&mut corpus, file, &read(file)?)?;
    }
    let progress = Progress::new();
    add_logs(&mut corpus, &arguments.log, &progress)?;
    let dns = arguments.dns.choose(Dns::None)?;
    let asking = Asking {
        loading: loading(dns.dns.clone()),
        corpus,
        limit: arguments.limit,
        names: analysis::MAX_NAMES,
        threads: threads(arguments.threads),
        begin: &|what, steps| progress.begin(what, steps),
        tell: &|steps| progress.add(steps),
    };
    let difference = analysis::difference(&old, &new, asking).map_err(|error| {
        complain(&error.to_string());
        match error {
            DiffError::Unusable(_) => Sysexit::CONFIG,
            DiffError::System(_) => Sysexit::OSERR,
        }
    })?;
    drop(progress);
    dns.finish()?;
    arguments.shape.show(&difference, analysis::difference_text, analysis::difference_page)?;
    Ok(difference)
}

/// The recipients of logs, with their clients and senders, become cases.
fn add_logs(corpus: &mut Corpus, logs: &[PathBuf], progress: &Progress) -> Result<(), Sysexit> {
    progress.begin("reading the log", logs::length(logs));
    logs::events(logs, &|bytes| progress.add(bytes), &mut |event| {
        match event {
            LogEvent::Connection { client, .. } => drop(corpus.clients.insert((*client).clone())),
            LogEvent::Recipient(one) => corpus.add_logged(&one),
        }
        Ok(())
    })
}
