//! What a process gives up before it talks to strangers.
//!
//! In: a [`Plan`]: whose rights it keeps, which files it still needs. Out: a [`Report`] of the protections that
//! are up, and of those that this system cannot give. Called once, with one thread: what is given up is given up
//! for all threads to come, and there is no way back. Never here: what a configuration says, and the log.
//!
//! - `ids`: user, group, limits, what the process leaves behind when it dies
//! - `capabilities`: all sets of them
//! - `files`: which files, ports and processes it reaches (Landlock)
//! - `system_calls`: what it may ask the kernel at all (seccomp); `filter` makes the kernel's program of it
//!
//! User, groups and capabilities must go, or nothing starts. A kernel without Landlock or seccomp is only reported.

mod capabilities;
mod files;
mod filter;
mod ids;
mod system_calls;

use crate::schema::UserIds;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// What a process keeps.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Whose rights; `None`: those of the user it has. Only root can take others.
    pub ids: Option<UserIds>,
    /// The working directory; `None`: the one it has.
    pub directory: Option<PathBuf>,
    /// Directories in which it may write, create and remove files.
    pub writable: Vec<PathBuf>,
    /// Files and directories (with all below them) that it may read. Those that do not exist are passed over.
    pub readable: Vec<PathBuf>,
}

/// One thing that can no longer happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    /// It is not root, and has no supplementary groups.
    NotRoot,
    /// No capabilities, in any set.
    NoCapabilities,
    /// No program that it executes has more rights (no_new_privs).
    NoNewPrivileges,
    /// No core dumps, and nobody of the same user may attach to it.
    NoCoreDumps,
    /// Other files than those of the plan cannot be opened (Landlock).
    Files,
    /// No TCP port can be bound (Landlock, Linux 6.7).
    Ports,
    /// No signals to others, no abstract sockets (Landlock, Linux 6.12).
    Signals,
    /// Only the system calls of the list (seccomp).
    SystemCalls,
}

impl Protection {
    /// The word for logs and for `canonify status`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotRoot => "not root",
            Self::NoCapabilities => "no capabilities",
            Self::NoNewPrivileges => "no_new_privs",
            Self::NoCoreDumps => "no core dumps",
            Self::Files => "files (Landlock)",
            Self::Ports => "ports (Landlock)",
            Self::Signals => "signals (Landlock)",
            Self::SystemCalls => "system calls (seccomp)",
        }
    }
}

/// What became of a plan.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// The protections that are up.
    pub up: Vec<Protection>,
    /// What this system does not give, and why.
    pub missing: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.up.iter().map(|protection| protection.name()).collect();
        out.write_str(&names.join(", "))
    }
}

impl Report {
    /// Notes what a protection that is not required came to.
    fn add(&mut self, protections: &[Protection], what: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.up.extend(protections),
            Err(why) => self.missing.push(format!("{what}: {why}")),
        }
    }
}

/// Only the calling thread and its children are confined. The harness of unit tests has a thread of its own.
const MOST_THREADS: usize = if cfg!(test) { 2 } else { 1 };

/// Gives up everything that the plan does not keep.
///
/// # Errors
/// When there is more than one thread, or when user, groups or capabilities cannot be given up: the process must
/// not go on.
pub fn confine(plan: &Plan) -> io::Result<Report> {
    if super::process::threads() > MOST_THREADS {
        return Err(io::Error::other("threads were started before rights were given up"));
    }
    let mut report = Report::default();
    if let Some(directory) = &plan.directory {
        std::env::set_current_dir(directory)?;
    }
    ids::limits()?;
    report.add(&[], "capability bounding set", capabilities::empty_bounding_set());
    ids::take(plan.ids)?;
    capabilities::drop_all()?;
    nix::sys::prctl::set_dumpable(false)?;
    report.up.push(Protection::NoCoreDumps);
    nix::sys::prctl::set_no_new_privs()?;
    if !super::identity::is_root() {
        report.up.insert(0, Protection::NotRoot);
    }
    report.up.extend([Protection::NoCapabilities, Protection::NoNewPrivileges]);
    files::restrict(plan, &mut report);
    report.add(&[Protection::SystemCalls], "seccomp", filter::install());
    Ok(report)
}
