//! `canonify try`: the whole program in one demonstration.
//!
//! In a scratch directory, as the calling user, on loopback ports: expand `examples/site.mc`, start
//! the daemon on the result, send four messages through it and look where each one ended.
//! In: flags. Out: a report on stdout; exit status 0 only if all of that happened.
//! Never here: anything outside the scratch directory, the network, name servers, root.
//!
//! Files in the order of events: `scratch` (where it all lies), `site` (the scratch site and its daemon), `sink` (the partner's
//! receiving server), `dialogue` (the client side of SMTP), `steps` (the four messages), `report`.

mod dialogue;
mod report;
mod scratch;
mod sink;
mod site;
mod steps;

use anyhow::Context;
use clap::Parser;
use report::Report;
use site::Site;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Show canonify at work: one site, four messages, nothing outside a scratch directory.
///
/// Expands an example sendmail.mc, starts the daemon on it (as you, on loopback ports of its own), sends
/// four messages through it and shows for each what the rules answer, the SMTP session and where it landed:
/// a local user, an alias behind a virtual address, a partner's domain with a route of its own, and a
/// stranger who may not relay. It needs neither root nor network nor a name server, and takes a second.
#[derive(Parser)]
#[command(name = "canonify try", bin_name = "canonify try", version, after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Leave the daemon running and the directory in place, and say how to talk to it
    #[arg(long)]
    keep: bool,
    /// Use this empty or new directory instead of one in $XDG_RUNTIME_DIR, ~/.cache, $HOME or $TMPDIR
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  canonify try                    the demonstration; exit status 0 if all went as it should
  canonify try --keep             the same, then the daemon goes on and waits for you
  canonify try --keep --dir site  in a directory that you choose, to look at and change";

/// Entry of the personality.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(args) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 64 } else { 0 });
        }
    };
    let mut report = Report::to_stdout();
    match demonstrate(&arguments, &mut report) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            report.failure(&format!("{error:#}"));
            ExitCode::from(70)
        }
    }
}

fn demonstrate(arguments: &Arguments, report: &mut Report) -> anyhow::Result<bool> {
    if crate::sys::loopback::ensure().context("there is no loopback network to show anything on")? {
        report.note("(this machine has no loopback network; the demonstration has one of its own)");
    }
    let sink = sink::Sink::start()?;
    let mut site = Site::prepare(arguments.dir.clone(), sink.port(), report)?;
    let outcome = site.start_daemon(report).and_then(|()| steps::run_all(&site, &sink, report));
    let good = match outcome {
        Ok(good) => good,
        Err(error) => {
            report.failure(&format!("{error:#}"));
            false
        }
    };
    if !good {
        report.block("the daemon's log", &site.log());
    }
    report.verdict(good);
    if arguments.keep {
        site.keep(report);
        sink.serve_until_interrupted();
    } else {
        site.stop_and_remove(report)?;
        site.say_what_next(report);
    }
    Ok(good)
}
