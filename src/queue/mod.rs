//! The queue: qf, df and xf files in sendmail's own format, safe against a crash at any moment.
//!
//! In: envelopes. Out: envelopes again, after any number of restarts; listings for `mailq`.
//! Never here: delivery, reports, the decision what to do next.
//!
//! The directory is the only truth: there is no index, other programs may add and remove files.
//! A message exists from the moment its qf is whole and synced ([`Queue::commit`]); it ends when
//! its df and then its qf are unlinked ([`Queue::remove`]). A message being worked on is locked by
//! flock(2) on its qf ([`Locked`]).

mod error;
mod options;

pub use error::QueueError;
pub use options::{GroupOptions, QueueOptions};

use crate::config::Config;
use crate::envelope::{Body, Envelope, QueueId, QueuePlace};
use std::fs::File;
use std::sync::Arc;

/// The queue of one site. Cloning shares it.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    options: QueueOptions,
}

/// The right to work on one message: its qf, open and locked. Dropping it gives the lock back and
/// leaves the message in the queue.
#[derive(Debug)]
pub struct Locked {
    /// Which message.
    pub id: QueueId,
    /// Where it is.
    pub place: QueuePlace,
    file: File,
}

/// A df file being written.
pub struct BodyWriter {}

/// What became of an attempt to load a message.
pub enum Loaded {
    /// Here it is.
    Ready(Locked, Box<Envelope>),
    /// Somebody else works on it, or it changed while it was locked.
    Busy,
    /// It is gone.
    Gone,
    /// It is not complete (yet); it stays as it is.
    Incomplete,
    /// It was bad and has been renamed to Qf; the reason was logged.
    Lost(String),
}

impl Queue {
    /// Looks at the directories. Starts no thread.
    pub fn open(config: Arc<Config>, options: QueueOptions) -> Result<Self, QueueError> {
        Ok(Self(Arc::new(Inner { config, options })))
    }

    /// A new identifier; never blocks.
    pub fn next_id(&self) -> QueueId {
        let _ = (&self.0.config, &self.0.options);
        todo!()
    }

    /// A directory of this group (0 is the default group), picked at random.
    pub fn place(&self, _group: u16) -> QueuePlace {
        todo!()
    }

    /// Creates the df of a message.
    pub fn create_body(&self, _id: &QueueId, _place: QueuePlace) -> Result<BodyWriter, QueueError> {
        todo!()
    }

    /// Makes a message durable: writes its qf and syncs it and its directory. After `Ok` it survives
    /// any crash, so 250 may be answered. The body must be finished ([`BodyWriter::finish`]).
    pub async fn commit(&self, _envelope: &Envelope) -> Result<Locked, QueueError> {
        todo!()
    }

    /// Writes the message's state anew (tf, renamed over qf).
    pub async fn update(&self, _locked: &mut Locked, _envelope: &Envelope) -> Result<(), QueueError> {
        todo!()
    }

    /// Takes a message out: df first, then qf and xf.
    pub async fn remove(&self, locked: Locked) -> Result<(), QueueError> {
        let _ = locked.file;
        todo!()
    }

    /// Puts a bad message aside as Qf; a human must look at it.
    pub async fn lose(&self, _locked: Locked, _reason: &str) -> Result<(), QueueError> {
        todo!()
    }

    /// Locks and reads a message.
    pub async fn load(&self, _place: QueuePlace, _id: &QueueId) -> Result<Loaded, QueueError> {
        todo!()
    }
}

impl BodyWriter {
    /// Adds bytes (LF line ends, dots undoubled).
    pub fn write(&mut self, _data: &[u8]) -> Result<(), QueueError> {
        todo!()
    }

    /// Syncs the file; the body is ready to be committed.
    pub async fn finish(self) -> Result<Body, QueueError> {
        todo!()
    }
}
