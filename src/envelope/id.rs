//! Queue identifiers, and where the queue keeps a message.

use std::fmt;
use std::sync::Arc;

/// A queue identifier: 14 or more of `0-9A-Za-z`. Empty in an envelope that has none yet.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueId(Arc<[u8]>);

/// Longest name of a queue file, its two-letter prefix included, in bytes.
pub const MAX_FILE_NAME: usize = 20;

impl QueueId {
    /// An identifier from a file name (without prefix). `None` if no queue file may be called so.
    pub fn new(text: &[u8]) -> Option<Self> {
        let fits = !text.is_empty() && text.len() + 2 <= MAX_FILE_NAME;
        (fits && text.iter().all(u8::is_ascii_alphanumeric)).then(|| Self(Arc::from(text)))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// No identifier yet?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Default for QueueId {
    fn default() -> Self {
        Self(Arc::from(&b""[..]))
    }
}

impl fmt::Display for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for QueueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Which queue directory holds a message: indices into the queue's tables.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct QueueLocation {
    /// Queue group.
    pub group: u16,
    /// Directory within the group.
    pub directory: u16,
}

/// One message of the queue.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, PartialOrd, Ord)]
pub struct MessageKey {
    /// Which.
    pub id: QueueId,
    /// Where it is.
    pub location: QueueLocation,
}
