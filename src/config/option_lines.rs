//! O lines, and the options of the command line: names, abbreviations, stickiness.

use super::load::{Loader, Override};
use super::numbers::leading_int;
use crate::schema::{FoundOption, OPTIONS, OptionRow, find_option};

/// Options with sub-options, which stick one by one.
const TIMEOUT: u8 = b'r';
const MILTER: u8 = 0xbc;
/// Options that never stick as a whole: what the cf says is added.
const NEVER_STICKY: [u8; 4] = [b'p', 0xa0, b'M', TIMEOUT];

impl Loader<'_> {
    /// The options of the command line come first and stick.
    pub(super) fn command_line(&mut self) {
        self.commanding = true;
        for said in &self.options.overrides {
            match said {
                Override::Long(text) => self.option_line(&[b" ", &text[..]].concat()),
                Override::Short(text) => self.option_line(text),
                Override::Macro(text) => self.option_line(&[b"M", &text[..]].concat()),
            }
        }
        self.commanding = false;
    }

    /// What follows the O.
    pub(super) fn option_line(&mut self, text: &[u8]) {
        match text.split_first() {
            Some((b' ', long)) => self.long_option(long),
            other => {
                let (code, value) = other.map_or((0, &[][..]), |(code, value)| (*code, value));
                match OPTIONS.iter().find(|row| row.code == code && code.is_ascii()) {
                    Some(row) => self.set_option(row, None, value),
                    None => self.error(format!("readcf: unknown option name 0x{code:x}")),
                }
            }
        }
    }

    fn long_option(&mut self, text: &[u8]) {
        let sign = text.iter().position(|byte| *byte == b'=');
        // blanks may stand around the sign; a tab there is part of the name or the value
        let blanks = |bytes: &mut dyn Iterator<Item = &u8>| bytes.take_while(|byte| **byte == b' ').count();
        let name = &text[..sign.unwrap_or(text.len())];
        let name = &name[..name.len() - blanks(&mut name.iter().rev())];
        let value = sign.map_or(&[][..], |sign| &text[sign + 1..]);
        let value = &value[blanks(&mut value.iter())..];
        if name.is_empty() && text.first() != Some(&b' ') {
            self.error("readcf: null option name");
            return;
        }
        let (name, sub) = match name.iter().position(|byte| *byte == b'.') {
            Some(dot) => (&name[..dot], Some(&name[dot + 1..])),
            None => (name, None),
        };
        let Some(row) = self.find_option(name) else { return };
        let has_subs = row.code == TIMEOUT || row.code == MILTER;
        let sub = match sub {
            Some(sub) if !has_subs => {
                if self.traces(37, 1) {
                    self.say(
                        [
                            b"setoption: ",
                            row.name.as_bytes(),
                            b" does not support suboptions, ignoring .",
                            sub,
                        ]
                        .concat(),
                    );
                }
                None
            }
            sub => sub,
        };
        self.set_option(row, sub, value);
    }

    /// The option a name means; says what is odd about the name.
    fn find_option(&mut self, name: &[u8]) -> Option<&'static OptionRow> {
        match find_option(name) {
            FoundOption::Exact(row) => Some(row),
            FoundOption::Abbreviated(only) => {
                self.notice([b"Option ", name, b" used as abbreviation for ", only.name.as_bytes()].concat());
                Some(only)
            }
            FoundOption::Ambiguous(first, second) => {
                let tail = format!(" (matches {} and {})", first.name, second.name);
                self.error([b"readcf: ambiguous option name ", name, tail.as_bytes()].concat());
                None
            }
            FoundOption::Unknown => {
                self.error([b"readcf: unknown option name ", name].concat());
                None
            }
        }
    }

    /// Sets an option, unless the command line said something else.
    pub(super) fn set_option(&mut self, row: &'static OptionRow, sub: Option<&[u8]>, value: &[u8]) {
        let sticks = !NEVER_STICKY.contains(&row.code) && sub.is_none();
        let ignored = !self.commanding && sticks && self.sticky.contains(&row.code);
        if self.traces(37, 1) {
            self.trace_option(row, sub, value, ignored);
        }
        if ignored {
            return;
        }
        if self.commanding && sticks {
            self.sticky.push(row.code);
        }
        if self.hides(row, value) {
            return;
        }
        if sub.is_none() {
            self.config.spans.sets(row.name, None, self.first_line);
        }
        self.apply_option(row, sub, value);
    }

    /// Would a caller who is not root have less in the log than there is without him?
    fn hides(&self, row: &OptionRow, value: &[u8]) -> bool {
        let asked = self.commanding && self.options.unprivileged && row.name == "LogLevel";
        asked && leading_int(value) <= self.config.options.log_level
    }

    fn trace_option(&mut self, row: &OptionRow, sub: Option<&[u8]>, value: &[u8], ignored: bool) {
        let code = match row.code {
            letter @ 0x20..=0x7e => format!("({})", letter as char),
            other => format!("(0x{other:x})"),
        };
        let sub = sub.map_or_else(Vec::new, |sub| [b".", sub].concat());
        let shown = super::printable(value, &self.config.names);
        let end: &[u8] = if ignored { b" (ignored)" } else { b"" };
        let head = format!("setoption {} {code}", row.name);
        self.say([head.as_bytes(), &sub, b"=", &shown, end].concat());
    }

    /// Sets an option by its code, as the program itself does.
    pub(super) fn force_option(&mut self, code: u8, value: &[u8]) {
        if let Some(row) = OPTIONS.iter().find(|row| row.code == code) {
            self.set_option(row, None, value);
        }
    }
}
