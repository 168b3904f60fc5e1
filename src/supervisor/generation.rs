//! A keeper and its front, which live and die together.

use super::news::{self, Heard};
use super::orders::{self, Order, Word};
use crate::sys::handover::Named;
use crate::sys::process::{End, Pid};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};
use std::{fmt, io};

/// Two processes as their supervisor knows them.
pub(super) struct Generation {
    /// `None` once it has ended.
    front: Option<Pid>,
    /// With what it tells of both; `None` once it has ended.
    keeper: Option<(Pid, UnixStream)>,
    orders: UnixStream,
    /// Nobody is at the other end of the orders any more.
    deaf: bool,
    /// Has the front ever said that it works?
    pub(super) proven: bool,
    begun: Instant,
}

/// One of them is no more.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ended {
    /// `front` or `keeper`.
    pub(super) what: &'static str,
    pub(super) pid: Pid,
    /// `None`: nobody has seen it.
    pub(super) how: Option<End>,
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (pid {}) ", self.what, self.pid)?;
        match self.how {
            Some(how) => how.fmt(formatter),
            None => formatter.write_str("died"),
        }
    }
}

/// Before the ids in the names of handed-over sockets: a front's orders, a keeper's news.
const NAMES: [&str; 2] = ["front-", "keeper-"];

impl Generation {
    /// One that has just been forked.
    ///
    /// # Errors
    /// It was not born.
    pub(super) fn born(orders: UnixStream, news: UnixStream) -> io::Result<Self> {
        let (keeper, front) = news::hear_birth(&news)?;
        orders.set_nonblocking(true)?;
        let keeper = Some((keeper, news));
        Ok(Self { front: Some(front), keeper, orders, deaf: false, proven: false, begun: Instant::now() })
    }

    /// Those that the supervisor before this one has made; what is left are other sockets.
    pub(super) fn inherited(sockets: Vec<Named<OwnedFd>>) -> (Vec<Self>, Vec<Named<OwnedFd>>) {
        let (mut fronts, mut keepers, mut others) = (Vec::new(), Vec::new(), Vec::new());
        for one in sockets {
            match NAMES.map(|name| ids(one.name.strip_prefix(name)?)) {
                [Some(ids), _] => fronts.push((ids, one.socket)),
                [_, Some(ids)] => keepers.push((ids, one.socket)),
                _ => others.push(one),
            }
        }
        let mut keeper_of = |both| {
            let at = keepers.iter().position(|(ids, _)| *ids == both)?;
            let ((_, keeper), socket) = keepers.swap_remove(at);
            Some((keeper, socket.into()))
        };
        let generations = fronts.into_iter().map(|(both, orders)| Self {
            front: Some(both.0),
            keeper: keeper_of(both),
            orders: orders.into(),
            deaf: false,
            proven: true,
            begun: Instant::now(),
        });
        (generations.collect(), others)
    }

    /// For the supervisor that comes after this one; nothing when the front has ended.
    pub(super) fn named(&self) -> impl Iterator<Item = Named<BorrowedFd<'_>>> {
        let keeper = self.keeper.as_ref();
        let ids = self.front.map(|front| format!("{front}-{}", keeper.map_or(front, |(pid, _)| *pid)));
        let sockets = [Some(&self.orders), keeper.map(|(_, news)| news)];
        NAMES.iter().zip(sockets).filter_map(move |(name, socket)| {
            Some(Named { name: format!("{name}{}", ids.as_ref()?), socket: socket?.as_fd() })
        })
    }

    pub(super) fn order(&self, order: &Order) {
        orders::give(&self.orders, order);
    }

    /// What can be read when there is news.
    pub(super) fn watched(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let news = self.keeper.as_ref().map(|(_, news)| news);
        news.into_iter().chain((!self.deaf).then_some(&self.orders)).map(AsFd::as_fd)
    }

    /// What the front has said since it was listened to last.
    pub(super) fn heard(&mut self) -> Vec<Word> {
        if self.deaf {
            return Vec::new();
        }
        let heard = orders::heard(&self.orders);
        self.deaf = heard.is_none();
        heard.unwrap_or_default()
    }

    /// Which one has ended since this was asked last.
    pub(super) fn ended(&mut self) -> Option<Ended> {
        match &self.keeper {
            Some((pid, news)) => match news::hear(news)? {
                Heard::FrontEnded(how) => {
                    let pid = self.front.take()?;
                    Some(Ended { what: "front", pid, how: Some(how) })
                }
                Heard::End => {
                    let pid = *pid;
                    self.keeper = None;
                    Some(Ended { what: "keeper", pid, how: None })
                }
            },
            None if self.front.is_some() && (self.deaf || orders::heard(&self.orders).is_none()) => {
                self.deaf = true;
                Some(Ended { what: "front", pid: self.front.take()?, how: None })
            }
            None => None,
        }
    }

    /// Have both ended?
    pub(super) fn is_over(&self) -> bool {
        self.front.is_none() && self.keeper.is_none()
    }

    pub(super) fn age(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Front and keeper out of a name.
fn ids(text: &str) -> Option<(Pid, Pid)> {
    let (front, keeper) = text.split_once('-')?;
    let pid = |text: &str| text.parse().map(Pid::from_raw).ok().filter(|pid| pid.as_raw() > 0);
    Some((pid(front)?, pid(keeper)?))
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

    fn pair(front: i32, keeper: i32) -> (Generation, UnixStream) {
        let (orders, heard) = UnixStream::pair().expect("descriptors");
        let (news, _) = UnixStream::pair().expect("descriptors");
        let [front, keeper] = [front, keeper].map(Pid::from_raw);
        let keeper = Some((keeper, news));
        let generation = Generation {
            front: Some(front),
            keeper,
            orders,
            deaf: false,
            proven: false,
            begun: Instant::now(),
        };
        (generation, heard)
    }

    #[test]
    fn names_carry_both_ids() {
        let (before, _heard) = pair(12, 11);
        let owned = |one: Named<BorrowedFd<'_>>| Named {
            name: one.name,
            socket: one.socket.try_clone_to_owned().expect("a descriptor"),
        };
        let mut sockets: Vec<_> = before.named().map(owned).collect();
        assert_eq!(sockets.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["front-12-11", "keeper-12-11"]);
        sockets.push(Named {
            name: "smtp.socket".to_owned(),
            socket: before.orders.try_clone().expect("a descriptor").into(),
        });
        let (after, others) = Generation::inherited(sockets);
        assert_eq!((after.len(), others.len()), (1, 1));
        assert_eq!(others[0].name, "smtp.socket");
        let ids = |one: &Generation| (one.front, one.keeper.as_ref().map(|(pid, _)| *pid));
        assert_eq!(ids(&after[0]), ids(&before));
    }

    #[test]
    fn both_ends_are_seen_without_a_word() {
        let (mut generation, heard) = pair(12, 11);
        let said = |generation: &mut Generation| generation.ended().map(|ended| ended.to_string());
        assert_eq!(said(&mut generation).as_deref(), Some("keeper (pid 11) died"));
        generation.orders.set_nonblocking(true).expect("a socket");
        assert_eq!(said(&mut generation), None);
        drop(heard);
        assert_eq!(said(&mut generation).as_deref(), Some("front (pid 12) died"));
        assert!(generation.is_over());
    }
}
