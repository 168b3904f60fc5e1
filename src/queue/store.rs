//! What keeps messages: the contract of every back end of the queue.
//!
//! A store keeps [`StoredEnvelope`]s with their bodies under a [`MessageKey`]. Whoever works on a message
//! holds its [`Lease`]; a write under a lease that somebody else has by now is refused
//! ([`QueueError::LeaseLost`]), so two processes never both believe that a message is theirs.
//! `suite.rs` says in tests what a store must do.

use super::entry::Entry;
use super::error::{Distrust, QueueError};
use super::fault::Fault;
use super::order::{Due, RunProgress};
use super::select::{EntryKind, Selection};
use crate::envelope::{Body, MessageKey, QueueLocation, StoredEnvelope};
use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// One operation of a store under way. Each waits for a disk or a server, beside which its box costs nothing.
pub type Operation<'a, T> = Pin<Box<dyn Future<Output = Result<T, QueueError>> + Send + 'a>>;

/// A place where messages are kept.
pub trait QueueStore: Send + Sync {
    /// Every location that can hold messages, in the order of configuration; at least one.
    fn locations(&self) -> Vec<QueueLocation>;

    /// How `mailq` calls a location.
    fn label(&self, location: QueueLocation) -> String;

    /// How the log calls a file of a message by its two-letter prefix.
    fn shown(&self, key: &MessageKey, prefix: &str) -> String {
        format!("{prefix}{}", key.id)
    }

    /// Begins the body of a message.
    ///
    /// # Errors
    /// There is no such location.
    fn create_body(&self, key: &MessageKey) -> Result<Box<dyn BodySink>, QueueError>;

    /// Drops the body of a message that was never committed. One that is not there is fine.
    ///
    /// # Errors
    /// It is there and stays.
    fn discard(&self, key: &MessageKey) -> Result<(), QueueError>;

    /// Makes a message durable, leased to the caller. After `Ok` it survives any crash; after an error
    /// nothing of it is left, unless the error is [`QueueError::Exists`]: then it belongs to somebody else.
    fn commit<'a>(&'a self, key: &'a MessageKey, envelope: &'a StoredEnvelope) -> Operation<'a, Lease>;

    /// Takes the lease of a message of this kind and reads it.
    fn load<'a>(&'a self, key: &'a MessageKey, kind: EntryKind) -> Operation<'a, Loaded<StoredEnvelope>>;

    /// Writes the state of a leased message anew.
    fn update<'a>(&'a self, lease: &'a mut Lease, envelope: &'a StoredEnvelope) -> Operation<'a, ()>;

    /// Takes a leased message out.
    fn remove(&self, lease: Lease) -> Operation<'_, ()>;

    /// Puts a leased message aside for a human; says under which name it lay.
    fn set_aside(&self, lease: Lease) -> Operation<'_, String>;

    /// Gives a message of this kind a reason to be held, or takes it away. Blocks on the store.
    ///
    /// # Errors
    /// It cannot be read or written; it stays as it was.
    fn requarantine(
        &self,
        key: &MessageKey,
        kind: EntryKind,
        reason: Option<&[u8]>,
    ) -> Result<Requarantined, QueueError>;

    /// Makes a lease last longer, or only sees whether it is still held.
    fn renew<'a>(&'a self, lease: &'a mut Lease) -> Operation<'a, ()>;

    /// The next few messages of a run, in the order in which they are to be tried: at most `limit`, nothing
    /// that the run has come past, is leased or may not be tried at `now`.
    fn due<'a>(
        &'a self,
        selection: &'a Selection,
        now: i64,
        limit: usize,
        progress: &'a RunProgress,
    ) -> Operation<'a, Due>;

    /// Shows every message of a location that `selection` takes, in no order, the first MaxQueueRunSize where that is set.
    /// What else was come upon. Blocks on the store.
    ///
    /// # Errors
    /// The location cannot be read.
    fn visit(
        &self,
        location: QueueLocation,
        selection: &Selection,
        visitor: &mut dyn FnMut(Entry),
    ) -> Result<Vec<Fault>, QueueError>;
}

