//! What is looked at.

use super::finding::Finding;
use crate::config::{Config, Entry};

/// A configuration, and which of its lines the site itself has written.
pub struct Subject<'a> {
    /// As it was loaded.
    pub config: &'a Config,
    /// The cf as it is named to the user.
    pub cf: &'a str,
    /// Its text.
    pub text: &'a [u8],
    /// Lines that the site itself has written, and no library; of a cf without origins all are.
    pub own: &'a dyn Fn(u32) -> bool,
    /// How another line is named: with the line of the .mc behind it.
    pub place: &'a dyn Fn(u32) -> String,
    /// Seconds since the epoch.
    pub now: i64,
}

impl Subject<'_> {
    pub(super) fn is_own(&self, line: u32) -> bool {
        (self.own)(line)
    }

    pub(super) fn shown_line(&self, line: u32) -> String {
        (self.place)(line)
    }

    /// A line of the cf, from 1.
    pub(super) fn cf_line(&self, line: u32) -> &[u8] {
        let index = (line as usize).saturating_sub(1);
        self.text.split(|byte| *byte == b'\n').nth(index).unwrap_or_default()
    }

    pub(super) fn at_cf_line(&self, code: &str, line: u32, message: String) -> Finding {
        Finding::new(code, self.cf, message).at(line, 0, self.cf_line(line))
    }

    /// At the line that says this; where none does, about the cf as a whole.
    pub(super) fn at_entry(&self, code: &str, entry: Entry<'_>, message: String) -> Finding {
        match self.config.span_of(entry) {
            Some(span) => self.at_cf_line(code, span.first, message),
            None => Finding::new(code, self.cf, message),
        }
    }
}
