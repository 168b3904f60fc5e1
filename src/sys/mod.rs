//! The only way to ids, accounts, locks, processes, the clock and files that must be trusted.
//!
//! In: paths, names, identities. Out: open files, accounts, child processes, typed refusals.
//! Never here: what mail is. Unsafe code is confined to `ffi` and `pam`, each block with its reason.
//!
//! - [`clock`]: epoch seconds, with a fixed one for tests
//! - [`accounts`]: passwd and group through NSS
//! - [`identity`]: other users' ids for one thread, behind a guard that cannot be forgotten
//! - [`confinement`]: what a process that talks to strangers gives up for good
//! - [`lock`]: locks that other programs respect
//! - [`safe`]: files opened only after the checks of DontBlameSendmail
//! - [`shared_lines`]: a file of lines to which several processes add
//! - [`shared_sync`]: one sync of a directory for all who wait
//! - [`process`]: fork before any thread; programs under an identity
//! - [`limits`]: how much of the kernel's things a process may have
//! - [`first_line()`]: what a program answers
//! - [`loopback`]: a network to talk to oneself
//! - [`memory`]: files that are nowhere on disk
//! - [`notify`]: what systemd is told
//! - [`opener`]: who opens files that this process may not
//! - [`ownership`]: files given to another user
//! - [`random`]: bytes that nobody can guess
//! - [`pam`]: one password, asked about in a process of its own
//! - [`passing`]: descriptors over a UNIX socket
//! - [`handover`]: sockets that a process is started with, and leaves to its successor
//! - [`root`]: a system below a directory, as an installer changes it
//! - [`signals`]: signals of a process with one thread
//! - [`startup`]: surroundings that a caller chose are given up
//! - [`terminal`]: passwords, asked for at a terminal
//! - [`title`]: what `ps` shows

#[allow(unsafe_code)] // one of two files that may: see each SAFETY comment
mod ffi;

pub mod accounts;
pub mod clock;
pub mod confinement;
mod first_line;
pub mod handover;
pub mod identity;
pub mod limits;
pub mod load;
pub mod lock;
pub mod loopback;
pub mod memory;
pub mod nice;
pub mod notify;
pub mod opener;
pub mod ownership;
#[allow(unsafe_code)] // the other one: C libraries of the site's choice
pub mod pam;
pub mod passing;
pub mod process;
pub mod random;
pub mod root;
pub mod rooted;
pub mod safe;
pub mod shared_lines;
pub mod shared_sync;
pub mod signals;
pub mod startup;
pub mod terminal;
pub mod title;
pub mod zone;

pub use first_line::{ANSWER_TIMEOUT, first_line, first_line_about};

/// A system call with small numbers and null pointers, as an attacker would make it.
///
/// # Errors
/// What the kernel, or whatever stands before it, says.
#[cfg(test)]
pub fn attempt(number: i64, numbers: [i32; 4]) -> std::io::Result<i64> {
    Ok(ffi::attempt(number, numbers)?)
}

/// strerror's words for an error, without Rust's number behind them.
pub fn errno_text(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        // files that are in memory only have no errno
        None if error.kind() == std::io::ErrorKind::NotFound => "No such file or directory".to_owned(),
        None => text,
    }
}
