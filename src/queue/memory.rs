//! A store without a disk: for tests, and the model of a back end whose leases end by themselves.

use super::entry::{Content, Entry, Fact, Summary, is_asked_for};
use super::error::QueueError;
use super::fault::Fault;
use super::options::QueueOptions;
use super::order::{Due, FirstFew, RunProgress};
use super::select::{EntryKind, Selection};
use super::store::{BodySink, Hold, Lease, Loaded, Operation, QueueStore, Requarantined};
use crate::envelope::{Body, MessageKey, QueueLocation, StoredEnvelope};
use std::collections::BTreeMap;
use std::future::ready;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Messages in memory, as one process sees them.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    options: QueueOptions,
    owner: Arc<str>,
    /// How long a lease lasts; `None`: until it is dropped.
    lease_time: Option<Duration>,
    messages: Arc<Mutex<Messages>>,
}

#[derive(Debug, Default)]
struct Messages {
    kept: BTreeMap<MessageKey, Message>,
    /// The number of the last lease.
    fencing: u64,
}

#[derive(Debug)]
struct Message {
    envelope: StoredEnvelope,
    kind: EntryKind,
    modified: i64,
    lease: Option<Holder>,
}

/// Who works on a message.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Holder {
    owner: Arc<str>,
    fencing: u64,
    expiry: Option<i64>,
}

impl Message {
    fn is_leased(&self, now: i64) -> bool {
        self.lease.as_ref().is_some_and(|holder| holder.expiry.is_none_or(|expiry| now < expiry))
    }
}

impl MemoryStore {
    /// An empty store; leases last `lease_time`, or until they are dropped.
    pub fn new(options: QueueOptions, lease_time: Option<Duration>) -> Self {
        Self { options, owner: Arc::from("memory"), lease_time, messages: Arc::default() }
    }

    /// The same messages, as a process of another name sees them.
    #[must_use]
    pub fn seen_by(&self, owner: &str) -> Self {
        Self { owner: Arc::from(owner), ..self.clone() }
    }

    fn now(&self) -> i64 {
        self.options.clock.now()
    }

    fn lock(&self) -> MutexGuard<'_, Messages> {
        lock(&self.messages)
    }

    fn expiry(&self) -> Option<i64> {
        let seconds = i64::try_from(self.lease_time?.as_secs()).unwrap_or(i64::MAX);
        Some(self.now().saturating_add(seconds))
    }

    fn lease(&self, messages: &mut Messages, key: &MessageKey) -> Option<Lease> {
        messages.fencing += 1;
        let fencing = messages.fencing;
        let (owner, expiry) = (self.owner.clone(), self.expiry());
        messages.kept.get_mut(key)?.lease = Some(Holder { owner: owner.clone(), fencing, expiry });
        let hold = Box::new(Holding { messages: self.messages.clone(), key: key.clone(), fencing });
        Some(Lease { key: key.clone(), owner, fencing, expiry, hold })
    }

    fn change<T>(
        &self,
        lease: &Lease,
        work: impl FnOnce(&mut BTreeMap<MessageKey, Message>) -> T,
    ) -> Result<T, QueueError> {
        let mut messages = self.lock();
        let held = messages.kept.get(&lease.key).and_then(|message| message.lease.as_ref());
        let own = held.is_some_and(|holder| holder.owner == lease.owner && holder.fencing == lease.fencing);
        if !own || !lease.is_held(self.now()) {
            return Err(lease.lost());
        }
        Ok(work(&mut messages.kept))
    }

    fn committed(&self, key: &MessageKey, envelope: &StoredEnvelope) -> Result<Lease, QueueError> {
        let mut messages = self.lock();
        if messages.kept.contains_key(key) {
            return Err(QueueError::Exists { path: PathBuf::from(key.id.to_string()) });
        }
        let kind = match envelope.quarantine {
            Some(_) => EntryKind::Quarantined,
            None => EntryKind::Normal,
        };
        let message = Message { envelope: envelope.clone(), kind, modified: self.now(), lease: None };
        messages.kept.insert(key.clone(), message);
        self.lease(&mut messages, key).ok_or_else(|| QueueError::LeaseLost { id: key.id.clone() })
    }

    fn loaded(&self, key: &MessageKey, kind: EntryKind) -> Loaded<StoredEnvelope> {
        let mut messages = self.lock();
        let envelope = match messages.kept.get(key) {
            Some(message) if message.kind != kind => return Loaded::Gone,
            Some(message) if message.is_leased(self.now()) => return Loaded::Busy,
            Some(message) => message.envelope.clone(),
            None => return Loaded::Gone,
        };
        match self.lease(&mut messages, key) {
            Some(lease) => Loaded::Ready(lease, Box::new(envelope)),
            None => Loaded::Gone,
        }
    }

    fn entry(&self, key: &MessageKey, message: &Message, selection: &Selection) -> Option<Entry> {
        let facts = Fact::all_of(&message.envelope);
        Some(Entry {
            key: key.clone(),
            kind: message.kind,
            size: Some(message.envelope.body.size()),
            body_fault: None,
            locked: message.is_leased(self.now()),
            modified: message.modified,
            content: Content::Read,
            summary: Summary::of(&facts, self.options.sort_order, selection)?,
            forced: is_asked_for(&key.id, &facts, selection),
            facts,
        })
    }
}

fn lock(messages: &Mutex<Messages>) -> MutexGuard<'_, Messages> {
    messages.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the message back when the lease is dropped.
#[derive(Debug)]
struct Holding {
    messages: Arc<Mutex<Messages>>,
    key: MessageKey,
    fencing: u64,
}

impl Hold for Holding {}

