//! Syncing a queue directory for several sessions at once.

use crate::sys::shared_sync::SharedSync;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;

/// How long a removal may wait for the sync of something else.
const SOON: Duration = Duration::from_secs(1);

/// One directory.
#[derive(Debug)]
pub(super) struct DirectorySync {
    path: PathBuf,
    shared: SharedSync,
    /// Somebody sees to the removals.
    awaited: AtomicBool,
    /// How many syncs had begun at the last removal.
    removed_at: AtomicU64,
}

impl DirectorySync {
    pub(super) fn new(path: PathBuf) -> Self {
        let (awaited, removed_at) = Default::default();
        Self { path, shared: SharedSync::default(), awaited, removed_at }
    }

    /// A name was removed. Nobody waits for that to reach the disk, but it does so within a second: a delivered message that
    /// comes back at a power cut is delivered twice. Outside of a runtime it is left to the file system.
    pub(super) fn soon(self: &Arc<Self>) {
        let Ok(runtime) = Handle::try_current() else { return };
        self.removed_at.store(self.shared.started(), Ordering::Release);
        if self.awaited.swap(true, Ordering::AcqRel) {
            return;
        }
        let directory = self.clone();
        runtime.spawn(async move {
            tokio::time::sleep(SOON).await;
            directory.awaited.store(false, Ordering::Release);
            let synced = move || directory.needs_sync() && directory.sync().is_ok();
            // one that fails has lost nothing: the message was delivered
            let _ = tokio::task::spawn_blocking(synced).await;
        });
    }

    /// Has none begun since the last removal?
    fn needs_sync(&self) -> bool {
        self.shared.started() == self.removed_at.load(Ordering::Acquire)
    }

    /// Returns after a sync that began later than this call. Blocks; not for the event loop.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.shared.run(|| File::open(&self.path).and_then(|directory| directory.sync_all()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_sessions_share_few_syncs() {
        let dir = tempfile::tempdir().expect("a directory");
        let sync = DirectorySync::new(dir.path().to_owned());
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| (0..10).for_each(|_| sync.sync().expect("synced")));
            }
        });
    }

    #[tokio::test(start_paused = true)]
    async fn removals_are_synced_within_a_second_and_once() {
        let dir = tempfile::tempdir().expect("a directory");
        let sync = Arc::new(DirectorySync::new(dir.path().to_owned()));
        let settled = || async {
            while sync.awaited.load(Ordering::Acquire) || sync.needs_sync() {
                tokio::time::sleep(SOON).await;
            }
        };
        (0..10).for_each(|_| sync.soon());
        settled().await;
        assert_eq!(sync.shared.started(), 1);
        sync.soon();
        sync.sync().expect("synced");
        settled().await;
        assert_eq!(sync.shared.started(), 2, "somebody else's sync will do");
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error_for_all_who_wait() {
        let sync = DirectorySync::new("/nonexistent/queue".into());
        assert!(sync.sync().is_err());
        assert!(sync.sync().is_err());
    }
}
