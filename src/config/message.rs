//! What the author of a cf is told.

use crate::diag::Severity;

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
