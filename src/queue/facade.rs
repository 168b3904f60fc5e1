//! The queue as the rest of the program uses it: envelopes in and out, over whatever store keeps them.

use super::directory::DirectoryStore;
use super::error::{BOGUS, Distrust, QueueError};
use super::fault::Fault;
use super::ids::Ids;
use super::journal::JournalStore;
use super::options::QueueOptions;
use super::order::{Due, RunProgress};
use super::select::{EntryKind, Selection};
use super::store::{BodySink, Lease, Loaded, QueueStore};
use crate::config::Config;
use crate::envelope::{Body, Envelope, MessageKey, QueueId, QueueLocation, StoredEnvelope};
use crate::logging::{Logger, Priority};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// The queue of one site. Cloning shares it.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    config: Arc<Config>,
    options: QueueOptions,
    store: Arc<dyn QueueStore>,
    /// The same, where it has directories.
    journal: Option<JournalStore>,
    ids: Ids,
    /// Turns the locations of a group over.
    turn: AtomicUsize,
    logger: OnceLock<Logger>,
    /// Is somebody there to be told?
    aloud: AtomicBool,
}

impl Queue {
    /// The queue in the site's directories. Starts no thread.
    ///
    /// # Errors
    /// A directory is missing or cannot be read.
    pub fn open(config: Arc<Config>, options: QueueOptions) -> Result<Self, QueueError> {
        let store = JournalStore::over(DirectoryStore::open(config.clone(), options.clone())?);
        Ok(Self::new(config, options, Arc::new(store.clone()), Some(store)))
    }

    /// The queue in this store.
    pub fn over(config: Arc<Config>, options: QueueOptions, store: Arc<dyn QueueStore>) -> Self {
        Self::new(config, options, store, None)
    }

    fn new(
        config: Arc<Config>,
        options: QueueOptions,
        store: Arc<dyn QueueStore>,
        journal: Option<JournalStore>,
    ) -> Self {
        let ids = Ids::new(options.clock.clone());
        let turn = AtomicUsize::new(options.clock.now() as usize);
        Self(Arc::new(Inner {
            config,
            options,
            store,
            journal,
            ids,
            turn,
            logger: OnceLock::new(),
            aloud: AtomicBool::new(false),
        }))
    }

    /// Where messages are reported that were put aside or cannot be read; without it they are only renamed.
    pub fn log_to(&self, logger: Logger) {
        let _ = self.0.logger.set(logger);
    }

    /// Puts what a journal without an owner holds into files ([`JournalStore::recover`]); how many messages that were, `None` where
    /// a process owns it. Blocks.
    ///
    /// # Errors
    /// Something of it is still in the journal alone, or it cannot be read.
    pub fn recover_journal(&self) -> Result<Option<usize>, QueueError> {
        self.0.journal.as_ref().map_or(Ok(Some(0)), JournalStore::recover)
    }

    /// From now on messages are in a journal first, where QueueJournal says so. Once, and for a process that serves.
    pub fn begin_journal(&self) {
        if let Some(journal) = self.0.journal.as_ref().filter(|_| self.0.options.journal) {
            let queue = self.clone();
            journal.begin(Box::new(move |error| queue.complain_of_journal(error)));
        }
    }

    /// Is there a journal of this process, and the body one that it takes?
    pub fn has_journal_for(&self, body: &Body) -> bool {
        body.bytes().is_some() && self.0.journal.as_ref().is_some_and(JournalStore::is_begun)
    }

    /// Puts all that is in this process's journal into files; how many messages that were. Blocks.
    ///
    /// # Errors
    /// Something stays in the journal.
    pub fn file_journal(&self) -> Result<usize, QueueError> {
        self.0.journal.as_ref().map_or(Ok(0), JournalStore::file_all)
    }

    /// All that is in a journal goes to files, and it has no owner any more. Blocks.
    pub fn end_journal(&self) {
        if let Some(journal) = &self.0.journal {
            journal.end();
        }
    }

    fn complain_of_journal(&self, error: &QueueError) {
        if let Some(logger) = self.0.logger.get() {
            logger.syserr(Priority::Critical, None, format!("journal: {error}"));
        }
    }

    /// How the queue is set up.
    pub fn options(&self) -> &QueueOptions {
        &self.0.options
    }

