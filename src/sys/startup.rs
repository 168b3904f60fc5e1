//! What whoever starts the program may have set up for it: descriptors, umask, limits, signals, environment.
//!
//! A program that lends its caller rights must not take its surroundings from that caller. All this happens
//! before the first file is opened and before any thread exists.

use super::{ffi, handover, identity};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use std::ffi::{OsStr, OsString};
use std::sync::OnceLock;

/// Limits that a caller may have lowered: with them a file of the queue would end in the middle. (Open files: `limits`.)
const LIMITS: [Resource; 5] = [
    Resource::RLIMIT_FSIZE,
    Resource::RLIMIT_CPU,
    Resource::RLIMIT_DATA,
    Resource::RLIMIT_AS,
    Resource::RLIMIT_NPROC,
];

/// What the process itself still reads once the rest of a set-group-id start's environment is gone.
const KEPT: [&str; 2] = ["PATH", "TZ"];

/// The environment as the caller made it, where it was taken away from the process.
static CALLERS: OnceLock<Vec<(OsString, OsString)>> = OnceLock::new();

/// Makes the surroundings the program's own. The first thing that it does; no thread runs yet.
pub fn own_surroundings() {
    let _ = nix::unistd::alarm::cancel();
    identity::note_start();
    umask(Mode::from_bits_truncate(0o022));
    // root borrows nothing, and a daemon of root's that executes itself again is handed what it needs
    let borrowed = identity::is_privileged_start() && identity::real_uid() != 0;
    // what a daemon holds back while it executes itself must not end it now
    let held_back = !borrowed && handover::is_successor();
    // sendmail's state dump is not for whoever may signal a process with borrowed rights
    ffi::own_signals(if borrowed { &[nix::libc::SIGUSR1] } else { &[] }, held_back);
    for limit in LIMITS {
        if let Ok((_, most)) = getrlimit(limit) {
            // what cannot be raised stays, and an error tells when it is reached
            let _ = setrlimit(limit, most, most);
        }
    }
    if borrowed {
        ffi::close_from(3);
        clear_environment();
    }
}

/// E lines and NAME may still ask for what the caller said; nothing else hears of it.
fn clear_environment() {
    let callers: Vec<_> = std::env::vars_os().collect();
    for (name, _) in &callers {
        if !KEPT.iter().any(|kept| name == kept) {
            ffi::remove_variable(name);
        }
    }
    // a second start in one process does not happen
    let _ = CALLERS.set(callers);
}

/// A variable as the caller set it.
pub fn callers_variable(name: &OsStr) -> Option<OsString> {
    match CALLERS.get() {
        Some(callers) => callers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()),
        None => std::env::var_os(name),
    }
}
