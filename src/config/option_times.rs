//! Options that are times: Timeout with its sub-options, in all its forms.

use super::env::usual_default_user;
use super::load::Loader;
use super::numbers::{leading_int, parse_time};
use crate::schema::{NOW, TimeoutRow, Timeouts};

/// The times that -d37.5 lists before anything is read: the names that it gives them, and their own.
const LISTED: [(&str, &str); 17] = [
    ("connect", "connect"),
    ("aconnect", "aconnect"),
    ("initial", "initial"),
    ("helo", "helo"),
    ("mail", "mail"),
    ("rcpt", "rcpt"),
    ("datainit", "datainit"),
    ("datablock", "datablock"),
    ("datafinal", "datafinal"),
    ("rset", "rset"),
    ("quit", "quit"),
    ("nextcommand", "command"),
    ("miscshort", "misc"),
    ("ident", "ident"),
    ("fileopen", "fileopen"),
    ("lhlo", "lhlo"),
    ("control", "control"),
];

impl Loader<'_> {
    /// What -d37 shows before anything is read: the DefaultUser and the times that nobody has set yet.
    pub(super) fn trace_defaults(&mut self) {
        if self.traces(37, 5) {
            let (name, ids) = usual_default_user(self.env);
            self.say(format!("setdefaults: DefUser={name}, DefUid={}, DefGid={}", ids.uid, ids.gid));
        }
        if self.traces(37, 2) {
            self.say("inittimeouts(<NULL>)");
        }
        if self.traces(37, 5) {
            self.say("Timeouts:");
            for (shown, name) in LISTED {
                let amount = self.config.options.timeout.get(name).unwrap_or_default();
                self.say(format!("  {shown} = {amount}"));
            }
        }
    }

    pub(super) fn time(&mut self, value: &[u8], unit: u8) -> i64 {
        let (seconds, problem) = parse_time(value, unit);
        self.time_problem(&problem);
        seconds
    }

    pub(super) fn timeout(&mut self, sub: Option<&[u8]>, value: &[u8]) {
        match sub {
            Some(name) => self.one_timeout(name, value),
            None => self.old_timeouts(value),
        }
    }

    pub(super) fn one_timeout(&mut self, name: &[u8], value: &[u8]) {
        let traced = self.traces(37, 2);
        let mut trace = [b"settimeout(", name, b" = ", value, b")"].concat();
        let Some(unit) = Timeouts::rows(name).next().map(|row| row.unit) else {
            self.error([b"settimeout: invalid timeout ", name].concat());
            // sendmail ends the line of its trace when it has found the name
            if let Some(error) = self.messages.last_mut().filter(|_| traced) {
                error.text.splice(..0, trace);
            }
            return;
        };
        if traced {
            let sticks = |row: &TimeoutRow| self.sticky_timeouts.contains(&row.name);
            if !self.commanding && Timeouts::rows(name).all(sticks) {
                trace.extend(b" (ignored)");
            }
            self.say(trace);
        }
        let (seconds, problem) = parse_time(value, if unit == 0 { b's' } else { unit });
        let is_queue = name.to_ascii_lowercase().starts_with(b"queue");
        let amount = match unit {
            0 => leading_int(value),
            _ if is_queue && value.eq_ignore_ascii_case(b"now") => NOW,
            _ => seconds,
        };
        // sendmail reads the times that come in several kinds twice, but for the counts
        let readings = if unit != 0 && is_queue || unit == b's' { 2 } else { 1 };
        for _ in 0..readings {
            self.time_problem(&problem);
        }
        self.set_timeout(name, amount);
    }

    pub(super) fn set_timeout(&mut self, name: &[u8], amount: i64) {
        let kept: &[&str] = if self.commanding { &[] } else { &self.sticky_timeouts };
        let set = self.config.options.timeout.set(name, amount, kept);
        for name in &set {
            self.config.spans.sets("Timeout", Some(name), self.first_line);
        }
        if self.commanding {
            self.sticky_timeouts.extend(set);
        }
    }

    /// `5m`, or `name:time,name=time`.
    pub(super) fn old_timeouts(&mut self, value: &[u8]) {
        const SMTP: [&str; 6] = ["mail", "rcpt", "datainit", "datablock", "datafinal", "command"];
        if self.traces(37, 2) {
            self.say([b"inittimeouts(", value, b")"].concat());
        }
        for item in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            let sign = item.iter().position(|byte| matches!(byte, b':' | b'='));
            match (item.first(), sign) {
                (Some(b'0'..=b'9'), _) => {
                    let seconds = self.time(item, b'm');
                    for name in SMTP {
                        self.set_timeout(name.as_bytes(), seconds);
                    }
                }
                (_, Some(at)) => self.one_timeout(&item[..at], &item[at + 1..]),
                _ => {}
            }
        }
    }

    /// `return[/warn]`
    pub(super) fn queue_timeout(&mut self, value: &[u8]) {
        let mut parts = value.splitn(2, |byte| *byte == b'/');
        let give_back = parts.next().unwrap_or_default();
        if let Some(warn) = parts.next() {
            self.one_timeout(b"queuewarn", warn);
        }
        self.one_timeout(b"queuereturn", give_back);
    }
}
