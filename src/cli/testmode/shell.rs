//! What the shell keeps from one command to the next.

use super::console::Console;
use super::kept::Debugging;
use super::late::{LateRuntime, LateSite};
use crate::engine::{Machine, Scope};
use crate::rewrite::AddressKind;

/// The shell between two commands.
pub(super) struct Shell {
    /// Configuration, rules and maps, made when a command needs them.
    pub site: LateSite,
    pub scope: Scope,
    pub console: Console,
    /// What `/tryflags` says.
    pub kind: AddressKind,
    pub runtime: LateRuntime,
    pub machine: Machine,
    pub verbosity: u8,
    /// Addresses in headers may be parted by blanks: until one is seen that shows otherwise.
    pub old_style: bool,
    /// The full name of the first sender who had an account.
    pub full_name: Vec<u8>,
    /// At a terminal: breakpoints, and the last run that was kept.
    pub debugging: Option<Debugging>,
    /// `/quit` has been read.
    pub over: bool,
}

impl Shell {
    /// Before the first command.
    pub fn new(site: LateSite, old_style: bool, console: Console, verbosity: u8) -> Self {
        Self {
            site,
            scope: Scope::default(),
            console,
            kind: AddressKind::RECIPIENT,
            runtime: LateRuntime::default(),
            machine: Machine::new(),
            verbosity,
            old_style,
            full_name: Vec::new(),
            debugging: None,
            over: false,
        }
    }
}
