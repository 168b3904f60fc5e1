//! A message of the expander, explained to the author of a .mc.

use super::host::FindingKind;
use crate::diag::{self, Diagnostic};

/// A message of the expander, explained.
pub(super) struct Said {
    pub(super) kind: FindingKind,
    pub(super) diagnostic: Diagnostic,
}

/// A line of a text, from 1.
pub(super) fn excerpt(source: &[u8], line: u32) -> Option<String> {
    let line = source.split(|byte| *byte == b'\n').nth((line as usize).checked_sub(1)?)?;
    let text = diag::shown(line.trim_ascii_end());
    (!text.is_empty()).then(|| text.chars().take(200).collect())
}
