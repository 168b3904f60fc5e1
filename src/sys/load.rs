//! How busy the machine is.

use super::clock;
use std::sync::{Mutex, PoisonError};

/// How long an answer counts, in milliseconds: the kernel itself works the average out every five seconds.
const REMEMBERED: u64 = 5000;

/// When it was asked for last, in milliseconds of the coarse clock, and what it was.
static LAST: Mutex<Option<(u64, i64)>> = Mutex::new(None);

/// The load average of the last minute, rounded to a whole number; 0 where it cannot be had. A few seconds old at most:
/// every connection and every message asks.
pub fn average() -> i64 {
    let now = clock::coarse_millis();
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match *last {
        Some((since, load)) if now.saturating_sub(since) < REMEMBERED => load,
        _ => last.insert((now, current())).1,
    }
}

fn current() -> i64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next().and_then(|word| word.parse::<f64>().ok());
    first.map_or(0, |load| load.round() as i64)
}

/// Processors of this machine; QueueLA and RefuseLA grow with them by default.
pub fn processors() -> i64 {
    nix::unistd::sysconf(nix::unistd::SysconfVar::_NPROCESSORS_ONLN).ok().flatten().unwrap_or(1)
}
