//! What the queue reads of the configuration.

use std::path::PathBuf;

/// One queue group: `QueueDirectory`, or a Q line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupOptions {
    /// Its name; `mqueue` for the default group.
    pub name: Vec<u8>,
    /// Its directory; a `*` at the end stands for all directories that begin so.
    pub path: PathBuf,
}

/// All that the queue has to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueOptions {
    /// Groups; the first is the default one.
    pub groups: Vec<GroupOptions>,
    /// QueueFileMode.
    pub file_mode: u32,
    /// SuperSafe is not False: sync before answering.
    pub sync: bool,
    /// RecipientFactor.
    pub recipient_factor: i64,
    /// ClassFactor.
    pub class_factor: i64,
    /// RetryFactor.
    pub retry_factor: i64,
    /// MinQueueAge in seconds.
    pub min_age: i64,
    /// MaxQueueAge in seconds; 0 means none.
    pub max_age: i64,
}
