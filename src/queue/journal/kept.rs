//! A message that is in the journal: as what, and where it is by now.

use crate::envelope::{Body, MessageKey};
use crate::queue::store::Lease;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A message of this process's journal. Somebody works on it as long as it is there and nobody has left it.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) key: MessageKey,
    /// Of the control file that it would have.
    pub(super) prefix: &'static str,
    /// The text of that.
    pub(super) control: Vec<u8>,
    pub(super) body: Body,
    /// When it came.
    pub(super) since: Instant,
    state: Mutex<State>,
    left: AtomicBool,
}

/// Where the message is.
#[derive(Debug, Default)]
pub(super) enum State {
    /// In the journal alone; its record is of this turn.
    Journal(u64),
    /// In files, under this lease.
    Files(Lease),
    /// It is done, or in files that nobody has, or not there yet.
    #[default]
    Ended,
}

impl State {
    /// The lease of its files, for whoever works on it.
    pub(super) fn take_filed(&mut self) -> Option<Lease> {
        match std::mem::take(self) {
            Self::Files(lease) => Some(lease),
            other => {
                *self = other;
                None
            }
        }
    }
}

impl Kept {
    pub(super) fn new(key: MessageKey, prefix: &'static str, control: Vec<u8>, body: Body) -> Self {
        let (since, state, left) = (Instant::now(), Mutex::default(), AtomicBool::new(false));
        Self { key, prefix, control, body, since, state, left }
    }

    /// Held while files are written: not for the event loop, but for an attempt.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same, unless somebody writes files.
    pub(super) fn try_state(&self) -> Option<MutexGuard<'_, State>> {
        self.state.try_lock().ok()
    }

    /// Nobody works on it any more.
    pub(super) fn leave(&self) {
        self.left.store(true, Ordering::Release);
    }

    /// Is that so?
    pub(super) fn is_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }
}
