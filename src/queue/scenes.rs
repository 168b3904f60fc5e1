//! The worlds in which the suite runs: a directory, and memory with leases that run out.

use super::store::{Lease, QueueStore};
use super::tests::{NOW, config, folder};
use super::{DirectoryStore, GroupOptions, JournalStore, MemoryStore, QueueOptions};
use crate::sys::clock::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// A store and the world around it.
pub(super) trait Scene {
    /// The store as this process sees it.
    fn store(&self) -> Arc<dyn QueueStore>;
    /// The same messages as another process sees them.
    fn other(&self) -> Arc<dyn QueueStore>;
    /// Somebody takes the message although this lease has not been given back.
    fn take_away(&self, lease: &Lease);
    /// The process that holds the lease dies.
    fn crash(&self, lease: Lease);
}

struct InDirectory {
    dir: tempfile::TempDir,
    options: QueueOptions,
}

impl InDirectory {
    fn open(&self) -> Arc<dyn QueueStore> {
        Arc::new(DirectoryStore::open(Arc::new(config()), self.options.clone()).expect("an open queue"))
    }
}

impl Scene for InDirectory {
    fn store(&self) -> Arc<dyn QueueStore> {
        self.open()
    }

    fn other(&self) -> Arc<dyn QueueStore> {
        self.open()
    }

    /// As sendmail does when it rewrites a qf: another file under the same name.
    fn take_away(&self, lease: &Lease) {
        let (path, new) =
            (self.dir.path().join(format!("qf{}", lease.key().id)), self.dir.path().join("new"));
        std::fs::copy(&path, &new).expect("a copy");
        std::fs::rename(new, path).expect("renamed");
    }

    /// The kernel closes what the process had open.
    fn crash(&self, lease: Lease) {
        drop(lease);
    }
}

struct InJournal {
    directory: InDirectory,
    store: JournalStore,
}

impl Scene for InJournal {
    fn store(&self) -> Arc<dyn QueueStore> {
        Arc::new(self.store.clone())
    }

    /// Nobody else has a part in a journal.
    fn other(&self) -> Arc<dyn QueueStore> {
        self.store()
    }

    /// Once it is in files.
    fn take_away(&self, lease: &Lease) {
        self.store.file_all().expect("files");
        self.directory.take_away(lease);
    }

    fn crash(&self, lease: Lease) {
        drop(lease);
    }
}

struct InMemory {
    store: MemoryStore,
    clock: Arc<AtomicI64>,
}

/// How long leases in memory last, in seconds.
const LEASE: i64 = 60;

impl Scene for InMemory {
    fn store(&self) -> Arc<dyn QueueStore> {
        Arc::new(self.store.clone())
    }

    fn other(&self) -> Arc<dyn QueueStore> {
        Arc::new(self.store.seen_by("other"))
    }

    /// It was not renewed in time.
    fn take_away(&self, _lease: &Lease) {
        self.clock.fetch_add(LEASE, Ordering::Relaxed);
    }

    /// Nobody is left to give it back: it runs out.
    fn crash(&self, lease: Lease) {
        std::mem::forget(lease);
        self.clock.fetch_add(LEASE, Ordering::Relaxed);
    }
}

pub(super) fn in_directory(options: QueueOptions) -> Box<dyn Scene> {
    Box::new(directory(options))
}

fn directory(options: QueueOptions) -> InDirectory {
    let dir = folder();
    let group =
        GroupOptions { name: b"mqueue".to_vec(), path: dir.path().to_owned(), ..GroupOptions::default() };
    let options = QueueOptions { groups: vec![group], clock: Clock::fixed(NOW), ..options };
    InDirectory { dir, options }
}

pub(super) fn in_journal(options: QueueOptions) -> Box<dyn Scene> {
    let directory = directory(options);
    let files = DirectoryStore::open(Arc::new(config()), directory.options.clone()).expect("an open queue");
    let store = JournalStore::over(files);
    store.own().expect("a journal");
    Box::new(InJournal { directory, store })
}

pub(super) fn in_memory(options: QueueOptions) -> Box<dyn Scene> {
    let clock = Arc::new(AtomicI64::new(NOW));
    let options = QueueOptions { clock: Clock::Fixed(clock.clone()), ..options };
    let store = MemoryStore::new(options, Some(Duration::from_secs(LEASE as u64)));
    Box::new(InMemory { store, clock })
}
