//! The beginning and the end of a journal: whose it is, and what becomes of what it holds.

use super::JournalStore;
use super::file::{self, Owned};
use super::live::{Live, in_parallel};
use super::replay::{self, Found};
use crate::envelope::{Body, MessageKey, QueueId};
use crate::queue::error::QueueError;
use crate::queue::select::EntryKind;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// Hears what goes wrong where nobody waits.
pub type Complain = Box<dyn Fn(&QueueError) + Send>;

impl JournalStore {
    /// Writes what a journal without an owner holds into files, and removes it. How many messages that were; `None`: it has an owner.
    /// Blocks.
    ///
    /// # Errors
    /// Something of it is still in the journal alone, or it cannot be read.
    pub fn recover(&self) -> Result<Option<usize>, QueueError> {
        let file = match file::own(&self.0.path)? {
            Owned::Ours(file) => file,
            Owned::None => return Ok(Some(0)),
            Owned::Busy => return Ok(None),
        };
        let found =
            replay::read(&file).map_err(|source| QueueError::new("cannot read", &self.0.path, source))?;
        let found: Vec<_> = found.into_iter().map(|(id, found)| (id, Mutex::new(found))).collect();
        in_parallel(&found, |(id, found)| {
            let found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
            self.restore(id, found)
        })?;
        file::remove(&self.0.path)?;
        Ok(Some(found.len()))
    }

    /// Files of one message, unless it has some: then the crash came before the journal said so.
    fn restore(&self, id: &QueueId, found: Found) -> Result<(), QueueError> {
        let directory = &self.0.directory;
        let key = MessageKey { location: directory.location_of(&found.directory), id: id.clone() };
        let kind = if found.held { EntryKind::Quarantined } else { EntryKind::Normal };
        match directory.has_whole(&key, found.body.len() as u64)? {
            true => Ok(()),
            false => {
                directory.put(&key, kind.prefix(), &Body::from_memory(found.body), &found.control).map(drop)
            }
        }
    }

    /// Owns a journal from now on, or as soon as whoever has it lets it go. Once.
    pub fn begin(&self, complain: Complain) {
        let store = self.clone();
        let work = move || {
            let mut said = String::new();
            while !store.tend(&complain, &mut said) {
                let inner = &store.0;
                inner.signal.wait(|| inner.live().is_none_or(|live| !live.is_empty()));
            }
        };
        if self.0.directory.is_private() {
            let thread = std::thread::Builder::new().name("journal files".into()).spawn(work);
            *self.0.thread.lock().unwrap_or_else(PoisonError::into_inner) = thread.ok();
        }
    }

    /// Has this process a journal now?
    pub fn is_begun(&self) -> bool {
        self.0.live().is_some()
    }

    /// Writes everything into files and owns no journal any more. Blocks.
    pub fn end(&self) {
        self.0.ending.store(true, Ordering::Release);
        self.0.signal.raise();
        let thread = self.0.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // what it has not done the next owner does
            let _ = thread.join();
        }
    }

    /// What is to be done now. `true` at the end. What goes wrong in the same way again is not `said` again.
    pub(super) fn tend(&self, complain: &Complain, said: &mut String) -> bool {
        let ending = self.0.ending.load(Ordering::Acquire);
        let tended = match self.0.live() {
            None if ending => return true,
            None => self.own(),
            Some(live) => self.look_after(&live, ending),
        };
        let wrong = tended.as_ref().err().map(ToString::to_string).unwrap_or_default();
        if let (Err(error), true) = (&tended, wrong != *said) {
            complain(error);
        }
        *said = wrong;
        // files that cannot be written at the end are for the next owner
        ending && (tended.is_err() || self.0.live().is_none())
    }

    /// Makes a journal of our own, unless somebody has one.
    pub(in crate::queue) fn own(&self) -> Result<(), QueueError> {
        if self.recover()?.is_some() {
            let (path, directory) = (self.0.path.clone(), self.0.directory.clone());
            let live = Live::begin(path, directory, self.0.signal.clone())?;
            self.0.set(Some(Arc::new(live)));
        }
        Ok(())
    }

    /// Puts all that is in our journal into files; how many messages that were. Blocks.
    ///
    /// # Errors
    /// The first; what it is about stays in the journal.
    pub fn file_all(&self) -> Result<usize, QueueError> {
        self.0.live().map_or(Ok(0), |live| live.file_due(true))
    }

    fn look_after(&self, live: &Arc<Live>, ending: bool) -> Result<(), QueueError> {
        let all = ending || live.has_failed();
        if all {
            live.close();
        }
        live.file_due(all)?;
        if all && live.finish()? {
            self.0.set(None);
        }
        Ok(())
    }
}
