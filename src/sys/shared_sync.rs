//! One sync for all who wait.
//!
//! A directory has to be synced after a file was created in it. One sync serves every file created
//! before it began, so those who come while one is running share the next. A sync that fails has
//! failed for all of them: the kernel tells of a lost write once, so a second try that succeeds
//! proves nothing.

use std::io;
use std::sync::{Condvar, Mutex, PoisonError};

/// The syncs of one directory.
#[derive(Debug, Default)]
pub struct SharedSync {
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

impl SharedSync {
    /// How many syncs have begun.
    pub fn started(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).started
    }

    /// Returns after a `sync` that began later than this call. Blocks; not for the event loop.
    ///
    /// # Errors
    /// Those of `sync`, for everybody who waited for it.
    pub fn run(&self, sync: impl Fn() -> io::Result<()>) -> io::Result<()> {
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
            let result = sync();
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.running = false;
            state.finished = number;
            if let Err(error) = result {
                state.failed = Some((number, error.raw_os_error()));
            }
            // whoever wakes needs the lock
            drop(state);
            self.changed.notify_all();
            state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
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
    fn many_share_few_syncs() {
        let shared = SharedSync::default();
        std::thread::scope(|scope| {
            for _ in 0..16 {
                scope.spawn(|| (0..10).for_each(|_| shared.run(|| Ok(())).expect("synced")));
            }
        });
        let state = shared.state.lock().expect("nobody panicked");
        assert!(state.started <= 160 && state.finished == state.started);
    }

    #[test]
    fn a_failure_is_told() {
        let shared = SharedSync::default();
        assert!(shared.run(|| Err(io::Error::from_raw_os_error(5))).is_err());
        assert!(shared.run(|| Ok(())).is_ok());
    }
}
