//! Changes to a text.

use super::mistakes::{Edit, Mistake, Remedy};

/// What becomes of a line that may be a comment or in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::m4) enum Choice {
    /// It stays as it is.
    Leave,
    /// A comment.
    Comment,
    /// In force.
    Activate,
}

/// The text with its mistakes mended; `guess` also where the remedy is only likely.
pub(in crate::m4) fn mended(text: &[u8], mistakes: &[Mistake], choice: Choice, guess: bool) -> Vec<u8> {
    let mut edits: Vec<&Edit> =
        mistakes.iter().flat_map(|found| chosen(&found.remedy, choice, guess)).collect();
    edits.sort_by_key(|edit| (edit.at, edit.end));
    let mut result = Vec::with_capacity(text.len() + edits.len());
    let mut done = 0;
    for edit in edits {
        // Two remedies for one place: the first will do, the rest shows at the next look.
        if edit.at < done {
            continue;
        }
        result.extend_from_slice(&text[done..edit.at]);
        result.extend_from_slice(&edit.with);
        done = edit.end;
    }
    result.extend_from_slice(&text[done..]);
    result
}

fn chosen(remedy: &Remedy, choice: Choice, guess: bool) -> &[Edit] {
    match (remedy, choice) {
        (Remedy::Sure(edits), _) => edits,
        (Remedy::Guess(edits), _) if guess => edits,
        (Remedy::Either { comment, .. }, Choice::Comment) => comment,
        (Remedy::Either { activate, .. }, Choice::Activate) => activate,
        _ => &[],
    }
}
