//! Syncing directories for several sessions at once.
//!
//! A directory has to be synced after a file was created in it. One sync serves every file created
//! before it began, so sessions that come while one is running share the next.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};

/// One directory.
#[derive(Debug)]
pub(super) struct DirectorySync {
    path: PathBuf,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    started: u64,
    finished: u64,
    running: bool,
    /// The last sync that failed, and how.
    failed: Option<(u64, Option<i32>)>,
}

impl DirectorySync {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Returns after a sync that began later than this call. Blocks; not for the event loop.
    pub(super) fn sync(&self) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = state.started + 1;
        while state.finished < wanted {
            if state.running {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            state.running = true;
            state.started += 1;
            let number = state.started;
            drop(state);
            let result = File::open(&self.path).and_then(|directory| directory.sync_all());
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.running = false;
            state.finished = number;
            if let Err(error) = result {
                state.failed = Some((number, error.raw_os_error()));
            }
            self.changed.notify_all();
        }
        match state.failed {
            Some((number, code)) if number >= wanted => {
                Err(code.map_or_else(|| io::ErrorKind::Other.into(), io::Error::from_raw_os_error))
            }
            _ => Ok(()),
        }
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
        let state = sync.state.lock().expect("nobody panicked");
        assert!(state.started <= 160 && state.finished == state.started);
    }

    #[test]
    fn a_directory_that_is_gone_is_an_error_for_all_who_wait() {
        let sync = DirectorySync::new("/nonexistent/queue".into());
        assert!(sync.sync().is_err());
        assert!(sync.sync().is_err());
    }
}
