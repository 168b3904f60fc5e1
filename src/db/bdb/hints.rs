//! Where keys were found: guesses that are proved on the page before they are believed.
//!
//! A btree's order takes a search from its root. What has been found once is found again by one look here and
//! one comparison. (A hash file has its own way to do without searching.) Guesses belong to one state
//! of one file ([`super::access::Access`]) and go with it.

use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Guesses that lie side by side: a key's guess is in one of them.
const WAYS: usize = 4;
/// Bytes of the file for each guess: short pairs take about as many.
const BYTES_EACH: u64 = 48;
/// 16 MiB of guesses at most.
const MAX_GUESSES: u64 = 1 << 21;
/// Sets that come to memory together: one look-up in a large file must not pay for all of them.
const RUN: usize = 128;

#[repr(align(32))]
#[derive(Debug, Default)]
struct Set([AtomicU64; WAYS]);

/// A page's number and an item's index on it.
pub(super) type PageItem = (u32, u16);

/// One guess is a number: 16 bits of the key's hash, page, index. Page 0 holds no items, so 0 is none.
#[derive(Debug)]
pub(super) struct Hints {
    runs: Box<[OnceLock<Box<[Set; RUN]>>]>,
    hasher: hashbrown::DefaultHashBuilder,
}

/// A key's hash for this purpose.
#[derive(Clone, Copy)]
pub(super) struct Sought(u64);

impl Sought {
    /// A byte of it, of which nothing else depends.
    pub fn tag(self) -> u8 {
        (self.0 >> 40) as u8
    }

    fn mark(self) -> u64 {
        self.0 & 0xffff << 48
    }
}

impl Hints {
    /// For a file of so many bytes.
    pub fn new(size: u64) -> Self {
        let runs = ((size / BYTES_EACH).min(MAX_GUESSES) as usize / (RUN * WAYS)).next_power_of_two();
        Self { runs: (0..runs).map(|_| OnceLock::new()).collect(), hasher: Default::default() }
    }

    pub fn sought(&self, key: &[u8]) -> Sought {
        Sought(self.hasher.hash_one(key))
    }

    fn place(&self, sought: Sought) -> (&OnceLock<Box<[Set; RUN]>>, usize) {
        let number = sought.0 as usize;
        (&self.runs[(number / RUN) & (self.runs.len() - 1)], number % RUN)
    }

    /// Where the key may be.
    pub fn guess(&self, sought: Sought) -> Option<PageItem> {
        let (run, number) = self.place(sought);
        let guesses = run.get()?[number].0.iter().map(|guess| guess.load(Ordering::Relaxed));
        let mut own = guesses.filter(|guess| *guess != 0 && (guess ^ sought.0) >> 48 == 0);
        own.next().map(|guess| ((guess >> 16) as u32, guess as u16))
    }

    /// Where it is. The oldest guess of a full set gives way.
    pub fn found(&self, sought: Sought, (page, index): PageItem) {
        let (run, number) = self.place(sought);
        let run = run.get_or_init(|| Box::new(std::array::from_fn(|_| Set::default())));
        let mut guess = sought.mark() | u64::from(page) << 16 | u64::from(index);
        for place in &run[number].0 {
            let before = place.load(Ordering::Relaxed);
            place.store(guess, Ordering::Relaxed);
            if before == 0 || (before ^ guess) >> 48 == 0 {
                return;
            }
            guess = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_remembered_until_others_crowd_it_out() {
        let hints = Hints::new(0);
        let sought = |number: u64| Sought(number << 48);
        assert_eq!(hints.guess(sought(1)), None);
        for number in 1..=WAYS as u64 + 1 {
            hints.found(sought(number), (number as u32, 2));
        }
        assert_eq!(hints.guess(sought(1)), None);
        assert_eq!(hints.guess(sought(2)), Some((2, 2)));
        hints.found(sought(2), (7, 4));
        assert_eq!(hints.guess(sought(2)), Some((7, 4)));
    }
}
