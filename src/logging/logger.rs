//! The log itself: who is asked, at which level, and where the lines go.

/// Syslog priorities, most urgent first; the numbers are syslog's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody must act at once.
    Alert = 1,
    /// Critical: system errors.
    Critical = 2,
    /// An error.
    Error = 3,
    /// A warning.
    Warning = 4,
    /// Normal, but worth a look (rejections).
    Notice = 5,
    /// Accounting lines: from=, to=.
    Info = 6,
    /// For debugging.
    Debug = 7,
}

/// Where lines go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Target {
    /// A syslog socket (datagrams), `/dev/log` as a rule.
    Syslog(std::path::PathBuf),
    /// Standard error.
    Stderr,
    /// Nowhere.
    Nothing,
    /// Kept in memory, for tests.
    Memory,
}

/// The log of one process. Cloning shares it. A line never makes a session wait: when the writer
/// falls behind, lines are dropped and counted.
#[derive(Clone)]
pub struct Logger {}

impl Logger {
    /// Opens a log. The writer's thread starts with the first line, so a fork may come before.
    pub fn open(_target: Target, _tag: &[u8], _level: u8) -> Self {
        Self {}
    }

    /// The LogLevel.
    pub fn level(&self) -> u8 {
        9
    }

    /// Logs `id: text` if LogLevel is greater than `above` (sendmail's `LogLevel > N`).
    pub fn log(&self, _above: u8, _priority: Priority, _id: Option<&[u8]>, _text: &[u8]) {}

    /// The same, without asking for the level.
    pub fn always(&self, _priority: Priority, _id: Option<&[u8]>, _text: &[u8]) {}

    /// Waits until all lines so far are written.
    pub fn flush(&self) {}

    /// Lines so far, for a log in memory.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }
}
