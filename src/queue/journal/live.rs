//! One journal at work: what it holds, and the way of that into files.

use super::file;
use super::format::Message;
use super::kept::{Kept, State};
use super::signal::Signal;
use super::writer::{Writer, Written};
use crate::envelope::MessageKey;
use crate::queue::directory::DirectoryStore;
use crate::queue::error::QueueError;
use crate::queue::select::EntryKind;
use crate::queue::store::Hold;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// What is not delivered by then goes to files.
const PATIENCE: Duration = Duration::from_secs(3);
/// Messages whose files are written at the same time: they share the syncs of directories.
const WRITERS: usize = 16;

/// A journal that this process owns.
pub(super) struct Live {
    path: PathBuf,
    directory: DirectoryStore,
    writer: Arc<Writer>,
    thread: Mutex<Option<JoinHandle<()>>>,
    kept: Mutex<HashMap<MessageKey, Arc<Kept>>>,
    signal: Arc<Signal>,
}

/// A message of this process's journal, and the right to work on it.
pub(super) struct KeptHold {
    pub(super) kept: Arc<Kept>,
    pub(super) live: Arc<Live>,
}

impl Hold for KeptHold {}

impl fmt::Debug for KeptHold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeptHold").field(&self.kept).finish()
    }
}

impl Drop for KeptHold {
    fn drop(&mut self) {
        self.kept.leave();
        let open = match self.kept.try_state() {
            Some(mut state) => {
                drop(state.take_filed());
                matches!(*state, State::Journal(_))
            }
            // whoever writes its files now looks whether it was left
            None => false,
        };
        if open {
            self.live.signal.raise();
        }
    }
}

impl Live {
    /// Makes a journal and begins to write it.
    ///
    /// # Errors
    /// There is one already, or no room, or no thread.
    pub(super) fn begin(
        path: PathBuf,
        directory: DirectoryStore,
        signal: Arc<Signal>,
    ) -> Result<Self, QueueError> {
        let writer = Arc::new(Writer::new(file::make(&path, directory.file_mode())?));
        let writes = writer.clone();
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || writes.run());
        let thread = thread.map_err(|source| QueueError::new("cannot begin", &path, source))?;
        let (thread, kept) = (Mutex::new(Some(thread)), Mutex::default());
        Ok(Self { path, directory, writer, thread, kept, signal })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<MessageKey, Arc<Kept>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a message in; whether it is on the disk is heard later. `None`: it is one for files.
    ///
    /// # Errors
    /// There is a message of this identifier, or no such directory.
    pub(super) fn append(self: &Arc<Self>, kept: Kept) -> Result<Option<(KeptHold, Written)>, QueueError> {
        let body = kept.body.clone();
        let Some(body) = body.bytes() else { return Ok(None) };
        let directory = self.directory.path_of(kept.key.location)?;
        let hold = KeptHold { kept: Arc::new(kept), live: self.clone() };
        let kept = &hold.kept;
        let mut state = kept.state();
        // before it is written: a journal that is not empty is not removed
        match self.lock().entry(kept.key.clone()) {
            Entry::Vacant(entry) => drop(entry.insert(kept.clone())),
            Entry::Occupied(_) => return Err(QueueError::Exists { path: self.path.clone() }),
        }
        let message = Message {
            id: kept.key.id.as_bytes(),
            directory: directory.as_os_str().as_bytes(),
            held: kept.prefix != EntryKind::Normal.prefix(),
            control: &kept.control,
            body,
        };
        let Some((turn, written)) = self.writer.append(message) else {
            self.lock().remove(&kept.key);
            return Ok(None);
        };
        *state = State::Journal(turn);
        drop(state);
        self.signal.stir();
        Ok(Some((hold, written)))
    }

    /// A message that is in the journal.
    pub(super) fn find(&self, key: &MessageKey) -> Option<Arc<Kept>> {
        self.lock().get(key).cloned()
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Kept>> {
        self.lock().values().cloned().collect()
    }

    /// It is done. `false`: it is in files, and has to be removed there.
    pub(super) fn end(&self, kept: &Kept, state: &mut State) -> bool {
        if let State::Journal(turn) = *state {
            *state = State::Ended;
            self.forget(&kept.key, turn);
        }
        matches!(state, State::Ended)
    }

    /// Writes its files, in this form, unless it has some; from then on they are what is believed. Did it? Blocks.
    ///
    /// # Errors
    /// It stays in the journal.
    pub(super) fn file(&self, kept: &Kept, prefix: &'static str, control: &[u8]) -> Result<bool, QueueError> {
        let mut state = kept.state();
        let turn = if let State::Journal(turn) = *state { Some(turn) } else { None };
        if let Some(turn) = turn {
            let lease = self.directory.put(&kept.key, prefix, &kept.body, control)?;
            *state = State::Files(lease);
            self.forget(&kept.key, turn);
        }
        if kept.is_left() {
            *state = State::Ended;
        }
        Ok(turn.is_some())
    }

    fn forget(&self, key: &MessageKey, turn: u64) {
        self.lock().remove(key);
        self.writer.done(key.id.as_bytes(), turn);
    }

    /// Files for all that nobody works on or that have been here too long; with `all` for every message. How many.
    ///
    /// # Errors
    /// The first; what it is about stays in the journal.
    pub(super) fn file_due(&self, all: bool) -> Result<usize, QueueError> {
        let due = |kept: &Arc<Kept>| all || kept.is_left() || kept.since.elapsed() >= PATIENCE;
        let due: Vec<_> = self.all().into_iter().filter(due).collect();
        in_parallel(&due, |kept| self.file(kept, kept.prefix, &kept.control).map(drop))?;
        Ok(due.len())
    }

    /// Is nothing in it?
    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// Is it to be given up?
    pub(super) fn has_failed(&self) -> bool {
        self.writer.has_failed()
    }

    /// As if a write had failed.
    #[cfg(test)]
    pub(super) fn fail(&self) {
        self.writer.fail();
    }

    /// No message is taken any more.
    pub(super) fn close(&self) {
        self.writer.close();
    }

    /// Removes a journal in which nothing is. `false`: something is.
    ///
    /// # Errors
    /// The file stays; the next owner finds it empty, or messages that are in files.
    pub(super) fn finish(&self) -> Result<bool, QueueError> {
        self.close();
        if !self.is_empty() {
            return Ok(false);
        }
        self.writer.stop();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // one that broke has written nothing since
            let _ = thread.join();
        }
        file::remove(&self.path).map(|()| true)
    }
}

/// Does this for all of them, several at a time; the first error.
///
/// # Errors
/// Those of `work`; the others are done all the same.
pub(super) fn in_parallel<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<(), QueueError> + Sync,
) -> Result<(), QueueError> {
    let next = Mutex::new((items.iter(), Ok(())));
    let run = || {
        loop {
            let item = next.lock().unwrap_or_else(PoisonError::into_inner).0.next();
            let Some(item) = item else { return };
            if let Err(error) = work(item) {
                let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
                next.1 = std::mem::replace(&mut next.1, Ok(())).and(Err(error));
            }
        }
    };
    std::thread::scope(|scope| (0..WRITERS.min(items.len())).for_each(|_| drop(scope.spawn(run))));
    next.into_inner().unwrap_or_else(PoisonError::into_inner).1
}
