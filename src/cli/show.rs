//! How answers of the asking personalities are shown.

use crate::analysis::Style;
use std::io::{IsTerminal, Write};

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
