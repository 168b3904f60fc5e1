//! What a keeper tells its supervisor: who it is, who its front is, and how that has ended. Its own end shows
//! as the end of the connection.
//!
//! The supervisor has no other way to know: neither process is its child. Whoever watches a daemon (init
//! scripts, monitoring) takes a child of sendmail's daemon for a session or a delivery under way.

use crate::sys::process::{self, End, Pid};
use nix::sys::signal::Signal;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// A letter and a number.
const LENGTH: usize = 5;
/// A keeper that lives says who it is in less time.
const BIRTH_TIMEOUT: Duration = Duration::from_secs(10);

/// One piece of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Word {
    Keeper(Pid),
    Front(Pid),
    FrontEnded(End),
}

impl Word {
    fn bytes(self) -> [u8; LENGTH] {
        let (letter, number) = match self {
            Self::Keeper(pid) => (b'k', pid.as_raw()),
            Self::Front(pid) => (b'f', pid.as_raw()),
            Self::FrontEnded(End::Status(status)) => (b'e', status),
            Self::FrontEnded(End::Signal(signal)) => (b's', signal as i32),
        };
        let [a, b, c, d] = number.to_be_bytes();
        [letter, a, b, c, d]
    }

    fn parse([letter, number @ ..]: [u8; LENGTH]) -> Option<Self> {
        let number = i32::from_be_bytes(number);
        Some(match letter {
            b'k' => Self::Keeper(Pid::from_raw(number)),
            b'f' => Self::Front(Pid::from_raw(number)),
            b'e' => Self::FrontEnded(End::Status(number)),
            b's' => Self::FrontEnded(End::Signal(Signal::try_from(number).ok()?)),
            _ => return None,
        })
    }
}

/// The keeper's end.
pub(super) struct Teller(UnixStream);

impl Teller {
    pub(super) fn new(socket: UnixStream) -> Self {
        Self(socket)
    }

    fn tell(&self, word: Word) {
        // a supervisor that is gone need not know
        let _ = (&self.0).write_all(&word.bytes());
    }

    /// Both processes are there.
    pub(super) fn tell_birth(&self, front: Pid) {
        self.tell(Word::Keeper(Pid::this()));
        self.tell(Word::Front(front));
    }

    /// Waits for the front's end, and tells of it.
    pub(super) fn watch(self, front: Pid) {
        if let Some(end) = process::end_of(front) {
            self.tell(Word::FrontEnded(end));
        }
    }
}

/// What is heard after the birth.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Heard {
    /// The front has ended so.
    FrontEnded(End),
    /// The keeper has.
    End,
}

fn read(mut socket: &UnixStream) -> io::Result<Option<Word>> {
    let mut bytes = [0; LENGTH];
    socket.read_exact(&mut bytes)?;
    Ok(Word::parse(bytes))
}

/// Waits for the ids of keeper and front; from then on the socket is for [`hear`].
///
/// # Errors
/// They are not there.
pub(super) fn hear_birth(socket: &UnixStream) -> io::Result<(Pid, Pid)> {
    socket.set_read_timeout(Some(BIRTH_TIMEOUT))?;
    let (Some(Word::Keeper(keeper)), Some(Word::Front(front))) = (read(socket)?, read(socket)?) else {
        return Err(io::ErrorKind::InvalidData.into());
    };
    socket.set_nonblocking(true)?;
    Ok((keeper, front))
}

/// What there is to hear now.
pub(super) fn hear(socket: &UnixStream) -> Option<Heard> {
    match read(socket) {
        Ok(Some(Word::FrontEnded(end))) => Some(Heard::FrontEnded(end)),
        Ok(_) => None,
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(_) => Some(Heard::End),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_heard() {
        let (ours, theirs) = UnixStream::pair().expect("descriptors");
        let (teller, front) = (Teller::new(theirs), Pid::from_raw(70_000));
        teller.tell_birth(front);
        assert_eq!(hear_birth(&ours).expect("both"), (Pid::this(), front));
        assert_eq!(hear(&ours), None);
        let ends = [End::Status(71), End::Signal(Signal::SIGKILL)];
        for end in ends {
            teller.tell(Word::FrontEnded(end));
            assert_eq!(hear(&ours), Some(Heard::FrontEnded(end)));
        }
        drop(teller);
        assert_eq!(hear(&ours), Some(Heard::End));
    }

    #[test]
    fn without_a_birth_there_is_an_error() {
        let (ours, theirs) = UnixStream::pair().expect("descriptors");
        drop(theirs);
        assert!(hear_birth(&ours).is_err());
    }
}
