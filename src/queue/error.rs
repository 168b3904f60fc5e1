//! What can go wrong in the queue, and what a client is told of it.

use crate::envelope::{Note, QueueId};
use crate::schema::{EnhancedStatus, Reply};
use std::io;
use std::path::PathBuf;

/// sendmail's word for files that somebody else could have put there.
pub(super) const BOGUS: &str = "bogus file uid/gid in mqueue";

/// What is wrong with a message that must not be believed: it is put aside for a human.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{detail}")]
pub struct Distrust {
    /// What was found, for the log.
    pub detail: String,
    /// The kind of fault, in sendmail's words.
    pub reason: &'static str,
    /// What was passed over before it was found, for the log.
    pub notes: Vec<Note>,
}

impl Distrust {
    pub(super) fn new(detail: String, reason: &'static str) -> Self {
        Self { detail, reason, notes: Vec::new() }
    }

    /// Does a run end with that as a fault? Of a file that somebody else could have written, or whose body is said to be nowhere,
    /// sendmail thinks that nobody is at fault.
    pub fn is_fault(&self) -> bool {
        self.reason != BOGUS && !self.detail.is_empty()
    }
}

/// A failure of the queue. All of them are temporary for the client: the message is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The disk, or the quota, is full.
    #[error("{}: out of disk space", path.display())]
    Full {
        /// The file being written.
        path: PathBuf,
    },
    /// An identifier exists already (a clock that stepped back).
    #[error("{}: exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The message is somebody else's by now: nothing may be written or delivered under the old lease.
    #[error("{id}: lease lost")]
    LeaseLost {
        /// Which message.
        id: QueueId,
    },
    /// Anything else the file system said.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried (`cannot create`, `cannot sync`).
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What came back.
        source: io::Error,
    },
}

impl QueueError {
    /// Sorts an I/O error.
    pub fn new(action: &'static str, path: impl Into<PathBuf>, source: io::Error) -> Self {
        let path = path.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            _ => Self::Io { action, path, source },
        }
    }

    /// The reply to a client: 452 when there is no room, else 451.
    pub fn reply(&self) -> Reply {
        match self {
            Self::Full { .. } => {
                Reply::new(452, Some(EnhancedStatus(4, 3, 1)), "Insufficient disk space; try again later")
            }
            _ => Reply::new(
                451,
                Some(EnhancedStatus(4, 3, 0)),
                "Requested action aborted: local error in processing",
            ),
        }
    }
}
