//! How much a client has asked for.

use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// Bad commands before the connection is closed.
const MAX_BAD_COMMANDS: u32 = 25;
/// The longest pause before an answer.
const MAX_PAUSE: Duration = Duration::from_secs(240);

/// The pause before an answer to whoever has repeated himself so often.
pub(super) fn longer_and_longer(times: u32) -> Duration {
    Duration::from_secs(1u64.checked_shl(times).unwrap_or(u64::MAX)).min(MAX_PAUSE)
}

/// How soon a client that repeats itself is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pace {
    AtOnce,
    After(Duration),
    /// It is sent away.
    Never,
}

/// Counts of one session.
#[derive(Default)]
pub(super) struct Usage {
    pub(super) commands: u32,
    bad_commands: u32,
    /// When the log last heard that commands are held back.
    pub(super) complained: Option<Instant>,
    counters: HashMap<&'static str, u32>,
}

impl Usage {
    /// One more command that made no sense; `true`: too many.
    pub(super) fn count_bad_command(&mut self) -> bool {
        self.bad_commands += 1;
        self.bad_commands > MAX_BAD_COMMANDS
    }

    /// Would one more bad command be too many?
    pub(super) fn is_last_bad_command(&self) -> bool {
        self.bad_commands >= MAX_BAD_COMMANDS
    }

    /// Uses by this counter are forgotten.
    pub(super) fn forget(&mut self, counter: &'static str) {
        self.counters.remove(counter);
    }

    /// One more use by this counter: how many there have been.
    pub(super) fn count(&mut self, counter: &'static str) -> u32 {
        let uses = self.counters.entry(counter).or_default();
        *uses += 1;
        *uses
    }
}
