//! How urgent a line is.

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

impl Priority {
    /// syslog's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Critical => "crit",
            Self::Error => "err",
            Self::Warning => "warning",
            Self::Notice => "notice",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}