impl Drop for Holding {
    fn drop(&mut self) {
        if let Some(message) = lock(&self.messages).kept.get_mut(&self.key)
            && message.lease.as_ref().is_some_and(|holder| holder.fencing == self.fencing)
        {
            message.lease = None;
        }
    }
}

impl QueueStore for MemoryStore {
    fn locations(&self) -> Vec<QueueLocation> {
        let groups = u16::try_from(self.options.groups.len().max(1)).unwrap_or(u16::MAX);
        (0..groups).map(|group| QueueLocation { group, directory: 0 }).collect()
    }

    fn label(&self, _location: QueueLocation) -> String {
        "memory".to_owned()
    }

    fn create_body(&self, _key: &MessageKey) -> Result<Box<dyn BodySink>, QueueError> {
        Ok(Box::new(MemorySink(Vec::new())))
    }

    fn discard(&self, _key: &MessageKey) -> Result<(), QueueError> {
        Ok(()) // a body in memory goes with whoever has it
    }

    fn commit<'a>(&'a self, key: &'a MessageKey, envelope: &'a StoredEnvelope) -> Operation<'a, Lease> {
        Box::pin(ready(self.committed(key, envelope)))
    }

    fn load<'a>(&'a self, key: &'a MessageKey, kind: EntryKind) -> Operation<'a, Loaded<StoredEnvelope>> {
        Box::pin(ready(Ok(self.loaded(key, kind))))
    }

    fn update<'a>(&'a self, lease: &'a mut Lease, envelope: &'a StoredEnvelope) -> Operation<'a, ()> {
        let modified = self.now();
        Box::pin(ready(self.change(lease, |kept| {
            if let Some(message) = kept.get_mut(&lease.key) {
                (message.envelope, message.modified) = (envelope.clone(), modified);
            }
        })))
    }

    fn remove(&self, lease: Lease) -> Operation<'_, ()> {
        Box::pin(ready(self.change(&lease, |kept| drop(kept.remove(&lease.key)))))
    }

    fn set_aside(&self, lease: Lease) -> Operation<'_, String> {
        Box::pin(ready(self.change(&lease, |kept| {
            if let Some(message) = kept.get_mut(&lease.key) {
                message.kind = EntryKind::Lost;
            }
            lease.key.id.to_string()
        })))
    }

    fn requarantine(
        &self,
        key: &MessageKey,
        kind: EntryKind,
        reason: Option<&[u8]>,
    ) -> Result<Requarantined, QueueError> {
        let now = self.now();
        let mut messages = self.lock();
        let found =
            messages.kept.get_mut(key).filter(|message| message.kind == kind && !message.is_leased(now));
        let Some(message) = found else { return Ok(Requarantined::Skipped(None)) };
        let old = message.envelope.quarantine.clone();
        if old.as_deref() == reason {
            return Ok(Requarantined::Unchanged(old));
        }
        message.envelope.quarantine = reason.map(<[u8]>::to_vec);
        message.kind = if reason.is_some() { EntryKind::Quarantined } else { EntryKind::Normal };
        Ok(Requarantined::Changed(old))
    }

    fn renew<'a>(&'a self, lease: &'a mut Lease) -> Operation<'a, ()> {
        let expiry = self.expiry();
        let renewed = self.change(lease, |kept| {
            if let Some(holder) = kept.get_mut(&lease.key).and_then(|message| message.lease.as_mut()) {
                holder.expiry = expiry;
            }
        });
        if renewed.is_ok() {
            lease.expiry = expiry;
        }
        Box::pin(ready(renewed))
    }

    fn due<'a>(
        &'a self,
        selection: &'a Selection,
        now: i64,
        limit: usize,
        progress: &'a RunProgress,
    ) -> Operation<'a, Due> {
        let mut few = FirstFew::new(&self.options, now, limit, progress);
        let visited =
            self.locations().into_iter().filter(|one| selection.takes_location(*one)).try_for_each(|place| {
                self.visit(place, selection, &mut |entry| _ = few.offer(&entry)).map(drop)
            });
        Box::pin(ready(visited.map(|()| Due { messages: few.into_sorted(), faults: Vec::new() })))
    }

    fn visit(
        &self,
        location: QueueLocation,
        selection: &Selection,
        visitor: &mut dyn FnMut(Entry),
    ) -> Result<Vec<Fault>, QueueError> {
        let messages = self.lock();
        let here = |key: &MessageKey| key.location == location && selection.takes_id(&key.id);
        let found = messages.kept.iter().filter(|(key, message)| here(key) && message.kind == selection.kind);
        let mut entries = found.filter_map(|(key, message)| self.entry(key, message, selection));
        let most = self.options.max_run_size;
        entries.by_ref().take(if most == 0 { usize::MAX } else { most }).for_each(visitor);
        let unseen = entries.count();
        let full = (unseen > 0).then(|| Fault::Full { label: self.label(location), most, unseen });
        Ok(full.into_iter().collect())
    }
}

struct MemorySink(Vec<u8>);

impl BodySink for MemorySink {
    fn write(&mut self, data: &[u8]) -> Result<(), QueueError> {
        self.0.extend_from_slice(data);
        Ok(())
    }

    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> Result<usize, QueueError> {
        let start = usize::try_from(offset).map_or(self.0.len(), |start| start.min(self.0.len()));
        let count = buffer.len().min(self.0.len() - start);
        buffer[..count].copy_from_slice(&self.0[start..start + count]);
        Ok(count)
    }

    fn restart(&mut self) -> Result<(), QueueError> {
        self.0.clear();
        Ok(())
    }

    fn finish(self: Box<Self>) -> Operation<'static, Body> {
        Box::pin(ready(Ok(Body::from_memory(self.0))))
    }
}
