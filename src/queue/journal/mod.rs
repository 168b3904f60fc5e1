//! A journal before the queue directories (option QueueJournal): the first durable place of a message.
//!
//! In: what any store is given. Out: the same as from [`DirectoryStore`], which has every message that is not delivered within
//! seconds. Never here: a 250 before the record is on the disk; a record written over whose message is neither done nor
//! in files; anything that another process has to ask for, since all messages of a journal belong to its owner.
//!
//! A daemon owns one file, `.journal` in the first queue directory, for as long as it has the lock on it. Accepted messages are
//! written behind each other, all that wait at a moment with one sync. Who is delivered needs nothing else: a record says so, and
//! need not be on the disk at once (lost in a crash, it makes a second copy, like a removal that was not synced). What is tried
//! again, set aside, left by whoever worked on it, or three seconds old is written as qf and df, synced, and only then done in the
//! journal. What is too long to be in memory, and everything while the journal is full or has failed, goes into files at once.
//! When its owner ends, all goes to files and the journal is removed; what a crash leaves is written as files before mail is
//! taken again ([`JournalStore::recover`]). A message of both is believed from its files.
//!
//! `format` is its bytes, `ring` which of them are free, `writer` writes them, `direct` past the page cache, `replay` reads them, `file`
//! finds and locks it; `kept` is one message, `live` all of them, `ownership` a journal's beginning and end, `signal` wakes the thread that looks after them.

mod direct;
mod file;
mod format;
mod kept;
mod live;
mod ownership;
mod replay;
mod ring;
mod signal;
mod writer;

#[cfg(test)]
mod tests;

use super::directory::{DirectoryStore, blocking};
use super::entry::Entry;
use super::error::QueueError;
use super::fault::Fault;
use super::order::{Due, RunProgress};
use super::select::{EntryKind, Selection};
use super::store::{BodySink, Lease, Loaded, Operation, QueueStore, Requarantined};
use crate::envelope::{MessageKey, QueueId, QueueLocation, StoredEnvelope};
use kept::Kept;
use live::{KeptHold, Live};
use signal::Signal;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Queue directories with a journal before them. Cloning shares it.
#[derive(Clone)]
pub struct JournalStore(Arc<Inner>);

struct Inner {
    directory: DirectoryStore,
    path: PathBuf,
    owner: Arc<str>,
    fencing: AtomicU64,
    live: Mutex<Option<Arc<Live>>>,
    signal: Arc<Signal>,
    ending: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl JournalStore {
    /// Over these directories. Owns no journal and starts no thread.
    pub fn over(directory: DirectoryStore) -> Self {
        let (live, signal, ending, thread) = Default::default();
        let owner = Arc::from(format!("process {}", std::process::id()));
        let path = file::path_in(directory.first());
        let fencing = AtomicU64::new(1);
        Self(Arc::new(Inner { directory, path, owner, fencing, live, signal, ending, thread }))
    }
}

impl Inner {
    fn live(&self) -> Option<Arc<Live>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, live: Option<Arc<Live>>) {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = live;
    }

    fn lease(&self, hold: KeptHold) -> Lease {
        let (key, owner) = (hold.kept.key.clone(), self.owner.clone());
        let fencing = self.fencing.fetch_add(1, Ordering::Relaxed);
        Lease { key, owner, fencing, expiry: None, hold: Box::new(hold) }
    }

    /// The message as one of the journal; `None`: it is in files by now, and so is the lease.
    async fn kept(&self, lease: &mut Lease) -> Option<(Arc<Live>, Arc<Kept>)> {
        let hold = lease.hold::<KeptHold>().ok()?;
        let (live, kept) = (hold.live.clone(), hold.kept.clone());
        let waiting = kept.clone();
        let tried = kept.try_state().map(|mut state| state.take_filed());
        let filed = match tried {
            Some(filed) => filed,
            None => blocking(move || Ok(waiting.state().take_filed())).await.ok().flatten(),
        };
        match filed {
            Some(filed) => {
                *lease = filed;
                None
            }
            None => Some((live, kept)),
        }
    }

    /// Accepts a message into the journal. `None`: it is one for files.
    async fn append(
        &self,
        live: Arc<Live>,
        key: &MessageKey,
        envelope: &StoredEnvelope,
    ) -> Result<Option<Lease>, QueueError> {
        let (prefix, control) = self.directory.control_file(key, envelope);
        let kept = Kept::new(key.clone(), prefix, control, envelope.body.clone());
        let Some((hold, written)) = live.append(kept)? else { return Ok(None) };
        if written.await.unwrap_or(false) {
            return Ok(Some(self.lease(hold)));
        }
        // nobody knows what of it is on the disk
        let kept = hold.kept.clone();
        let filed = blocking(move || {
            let filed = live.file(&kept, kept.prefix, &kept.control);
            let mut state = kept.state();
            let lease = state.take_filed();
            live.end(&kept, &mut state);
            filed.map(|_| lease)
        });
        filed.await
    }

