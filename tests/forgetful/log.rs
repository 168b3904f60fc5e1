//! A value of which the disk has an older state.

use std::collections::VecDeque;

/// What changes, and how.
pub(crate) trait State: Clone {
    type Change: Clone;

    fn apply(&mut self, change: &Change<Self>);
}

/// A change with its number among all of the disk.
pub(crate) struct Change<S: State> {
    pub(crate) number: u64,
    pub(crate) what: S::Change,
}

/// What programs see, what is on the disk, and the changes between the two.
pub(crate) struct Logged<S: State> {
    pub(crate) now: S,
    pub(crate) durable: S,
    pub(crate) pending: VecDeque<Change<S>>,
}

impl<S: State> Logged<S> {
    pub(crate) fn new(state: S) -> Self {
        Self { now: state.clone(), durable: state, pending: VecDeque::new() }
    }

    pub(crate) fn change(&mut self, number: u64, what: S::Change) {
        let change = Change { number, what };
        self.now.apply(&change);
        self.pending.push_back(change);
    }

    /// All changes before this number are on the disk, or are lost for ever: a write that failed is told of once, and
    /// the next sync that succeeds proves nothing.
    pub(crate) fn settle(&mut self, before: u64, written: bool) {
        while self.pending.front().is_some_and(|change| change.number < before) {
            let change = self.pending.pop_front();
            if let Some(change) = change.filter(|_| written) {
                self.durable.apply(&change);
            }
        }
    }
}
