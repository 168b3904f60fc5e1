//! How answers of the asking personalities are shown.

use super::progress::Progress;
use crate::analysis::Style;
use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};

/// Colours, and lines of the screen's width, for a terminal only.
pub(super) fn style(rules: bool) -> Style {
    let terminal = std::io::stdout().is_terminal();
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let width = terminal_size::terminal_size().filter(|_| terminal);
    let width = width.map_or(0, |(width, _)| usize::from(width.0));
    Style { colour, width, rules }
}

/// To standard output.
pub(super) fn print(text: &str) {
    // a closed stdout leaves nobody to tell
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// A bar that is told how much of how much is done.
pub(super) fn bar(what: &str) -> impl Fn(u64, u64) + Sync {
    let (bar, what, before) = (Progress::new(), what.to_owned(), AtomicU64::new(u64::MAX));
    move |done, total| match before.swap(done, Ordering::Relaxed) {
        u64::MAX => bar.begin(&what, total),
        before => bar.add(done.saturating_sub(before)),
    }
}
