//! What a supervisor leaves to the one that takes its place at SIGHUP: the same process executes the program
//! again, with its listening sockets and the fronts that are still at work.

use super::generation::Generation;
use super::sockets::Listening;
use crate::sys::handover::{self, Named};
use crate::sys::identity;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

/// What this process was started with.
#[derive(Default)]
pub struct Inheritance {
    /// Is this process a supervisor's successor, which is in the background already?
    pub restarted: bool,
    pub(super) sockets: Vec<Named<OwnedFd>>,
    pub(super) generations: Vec<Generation>,
}

impl Inheritance {
    /// Takes it, from an earlier supervisor or from systemd. To be called once, before anything is opened. A
    /// set-group-id start takes nothing: its caller chose what it was started with.
    pub fn take() -> Self {
        if identity::is_privileged_start() {
            return Self::default();
        }
        let restarted = handover::is_successor();
        let (generations, sockets) = Generation::inherited(handover::inherited());
        // none but a supervisor leaves generations
        Self { restarted, sockets, generations: if restarted { generations } else { Vec::new() } }
    }
}

/// Executes the program again. Comes back only with the reason why that was not possible.
pub(super) fn leave<'a>(
    argv: &[Vec<u8>],
    listening: &'a [Listening],
    generations: impl Iterator<Item = &'a Generation>,
) -> io::Error {
    let name = |one: &Listening| {
        let letters = one.port.name.iter().filter(|byte| byte.is_ascii_alphanumeric());
        letters.map(|byte| char::from(*byte)).collect()
    };
    let listening = listening.iter().map(|one| Named { name: name(one), socket: one.socket.as_fd() });
    let sockets: Vec<_> = listening.chain(generations.flat_map(Generation::named)).collect();
    handover::execute(argv, &sockets)
}
