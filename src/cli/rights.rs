//! What a set-group-id start may do with the group it was lent, and what only root and TrustedUser may ask for.
//!
//! The group opens the client queue, nothing else. Whether a command line may have it at all is decided by its
//! flags before any file is opened; while the configuration is read it is put aside.

use super::caller::Caller;
use super::invocation::{Invocation, Setting};
use super::messages::{log_early, syserr, tell};
use super::modes::Mode;
use super::process::complain;
use super::queue_flags::QueueRequest;
use crate::config::Config;
use crate::deliver::host_status;
use crate::logging::{Priority, say};
use crate::queue::QueueOptions;
use crate::schema::{FoundOption, MaySet, OPTIONS, Privacy, Sysexit, find_option};
use crate::sys::identity::Identity;
use crate::sys::{errno_text, identity};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Modes that work on a queue.
const QUEUE_MODES: [Mode; 7] = [
    Mode::Deliver,
    Mode::Arpanet,
    Mode::Smtp,
    Mode::QueueRun,
    Mode::PrintQueue,
    Mode::CountQueue,
    Mode::Verify,
];

/// Gives the borrowed group up for good, or puts it aside until the configuration is read. Who is not root
/// does not see the traces of a queue run.
///
/// # Errors
/// The exit status, when the rights are not what they must be.
pub(super) fn settle(invocation: &mut Invocation) -> Result<(), Sysexit> {
    if !invocation.queue.is_empty() && !invocation.debug.is_empty() && identity::real_uid() != 0 {
        tell(b"WARNING: Can not use -d with -q.  Disabling debugging.", Sysexit::OK);
        invocation.debug.clear();
    }
    match may_borrow(invocation) {
        true => put_aside(),
        false => give_up(),
    }
}

/// Puts the borrowed group aside.
///
/// # Errors
/// The exit status, when that cannot be done.
pub(super) fn put_aside() -> Result<(), Sysexit> {
    identity::put_group_aside().map_err(refused)
}

/// Gives the borrowed group up for good.
///
/// # Errors
/// The exit status, when it could still be used.
pub(super) fn give_up() -> Result<(), Sysexit> {
    identity::drop_borrowed().map_err(refused)
}

/// Takes the group up again, for the queue.
///
/// # Errors
/// The exit status, when that cannot be done.
pub(super) fn take_up() -> Result<(), Sysexit> {
    identity::take_group_up().map_err(refused)
}

fn refused(error: std::io::Error) -> Sysexit {
    complain(&format!("cannot set the group: {error}"));
    Sysexit::OSERR
}

/// May this command line have the group? Not when the caller chooses files, programs or rules with it.
fn may_borrow(invocation: &Invocation) -> bool {
    let chooses_files =
        [&invocation.cf, &invocation.traffic_log, &invocation.debug_file].into_iter().any(Option::is_some);
    QUEUE_MODES.contains(&invocation.mode) && !chooses_files && invocation.settings.iter().all(is_harmless)
}

/// Options that anyone may set, and the macros that `-p` sets as well: `r` and `s`.
fn is_harmless(setting: &Setting) -> bool {
    let is_macro = |text: &[u8]| matches!(text.first(), Some(b'r' | b's'));
    match setting {
        Setting::Macro(text) => is_macro(text),
        Setting::Letter(text) => match text.split_first() {
            Some((b'M', rest)) => is_macro(rest),
            Some((code, _)) => OPTIONS.iter().any(|row| row.code == *code && row.may_set == MaySet::Anyone),
            None => false,
        },
        Setting::Named(text) => {
            let end = text.iter().position(|byte| matches!(byte, b'=' | b'.')).unwrap_or(text.len());
            match find_option(text[..end].trim_ascii()) {
                FoundOption::Exact(row) | FoundOption::Abbreviated(row) => row.may_set == MaySet::Anyone,
                FoundOption::Ambiguous(..) | FoundOption::Unknown => false,
            }
        }
    }
}

/// What only root and TrustedUser may do, as the log names it.
#[derive(Clone, Copy)]
pub(super) enum Privileged {
    Daemon,
    RunnerDaemon,
    AliasMap,
    Quarantine,
    HostStatus,
}

impl Privileged {
    fn attempt(self) -> &'static str {
        match self {
            Self::Daemon => "run daemon",
            Self::RunnerDaemon => "start a queue runner daemon",
            Self::AliasMap => "rebuild the alias map",
            Self::Quarantine => "quarantine jobs",
            Self::HostStatus => "purge host status",
        }
    }
}

/// Is the caller root or TrustedUser?
///
/// # Errors
/// The exit status; the caller and the log have been told.
pub(super) fn require_trust(
    invocation: &Invocation,
    config: &Config,
    what: Privileged,
) -> Result<(), Sysexit> {
    let uid = identity::real_uid();
    // whoever may send in another's name (class t) may rebuild aliases as well
    let by_class = matches!(what, Privileged::AliasMap) && Caller::of_process().is_trusted(config);
    if uid == 0 || uid == config.options.trusted_user || by_class {
        return Ok(());
    }
    let attempted = format!("user {uid} attempted to {}", what.attempt());
    log_early(invocation, config, Priority::Alert, attempted.as_bytes());
    // in the background a daemon already speaks SMTP
    let text: &[u8] = match invocation.mode {
        Mode::Daemon if config.options.soft_bounce => b"450 Permission denied (real uid not trusted)\r",
        Mode::Daemon => b"550 Permission denied (real uid not trusted)\r",
        _ => b"Permission denied (real uid not trusted)",
    };
    Err(tell(text, Sysexit::USAGE))
}

