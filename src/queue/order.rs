//! QueueSortOrder: the order of a listing and of a run, and the next few of it.

use super::entry::Entry;
use super::options::{QueueOptions, SortOrder};
use crate::envelope::{MessageKey, StoredEnvelope};
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
    /// The place of a message in `order`; equal ones by age, then by name.
    pub fn new(order: SortOrder, entry: &Entry) -> Self {
        let created = entry.envelope().map_or(0, |envelope| envelope.created);
        let (host, first, second) = match order {
            SortOrder::Priority => (Vec::new(), entry.priority(), created),
            SortOrder::Host => (reversed_host(entry), i64::from(entry.locked), entry.priority()),
            SortOrder::Time => (Vec::new(), created, 0),
            SortOrder::Modification => (Vec::new(), entry.modified, 0),
            SortOrder::Filename | SortOrder::None => (Vec::new(), 0, 0),
        };
        Self { host, first, second, key: entry.key.clone() }
    }
}

/// The first recipient's host, its letters reversed so that one domain's hosts stand together.
fn reversed_host(entry: &Entry) -> Vec<u8> {
    let first = entry.envelope().and_then(|envelope| envelope.recipients.first());
    let text = first.map(|recipient| recipient.text.to_ascii_lowercase()).unwrap_or_default();
    let host = text.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
    host.iter().rev().copied().filter(|byte| *byte != b'>').collect()
}

/// How far a run of the queue has come.
#[derive(Clone, Debug)]
pub struct RunProgress {
    /// When it began, seconds since the epoch.
    pub started: i64,
    /// The last message it was given; `None` at first.
    pub last: Option<OrderKey>,
}

impl RunProgress {
    /// Has the run come past this message? An attempt changes priority and time of change, which must not
    /// bring a message before the run again.
    pub fn is_past(&self, position: &OrderKey, entry: &Entry) -> bool {
        let Some(last) = &self.last else { return false };
        let tried =
            |envelope: &StoredEnvelope| envelope.attempts > 0 && envelope.last_attempt >= self.started;
        position <= last || entry.envelope().is_some_and(tried)
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

impl<'a> FirstFew<'a> {
    /// Keeps at most `limit` of those that are due `now` and that the run has not come past.
    pub fn new(options: &'a QueueOptions, now: i64, limit: usize, progress: &'a RunProgress) -> Self {
        Self { options, now, limit, progress, kept: BinaryHeap::new() }
    }

    /// One more; the last of those kept has to go when there are too many.
    pub fn offer(&mut self, entry: &Entry) {
        if !entry.is_due(self.options, self.now) {
            return;
        }
        let position = OrderKey::new(self.options.sort_order, entry);
        if self.progress.is_past(&position, entry) {
            return;
        }
        self.kept.push(position);
        if self.kept.len() > self.limit {
            self.kept.pop();
        }
    }

    /// What was kept, in order.
    pub fn into_sorted(self) -> Vec<OrderKey> {
        self.kept.into_sorted_vec()
    }
}