    /// The configuration it was opened with.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    /// What keeps the messages.
    pub fn store(&self) -> &dyn QueueStore {
        &*self.0.store
    }

    /// A new identifier; never blocks.
    pub fn next_id(&self) -> QueueId {
        self.0.ids.next(nix::unistd::gettid().as_raw())
    }

    /// A location of this group (0 is the default group), each in its turn.
    pub fn location(&self, group: u16) -> QueueLocation {
        let mut locations = self.store().locations();
        locations.retain(|location| location.group == group);
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let chosen = turn.checked_rem(locations.len()).and_then(|index| locations.get(index));
        chosen.copied().unwrap_or(QueueLocation { group, directory: 0 })
    }

    /// The group of this name.
    pub fn group(&self, name: &[u8]) -> Option<u16> {
        self.0.options.group(name)
    }

    /// Begins the body of a message.
    ///
    /// # Errors
    /// There is no such location.
    pub fn create_body(&self, key: &MessageKey) -> Result<Box<dyn BodySink>, QueueError> {
        self.store().create_body(key)
    }

    /// Drops the body of a message that was never committed. One that is not there is fine.
    ///
    /// # Errors
    /// It is there and stays.
    pub fn discard(&self, key: &MessageKey) -> Result<(), QueueError> {
        self.store().discard(key)
    }

    /// Makes a message durable. After `Ok` it survives any crash, so 250 may be answered (RFC 5321, 6.1).
    ///
    /// # Errors
    /// Nothing of it is left.
    pub async fn commit(&self, envelope: &Envelope) -> Result<Lease, QueueError> {
        let stored = StoredEnvelope::of(&self.0.config, envelope);
        self.store().commit(&envelope.key(), &stored).await
    }

    /// The same for what was cut from a message that is kept at `place`: each in a location of its own group. Those
    /// without anybody to go to are left out.
    ///
    /// # Errors
    /// None of them is there.
    pub async fn commit_all(
        &self,
        place: QueueLocation,
        cut: Vec<&mut Envelope>,
    ) -> Result<Vec<Lease>, QueueError> {
        let mut kept = Vec::new();
        for envelope in cut {
            if envelope.location.group != place.group {
                envelope.location = self.location(envelope.location.group);
            }
            if envelope.pending().next().is_none() {
                continue;
            }
            match self.commit(envelope).await {
                Ok(lease) => kept.push(lease),
                Err(error) => {
                    for lease in kept {
                        // at worst somebody gets it twice
                        let _ = self.remove(lease).await;
                    }
                    return Err(error);
                }
            }
        }
        Ok(kept)
    }

    /// Writes the message's state anew.
    ///
    /// # Errors
    /// It could not be written, or the lease is lost: the message stays as it was.
    pub async fn update(&self, lease: &mut Lease, envelope: &Envelope) -> Result<(), QueueError> {
        let stored = StoredEnvelope::of(&self.0.config, envelope);
        self.store().update(lease, &stored).await
    }

    /// Takes a message out.
    ///
    /// # Errors
    /// It may still be there, or the lease is lost.
    pub async fn remove(&self, lease: Lease) -> Result<(), QueueError> {
        self.store().remove(lease).await
    }

    /// Makes a lease last longer, or only sees whether it is still held.
    ///
    /// # Errors
    /// It is lost, or nobody could say.
    pub async fn renew(&self, lease: &mut Lease) -> Result<(), QueueError> {
        self.store().renew(lease).await
    }

    /// Puts a bad message aside; a human must look at it.
    ///
    /// # Errors
    /// It stays where it is, or the lease is lost.
    pub async fn set_aside(&self, lease: Lease, reason: &str) -> Result<(), QueueError> {
        let id = lease.key().id.clone();
        let name = self.store().set_aside(lease).await?;
        self.report_lost(&id, &name, reason);
        Ok(())
    }