/// May the caller run the queue as the command line asks?
///
/// # Errors
/// The exit status; the caller has been told.
pub(super) fn require_queue_run(
    invocation: &Invocation,
    config: &Config,
    request: &QueueRequest,
) -> Result<(), Sysexit> {
    if request.interval.is_some() {
        require_trust(invocation, config, Privileged::RunnerDaemon)?;
    }
    if invocation.quarantine.is_some() {
        require_trust(invocation, config, Privileged::Quarantine)?;
    }
    let entered = enter_queue(invocation, config);
    if !config.options.privacy_options.contains(Privacy::RESTRICT_QRUN) || identity::real_uid() == 0 {
        return entered;
    }
    let owner = queue_directory(config).map(|about| about.uid());
    match owner == Some(identity::real_uid()) {
        true => entered,
        false => Err(tell(b"You do not have permission to process the queue", Sysexit::NOPERM)),
    }
}

/// The directory that holds all queues.
pub(super) fn queue_base(config: &Config) -> PathBuf {
    QueueOptions::from_config(config).base()
}

/// May the caller go to the directory of the queue at all, and are all groups below it?
///
/// # Errors
/// The exit status; the caller and the log have been told.
pub(super) fn enter_queue(invocation: &Invocation, config: &Config) -> Result<(), Sysexit> {
    let base = queue_base(config);
    // as whom root works from then on
    let other = config.options.run_as_user.filter(|ids| ids.uid != 0 && identity::is_root());
    let assumed = other.map(|ids| Identity::bare(ids).assume()).transpose();
    let _assumed = assumed.map_err(refused)?;
    // a name below it can be looked up by whoever may go there
    if let Err(error) = std::fs::metadata(base.join(".")) {
        let text = format!("can not chdir({}/): {}", base.display(), errno_text(&error));
        let status = syserr(invocation, config, &text, Sysexit::CONFIG);
        if error.kind() == std::io::ErrorKind::PermissionDenied {
            complain("Program mode requires special privileges, e.g., root or TrustedUser.");
        }
        return Err(status);
    }
    warn_of_hosts(config, &base);
    let mut entered = Ok(());
    for group in QueueOptions::from_config(config).groups {
        if let Some(text) = group_fault(&base, &group.path) {
            entered = Err(syserr(invocation, config, &text, Sysexit::CONFIG));
        }
    }
    entered
}

/// HostStatusDirectory is of no use: mail goes on without it.
fn warn_of_hosts(config: &Config, base: &Path) {
    let Some(directory) = host_status::directory(config, base) else { return };
    let usable = std::fs::read_dir(directory);
    let named = config.options.host_status_directory.as_deref().unwrap_or_default();
    if let Err(error) = usable {
        say(&[b"Warning: Cannot use HostStatusDirectory = ", named, b": ", errno_text(&error).as_bytes()]
            .concat());
    }
}

/// What is wrong with the place of a queue group.
fn group_fault(base: &Path, path: &Path) -> Option<String> {
    let (shown, below) = (path.display(), base.display());
    if !path.starts_with(base) {
        return Some(format!("QueuePath {shown} not subpath of QueueDirectory {below}/"));
    }
    let pattern = path.as_os_str().as_encoded_bytes().ends_with(b"*");
    let error = std::fs::read_dir(path).err().filter(|_| !pattern)?;
    Some(format!("can not opendir({shown}): {}", errno_text(&error)))
}

/// What is known of the directory of the default queue group; of the one in which a pattern looks.
pub(super) fn queue_directory(config: &Config) -> Option<std::fs::Metadata> {
    std::fs::metadata(queue_base(config)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn borrows(line: &str) -> bool {
        let words = line.split(' ').map(OsString::from).collect();
        may_borrow(&Invocation::read(words, None).expect("a command line"))
    }

    #[test]
    fn the_flags_decide_whether_a_borrowed_group_stays() {
        for line in [
            "sendmail bob",
            "sendmail -t -oi -oem -odq -f ann -Fname -B8BITMIME",
            "sendmail -OLogLevel=5 -Osevenbitinput -oL9 -oMrUUCP -Mshost bob",
            "sendmail -OLogL=5 bob",
            "sendmail -bs",
            "sendmail -bp",
            "sendmail -Ac -qf",
            "sendmail -bv bob",
        ] {
            assert!(borrows(line), "{line}");
        }
    }

    #[test]
    fn whatever_lets_the_caller_choose_files_or_rules_gives_it_up() {
        for line in [
            "sendmail -C site.cf bob",
            "sendmail -bp -C",
            "sendmail -Csite.mc -bp",
            "sendmail -X log bob",
            "sendmail -D debug -d0.1 bob",
            "sendmail -bt",
            "sendmail -bd",
            "sendmail -bi",
            "sendmail -bC",
            "sendmail -bh",
            "sendmail -OQueueDirectory=/tmp bob",
            "sendmail -oQ/tmp bob",
            "sendmail -OQueueDir=/tmp bob",
            "sendmail -oA/tmp/aliases bob",
            "sendmail -oL5 -oI bob",
            "sendmail -OTimeout.queuereturn=now bob",
            "sendmail -Mxname bob",
            "sendmail -M{daemon_flags}f bob",
            "sendmail -oMwhost bob",
            "sendmail -OQueue=x bob",
            "sendmail -ONoSuchOption=1 bob",
            "sendmail -O= bob",
        ] {
            assert!(!borrows(line), "{line}");
        }
    }
}
