//! The queue: qf, df and xf files in sendmail's own format, safe against a crash at any moment.
//!
//! In: envelopes. Out: envelopes again, after any number of restarts; listings for `mailq`.
//! Never here: delivery, reports, the decision what to do next.
//!
//! The directory is the only truth: there is no index, other programs may add and remove files.
//! A message exists from the moment its qf is whole and synced ([`Queue::commit`]); it ends when
//! its df and then its qf are unlinked ([`Queue::remove`]). A message being worked on is locked by
//! flock(2) on its qf ([`Locked`]).
//!
//! | files present | meaning | after a crash |
//! |---|---|---|
//! | df | being received | never touched |
//! | df, empty qf | being committed | both deleted after ten minutes |
//! | df, qf without end | being committed | skipped; never acknowledged |
//! | df, qf | queued | delivered |
//! | df, qf, tf | state being rewritten | delivered from the qf; tf overwritten |
//! | qf | being removed | skipped |
//! | Qf | unreadable, put aside | left to a human |

mod body_writer;
pub mod control_file;
mod control_lines;
mod convert;
mod directories;
mod error;
mod files;
mod ids;
mod list;
mod load;
mod options;
mod select;
mod sync;
mod view;

pub use body_writer::BodyWriter;
pub use control_file::{ControlError, ControlFile};
pub use error::QueueError;
pub use ids::lone_id;
pub use list::{Content, Entry, EntryKind};
pub use options::{GroupOptions, QueueOptions, SortOrder};
pub use select::{Field, Selection};
pub use view::{Listing, View};

use crate::config::Config;
use crate::envelope::{Body, Envelope, QueueId, QueueLocation};
use crate::logging::Logger;
use directories::{Directory, Group};
use files::blocking;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// The queue of one site. Cloning shares it.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    options: QueueOptions,
    groups: Vec<Group>,
    ids: ids::Ids,
    /// Turns the directories of a group over.
    turn: AtomicUsize,
    logger: OnceLock<Logger>,
}

