//! What differs between two texts, edit by edit, each of which can be made or left out.

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::BTreeSet;
use std::ops::Range;

/// Edits by their numbers.
pub(super) type EditSet = BTreeSet<usize>;

/// One edit, as it is shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Edit {
    /// First line in the old text, from 1; where nothing is removed, the line before which something is added.
    pub old_line: usize,
    /// First line in the new text, from 1.
    pub new_line: usize,
    /// Lines of the old text that are gone.
    pub removed: Vec<String>,
    /// Lines of the new text that are not in the old one.
    pub added: Vec<String>,
}

/// Two texts as lines, and the places where they differ.
pub(super) struct Hunks<'t> {
    old: Vec<&'t [u8]>,
    new: Vec<&'t [u8]>,
    edits: Vec<(Range<usize>, Range<usize>)>,
}

impl<'t> Hunks<'t> {
    pub fn new(old: &'t [u8], new: &'t [u8]) -> Self {
        let lines = |text: &'t [u8]| text.split_inclusive(|byte| *byte == b'\n').collect::<Vec<_>>();
        let (old, new) = (lines(old), lines(new));
        let (mut edits, mut gone, mut come) = (Vec::new(), 0, 0);
        // what lies between lines that are the same; the other parts may come in any order
        let same = capture_diff_slices(Algorithm::Myers, &old, &new).into_iter().filter_map(|op| match op {
            DiffOp::Equal { old_index, new_index, len } => Some((old_index, new_index, len)),
            _ => None,
        });
        for (old_at, new_at, length) in same.chain([(old.len(), new.len(), 0)]) {
            if gone < old_at || come < new_at {
                split(&old, &new, gone..old_at, come..new_at, &mut edits);
            }
            (gone, come) = (old_at + length, new_at + length);
        }
        Self { old, new, edits }
    }

    pub fn len(&self) -> usize {
        self.edits.len()
    }

    /// The old text with these edits made.
    pub fn with(&self, made: &EditSet) -> Vec<u8> {
        let (mut text, mut at) = (Vec::new(), 0);
        for (index, (old, new)) in self.edits.iter().enumerate() {
            self.old[at..old.start].iter().for_each(|line| text.extend_from_slice(line));
            let lines = if made.contains(&index) { &self.new[new.clone()] } else { &self.old[old.clone()] };
            lines.iter().for_each(|line| text.extend_from_slice(line));
            at = old.end;
        }
        self.old[at..].iter().for_each(|line| text.extend_from_slice(line));
        text
    }

    /// All lines that differ, of both texts.
    pub fn words(&self) -> Vec<u8> {
        let lines = self
            .edits
            .iter()
            .flat_map(|(old, new)| self.old[old.clone()].iter().chain(&self.new[new.clone()]).copied());
        lines.collect::<Vec<_>>().concat()
    }

    pub fn edit(&self, index: usize) -> Edit {
        let (old, new) = &self.edits[index];
        let shown = |lines: &[&[u8]]| {
            lines.iter().map(|line| String::from_utf8_lossy(line.trim_ascii_end()).into_owned()).collect()
        };
        Edit {
            old_line: old.start + 1,
            new_line: new.start + 1,
            removed: shown(&self.old[old.clone()]),
            added: shown(&self.new[new.clone()]),
        }
    }
}

/// Lines that are each a call of its own are edits of their own; all others go together.
fn split(
    old: &[&[u8]],
    new: &[&[u8]],
    gone: Range<usize>,
    come: Range<usize>,
    edits: &mut Vec<(Range<usize>, Range<usize>)>,
) {
    let alone = |lines: &[&[u8]]| lines.iter().all(|line| is_call(line));
    if !alone(&old[gone.clone()])
        || !alone(&new[come.clone()])
        || !gone.is_empty() && !come.is_empty() && gone.len() != come.len()
    {
        edits.push((gone, come));
        return;
    }
    let row = |range: &Range<usize>, index: usize| {
        let at = (range.start + index).min(range.end);
        at..(at + 1).min(range.end)
    };
    for index in 0..gone.len().max(come.len()) {
        edits.push((row(&gone, index), row(&come, index)));
    }
}

/// `NAME(…)` on one line, quotes and parentheses closed: it means the same whatever stands around it.
fn is_call(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let name = line.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let ends = line.ends_with(b")") || line.ends_with(b")dnl") || line.ends_with(b") dnl");
    let count = |wanted: u8| line.iter().filter(|byte| **byte == wanted).count();
    let opens = line.get(name) == Some(&b'(');
    name > 0 && opens && ends && count(b'(') == count(b')') && count(b'`') == count(b'\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn calls_are_edits_of_their_own() {
        let old = b"A(`1')dnl\nB(`2')dnl\nR$*\t$: x\n";
        let new = b"A(`3')dnl\nB(`4')dnl\nR$*\t$: y\nR$-\t$: z\n";
        let hunks = Hunks::new(old, new);
        let edits: Vec<Edit> = (0..hunks.len()).map(|index| hunks.edit(index)).collect();
        assert_eq!(edits.len(), 1, "a rule is no call: {edits:?}");
        let hunks = Hunks::new(b"A(`1')dnl\nB(`2')dnl\n", b"A(`3')dnl\nB(`4')dnl\n");
        assert_eq!(hunks.len(), 2);
        assert_eq!(hunks.with(&EditSet::from([1])), b"A(`1')dnl\nB(`4')dnl\n");
    }

    proptest! {
        #[test]
        fn none_is_the_old_text_and_all_the_new_one(old in "([abc]\\(x\\)\n|d\n){0,12}", new in "([abc]\\(x\\)\n|d\n){0,12}") {
            let hunks = Hunks::new(old.as_bytes(), new.as_bytes());
            prop_assert_eq!(hunks.with(&EditSet::new()), old.as_bytes());
            prop_assert_eq!(hunks.with(&(0..hunks.len()).collect()), new.as_bytes());
        }
    }
}
