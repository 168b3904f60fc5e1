//! What the shell does, as sendmail prints it: the lines of -d2, -d9, -d23, -d31, -d37 and -d45 that are about typed
//! lines. What rules, maps and addresses have to show is printed by [`crate::engine::Printer`].

use super::console::Console;
use crate::config::{Names, printable};
use crate::logging::Tracer;

/// One thing that the shell has done.
pub(super) enum ShellEvent<'a> {
    /// Who has started it is known; no connection tells more.
    Caller { name: &'a [u8] },
    /// It ends.
    End { flags: &'a str },
    /// A workspace joined to text.
    Joined { text: &'a [u8] },
    /// A header line is read.
    Header { line: &'a [u8] },
    /// It is quoted, and what is to be done with it is known.
    HeaderMatch { quoted: &'a [u8], flags: u32, ruleset: &'a [u8] },
    /// Dollars of a typed text are translated.
    Translate { text: &'a [u8] },
    /// They are.
    Translated { text: &'a [u8] },
    /// A class gets a word.
    ClassWord { class: &'a [u8], word: &'a [u8] },
    /// The sender is set.
    Sender { text: &'a [u8] },
}

impl ShellEvent<'_> {
    /// The level of a category from which on it is shown.
    fn needs(&self) -> (u8, u8) {
        match self {
            Self::End { .. } => (2, 1),
            Self::Caller { .. } => (9, 1),
            Self::Joined { .. } => (23, 101),
            Self::Header { .. } => (31, 6),
            Self::HeaderMatch { .. } => (31, 9),
            Self::ClassWord { .. } => (37, 8),
            Self::Translate { .. } | Self::Translated { .. } => (37, 53),
            Self::Sender { .. } => (45, 1),
        }
    }
}

impl Console {
    /// Prints an event as far as the levels ask for it.
    pub(super) fn show(&mut self, names: &Names, event: &ShellEvent<'_>) {
        let (category, level) = event.needs();
        if self.level(category) < level {
            return;
        }
        match *event {
            ShellEvent::Caller { name } => self.say([b"getauthinfo: ", name, b"@localhost"].concat()),
            ShellEvent::End { flags } => {
                let status = self.status.0;
                self.say(format!("\n====finis: stat {status} e_id=NOQUEUE e_flags={flags}"));
            }
            ShellEvent::Joined { text } => self.say(joined(text)),
            ShellEvent::Header { line } => self.say([b"chompheader: ", &printable(line, names)[..]].concat()),
            ShellEvent::HeaderMatch { quoted, flags, ruleset } => {
                self.say([b"chompheader: quoted: ", &printable(quoted, names)[..]].concat());
                self.say([format!("header match, flags={flags:x}, ruleset=").as_bytes(), ruleset].concat());
            }
            ShellEvent::Translate { text } => self.say([b"translate_dollars(", text, b")"].concat()),
            ShellEvent::Translated { text } => {
                self.say([b"  translate_dollars => ", &printable(text, names)[..]].concat());
            }
            ShellEvent::ClassWord { class, word } => {
                self.say([b"setclass(", class, b", ", &printable(word, names)[..], b")"].concat());
            }
            ShellEvent::Sender { text } => self.say([b"setsender(", text, b")"].concat()),
        }
    }
}

fn joined(text: &[u8]) -> Vec<u8> {
    let mut line = b"cataddr: ".to_vec();
    for byte in text {
        match byte {
            b' '..=b'~' => line.push(*byte),
            byte => line.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
        }
    }
    line
}
