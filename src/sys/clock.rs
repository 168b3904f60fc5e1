//! The time of day, in seconds since the epoch.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Where the time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system.
    #[default]
    System,
    /// A test's own time; moves only when told.
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `epoch`.
    pub fn fixed(epoch: i64) -> Self {
        Self::Fixed(Arc::new(AtomicI64::new(epoch)))
    }

    /// Seconds since the epoch.
    pub fn now(&self) -> i64 {
        match self {
            Self::System => now(),
            Self::Fixed(at) => at.load(Ordering::Relaxed),
        }
    }
}

/// The system's time, seconds since the epoch.
pub fn now() -> i64 {
    since_epoch().as_secs() as i64
}

/// The system's time with microseconds, for names that must never repeat.
pub fn now_micros() -> (i64, u32) {
    let since = since_epoch();
    (since.as_secs() as i64, since.subsec_micros())
}

/// Milliseconds of a clock that only goes forwards, a few milliseconds coarse and almost free to ask.
pub fn coarse_millis() -> u64 {
    use nix::time::{ClockId, clock_gettime};
    // the clock is as old as Linux 2.6.32
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC_COARSE).unwrap_or(nix::sys::time::TimeSpec::new(0, 0));
    now.tv_sec() as u64 * 1000 + now.tv_nsec() as u64 / 1_000_000
}

fn since_epoch() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands() {
        assert_eq!(Clock::fixed(7).now(), 7);
    }
}
