//! Queue identifiers in sendmail's form.
//!
//! `6AMHDk09022879`: year, month, day, hour, minute and second (UTC), a sequence number in two
//! places of base 60, and a process number. One process serves many sessions here, so the number is
//! the kernel's id of the issuing thread, and each thread counts for itself.

use crate::envelope::QueueId;
use crate::sys::clock::Clock;
use hashbrown::HashMap;
use jiff::tz::TimeZone;
use std::sync::Mutex;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Numbers one thread can give out within a second.
const SEQUENCE: u32 = 3600;

/// Gives out identifiers; shared by all threads.
#[derive(Debug)]
pub(super) struct Ids {
    clock: Clock,
    /// No identifier carries an earlier second: a thread id may have been used up to this moment by
    /// a process that has ended, with sequence numbers that we don't know.
    earliest: i64,
    threads: Mutex<HashMap<i32, Sequence>>,
}

#[derive(Clone, Copy, Debug)]
struct Sequence {
    second: i64,
    given: u32,
    next: u32,
}

/// An identifier for an envelope that no queue will hold.
pub fn lone_id() -> QueueId {
    Ids::new(Clock::default()).next(nix::unistd::gettid().as_raw())
}

impl Ids {
    pub(super) fn new(clock: Clock) -> Self {
        let earliest = clock.now() + 1;
        Self { clock, earliest, threads: Mutex::default() }
    }

    /// Never waits: a thread that has used up a second borrows the next one.
    pub(super) fn next(&self, thread: i32) -> QueueId {
        let now = self.clock.now().max(self.earliest);
        let (second, number) = {
            let mut threads = self.threads.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let sequence = threads.entry(thread).or_insert_with(|| Sequence {
                second: now,
                given: 0,
                next: start(thread),
            });
            sequence.take(now)
        };
        render(second, number, thread)
    }
}

impl Sequence {
    fn take(&mut self, now: i64) -> (i64, u32) {
        // a clock that steps back changes nothing: seconds of identifiers only grow
        if now > self.second {
            (self.second, self.given) = (now, 0);
        } else if self.given == SEQUENCE {
            (self.second, self.given) = (self.second + 1, 0);
        }
        let number = self.next % SEQUENCE;
        self.given += 1;
        self.next = (self.next + 1) % SEQUENCE;
        (self.second, number)
    }
}

/// A start that differs from process to process.
fn start(thread: i32) -> u32 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write_i32(thread);
    (hasher.finish() % u64::from(SEQUENCE)) as u32
}

fn render(second: i64, number: u32, thread: i32) -> QueueId {
    let at = jiff::Timestamp::from_second(second).unwrap_or_default().to_zoned(TimeZone::UTC);
    let year = (i64::from(at.year()) - 1900).rem_euclid(60);
    let fields = [
        year,
        i64::from(at.month()) - 1,
        i64::from(at.day()),
        i64::from(at.hour()),
        i64::from(at.minute()),
        i64::from(at.second()),
        i64::from(number / 60),
        i64::from(number % 60),
    ];
    let mut text: Vec<u8> = fields.iter().map(|field| DIGITS[*field as usize % DIGITS.len()]).collect();
    text.extend_from_slice(format!("{thread:06}").as_bytes());
    QueueId::new(&text).expect("eight digits of base 60 and a thread id are at most 18 characters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_form_is_sendmails() {
        assert_eq!(render(1_795_367_626, 9, 22879).to_string(), "6AMHDk09022879");
        assert_eq!(render(1_795_367_626, 3599, 1_234_567).to_string(), "6AMHDkxx1234567");
    }

    #[test]
    fn identifiers_never_repeat_even_when_a_second_is_used_up() {
        let ids = Ids::new(Clock::fixed(1_795_367_626));
        let seen: HashSet<QueueId> = (0..3 * SEQUENCE).flat_map(|_| [ids.next(7), ids.next(8)]).collect();
        assert_eq!(seen.len(), 6 * SEQUENCE as usize);
    }

    #[test]
    fn the_second_of_the_start_is_never_used() {
        let ids = Ids::new(Clock::fixed(1_795_367_626));
        assert_eq!(&ids.next(7).as_bytes()[..6], &render(1_795_367_627, 0, 7).as_bytes()[..6]);
    }
}
