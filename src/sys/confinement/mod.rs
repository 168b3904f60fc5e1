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
mod plan;
mod system_calls;

pub use plan::{Plan, Protection, Report};

use std::io;

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
