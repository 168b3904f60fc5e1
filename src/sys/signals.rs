//! Signals of a process with a single thread: waited for like anything else, and never in the midst of something.

use super::ffi;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, SigmaskHow, sigprocmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

pub use nix::sys::signal::Signal;

/// Signals that wait until somebody asks for them. They stay held back across an exec, so that the program that
/// takes this one's place misses none; when this is dropped they have their usual effect again.
pub struct Signals {
    set: SigSet,
    queue: SignalFd,
}

impl Signals {
    /// Holds these back from now on.
    ///
    /// # Errors
    /// When the system has no descriptors left.
    pub fn hold(signals: &[Signal]) -> io::Result<Self> {
        let set: SigSet = signals.iter().copied().collect();
        sigprocmask(SigmaskHow::SIG_BLOCK, Some(&set), None)?;
        let queue = SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        Ok(Self { set, queue })
    }

    /// The next one that has come; waits for one until `limit` is over, or for ever, or until one of `others`
    /// can be read.
    pub fn next(&self, limit: Option<Duration>, others: &[BorrowedFd<'_>]) -> Option<Signal> {
        let wait = match limit {
            None => PollTimeout::NONE,
            Some(limit) => PollTimeout::try_from(limit).unwrap_or(PollTimeout::MAX),
        };
        let asked = others.iter().copied().chain([self.queue.as_fd()]);
        let mut asked: Vec<PollFd<'_>> = asked.map(|fd| PollFd::new(fd, PollFlags::POLLIN)).collect();
        // what ends the wait early makes the caller look at its clock once more
        let _ = poll(&mut asked, wait);
        let come = self.queue.read_signal().ok()??;
        Signal::try_from(come.ssi_signo as i32).ok()
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&self.set), None);
    }
}

/// These are of no account to this process from now on. Programs that it runs have them as usual.
pub fn ignore(signals: &[Signal]) {
    for signal in signals {
        ffi::ignore(*signal as i32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_signal_the_wait_ends() {
        // SIGWINCH is nobody's business in a test
        let signals = Signals::hold(&[Signal::SIGWINCH]).expect("a descriptor");
        assert_eq!(signals.next(Some(Duration::ZERO), &[]), None);
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().expect("descriptors");
        drop(theirs);
        assert_eq!(signals.next(None, &[ours.as_fd()]), None);
        nix::sys::signal::raise(Signal::SIGWINCH).expect("ourselves");
        assert_eq!(signals.next(Some(Duration::from_secs(5)), &[]), Some(Signal::SIGWINCH));
    }
}
