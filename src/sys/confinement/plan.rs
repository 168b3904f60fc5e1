//! What a process keeps, and what became of that.

use crate::schema::UserIds;
use std::fmt;
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
    /// The same with all below them, where it makes directories as well. Those that do not exist are passed over.
    pub trees: Vec<PathBuf>,
    /// TCP ports from which it may call out (0: any that the kernel chooses). It listens at none of them.
    pub ports: Vec<u16>,
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
    /// No other TCP port than those of the plan can be bound (Landlock, Linux 6.7).
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
    pub(super) fn add(&mut self, protections: &[Protection], what: &str, result: Result<(), String>) {
        match result {
            Ok(()) => self.up.extend(protections),
            Err(why) => self.missing.push(format!("{what}: {why}")),
        }
    }
}