    /// Leases and reads a message of this kind. Addresses are not parsed yet.
    ///
    /// # Errors
    /// Its files are there but cannot be read.
    pub async fn load(&self, key: &MessageKey, kind: EntryKind) -> Result<Loaded<Envelope>, QueueError> {
        Ok(match self.store().load(key, kind).await? {
            Loaded::Ready(lease, mut stored) => {
                let factor = self.0.options.retry_factor;
                stored.priority = stored.priority.map(|priority| priority.wrapping_add(factor));
                let now = self.0.options.clock.now();
                Loaded::Ready(lease, Box::new(stored.restore(&self.0.config, key, now)))
            }
            Loaded::SetAside { name, distrust } => {
                let notes = distrust.notes.iter();
                notes.for_each(|note| self.complain(&key.id, &String::from_utf8_lossy(&note.reply.text)));
                self.distrust(key, &distrust);
                if kind != EntryKind::Lost {
                    self.report_lost(&key.id, &name, distrust.reason);
                }
                Loaded::SetAside { name, distrust }
            }
            Loaded::Incomplete(faults) => {
                faults.iter().for_each(|fault| self.complain(&key.id, fault));
                Loaded::Incomplete(faults)
            }
            Loaded::Busy => Loaded::Busy,
            Loaded::Gone => Loaded::Gone,
            Loaded::Finished(what) => {
                self.log(Priority::Notice, &key.id, &what);
                Loaded::Finished(what)
            }
        })
    }

    /// From now on what is wrong with a message is said on standard output as well, as a run in the foreground does.
    pub fn speak(&self) {
        self.0.aloud.store(true, Ordering::Relaxed);
    }

    /// Is what is wrong with messages said on standard output?
    pub fn is_aloud(&self) -> bool {
        self.0.aloud.load(Ordering::Relaxed)
    }

    /// Are these messages all in one location, so that sendmail would work on them without a process for each place?
    pub fn is_one_location(&self, selection: &Selection) -> bool {
        let locations = self.store().locations();
        locations.into_iter().filter(|location| selection.takes_location(*location)).count() == 1
    }

    fn complain(&self, id: &QueueId, what: &str) {
        if self.is_aloud() {
            // a closed stdout leaves nobody to tell
            let _ = writeln!(std::io::stdout(), "{what}");
        }
        if let Some(logger) = self.0.logger.get() {
            logger.syserr(Priority::Critical, Some(id.as_bytes()), what);
        }
    }

    /// What a run has come upon. sendmail's runs are envelopes of their own, which are at fault.
    fn tell_fault(&self, fault: &Fault) {
        match self.0.logger.get() {
            _ if fault.is_error() => self.complain(&self.next_id(), &fault.to_string()),
            Some(logger) => logger.log(0, fault.priority(), None, fault.to_string().as_bytes()),
            None => {}
        }
    }

    /// A file that somebody else could have written is not quoted, and nobody is at fault in sendmail's eyes.
    fn distrust(&self, key: &MessageKey, distrust: &Distrust) {
        match distrust.reason {
            BOGUS => self.log(Priority::Alert, &key.id, &distrust.detail),
            _ if distrust.detail.is_empty() => {}
            _ => self.complain(&key.id, &distrust.detail),
        }
    }

    fn log(&self, priority: Priority, id: &QueueId, text: &str) {
        if let Some(logger) = self.0.logger.get() {
            logger.log(0, priority, Some(id.as_bytes()), text.as_bytes());
        }
    }

    fn report_lost(&self, id: &QueueId, name: &str, reason: &str) {
        if let Some(logger) = self.0.logger.get() {
            let text = format!("Losing {name}: {reason}");
            logger.always(Priority::Alert, Some(id.as_bytes()), text.as_bytes());
        }
    }

    /// A run of the queue begins, which leaves messages of a greater priority than `threshold` alone.
    pub fn begin_run(&self, threshold: Option<i64>) -> RunProgress {
        RunProgress { started: self.0.options.clock.now(), last: None, threshold }
    }

    /// The next few messages of a run, at most `limit`, in the order in which they are to be tried. Empty: the
    /// run is at its end. What a run remembers does not grow with the queue.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn due(
        &self,
        selection: &Selection,
        limit: usize,
        progress: &mut RunProgress,
    ) -> Result<Vec<MessageKey>, QueueError> {
        let now = self.0.options.clock.now();
        let Due { messages, faults } = self.store().due(selection, now, limit, progress).await?;
        // the same ones are come upon again when a long queue is read again
        if progress.last.is_none() {
            faults.iter().for_each(|fault| self.tell_fault(fault));
        }
        if let Some(last) = messages.last() {
            progress.last = Some(last.clone());
        }
        Ok(messages.into_iter().map(|position| position.key).collect())
    }
}
