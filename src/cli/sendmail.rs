//! The sendmail personality: one command line, one mode, one row of [`ACTIONS`].

use super::invocation::{Invocation, Refusal};
use super::modes::Mode;
use super::{daemon, hoststat, mailq, newaliases, queue_run, rights, site, smtp, submit, testmode, verify};
use crate::logging::say;
use crate::schema::{OPTIONS, Sysexit};
use crate::sys::startup;
use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

/// What a mode runs.
pub struct Action {
    /// The mode.
    pub mode: Mode,
    /// Does it; the diagnostics are already written when it returns.
    pub run: fn(&Invocation) -> Sysexit,
}

/// One row per mode of operation.
pub const ACTIONS: &[Action] = &[
    Action { mode: Mode::Test, run: testmode::run },
    Action { mode: Mode::InitAliases, run: newaliases::run },
    Action { mode: Mode::PrintQueue, run: mailq::run },
    Action { mode: Mode::CountQueue, run: mailq::count },
    Action { mode: Mode::HostStatus, run: hoststat::print },
    Action { mode: Mode::PurgeStatus, run: hoststat::purge },
    Action { mode: Mode::Deliver, run: submit::run },
    Action { mode: Mode::Arpanet, run: submit::run },
    Action { mode: Mode::QueueRun, run: queue_run::run },
    Action { mode: Mode::Daemon, run: daemon::run },
    Action { mode: Mode::DaemonForeground, run: daemon::run },
    Action { mode: Mode::Smtp, run: smtp::run },
    Action { mode: Mode::Verify, run: verify::run },
    Action { mode: Mode::CheckConfig, run: check_config },
    Action { mode: Mode::ListOptions, run: list_options },
];

/// `-bC`: what is wrong has been printed when the configuration is loaded; then the queue is looked for.
fn check_config(invocation: &Invocation) -> Sysexit {
    match site::load_site(invocation) {
        Ok(loaded) if loaded.exit.is_ok() => {
            rights::enter_queue(invocation, &loaded.config).err().unwrap_or(Sysexit::OK)
        }
        Ok(_) => Sysexit::CONFIG,
        Err(status) => status,
    }
}

/// `-bO`: the names of sendmail's options, an empty one where an option has none. No configuration is read.
fn list_options(_: &Invocation) -> Sysexit {
    let theirs = OPTIONS.iter().filter(|row| !row.is_own());
    theirs.for_each(|row| say(row.name.as_bytes()));
    Sysexit::OK
}

fn unsupported_mode() -> Sysexit {
    Refusal(b"This mode of operation is not supported".to_vec(), Sysexit::UNAVAILABLE).report()
}

/// Modes that argv[0] stands for.
const NAMES: &[(&str, Mode)] = &[
    ("newaliases", Mode::InitAliases),
    ("mailq", Mode::PrintQueue),
    ("smtpd", Mode::Daemon),
    ("hoststat", Mode::HostStatus),
    ("purgestat", Mode::PurgeStatus),
];

/// Entry of the personality and of its other names.
pub fn main(args: Vec<OsString>) -> ExitCode {
    startup::own_surroundings();
    let name = args.first().and_then(|word| Path::new(word).file_name()).unwrap_or_default();
    let mode = NAMES.iter().find(|(known, _)| name == *known).map(|(_, mode)| *mode);
    let status = match Invocation::read(args, mode) {
        Ok(mut invocation) => match rights::settle(&mut invocation) {
            Ok(()) => dispatch(&invocation),
            Err(status) => status,
        },
        Err(refusal) => refusal.report(),
    };
    ExitCode::from(u8::try_from(status.0).unwrap_or(70))
}

fn dispatch(invocation: &Invocation) -> Sysexit {
    match ACTIONS.iter().find(|row| row.mode == invocation.mode) {
        Some(row) => (row.run)(invocation),
        None => unsupported_mode(),
    }
}
