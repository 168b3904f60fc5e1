//! Greylisting: who sends to whom from where for the first time is asked to come again; those who mean it do.
//!
//! In: a client's address, a sender, a recipient, the time. Out: are the three known? Never here: SMTP, what a stranger is told.
//!
//! The file is a log of lines (`KEY FIRST KNOWN`: a digest, when the three were seen first, since when they are known or 0), of which the last one
//! about a key counts. Several processes may add to it, and see what the others have added; it is written anew when it has grown.

use crate::sys::shared_lines::SharedLines;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Whoever comes again later than this is new (RFC 5321, 4.5.4.1 has hosts try for four or five days, the first time soon).
const RETRY_WINDOW: i64 = 2 * 86400;
/// How often it is written down that somebody known was here.
const TOUCH_INTERVAL: i64 = 86400;
/// Triples that are remembered; beyond, the oldest quarter is forgotten.
const MAX_ENTRIES: usize = 200_000;

/// A digest of client, sender and recipient.
pub type Key = u128;

/// What is known of three.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Entry {
    first: i64,
    /// When they were here last, since they are known; 0: they are not.
    known: i64,
}

/// Who is known.
pub struct Greylist {
    delay: i64,
    lifetime: i64,
    most: usize,
    state: Mutex<State>,
}

struct State {
    entries: HashMap<Key, Entry>,
    file: SharedLines,
    lines: usize,
}

/// The network of the client (/24, or /64 of IPv6: hosts of one sender share it), the sender and the recipient.
pub fn key(client: IpAddr, sender: &[u8], recipient: &[u8]) -> Key {
    let network = match client {
        IpAddr::V4(four) => four.octets()[..3].to_vec(),
        IpAddr::V6(six) => six.octets()[..8].to_vec(),
    };
    let mut digest = Sha256::new();
    for part in [&network, &sender.to_ascii_lowercase(), &recipient.to_ascii_lowercase()] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let digest = digest.finalize();
    digest.iter().take(16).fold(0, |key, byte| key << 8 | Key::from(*byte))
}

impl Greylist {
    /// With this file, which is made when it is first needed. `delay`: how long strangers wait; `lifetime`: how long nobody needs to come
    /// to be forgotten; both in seconds.
    pub fn new(path: &Path, delay: i64, lifetime: i64) -> Self {
        let state = State { entries: HashMap::new(), file: SharedLines::new(path), lines: 0 };
        Self { delay, lifetime, most: MAX_ENTRIES, state: Mutex::new(state) }
    }

    /// May these three pass? Who has waited long enough is known from now on.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn is_known(&self, key: Key, now: i64) -> io::Result<bool> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.refresh()?;
        let Some(entry) = state.entries.get(&key).copied().filter(|entry| self.counts(entry, now)) else {
            return Ok(false);
        };
        if entry.known == 0 && now - entry.first < self.delay {
            return Ok(false);
        }
        if now - entry.known >= TOUCH_INTERVAL {
            state.add(key, Entry { known: now, ..entry })?;
        }
        Ok(true)
    }

    /// Strangers have come; they wait from now on, unless they do already.
    ///
    /// # Errors
    /// As for [`Self::is_known`].
    pub fn note(&self, key: Key, now: i64) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.refresh()?;
        if state.entries.get(&key).is_some_and(|entry| self.counts(entry, now)) {
            return Ok(());
        }
        if state.entries.len() >= self.most || state.lines > 2 * state.entries.len() + 1000 {
            self.write_anew(&mut state, now)?;
        }
        state.add(key, Entry { first: now, known: 0 })
    }

    /// Is it neither too long ago, nor of a time to come?
    fn counts(&self, entry: &Entry, now: i64) -> bool {
        let (since, most) = match entry.known {
            0 => (entry.first, RETRY_WINDOW.max(self.delay.saturating_mul(2))),
            known => (known, self.lifetime),
        };
        (0..=most).contains(&(now - since))
    }

    /// The file with what still counts; the oldest go where that is too much.
    fn write_anew(&self, state: &mut State, now: i64) -> io::Result<()> {
        let mut left: Vec<(Key, Entry)> =
            state.entries.drain().filter(|(_, entry)| self.counts(entry, now)).collect();
        left.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.first.max(entry.known)));
        left.truncate(if left.len() >= self.most { self.most / 4 * 3 } else { self.most });
        let lines: Vec<String> = left.iter().map(|(key, entry)| line(*key, *entry)).collect();
        state.file.write_anew(&lines)?;
        state.refresh()
    }
}