/// Takes the body of a message, piece by piece. Dropped before it is finished, it leaves nothing behind.
pub trait BodySink: Send {
    /// Adds bytes (LF line ends, dots undoubled). Never waits for the disk.
    ///
    /// # Errors
    /// There is no room, or the store cannot be reached.
    fn write(&mut self, data: &[u8]) -> Result<(), QueueError>;

    /// Bytes so far.
    fn size(&self) -> u64;

    /// Reads back what was written, from `offset`; 0 bytes at its end.
    ///
    /// # Errors
    /// As for `write`.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, QueueError>;

    /// Throws away what was written: another body takes its place.
    ///
    /// # Errors
    /// As for `write`.
    fn restart(&mut self) -> Result<(), QueueError>;

    /// All of it is there: makes it ready to be committed.
    fn finish(self: Box<Self>) -> Operation<'static, Body>;
}

/// The right to work on one message. Dropping it gives the right back and leaves the message queued.
#[derive(Debug)]
pub struct Lease {
    pub(super) key: MessageKey,
    pub(super) owner: Arc<str>,
    pub(super) fencing: u64,
    pub(super) expiry: Option<i64>,
    /// What the store itself needs for it.
    pub(super) hold: Box<dyn Hold>,
}

/// A store's own part of a lease; dropped with it.
pub(super) trait Hold: Any + fmt::Debug + Send + Sync {}

impl Lease {
    /// Which message.
    pub fn key(&self) -> &MessageKey {
        &self.key
    }

    /// Which process has it.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Tells this lease from every other of the message: a store refuses writes under any but the last.
    pub fn fencing(&self) -> u64 {
        self.fencing
    }

    /// When it ends unless renewed, in seconds since the epoch; `None`: with the process that holds it.
    pub fn expiry(&self) -> Option<i64> {
        self.expiry
    }

    /// May anything still be done under it?
    pub fn is_held(&self, now: i64) -> bool {
        self.expiry.is_none_or(|expiry| now < expiry)
    }

    /// The store's own part, if this store made it.
    pub(super) fn hold<T: Hold>(&self) -> Result<&T, QueueError> {
        let hold: &dyn Any = &*self.hold;
        hold.downcast_ref().ok_or_else(|| self.lost())
    }

    /// The error for a lease that somebody else has by now.
    pub(super) fn lost(&self) -> QueueError {
        QueueError::LeaseLost { id: self.key.id.clone() }
    }
}

/// What became of an attempt to hold a message or to let it go, with the reason for which it was held.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Requarantined {
    /// It is held or waits now.
    Changed(Option<Vec<u8>>),
    /// It was as it was to be.
    Unchanged(Option<Vec<u8>>),
    /// Somebody else works on it, or it must not be believed, for this reason.
    Skipped(Option<String>),
    /// It is not complete, and stays as it is.
    Incomplete {
        /// Would anything have been changed?
        changed: bool,
        /// The reason that it has.
        old: Option<Vec<u8>>,
    },
}

/// What became of an attempt to load a message.
#[derive(Debug)]
pub enum Loaded<M> {
    /// Here it is.
    Ready(Lease, Box<M>),
    /// Somebody else works on it, or it changed while it was locked.
    Busy,
    /// It is gone.
    Gone,
    /// It was delivered and not taken out; what was left of it is gone now. What the log is to say.
    Finished(String),
    /// It is not complete (yet); it stays as it is. Where it will not become so by itself, what is wrong with it.
    Incomplete(Vec<String>),
    /// It could not be believed and has been put aside.
    SetAside {
        /// Under which name it lay.
        name: String,
        /// What was wrong with it.
        distrust: Distrust,
    },
}
