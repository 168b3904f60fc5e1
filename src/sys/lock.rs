//! flock(2), the lock that sendmail's queue, maps and mailboxes use on Linux.

use nix::errno::Errno;
use nix::libc;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

/// What a lock lets others do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Others may read as well.
    Shared,
    /// Nobody else.
    Exclusive,
}

impl Kind {
    fn operation(self) -> i32 {
        match self {
            Self::Shared => libc::LOCK_SH,
            Self::Exclusive => libc::LOCK_EX,
        }
    }
}

/// Takes a lock and waits for it. It ends with the last descriptor of the open file.
///
/// # Errors
/// When the file system has no locks, or no more of them.
pub fn wait(file: &File, kind: Kind) -> io::Result<()> {
    loop {
        match super::ffi::flock(file.as_raw_fd(), kind.operation()) {
            Err(Errno::EINTR) => {}
            other => return other.map_err(io::Error::from),
        }
    }
}

/// Takes a lock if it is free; `false` when somebody else has it.
///
/// # Errors
/// As [`wait`].
pub fn take(file: &File, kind: Kind) -> io::Result<bool> {
    match super::ffi::flock(file.as_raw_fd(), kind.operation() | libc::LOCK_NB) {
        Ok(()) => Ok(true),
        Err(Errno::EWOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Gives a lock back while the file stays open.
///
/// # Errors
/// As [`wait`].
pub fn release(file: &File) -> io::Result<()> {
    super::ffi::flock(file.as_raw_fd(), libc::LOCK_UN).map_err(io::Error::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exclusive_lock_excludes() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("file");
        let first = File::create(&path).expect("a file");
        let second = File::open(&path).expect("the file");
        assert!(take(&first, Kind::Exclusive).expect("a lock"));
        assert!(!take(&second, Kind::Shared).expect("an answer"));
        drop(first);
        assert!(take(&second, Kind::Shared).expect("a lock"));
    }
}
