//! What the queue reads of the configuration.

use super::select::Selection;
use crate::config::Config;
use crate::schema::{QueueSortOrder, SuperSafe, span};
use crate::sys::clock::Clock;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One queue group: `QueueDirectory`, or a Q line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupOptions {
    /// Its name; `mqueue` for the default group.
    pub name: Vec<u8>,
    /// Its directory; a `*` at the end stands for all directories that begin so.
    pub path: PathBuf,
    /// F=f: each of its messages has a process of its own in sendmail, which is not heard.
    pub forks: bool,
    /// J=, or MaxQueueRunSize: messages that one run takes; 0 means all.
    pub jobs: usize,
    /// R=, or MaxRunnersPerQueue: messages of one run that are worked on at the same time. Up to 1 sets no limit here, since it is
    /// the default of sites whose runs do not wait for slow hosts.
    pub runners: usize,
    /// I=: how often it is run, where that is not what -q says.
    pub interval: Option<Duration>,
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
    /// In no order; the files are not opened.
    Random,
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
        matches!(self, Self::Filename | Self::Modification | Self::None | Self::Random)
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
    /// RequiresDirfsync: the directories as well.
    pub sync_directories: bool,
    /// QueueJournal, where anything is synced at all.
    pub journal: bool,
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
            sync_directories: true,
            journal: false,
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
    /// Is the last attempt too young for another one (MinQueueAge, MaxQueueAge)?
    pub fn is_too_young(&self, created: i64, last_attempt: i64, now: i64) -> bool {
        let (since, waited) = (now.saturating_sub(last_attempt), last_attempt.saturating_sub(created));
        let (min_age, max_age) = (whole_seconds(self.min_age), whole_seconds(self.max_age));
        // a clock that was set back must not hold mail for ever
        (since >= 0 && since < min_age) || (max_age > 0 && since < waited.min(max_age))
    }

    /// The group of this name.
    pub fn group(&self, name: &[u8]) -> Option<u16> {
        u16::try_from(self.groups.iter().position(|group| group.name == name)?).ok()
    }

    /// The groups that a selection looks at.
    pub fn groups_of(&self, selection: &Selection) -> Vec<u16> {
        let all = 0..u16::try_from(self.groups.len()).unwrap_or(u16::MAX);
        all.filter(|group| selection.group.is_none_or(|only| only == *group)).collect()
    }

    /// Does a process of its own run the groups of this selection (F=f)?
    pub fn forks(&self, selection: &Selection) -> bool {
        let forks = |group: u16| self.groups.get(usize::from(group)).is_some_and(|group| group.forks);
        self.groups_of(selection).into_iter().any(forks)
    }

    /// Messages that one run of a group takes.
    pub fn jobs(&self, group: u16) -> usize {
        match self.groups.get(usize::from(group)).map_or(0, |group| group.jobs) {
            0 => usize::MAX,
            jobs => jobs,
        }
    }

    /// The directory that holds all queues: that of the default group, or the one in which its pattern looks.
    pub fn base(&self) -> PathBuf {
        let path = self.groups.first().map(|group| group.path.clone()).unwrap_or_default();
        match path.as_os_str().as_encoded_bytes().ends_with(b"*") {
            true => path.parent().map(Path::to_owned).unwrap_or_default(),
            false => path,
        }
    }

    /// From a loaded configuration.
    pub fn from_config(config: &Config) -> Self {
        let options = &config.options;
        let path = |bytes: &[u8]| PathBuf::from(OsString::from_vec(bytes.to_vec()));
        let default = options.queue_directory.as_deref().unwrap_or(b"mqueue");
        let mut groups: Vec<_> = (config.queue_groups.iter())
            .map(|group| GroupOptions {
                name: group.name.clone(),
                forks: group.flags.contains(&b'f'),
                path: path(if group.path.is_empty() { default } else { &group.path }),
                jobs: group.jobs.try_into().unwrap_or(0),
                runners: group.runners.try_into().unwrap_or(0),
                interval: group.interval.map(span).filter(|interval| !interval.is_zero()),
            })
            .collect();
        if groups.is_empty() {
            groups.push(GroupOptions {
                name: b"mqueue".to_vec(),
                path: path(default),
                jobs: options.max_queue_run_size.try_into().unwrap_or(0),
                runners: options.max_runners_per_queue.try_into().unwrap_or(0),
                ..GroupOptions::default()
            });
        }
        Self {
            groups,
            file_mode: options.queue_file_mode,
            trusted_user: options.trusted_user,
            sync: options.super_safe != SuperSafe::No,
            sync_directories: options.requires_dirfsync,
            journal: options.queue_journal && options.super_safe != SuperSafe::No,
            retry_factor: options.retry_factor,
            min_age: span(options.min_queue_age),
            max_age: span(options.max_queue_age),
            max_run_size: options.max_queue_run_size.try_into().unwrap_or(0),
            sort_order: options.queue_sort_order.into(),
            clock: Clock::System,
        }
    }
}

fn whole_seconds(time: Duration) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

impl From<QueueSortOrder> for SortOrder {
    fn from(order: QueueSortOrder) -> Self {
        match order {
            QueueSortOrder::FileName => Self::Filename,
            QueueSortOrder::Host => Self::Host,
            QueueSortOrder::ModTime => Self::Modification,
            QueueSortOrder::Priority => Self::Priority,
            QueueSortOrder::Random => Self::Random,
            QueueSortOrder::Time => Self::Time,
            _ => Self::None,
        }
    }
}
