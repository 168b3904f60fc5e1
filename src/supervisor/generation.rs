//! A keeper and its front, which live and die together.

use super::orders::{self, Order};
use crate::sys::handover::Named;
use crate::sys::process::{Ended, Pid};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// Two processes as their supervisor knows them.
pub(super) struct Generation {
    /// `None` once it has ended.
    front: Option<Pid>,
    keeper: Option<Pid>,
    orders: UnixStream,
    begun: Instant,
}

/// Before the ids in the name of a handed-over socket of a front.
const NAME: &str = "front-";

impl Generation {
    pub(super) fn new(front: Pid, keeper: Pid, orders: UnixStream) -> Self {
        Self { front: Some(front), keeper: Some(keeper), orders, begun: Instant::now() }
    }

    /// A generation that the supervisor before this one has made.
    pub(super) fn inherited(one: Named<OwnedFd>) -> Result<Self, Named<OwnedFd>> {
        let ids = one.name.strip_prefix(NAME).and_then(|ids| ids.split_once('-'));
        let pid = |text: &str| text.parse().map(Pid::from_raw).ok().filter(|pid| pid.as_raw() > 0);
        let Some((Some(front), Some(keeper))) = ids.map(|(front, keeper)| (pid(front), pid(keeper))) else {
            return Err(one);
        };
        Ok(Self::new(front, keeper, one.socket.into()))
    }

    /// For the supervisor that comes after this one; `None` when the front has ended.
    pub(super) fn named(&self) -> Option<Named<BorrowedFd<'_>>> {
        let name = format!("{NAME}{}-{}", self.front?, self.keeper.unwrap_or(self.front?));
        Some(Named { name, socket: self.orders.as_fd() })
    }

    pub(super) fn order(&self, order: Order) {
        orders::give(&self.orders, order);
    }

    /// Notes that a process has ended: what it was, if it was one of these.
    pub(super) fn note(&mut self, ended: Ended) -> Option<&'static str> {
        let both = [(&mut self.front, "front"), (&mut self.keeper, "keeper")];
        both.into_iter().find(|(pid, _)| **pid == Some(ended.pid)).map(|(pid, what)| {
            *pid = None;
            what
        })
    }

    /// Is this its keeper?
    pub(super) fn keeps(&self, pid: Pid) -> bool {
        self.keeper == Some(pid)
    }

    /// Have both ended?
    pub(super) fn is_over(&self) -> bool {
        self.front.is_none() && self.keeper.is_none()
    }

    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// How long nothing is started after a death: not at all the first time, longer and longer when they follow
/// each other.
#[derive(Default)]
pub(super) struct Pause {
    next: Duration,
}

/// Who has lived so long has not died at its start.
const STEADY: Duration = Duration::from_secs(60);
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

impl Pause {
    /// The pause after a generation that has lived for so long.
    pub(super) fn after(&mut self, lived: Duration) -> Duration {
        let pause = if lived >= STEADY { Duration::ZERO } else { self.next };
        self.next = (pause * 2).clamp(SHORTEST, LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_forgotten() {
        let mut pause = Pause::default();
        let mut after = |lived| pause.after(Duration::from_secs(lived)).as_secs();
        let young: Vec<u64> = (0..8).map(|_| after(3)).collect();
        assert_eq!(young, [0, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!([after(3600), after(3)], [0, 1]);
    }

    #[test]
    fn names_carry_both_ids() {
        let (ours, _theirs) = UnixStream::pair().expect("descriptors");
        let before = Generation::new(Pid::from_raw(12), Pid::from_raw(11), ours);
        let name = before.named().expect("a front").name;
        let (socket, _theirs) = UnixStream::pair().expect("descriptors");
        let after = Generation::inherited(Named { name, socket: socket.into() }).expect("a generation");
        assert_eq!((after.front, after.keeper), (before.front, before.keeper));
        let (socket, _theirs) = UnixStream::pair().expect("descriptors");
        let foreign = Named { name: "smtp.socket".to_owned(), socket: socket.into() };
        assert_eq!(Generation::inherited(foreign).err().expect("no front").name, "smtp.socket");
    }
}
