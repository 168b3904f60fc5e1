//! One message as a listing or a run sees it, without the right to work on it.

use super::options::QueueOptions;
use crate::envelope::{MessageKey, StoredEnvelope};

/// Which messages are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum EntryKind {
    /// Waiting for delivery (qf).
    #[default]
    Normal,
    /// Held by a ruleset (hf).
    Quarantined,
    /// Put aside for a human (Qf).
    Lost,
}

/// What is known of a message.
#[derive(Clone, Debug)]
pub enum Content {
    /// It was read; its body was not.
    Read(Box<StoredEnvelope>),
    /// It vanished: whoever worked on it is done.
    Gone,
    /// It is empty or unfinished.
    Unfinished,
    /// It cannot be read.
    Unreadable(String),
}

/// One message in the queue.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which, and where.
    pub key: MessageKey,
    /// Of which kind.
    pub kind: EntryKind,
    /// What it says.
    pub content: Content,
    /// Size of the body in bytes; `None` when there is none.
    pub size: Option<u64>,
    /// Somebody works on it.
    pub locked: bool,
    /// Last change of its state, seconds since the epoch.
    pub modified: i64,
}

impl Entry {
    /// Its state, if it could be read.
    pub fn envelope(&self) -> Option<&StoredEnvelope> {
        match &self.content {
            Content::Read(envelope) => Some(envelope),
            _ => None,
        }
    }

    /// Its priority; 0 when unknown.
    pub fn priority(&self) -> i64 {
        self.envelope().map_or(0, |envelope| envelope.priority)
    }

    /// Is it too young for another attempt?
    pub fn is_too_young(&self, options: &QueueOptions, now: i64) -> bool {
        self.envelope().is_some_and(|envelope| options.is_too_young(envelope, now))
    }

    /// Is it to be tried now?
    pub fn is_due(&self, options: &QueueOptions, now: i64) -> bool {
        let there = matches!(self.content, Content::Read(_)) || options.sort_order.is_blind();
        there && !self.locked && !self.is_too_young(options, now)
    }
}