    /// Writes the files of a leased message and lets the lease be theirs. Were they written in this form?
    async fn file(
        &self,
        lease: &mut Lease,
        form: Option<(&'static str, Vec<u8>)>,
    ) -> Result<bool, QueueError> {
        let Some((live, kept)) = self.kept(lease).await else { return Ok(false) };
        let id = kept.key.id.clone();
        let (written, filed) = blocking(move || {
            let written = match &form {
                Some((prefix, control)) => live.file(&kept, prefix, control)?,
                None => live.file(&kept, kept.prefix, &kept.control)?,
            };
            Ok((written, kept.state().take_filed()))
        })
        .await?;
        *lease = filed.ok_or(QueueError::LeaseLost { id })?;
        Ok(written)
    }

    /// Messages of the journal as a listing sees them; which they were.
    fn visit_journal(
        &self,
        location: QueueLocation,
        selection: &Selection,
        visitor: &mut dyn FnMut(Entry),
    ) -> Result<HashSet<QueueId>, QueueError> {
        let mut shown = HashSet::new();
        let mut show = |key: MessageKey, prefix: &str, control: &[u8], size: u64, locked: bool| {
            let wanted = key.location == location && prefix == selection.kind.prefix();
            if wanted && selection.takes_id(&key.id) {
                shown.insert(key.id.clone());
                self.directory
                    .describe(key, selection, control, size, locked)
                    .into_iter()
                    .for_each(&mut *visitor);
            }
        };
        if let Some(live) = self.live() {
            for kept in live.all() {
                show(kept.key.clone(), kept.prefix, &kept.control, kept.body.size(), true);
            }
        } else if let Some((file, owned)) = file::look(&self.path)? {
            let found = replay::read(&file);
            let found = found.map_err(|source| QueueError::new("cannot read", &self.path, source))?;
            for (id, found) in found {
                let key = MessageKey { location: self.directory.location_of(&found.directory), id };
                let kind = if found.held { EntryKind::Quarantined } else { EntryKind::Normal };
                show(key, kind.prefix(), &found.control, found.body.len() as u64, owned);
            }
        }
        Ok(shown)
    }
}

impl QueueStore for JournalStore {
    fn locations(&self) -> Vec<QueueLocation> {
        self.0.directory.locations()
    }

    fn label(&self, location: QueueLocation) -> String {
        self.0.directory.label(location)
    }

    fn shown(&self, key: &MessageKey, prefix: &str) -> String {
        self.0.directory.shown(key, prefix)
    }

    fn create_body(&self, key: &MessageKey) -> Result<Box<dyn BodySink>, QueueError> {
        self.0.directory.create_body(key)
    }

    fn discard(&self, key: &MessageKey) -> Result<(), QueueError> {
        self.0.directory.discard(key)
    }

    fn commit<'a>(&'a self, key: &'a MessageKey, envelope: &'a StoredEnvelope) -> Operation<'a, Lease> {
        let Some(live) = self.0.live() else { return self.0.directory.commit(key, envelope) };
        Box::pin(async move {
            match self.0.append(live, key, envelope).await? {
                Some(lease) => Ok(lease),
                None => self.0.directory.commit(key, envelope).await,
            }
        })
    }

    fn load<'a>(&'a self, key: &'a MessageKey, kind: EntryKind) -> Operation<'a, Loaded<StoredEnvelope>> {
        let kept = self.0.live().and_then(|live| Some((live.find(key)?, live)));
        let Some((kept, live)) = kept else { return self.0.directory.load(key, kind) };
        Box::pin(async move {
            if !kept.is_left() {
                return Ok(Loaded::Busy);
            }
            blocking(move || live.file(&kept, kept.prefix, &kept.control)).await?;
            self.0.directory.load(key, kind).await
        })
    }

    fn update<'a>(&'a self, lease: &'a mut Lease, envelope: &'a StoredEnvelope) -> Operation<'a, ()> {
        Box::pin(async move {
            let form = self.0.directory.control_file(&lease.key, envelope);
            match self.0.file(lease, Some(form)).await? {
                true => Ok(()),
                false => self.0.directory.update(lease, envelope).await,
            }
        })
    }

    fn remove(&self, mut lease: Lease) -> Operation<'_, ()> {
        Box::pin(async move {
            if let Some((live, kept)) = self.0.kept(&mut lease).await
                && live.end(&kept, &mut kept.state())
            {
                return Ok(());
            }
            self.0.file(&mut lease, None).await?;
            self.0.directory.remove(lease).await
        })
    }

    fn set_aside(&self, mut lease: Lease) -> Operation<'_, String> {
        Box::pin(async move {
            self.0.file(&mut lease, None).await?;
            self.0.directory.set_aside(lease).await
        })
    }

    fn requarantine(
        &self,
        key: &MessageKey,
        kind: EntryKind,
        reason: Option<&[u8]>,
    ) -> Result<Requarantined, QueueError> {
        self.0.directory.requarantine(key, kind, reason)
    }

    fn renew<'a>(&'a self, lease: &'a mut Lease) -> Operation<'a, ()> {
        Box::pin(async move {
            match self.0.kept(lease).await {
                Some(_) => Ok(()),
                None => self.0.directory.renew(lease).await,
            }
        })
    }

    /// What nobody works on is in files by then; the rest of a journal is somebody's.
    fn due<'a>(
        &'a self,
        selection: &'a Selection,
        now: i64,
        limit: usize,
        progress: &'a RunProgress,
    ) -> Operation<'a, Due> {
        let Some(live) = self.0.live() else {
            return self.0.directory.due(selection, now, limit, progress);
        };
        Box::pin(async move {
            blocking(move || live.file_due(false)).await?;
            self.0.directory.due(selection, now, limit, progress).await
        })
    }

    /// The journal first: what goes from there to files meanwhile is seen twice, and shown once.
    fn visit(
        &self,
        location: QueueLocation,
        selection: &Selection,
        visitor: &mut dyn FnMut(Entry),
    ) -> Result<Vec<Fault>, QueueError> {
        let shown = self.0.visit_journal(location, selection, visitor)?;
        self.0.directory.visit(location, selection, &mut |entry| {
            if !shown.contains(&entry.key.id) {
                visitor(entry);
            }
        })
    }
}
