//! What the queue reads of the configuration.

use crate::config::Config;
use crate::envelope::StoredEnvelope;
use crate::schema::{QueueSortOrder, SuperSafe};
use crate::sys::clock::Clock;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::time::Duration;

/// One queue group: `QueueDirectory`, or a Q line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupOptions {
    /// Its name; `mqueue` for the default group.
    pub name: Vec<u8>,
    /// Its directory; a `*` at the end stands for all directories that begin so.
    pub path: PathBuf,
}

/// QueueSortOrder.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SortOrder {
    /// By priority.
    #[default]
    Priority,
    /// By host of the first recipient, then priority.
    Host,
    /// By name; the files are not opened.
    Filename,
    /// By age.
    Time,
    /// By time of the last change; the files are not opened.
    Modification,
    /// As the directory gives them; the files are not opened.
    None,
}

impl SortOrder {
    /// Does it need nothing of the files' content?
    pub fn is_blind(self) -> bool {
        matches!(self, Self::Filename | Self::Modification | Self::None)
    }
}

/// All that the queue has to know.
#[derive(Clone, Debug)]
pub struct QueueOptions {
    /// Groups; the first is the default one.
    pub groups: Vec<GroupOptions>,
    /// QueueFileMode.
    pub file_mode: u32,
    /// TrustedUser, whose control files root believes as its own.
    pub trusted_user: u32,
    /// SuperSafe is not False: sync before answering.
    pub sync: bool,
    /// RetryFactor.
    pub retry_factor: i64,
    /// MinQueueAge.
    pub min_age: Duration,
    /// MaxQueueAge; zero means none.
    pub max_age: Duration,
    /// MaxQueueRunSize; 0 means all.
    pub max_run_size: usize,
    /// QueueSortOrder.
    pub sort_order: SortOrder,
    /// The time.
    pub clock: Clock,
}

impl Default for QueueOptions {
    /// sendmail's defaults; no group.
    fn default() -> Self {
        Self {
            groups: Vec::new(),
            file_mode: 0o600,
            trusted_user: 0,
            sync: true,
            retry_factor: 90_000,
            min_age: Duration::ZERO,
            max_age: Duration::ZERO,
            max_run_size: 0,
            sort_order: SortOrder::Priority,
            clock: Clock::System,
        }
    }
}

impl QueueOptions {
    /// Is it too young for another attempt (MinQueueAge, MaxQueueAge)?
    pub fn is_too_young(&self, envelope: &StoredEnvelope, now: i64) -> bool {
        if envelope.attempts == 0 {
            return false;
        }
        // a clock that was set back must not hold mail for ever
        let Ok(since) = u64::try_from(now - envelope.last_attempt) else { return false };
        let (since, waited) = (Duration::from_secs(since), seconds(envelope.last_attempt - envelope.created));
        since < self.min_age || (!self.max_age.is_zero() && since < waited.min(self.max_age))
    }

    /// From a loaded configuration.
    pub fn from_config(config: &Config) -> Self {
        let options = &config.options;
        let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        let default = options.queue_directory.as_deref().unwrap_or(b"mqueue");
        let mut groups: Vec<_> = (config.queue_groups.iter())
            .map(|group| GroupOptions {
                name: group.name.clone(),
                path: path(if group.path.is_empty() { default } else { &group.path }),
            })
            .collect();
        if groups.is_empty() {
            groups.push(GroupOptions { name: b"mqueue".to_vec(), path: path(default) });
        }
        Self {
            groups,
            file_mode: options.queue_file_mode,
            trusted_user: options.trusted_user,
            sync: options.super_safe != SuperSafe::No,
            retry_factor: options.retry_factor,
            min_age: seconds(options.min_queue_age),
            max_age: seconds(options.max_queue_age),
            max_run_size: options.max_queue_run_size.try_into().unwrap_or(0),
            sort_order: options.queue_sort_order.into(),
            clock: Clock::System,
        }
    }
}

/// A negative time is none.
fn seconds(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

impl From<QueueSortOrder> for SortOrder {
    fn from(order: QueueSortOrder) -> Self {
        match order {
            QueueSortOrder::FileName => Self::Filename,
            QueueSortOrder::Host => Self::Host,
            QueueSortOrder::ModTime => Self::Modification,
            QueueSortOrder::Priority => Self::Priority,
            QueueSortOrder::Time => Self::Time,
            _ => Self::None,
        }
    }
}
