//! The sub-options of option Timeout, one row each.

use super::option_types::ByPrecedence;
use std::time::Duration;

/// A number of seconds as an option has it, as a span of time. An option may be negative, which is as good as nothing; to
/// those that read nothing as no limit at all it means that.
pub fn span(seconds: i64) -> Duration {
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// Timeout.queuereturn=now, as sendmail's times have it: what is read from the queue is not tried any more.
pub const NOW: i64 = -1;

/// One sub-option of Timeout.
#[derive(Clone, Copy, Debug)]
pub struct TimeoutRow {
    /// Name after `Timeout.`
    pub name: &'static str,
    /// The unit of a number without one; 0 for a plain count.
    pub unit: u8,
    /// What it bounds.
    pub doc: &'static str,
}

macro_rules! timeouts {
    ($($(#[doc = $doc:literal])+ $name:literal, $unit:expr => $($field:ident).+;)*) => {
        /// All rows.
        pub const TIMEOUTS: &[TimeoutRow] =
            &[$(TimeoutRow { name: $name, unit: $unit, doc: concat!($($doc),+) },)*];

        impl Timeouts {
            /// Where the time (or count) of a sub-option is kept; names compare without case.
            fn slot(&mut self, name: &str) -> Option<&mut i64> {
                match name {
                    $($name => Some(&mut self.$($field).+),)*
                    _ => None,
                }
            }

            /// The time (or count) of a sub-option.
            pub fn get(&self, name: &str) -> Option<i64> {
                match name {
                    $($name => Some(self.$($field).+),)*
                    _ => None,
                }
            }
        }
    };
}

/// Times in seconds, as they are written (`-d37` shows them so); 0 means the system's own limit or none. Whoever waits
/// makes a [`span`] of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Timeouts {
    /// For the greeting.
    pub initial: i64,
    /// For a connection.
    pub connect: i64,
    /// For a connection at a message's first attempt.
    pub iconnect: i64,
    /// For all connections of one attempt together.
    pub aconnect: i64,
    /// For the answer to EHLO or HELO.
    pub helo: i64,
    /// For the answer to MAIL.
    pub mail: i64,
    /// For the answer to RCPT.
    pub rcpt: i64,
    /// For the answer to DATA.
    pub datainit: i64,
    /// For each block of data.
    pub datablock: i64,
    /// For the answer to the final dot.
    pub datafinal: i64,
    /// For the answer to RSET.
    pub rset: i64,
    /// For the answer to QUIT.
    pub quit: i64,
    /// For the answer to other commands.
    pub misc: i64,
    /// How long the server waits for a command.
    pub command: i64,
    /// For the ident query; 0: none is made.
    pub ident: i64,
    /// For opening .forward and :include: files.
    pub fileopen: i64,
    /// For a command on the control socket.
    pub control: i64,
    /// For the answer to LHLO.
    pub lhlo: i64,
    /// For the AUTH dialogue.
    pub auth: i64,
    /// For the answer to STARTTLS.
    pub starttls: i64,
    /// How long a host's status is believed.
    pub hoststatus: i64,
    /// After which a message returns.
    pub queuereturn: ByPrecedence,
    /// After which its sender is warned; 0: never.
    pub queuewarn: ByPrecedence,
    /// Resolver: seconds before the first question is repeated; 0: the resolver's own.
    pub resolver_retrans_first: i64,
    /// Resolver: seconds before later questions are repeated; 0: the resolver's own.
    pub resolver_retrans_normal: i64,
    /// Resolver: how often the first question is put; 0: the resolver's own.
    pub resolver_retry_first: i64,
    /// Resolver: how often later questions are put; 0: the resolver's own.
    pub resolver_retry_normal: i64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            initial: 300,
            connect: 0,
            iconnect: 0,
            aconnect: 0,
            helo: 300,
            mail: 600,
            rcpt: 3600,
            datainit: 300,
            datablock: 3600,
            datafinal: 3600,
            rset: 300,
            quit: 120,
            misc: 120,
            command: 3600,
            ident: 5,
            fileopen: 60,
            control: 120,
            lhlo: 120,
            auth: 600,
            starttls: 3600,
            hoststatus: 1800,
            queuereturn: ByPrecedence::all(5 * 86400),
            queuewarn: ByPrecedence::all(0),
            resolver_retrans_first: 0,
            resolver_retrans_normal: 0,
            resolver_retry_first: 0,
            resolver_retry_normal: 0,
        }
    }
}