/// The right to work on one message: its qf, open and locked. Dropping it gives the lock back and
/// leaves the message in the queue.
#[derive(Debug)]
pub struct Locked {
    /// Which message.
    pub id: QueueId,
    /// Where it is.
    pub place: QueueLocation,
    /// `qf`, or `hf` for a quarantined message.
    prefix: &'static str,
    file: Arc<File>,
}

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
        let groups = options.groups.iter().map(Group::open).collect::<Result<Vec<_>, _>>()?;
        let ids = ids::Ids::new(options.clock.clone());
        let turn = AtomicUsize::new(options.clock.now() as usize);
        Ok(Self(Arc::new(Inner { config, options, groups, ids, turn, logger: OnceLock::new() })))
    }

    /// Where lost messages are reported; without it they are only renamed.
    pub fn log_to(&self, logger: Logger) {
        let _ = self.0.logger.set(logger);
    }

    /// How the queue is set up.
    pub fn options(&self) -> &QueueOptions {
        &self.0.options
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// A new identifier; never blocks.
    pub fn next_id(&self) -> QueueId {
        self.0.ids.next(nix::unistd::gettid().as_raw())
    }

    /// A directory of this group (0 is the default group), each in its turn.
    pub fn place(&self, group: u16) -> QueueLocation {
        let count = self.0.groups.get(usize::from(group)).map_or(1, |group| group.directories.len()).max(1);
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        QueueLocation { group, directory: (turn % count) as u16 }
    }

    /// The group of this name.
    pub fn group(&self, name: &[u8]) -> Option<u16> {
        let index = self.0.groups.iter().position(|group| group.name == name)?;
        u16::try_from(index).ok()
    }

    /// Starts the df of a message; the file comes into being when it is needed.
    pub fn create_body(&self, id: &QueueId, place: QueueLocation) -> Result<BodyWriter, QueueError> {
        let directory = self.directory(place)?;
        Ok(BodyWriter::new(directory, id, self.0.options.file_mode, self.0.options.sync))
    }

    /// Makes a message durable: writes its qf and syncs it and its directory. After `Ok` it survives
    /// any crash, so 250 may be answered. After an error nothing of it is left.
    pub async fn commit(&self, envelope: &Envelope) -> Result<Locked, QueueError> {
        let (inner, place, id) = (self.0.clone(), envelope.place, envelope.id.clone());
        let text = convert::to_control(&inner.config, envelope).to_bytes(&inner.config.names);
        let prefix = if envelope.quarantine.is_some() { "hf" } else { "qf" };
        let body = envelope.body.clone();
        self.directory(place)?;
        let (mode, sync) = (inner.options.file_mode, inner.options.sync);
        let created = {
            let (queue, id) = (self.clone(), id.clone());
            // the df first: a qf must never name a body that a crash can take away
            blocking(move || {
                let directory = queue.directory(place)?;
                files::settle_body(directory, &id, &body, mode, sync)?;
                files::write_new(directory, prefix, &id, &text, mode)
            })
            .await
        };
        let directory = self.directory(place)?;
        let path = directory.file(prefix, &id);
        let result = match created {
            Ok(file) if sync => files::settle_entry(directory, &file, &path).await.map(|()| file),
            other => other,
        };
        match result {
            Ok(file) => Ok(Locked { id, place, prefix, file: Arc::new(file) }),
            Err(error) => {
                // an identifier in use belongs to another message, whose files must stay
                if !matches!(error, QueueError::Exists { .. }) {
                    let _ = files::unlink(&path);
                    let _ = files::unlink(&directory.file("df", &id));
                }
                Err(error)
            }
        }
    }

    /// Removes the df of a message that was never committed (refused at the end of its data).
    pub async fn discard(&self, envelope: &Envelope) -> Result<(), QueueError> {
        match &envelope.body {
            Body::File { path, .. } => {
                let path = path.clone();
                blocking(move || files::unlink(&path)).await
            }
            _ => Ok(()),
        }
    }

    /// The same by name, for a transaction that was dropped. A df that is not there is fine.
    pub fn forget_body(&self, id: &QueueId, place: QueueLocation) -> Result<(), QueueError> {
        files::unlink(&self.directory(place)?.file("df", id))
    }

    /// Writes the message's state anew (tf, renamed over qf); the lock moves to the new file.
    pub async fn update(&self, locked: &mut Locked, envelope: &Envelope) -> Result<(), QueueError> {
        let inner = &self.0;
        let text = convert::to_control(&inner.config, envelope).to_bytes(&inner.config.names);
        let (queue, place, prefix, id) = (self.clone(), locked.place, locked.prefix, locked.id.clone());
        let (mode, sync) = (inner.options.file_mode, inner.options.sync);
        let file = blocking(move || {
            let directory = queue.directory(place)?;
            let file = files::replace(directory, prefix, &id, &text, mode, sync)?;
            if sync {
                let fail = |source| QueueError::new("cannot sync", &directory.qf, source);
                directory.qf_sync.sync().map_err(fail)?;
            }
            Ok(file)
        })
        .await?;
        locked.file = Arc::new(file);
        Ok(())
    }

    /// Takes a message out: df first, then qf and xf.
    pub async fn remove(&self, locked: Locked) -> Result<(), QueueError> {
        let queue = self.clone();
        blocking(move || {
            let directory = queue.directory(locked.place)?;
            for prefix in ["df", locked.prefix, "xf"] {
                files::unlink(&directory.file(prefix, &locked.id))?;
            }
            Ok(())
        })
        .await
    }

    /// Puts a bad message aside as Qf; a human must look at it.
    pub async fn lose(&self, locked: Locked, reason: &str) -> Result<(), QueueError> {
        let (queue, reason) = (self.clone(), reason.to_owned());
        blocking(move || {
            let directory = queue.directory(locked.place)?;
            load::lose(&queue.0, directory, &locked, reason).map(|_| ())
        })
        .await
    }

    /// Locks and reads a message. Addresses are not parsed yet.
    pub async fn load(&self, place: QueueLocation, id: &QueueId) -> Result<Loaded, QueueError> {
        let (queue, id) = (self.clone(), id.clone());
        blocking(move || load::load(&queue.0, queue.directory(place)?, place, &id)).await
    }

    /// What is in the queue, in the order of SortOrder. Blocks on the disk.
    pub fn list(&self, selection: &Selection) -> Result<Vec<Entry>, QueueError> {
        let mut entries = Vec::new();
        for place in self.places() {
            entries.extend(self.list_place(place, selection)?);
        }
        list::sort(&mut entries, self.0.options.sort_order);
        Ok(entries)
    }

    /// The same for one directory, in no order.
    pub fn list_place(&self, place: QueueLocation, selection: &Selection) -> Result<Vec<Entry>, QueueError> {
        list::list(&self.0, self.directory(place)?, place, selection)
    }

    /// What is to be tried now, in the order in which it is to be tried.
    pub async fn due(&self, selection: &Selection) -> Result<Vec<(QueueLocation, QueueId)>, QueueError> {
        let (queue, selection) = (self.clone(), selection.clone());
        blocking(move || {
            let entries = queue.list(&selection)?;
            let now = queue.0.options.clock.now();
            let due = entries.into_iter().filter(|entry| entry.is_due(&queue.0.options, now));
            Ok(due.map(|entry| (entry.place, entry.id)).collect())
        })
        .await
    }

    /// All places in the order of configuration.
    pub fn places(&self) -> Vec<QueueLocation> {
        let mut places = Vec::new();
        for (group, options) in self.0.groups.iter().enumerate() {
            for directory in 0..options.directories.len() {
                places.push(QueueLocation { group: group as u16, directory: directory as u16 });
            }
        }
        places
    }

    /// The directory of a place.
    pub fn path(&self, place: QueueLocation) -> Option<&Path> {
        directories::at(&self.0.groups, place).map(|directory| directory.path.as_path())
    }

    fn directory(&self, place: QueueLocation) -> Result<&Directory, QueueError> {
        let missing =
            || QueueError::new("cannot find", "queue directory", std::io::ErrorKind::NotFound.into());
        directories::at(&self.0.groups, place).ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests;
