//! What the keeper said a moment ago of aliases, since RCPT asks, and the delivery behind it asks again; and who forwards his mail.
//!
//! In: names with their answers. Out: the same answers, for a tenth of a second, as accounts are taken to be what they were when their
//! files were looked at; whose `.forward` was found within seconds. Never here: failures, and values so long that a copy costs more than a question.

use super::accounts::UNLOOKED;
use super::protocol::AliasAnswer;
use crate::sys::clock;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Answers that are kept; beyond that the old ones go.
const MOST: usize = 1000;
/// Longest value, in bytes.
const LONGEST: usize = 1024;

/// Which alias, from which source on.
type Asked = (Vec<u8>, u32);

/// Answers, and when they were given, in milliseconds.
#[derive(Default)]
pub(super) struct RecentAliases(Mutex<HashMap<Asked, (u64, AliasAnswer)>>);

fn is_recent(since: u64, now: u64) -> bool {
    now.saturating_sub(since) < UNLOOKED
}

impl RecentAliases {
    fn locked(&self) -> MutexGuard<'_, HashMap<Asked, (u64, AliasAnswer)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was answered just now.
    pub(super) fn get(&self, asked: &Asked) -> Option<AliasAnswer> {
        let now = clock::coarse_millis();
        let known = self.locked();
        known.get(asked).filter(|(since, _)| is_recent(*since, now)).map(|(_, answer)| answer.clone())
    }

    /// Keeps an answer.
    pub(super) fn put(&self, asked: Asked, answer: &AliasAnswer) {
        if matches!(answer, AliasAnswer::Value(value) if value.len() > LONGEST) {
            return;
        }
        let now = clock::coarse_millis();
        let mut known = self.locked();
        if known.len() >= MOST {
            known.retain(|_, (since, _)| is_recent(*since, now));
        }
        if known.len() < MOST {
            known.insert(asked, (now, answer.clone()));
        }
    }
}

/// How long it is remembered that somebody forwards his mail, in milliseconds.
const FORWARDS: u64 = 60_000;

/// Users whose `.forward` was found, and when. Nothing but the way in which it is asked for again follows from it.
#[derive(Default)]
pub(super) struct Forwarders(Mutex<HashMap<Vec<u8>, u64>>);

impl Forwarders {
    fn locked(&self) -> MutexGuard<'_, HashMap<Vec<u8>, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One was found.
    pub(super) fn note(&self, user: &[u8]) {
        let mut known = self.locked();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(user.to_vec(), clock::coarse_millis());
    }

    /// Was one found a while ago?
    pub(super) fn holds(&self, user: &[u8]) -> bool {
        let now = clock::coarse_millis();
        self.locked().get(user).is_some_and(|since| now.saturating_sub(*since) < FORWARDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_kept_for_a_moment() {
        let recent = RecentAliases::default();
        let asked = |name: &[u8]| (name.to_vec(), 0);
        recent.put(asked(b"ann"), &AliasAnswer::Absent);
        recent.put(asked(b"list"), &AliasAnswer::Value(vec![b'x'; LONGEST + 1]));
        assert_eq!(recent.get(&asked(b"ann")), Some(AliasAnswer::Absent));
        assert_eq!(recent.get(&(b"ann".to_vec(), 1)), None);
        assert_eq!(recent.get(&asked(b"list")), None);
        recent.locked().get_mut(&asked(b"ann")).expect("ann").0 -= UNLOOKED;
        assert_eq!(recent.get(&asked(b"ann")), None);
    }

    #[test]
    fn who_forwards_is_known_for_a_while() {
        let forwarders = Forwarders::default();
        forwarders.note(b"ann");
        assert!(forwarders.holds(b"ann") && !forwarders.holds(b"bob"));
        *forwarders.locked().get_mut(&b"ann"[..]).expect("ann") -= FORWARDS;
        assert!(!forwarders.holds(b"ann"));
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let recent = RecentAliases::default();
        for number in 0..2 * MOST {
            recent.put((number.to_string().into_bytes(), 0), &AliasAnswer::Absent);
        }
        assert_eq!(recent.locked().len(), MOST);
    }
}
