//! How long each step of a dialogue may take (RFC 5321, 4.5.3.2).

use crate::schema::{Timeouts, span};
use std::time::Duration;

/// Option Timeout, as far as a client waits for its server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommandTimeouts {
    /// Timeout.initial
    pub greeting: Duration,
    /// Timeout.helo, for HELO too.
    pub ehlo: Duration,
    /// Timeout.lhlo
    pub lhlo: Duration,
    /// Timeout.auth
    pub auth: Duration,
    /// Timeout.mail
    pub mail: Duration,
    /// Timeout.rcpt
    pub rcpt: Duration,
    /// Timeout.datainit
    pub data: Duration,
    /// Timeout.datablock
    pub block: Duration,
    /// Timeout.datafinal
    pub dot: Duration,
    /// Timeout.rset
    pub rset: Duration,
    /// Timeout.misc
    pub misc: Duration,
    /// Timeout.starttls
    pub starttls: Duration,
    /// Timeout.quit, but never for long: nobody needs what a server says to it.
    pub quit: Duration,
}

impl CommandTimeouts {
    /// Reads the options.
    pub fn of(options: &Timeouts) -> Self {
        Self {
            greeting: limit(options.initial),
            ehlo: limit(options.helo),
            lhlo: limit(options.lhlo),
            auth: limit(options.auth),
            mail: limit(options.mail),
            rcpt: limit(options.rcpt),
            data: limit(options.datainit),
            block: limit(options.datablock),
            dot: limit(options.datafinal),
            rset: limit(options.rset),
            misc: limit(options.misc),
            starttls: limit(options.starttls),
            quit: limit(options.quit.clamp(1, MAX_QUIT_SECONDS)),
        }
    }
}

const MAX_QUIT_SECONDS: i64 = 120;

/// Stands for no limit: nobody waits for a year, and no clock overflows.
const NO_LIMIT: Duration = Duration::from_secs(365 * 86_400);

/// Seconds as a limit; 0 means none.
fn limit(seconds: i64) -> Duration {
    match span(seconds) {
        Duration::ZERO => NO_LIMIT,
        limit => limit,
    }
}
