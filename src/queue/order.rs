//! QueueSortOrder: the order of a listing and of a run, and the next few of it.

use super::entry::{Entry, UNSAID_PRIORITY};
use super::fault::Fault;
use super::options::{QueueOptions, SortOrder};
use crate::envelope::MessageKey;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Where a message stands in an order. No two messages have the same.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct OrderKey {
    host: Vec<u8>,
    first: i64,
    second: i64,
    /// Which message.
    pub key: MessageKey,
}

impl OrderKey {
    /// The place of a message in `order`; equal ones by name. One that does not say its priority comes last.
    pub fn new(order: SortOrder, entry: &Entry) -> Self {
        let summary = &entry.summary;
        let priority = summary.priority.unwrap_or(UNSAID_PRIORITY);
        let created = summary.created.unwrap_or(0);
        let (host, first, second) = match order {
            SortOrder::Priority => (Vec::new(), priority, 0),
            SortOrder::Host => (reversed_host(entry), i64::from(!entry.locked), priority),
            SortOrder::Time => (Vec::new(), created, 0),
            SortOrder::Modification => (Vec::new(), entry.modified, 0),
            SortOrder::Filename => (entry.key.id.as_bytes().to_vec(), 0, 0),
            SortOrder::None | SortOrder::Random => (Vec::new(), 0, 0),
        };
        Self { host, first, second, key: entry.key.clone() }
    }

    /// How two messages stand in a listing: equal ones as the store gave them.
    pub fn compare_places(&self, other: &Self) -> Ordering {
        let place = |key: &Self| (key.first, key.second);
        self.host.cmp(&other.host).then_with(|| place(self).cmp(&place(other)))
    }

    /// The host and the priority, where messages are ordered by host.
    pub fn host(&self) -> (&[u8], i64) {
        (&self.host, self.second)
    }
}

/// The first recipient's host, its letters reversed so that one domain's hosts stand together.
fn reversed_host(entry: &Entry) -> Vec<u8> {
    entry.summary.host.iter().flatten().rev().copied().collect()
}

/// How far a run of the queue has come.
#[derive(Clone, Debug)]
pub struct RunProgress {
    /// When it began, seconds since the epoch.
    pub started: i64,
    /// The last message it was given; `None` at first.
    pub last: Option<OrderKey>,
    /// What has a greater priority is left alone, since the load is too high.
    pub threshold: Option<i64>,
}

impl RunProgress {
    /// Has the run come past this message? An attempt changes priority and time of change, which must not
    /// bring a message before the run again.
    pub fn is_past(&self, position: &OrderKey, entry: &Entry) -> bool {
        let Some(last) = &self.last else { return false };
        let summary = &entry.summary;
        let tried = summary.attempts.is_some_and(|attempts| attempts > 0)
            && summary.last_attempt.is_some_and(|last| last >= self.started);
        position <= last || tried
    }
}

/// Keeps the next few messages of a run while all of them pass by, so that memory does not grow with the queue.
#[derive(Debug)]
pub struct FirstFew<'a> {
    options: &'a QueueOptions,
    now: i64,
    limit: usize,
    progress: &'a RunProgress,
    kept: BinaryHeap<OrderKey>,
}

/// What of a run comes next.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// Messages, in the order in which they are to be tried; none: the run is at its end.
    pub messages: Vec<OrderKey>,
    /// What the log is to say of the locations.
    pub faults: Vec<Fault>,
}

impl<'a> FirstFew<'a> {
    /// Keeps at most `limit` of those that are due `now` and that the run has not come past.
    pub fn new(options: &'a QueueOptions, now: i64, limit: usize, progress: &'a RunProgress) -> Self {
        Self { options, now, limit, progress, kept: BinaryHeap::new() }
    }

    /// One more; the last of those kept has to go when there are too many. `false`: it is not its time, and it counts for nothing.
    pub fn offer(&mut self, entry: &Entry) -> bool {
        let priority = entry.summary.priority_in(self.options.sort_order);
        let overloaded = self.progress.threshold.is_some_and(|threshold| priority > threshold);
        if overloaded || entry.waits(self.options, self.now) {
            return false;
        }
        if !entry.is_due(self.options, self.now) {
            return true;
        }
        let position = OrderKey::new(self.options.sort_order, entry);
        if self.progress.is_past(&position, entry) {
            return true;
        }
        self.kept.push(position);
        if self.kept.len() > self.limit {
            self.kept.pop();
        }
        true
    }

    /// What was kept, in order.
    pub fn into_sorted(self) -> Vec<OrderKey> {
        self.kept.into_sorted_vec()
    }
}
