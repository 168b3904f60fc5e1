//! Where it is counted how often rules were tried and matched and maps were asked.
//!
//! In: what steps of machines say of themselves. Out: their sums. Each step counts in memory that no other step has at
//! that moment, so that threads do not wait for each other, and no rule costs more than an addition.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

/// Memory for counts, a part for each step that runs at the same time.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) shards: Vec<Mutex<Shard>>,
    /// How long each part is: places of rules, and names of maps.
    lengths: (usize, usize),
}

/// One part. Aligned so that no two share a line of a processor's cache.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(super) struct Shard {
    /// By the place of a rule; each ruleset has one place more, for its end.
    pub(super) rules: Vec<Count>,
    /// How often asked and answered, by the number of the map's name.
    pub(super) maps: Vec<(u64, u64)>,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    /// Attempts that begin here less those that have ended before: a run of rules that are tried in turn costs two
    /// additions. The sum from the ruleset's first rule on is how often a rule was tried.
    pub(super) begun: i64,
    pub(super) matched: u64,
}

impl Tally {
    pub(super) fn new(places: usize, maps: usize) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        // more than those of the processors may be on their way, where a thread was stopped in the midst of a step
        Self { shards: (0..2 * threads + 2).map(|_| Mutex::default()).collect(), lengths: (places, maps) }
    }

    /// A part for a step that begins.
    pub(super) fn claim(&self) -> MutexGuard<'_, Shard> {
        let free = self.shards.iter().find_map(|shard| match shard.try_lock() {
            Ok(shard) => Some(shard),
            Err(TryLockError::Poisoned(shard)) => Some(shard.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let mut shard = free.unwrap_or_else(|| self.shards[0].lock().unwrap_or_else(PoisonError::into_inner));
        if shard.rules.is_empty() {
            let (places, maps) = self.lengths;
            shard.rules.resize(places, Count::default());
            shard.maps.resize(maps, (0, 0));
        }
        shard
    }
}

impl Shard {
    /// So many rules were tried in turn, from the one at this place on.
    pub(super) fn tried(&mut self, place: usize, rules: usize) {
        self.rules[place].begun += 1;
        self.rules[place + rules].begun -= 1;
    }

    pub(super) fn matched(&mut self, place: usize) {
        self.rules[place].matched += 1;
    }

    /// A rule has asked the map with this name's number.
    pub(super) fn asked(&mut self, map: u32, hit: bool) {
        if let Some((asked, hits)) = self.maps.get_mut(map as usize) {
            *asked += 1;
            *hits += u64::from(hit);
        }
    }
}
