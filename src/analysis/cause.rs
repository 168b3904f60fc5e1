//! Which edits have changed an answer: the smallest set of them that makes the new answer of the old text.
//!
//! Each edit is made alone first. What no single edit changes is asked again with all edits but one, and one less,
//! for as long as the new answer stays: what is left is needed, every edit of it.

use super::asker::{Answer, Ask};
use super::hunks::{EditSet, Hunks};
use super::poll::{Tell, answers};
use super::side::{Loading, Side, meaning};
use std::collections::BTreeMap;
use std::io;

/// A question whose answer has changed.
pub(super) struct Change<'a> {
    pub ask: &'a Ask,
    pub new: Answer,
}

/// Configurations made of some edits, beyond which no more are tried: then a cause may have more edits than it needs.
const MAX_VARIANTS: usize = 400;

/// The old text and what may be done to it.
pub(super) struct Causes<'a> {
    pub hunks: &'a Hunks<'a>,
    pub file: &'a str,
    pub old: &'a Side,
    pub new: &'a Side,
    pub loading: &'a Loading,
    pub threads: usize,
    pub tell: Tell<'a>,
    /// The new text stands in another folder: files beside it may differ too.
    pub moved: bool,
}

type Found = BTreeMap<EditSet, Vec<usize>>;

impl Causes<'_> {
    /// Indices of the changes by their cause; an empty set stands for what no edit explains.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn find(&self, changes: &[Change<'_>]) -> io::Result<Found> {
        let live = self.live();
        let mut left: Vec<usize> = (0..changes.len()).collect();
        let mut found = Found::new();
        if self.moved {
            let all = (0..self.hunks.len()).collect();
            let (same, other) = self.partition(&all, changes, left)?;
            left = same;
            put(&mut found, EditSet::new(), other);
        }
        if let [only] = live[..] {
            put(&mut found, EditSet::from([only]), left);
            return Ok(found);
        }
        for index in &live {
            let made = EditSet::from([*index]);
            let (same, other) = self.partition(&made, changes, left)?;
            put(&mut found, made, same);
            left = other;
        }
        self.minimise(&live, changes, left, &mut found)?;
        Ok(found)
    }

    /// Edits that make another cf of the old text, or whose absence makes another one of the new text; where one alone
    /// makes the new cf, that one.
    fn live(&self) -> Vec<usize> {
        let (old, new) = (meaning(&self.old.cf), meaning(&self.new.cf));
        let all: EditSet = (0..self.hunks.len()).collect();
        let mut live = Vec::new();
        for index in &all {
            // a text that cannot be read is another one
            let alone = self.variant(&EditSet::from([*index])).map(|side| side.cf);
            let alone = alone.as_deref().map(meaning);
            if alone.as_ref() == Some(&new) {
                return vec![*index];
            }
            let without: EditSet = all.iter().copied().filter(|other| other != index).collect();
            let without = || self.variant(&without).is_none_or(|side| meaning(&side.cf) != new);
            if alone.as_ref() != Some(&old) || without() {
                live.push(*index);
            }
        }
        live
    }

    fn variant(&self, made: &EditSet) -> Option<Side> {
        self.loading.side(self.file, &self.hunks.with(made)).ok()
    }

    /// Changes whose new answer these edits alone make, and the others.
    fn partition(
        &self,
        made: &EditSet,
        changes: &[Change<'_>],
        indices: Vec<usize>,
    ) -> io::Result<(Vec<usize>, Vec<usize>)> {
        let Some(side) = self.variant(made).filter(|_| !indices.is_empty()) else {
            return Ok((Vec::new(), indices));
        };
        let asks: Vec<&Ask> = indices.iter().map(|index| changes[*index].ask).collect();
        let given = answers(&side, &asks, self.threads, self.tell)?;
        let same = |(index, answer): &(usize, Answer)| changes[*index].new == *answer;
        let (same, other): (Vec<_>, Vec<_>) = indices.into_iter().zip(given).partition(same);
        let indices = |rows: Vec<(usize, Answer)>| rows.into_iter().map(|(index, _)| index).collect();
        Ok((indices(same), indices(other)))
    }

    fn minimise(
        &self,
        live: &[usize],
        changes: &[Change<'_>],
        left: Vec<usize>,
        found: &mut Found,
    ) -> io::Result<()> {
        let mut groups = Found::new();
        put(&mut groups, live.iter().copied().collect(), left);
        let mut variants = 0;
        for index in live {
            let mut next = Found::new();
            for (made, indices) in groups {
                let fewer: EditSet = made.iter().copied().filter(|other| other != index).collect();
                variants += 1;
                let (same, other) = match variants <= MAX_VARIANTS && !fewer.is_empty() {
                    true => self.partition(&fewer, changes, indices)?,
                    false => (Vec::new(), indices),
                };
                put(&mut next, fewer, same);
                put(&mut next, made, other);
            }
            groups = next;
        }
        groups.into_iter().for_each(|(made, indices)| put(found, made, indices));
        Ok(())
    }
}

fn put(found: &mut Found, made: EditSet, indices: Vec<usize>) {
    if !indices.is_empty() {
        found.entry(made).or_default().extend(indices);
    }
}
