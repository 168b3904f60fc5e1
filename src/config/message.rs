//! What the author of a cf is told.

use crate::diag::{Diagnostic, Place, Severity, nearest};
use crate::schema::{OPTIONS, Privacy};
use crate::sys::safe;

/// One printed message or trace line, without its end of line (it may hold some).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// The bytes as printed, prefix included.
    pub text: Vec<u8>,
    /// How bad it is; trace lines are notices.
    pub severity: Severity,
    /// Last line of the logical line at fault; 0 when it is about no line.
    pub line: u32,
    /// Column in bytes from 1; 0 when only the line is known.
    pub column: u32,
}

impl Message {
    /// The same for a person at a terminal: with the source line, and advice where there is some.
    pub fn diagnostic(&self, file: &[u8], source: &[u8]) -> Diagnostic {
        let text = String::from_utf8_lossy(&self.text).into_owned();
        let prefix = format!("line {}: ", self.line);
        let message = text.split_once(&prefix).map_or(text.as_str(), |(_, rest)| rest).to_owned();
        let line = self
            .line
            .checked_sub(1)
            .and_then(|index| source.split(|byte| *byte == b'\n').nth(index as usize));
        let help = meant(&message).map(|name| format!("did you mean `{name}`?"));
        Diagnostic {
            severity: self.severity,
            message,
            place: Place {
                file: String::from_utf8_lossy(file).into_owned(),
                line: self.line,
                column: self.column,
            },
            excerpt: line.map(|line| String::from_utf8_lossy(line).into_owned()),
            help,
        }
    }
}

/// Gives all words of a kind.
type Words = fn() -> Vec<&'static str>;

/// Messages that hold a word nobody knows, by what stands before and behind it, with the words that are known.
const UNKNOWN: [(&str, &str, Words); 3] = [
    ("readcf: unknown option name ", "", || OPTIONS.iter().map(|row| row.name).collect()),
    ("readcf: Op line: ", " unrecognized", || Privacy::WORDS.iter().map(|row| row.0).collect()),
    ("readcf: DontBlameSendmail option: ", " unrecognized", || safe::WORDS.iter().map(|row| row.0).collect()),
];

/// The word that may have been meant.
fn meant(message: &str) -> Option<&'static str> {
    UNKNOWN.iter().find_map(|(before, behind, known)| {
        let word = message.strip_prefix(before)?.strip_suffix(behind)?;
        nearest(word, known()).first().copied()
    })
}

/// Cuts a text in the middle, as messages show long ones: at most `max` bytes.
pub(super) fn shortened(text: &[u8], max: usize) -> Vec<u8> {
    if text.len() <= max {
        return text.to_vec();
    }
    let half = (max - 3) / 2;
    [&text[..half], b"...", &text[text.len() - half..]].concat()
}

/// Longest file name in a prefix.
pub(super) const MAX_FILE_SHOWN: usize = 83;
