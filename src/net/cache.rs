//! What is believed for a time.

use hashbrown::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A question: a name in lower case and a type.
pub(super) type Key = (Vec<u8>, u16);

/// Answers by question, and until when they are believed.
#[derive(Debug)]
pub(super) struct Cache<T> {
    kept: Mutex<HashMap<Key, (Instant, T)>>,
    /// Answers kept; when there are more, all are forgotten.
    capacity: usize,
    /// Nothing is kept longer, in seconds, whatever its TTL.
    max_ttl: u32,
}

impl<T: Clone> Cache<T> {
    pub fn new(capacity: usize, max_ttl: u32) -> Self {
        Self { kept: Mutex::default(), capacity, max_ttl }
    }

    pub fn get(&self, key: &Key) -> Option<T> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, answer) = kept.get(key)?;
        if *until > Instant::now() {
            return Some(answer.clone());
        }
        kept.remove(key);
        None
    }

    /// `ttl`: in seconds; 0: it is not kept.
    pub fn keep(&self, key: Key, answer: &T, ttl: u32) {
        if ttl == 0 {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= self.capacity {
            kept.clear();
        }
        let until = Instant::now() + Duration::from_secs(u64::from(ttl.min(self.max_ttl)));
        kept.insert(key, (until, answer.clone()));
    }
}