fn line(key: Key, entry: Entry) -> String {
    format!("{key:032x} {} {}", entry.first, entry.known)
}

fn read_line(line: &str) -> Option<(Key, Entry)> {
    let mut words = line.split(' ');
    let key = Key::from_str_radix(words.next().filter(|word| word.len() == 32)?, 16).ok()?;
    let entry = Entry { first: words.next()?.parse().ok()?, known: words.next()?.parse().ok()? };
    words.next().is_none().then_some((key, entry))
}

impl State {
    /// Reads what has been added since, by whomever; all of a file that is another one.
    fn refresh(&mut self) -> io::Result<()> {
        let added = self.file.added()?;
        if added.anew {
            (self.entries, self.lines) = (HashMap::new(), 0);
        }
        self.lines += added.lines.len();
        self.entries.extend(added.lines.iter().filter_map(|line| read_line(line)));
        Ok(())
    }

    fn add(&mut self, key: Key, entry: Entry) -> io::Result<()> {
        self.file.add(&line(key, entry))?;
        self.entries.insert(key, entry);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86400;

    fn list(dir: &tempfile::TempDir) -> Greylist {
        Greylist::new(&dir.path().join("greylist"), 300, 36 * DAY)
    }

    fn of(client: &str, sender: &str) -> Key {
        key(client.parse().expect("an address"), sender.as_bytes(), b"bob@site.example")
    }

    #[test]
    fn strangers_wait_and_are_known_then() {
        let dir = tempfile::tempdir().expect("a directory");
        let one = of("192.0.2.1", "ann@x.example");
        assert_eq!(one, of("192.0.2.200", "Ann@X.example"), "one network, any case");
        assert_ne!(one, of("192.0.3.1", "ann@x.example"));
        let now = 1_000_000;
        let known = |list: &Greylist, at: i64| list.is_known(one, now + at).expect("a file");
        let first = list(&dir);
        assert!(!known(&first, 0));
        first.note(one, now).expect("a file");
        first.note(one, now + 100).expect("a file");
        assert!(!known(&first, 299) && !known(&first, 3 * DAY));
        assert!(known(&list(&dir), 300), "after a restart, and the first time counts");
        assert!(known(&first, 301), "another process has let them in");
        assert!(known(&first, 30 * DAY) && known(&first, 60 * DAY), "they were here meanwhile");
        assert!(!known(&first, 97 * DAY));
    }

    #[test]
    fn a_file_of_anything_is_read() {
        let dir = tempfile::tempdir().expect("a directory");
        let text = format!(
            "nonsense\n{:032x} 1 2 3\n\u{e4}\n{}\nhalf a li",
            5,
            line(7, Entry { first: 10, known: 20 })
        );
        std::fs::write(dir.path().join("greylist"), text).expect("a file");
        let list = list(&dir);
        assert!(list.is_known(7, 30).expect("a file"));
        assert!(!list.is_known(5, 30).expect("a file"));
    }

    #[test]
    fn its_size_is_bounded() {
        let dir = tempfile::tempdir().expect("a directory");
        let list = Greylist { most: 100, ..list(&dir) };
        for number in 0..1000 {
            list.note(number, 1000 + number as i64).expect("a file");
        }
        let state = list.state.lock().expect("a lock");
        assert!((75..=100).contains(&state.entries.len()), "{}", state.entries.len());
        assert!(state.entries.contains_key(&999) && !state.entries.contains_key(&0));
        assert!(std::fs::metadata(dir.path().join("greylist")).expect("a file").len() < 20_000);
    }

    #[test]
    fn a_link_is_not_followed() {
        let dir = tempfile::tempdir().expect("a directory");
        std::os::unix::fs::symlink(dir.path().join("other"), dir.path().join("greylist")).expect("a link");
        assert!(list(&dir).is_known(1, 1).is_err());
        assert!(!dir.path().join("other").exists());
    }
}