timeouts! {
    /// Wait for the greeting
    "initial", b'm' => initial;
    /// Wait for a connection
    "connect", b'm' => connect;
    /// Wait for a connection at the first attempt of a message
    "iconnect", b'm' => iconnect;
    /// Wait for all connections of one attempt
    "aconnect", b'm' => aconnect;
    /// Wait for the answer to HELO or EHLO
    "helo", b'm' => helo;
    /// Wait for the answer to MAIL
    "mail", b'm' => mail;
    /// Wait for the answer to RCPT
    "rcpt", b'm' => rcpt;
    /// Wait for the answer to DATA
    "datainit", b'm' => datainit;
    /// Wait for each block of data
    "datablock", b'm' => datablock;
    /// Wait for the answer to the final dot
    "datafinal", b'm' => datafinal;
    /// Wait for the answer to RSET
    "rset", b'm' => rset;
    /// Wait for the answer to QUIT
    "quit", b'm' => quit;
    /// Wait for the answer to NOOP, VERB and the like
    "misc", b'm' => misc;
    /// The server's wait for the next command
    "command", b'm' => command;
    /// The ident query; 0 means none
    "ident", b'm' => ident;
    /// Opening .forward and :include: files
    "fileopen", b'm' => fileopen;
    /// A command on the control socket
    "control", b'm' => control;
    /// Wait for the answer to LHLO
    "lhlo", b'm' => lhlo;
    /// The AUTH dialogue
    "auth", b'm' => auth;
    /// Wait for the answer to STARTTLS
    "starttls", b'm' => starttls;
    /// How long a host's status is believed
    "hoststatus", b'm' => hoststatus;
    /// When an ordinary message returns
    "queuereturn.normal", b'd' => queuereturn.normal;
    /// When an urgent message returns
    "queuereturn.urgent", b'd' => queuereturn.urgent;
    /// When a message with negative precedence returns
    "queuereturn.non-urgent", b'd' => queuereturn.non_urgent;
    /// When a bounce is given up
    "queuereturn.dsn", b'd' => queuereturn.dsn;
    /// When the sender of an ordinary message is warned
    "queuewarn.normal", b'h' => queuewarn.normal;
    /// When the sender of an urgent message is warned
    "queuewarn.urgent", b'h' => queuewarn.urgent;
    /// When the sender of a message with negative precedence is warned
    "queuewarn.non-urgent", b'h' => queuewarn.non_urgent;
    /// When somebody is warned of a bounce that does not get away
    "queuewarn.dsn", b'h' => queuewarn.dsn;
    /// Resolver: wait before the first repetition
    "resolver.retrans.first", b's' => resolver_retrans_first;
    /// Resolver: wait before later repetitions
    "resolver.retrans.normal", b's' => resolver_retrans_normal;
    /// Resolver: how often the first question is put
    "resolver.retry.first", 0 => resolver_retry_first;
    /// Resolver: how often later questions are put
    "resolver.retry.normal", 0 => resolver_retry_normal;
}

impl Timeouts {
    /// Names that stand for several rows, and how those begin.
    pub const GROUPS: &'static [(&'static str, &'static str)] = &[
        ("queuereturn", "queuereturn."),
        ("queuereturn.*", "queuereturn."),
        ("queuewarn", "queuewarn."),
        ("queuewarn.*", "queuewarn."),
        ("resolver.retrans", "resolver.retrans."),
        ("resolver.retry", "resolver.retry."),
    ];

    /// The rows that a name means, without regard to case: one, those of a group, or none.
    pub fn rows(name: &[u8]) -> impl Iterator<Item = &'static TimeoutRow> {
        let name = name.to_ascii_lowercase();
        let group = Self::GROUPS.iter().find(|(group, _)| group.as_bytes() == name);
        TIMEOUTS.iter().filter(move |row| match group {
            Some((_, prefix)) => row.name.starts_with(prefix),
            None => row.name.as_bytes() == name,
        })
    }

    /// Sets the rows that a name means, but for those in `kept`. The rows set come back.
    pub fn set(&mut self, name: &[u8], value: i64, kept: &[&'static str]) -> Vec<&'static str> {
        let mut done = Vec::new();
        for row in Self::rows(name).filter(|row| !kept.contains(&row.name)) {
            if let Some(slot) = self.slot(row.name) {
                *slot = value;
                done.push(row.name);
            }
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_set_their_rows() {
        let mut times = Timeouts::default();
        times.set(b"queuereturn.urgent", 7, &[]);
        assert_eq!(times.queuereturn.urgent, 7);
        times.set(b"QueueReturn", 9, &["queuereturn.urgent"]);
        assert_eq!((times.queuereturn.urgent, times.queuereturn.dsn), (7, 9));
        assert!(Timeouts::rows(b"Resolver.Retry").all(|row| row.unit == 0));
        assert_eq!(Timeouts::rows(b"bogus").count(), 0);
    }
}
