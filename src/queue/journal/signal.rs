//! Waking a thread that looks after something now and then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often a thread looks that has something to look after.
const OFTEN: Duration = Duration::from_secs(1);
/// Longer than anybody waits: until there is something.
const SELDOM: Duration = Duration::from_secs(3600);

/// The way to the thread.
#[derive(Debug, Default)]
pub(super) struct Signal {
    raised: Mutex<bool>,
    changed: Condvar,
    /// It sleeps until there is something.
    sleeps: AtomicBool,
}

impl Signal {
    /// It is to look at once.
    pub(super) fn raise(&self) {
        *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// There is something to look after: within a second.
    pub(super) fn stir(&self) {
        if self.sleeps.swap(false, Ordering::SeqCst) {
            self.raise();
        }
    }

    /// Until it is raised, or a second; longer where there is nothing.
    pub(super) fn wait(&self, is_there: impl Fn() -> bool) {
        let limit = self.limit(is_there);
        let raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(raised, limit, |raised| !*raised);
        *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
        self.sleeps.store(false, Ordering::SeqCst);
    }

    /// How long to wait. Who looks every second is not stirred by each message that comes.
    fn limit(&self, is_there: impl Fn() -> bool) -> Duration {
        // said before it is asked: what comes meanwhile stirs
        self.sleeps.store(true, Ordering::SeqCst);
        if !is_there() {
            return SELDOM;
        }
        self.sleeps.store(false, Ordering::SeqCst);
        OFTEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_has_nothing_to_look_after_is_stirred() {
        let signal = Signal::default();
        let is_raised = || *signal.raised.lock().unwrap();
        assert_eq!(signal.limit(|| true), OFTEN);
        signal.stir();
        assert!(!is_raised());
        assert_eq!(signal.limit(|| false), SELDOM);
        signal.stir();
        assert!(is_raised());
    }
}
