//! How often something has happened within a sliding window, by whom it concerns.
//!
//! In: what happens, and when. Out: counts, at the same cost however many there are. Never here: what follows from them.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::Hash;
use std::time::{Duration, Instant};

/// What happened within the window.
#[derive(Debug)]
pub(super) struct Recent<K> {
    window: Duration,
    most: usize,
    /// The oldest first.
    happened: VecDeque<(Instant, K)>,
    counts: HashMap<K, u32>,
}

impl<K: Copy + Eq + Hash> Recent<K> {
    /// So many are remembered at `most`; of more, the oldest are forgotten before their time.
    pub(super) fn new(window: Duration, most: usize) -> Self {
        Self { window, most, happened: VecDeque::new(), counts: HashMap::new() }
    }

    /// One more: how many there are of this key, with it.
    pub(super) fn count(&mut self, key: K, now: Instant) -> u32 {
        while self.happened.len() >= self.most || self.has_outlived(now) {
            self.forget_oldest();
        }
        self.happened.push_back((now, key));
        let count = self.counts.entry(key).or_default();
        *count += 1;
        *count
    }

    /// How many there are of all keys.
    pub(super) fn total(&self) -> usize {
        self.happened.len()
    }

    fn has_outlived(&self, now: Instant) -> bool {
        self.happened.front().is_some_and(|(at, _)| now.duration_since(*at) >= self.window)
    }

    fn forget_oldest(&mut self) {
        let Some((_, key)) = self.happened.pop_front() else { return };
        if let Entry::Occupied(mut count) = self.counts.entry(key) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    #[test]
    fn what_is_older_than_the_window_does_not_count() {
        let (mut recent, begun) = (Recent::new(WINDOW, 100), Instant::now());
        let mut count = |key, seconds| recent.count(key, begun + Duration::from_secs(seconds));
        assert_eq!([("a", 0), ("a", 10), ("b", 20), ("a", 60)].map(|(key, at)| count(key, at)), [1, 2, 1, 2]);
        assert_eq!(recent.total(), 3);
    }

    #[test]
    fn the_oldest_make_room() {
        let (mut recent, now) = (Recent::new(WINDOW, 3), Instant::now());
        assert_eq!(["a", "a", "b", "b", "b"].map(|key| recent.count(key, now)), [1, 2, 1, 2, 3]);
        assert_eq!((recent.total(), recent.counts.len()), (3, 1));
    }

    #[test]
    fn keys_that_are_gone_take_no_room() {
        let (mut recent, begun) = (Recent::new(WINDOW, 1000), Instant::now());
        (0..500).for_each(|key| assert_eq!(recent.count(key, begun), 1));
        assert_eq!(recent.count(0, begun + WINDOW), 1);
        assert_eq!((recent.total(), recent.counts.len()), (1, 1));
    }
}
