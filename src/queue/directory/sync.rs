//! Syncing a queue directory for several sessions at once.

use crate::sys::shared_sync::SharedSync;
use std::fs::File;
use std::io;
use std::path::PathBuf;

/// One directory.
#[derive(Debug)]
pub(super) struct DirectorySync {
    path: PathBuf,
    shared: SharedSync,
}

impl DirectorySync {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, shared: SharedSync::default() }
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

    #[test]
    fn a_directory_that_is_gone_is_an_error_for_all_who_wait() {
        let sync = DirectorySync::new("/nonexistent/queue".into());
        assert!(sync.sync().is_err());
        assert!(sync.sync().is_err());
    }
}
