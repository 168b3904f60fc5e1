//! Which option a long name means.

use super::options::{OPTIONS, OptionRow};

/// Which options a long name may mean.
#[derive(Clone, Copy, Debug)]
pub enum FoundOption {
    /// This one, in full.
    Exact(&'static OptionRow),
    /// This one alone begins so.
    Abbreviated(&'static OptionRow),
    /// These two, and perhaps more.
    Ambiguous(&'static OptionRow, &'static OptionRow),
    /// None.
    Unknown,
}

/// The option a long name means: all of it, or a beginning that fits only one.
pub fn find_option(name: &[u8]) -> FoundOption {
    let begins = |row: &&OptionRow| {
        let known = row.name.as_bytes();
        !known.is_empty() && known.len() >= name.len() && known[..name.len()].eq_ignore_ascii_case(name)
    };
    let fitting = OPTIONS.iter().filter(begins);
    if let Some(row) = fitting.clone().find(|row| row.name.len() == name.len()) {
        return FoundOption::Exact(row);
    }
    let mut theirs = fitting.filter(|row| !row.is_own());
    match (theirs.next(), theirs.next()) {
        (Some(first), Some(second)) => FoundOption::Ambiguous(first, second),
        (Some(only), None) => FoundOption::Abbreviated(only),
        _ => FoundOption::Unknown,
    }
}
