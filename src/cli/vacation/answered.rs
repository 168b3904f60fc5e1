//! Who has had an answer, and when: a hash database, as vacation has kept it since 4.3BSD. Times are eight bytes of this
//! machine; a sender who is never answered has 0.

use crate::db::bdb::{Kind, Reader, Writer};
use std::io;
use std::path::{Path, PathBuf};

/// The time of those who are never answered.
pub(super) const NEVER: i64 = 0;
/// The key of the time between two answers.
const INTERVAL: &[u8] = b"__VACATION__INTERVAL__TIMER__\0";
/// Where the database does not say: seven days.
const USUAL_INTERVAL: i64 = 7 * 86_400;

/// The database, open.
pub(super) struct Answered {
    path: PathBuf,
    entries: Writer,
}

fn time(value: &[u8]) -> Option<i64> {
    value.try_into().ok().map(i64::from_ne_bytes)
}

impl Answered {
    /// A new one in the place of what was there.
    pub(super) fn begin(path: &Path, interval: Option<i64>) -> io::Result<()> {
        let mut answered = Self { path: path.to_owned(), entries: Writer::new(Kind::Hash, false) };
        if let Some(interval) = interval {
            answered.set_interval(interval);
        }
        answered.close()
    }

    /// The one that is there, or an empty one.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut entries = Writer::new(Kind::Hash, false);
        if path.exists() {
            entries.load(path)?;
        }
        Ok(Self { path: path.to_owned(), entries })
    }

    pub(super) fn set_interval(&mut self, seconds: i64) {
        self.entries.replace(INTERVAL, &seconds.to_ne_bytes());
    }

    /// Has the sender had an answer not long ago, or is he never to have one?
    pub(super) fn is_recent(&self, sender: &[u8], now: i64) -> bool {
        let known = |key: &[u8]| self.entries.get(key).and_then(time);
        let domain = sender.iter().position(|byte| *byte == b'@').map(|at| &sender[at..]);
        if domain.and_then(known) == Some(NEVER) {
            return true;
        }
        let interval = known(INTERVAL).unwrap_or(USUAL_INTERVAL);
        known(sender)
            .is_some_and(|last| last == NEVER || interval == 0 || last.saturating_add(interval) > now)
    }

    pub(super) fn note(&mut self, sender: &[u8], now: i64) {
        self.entries.replace(sender, &now.to_ne_bytes());
    }

    pub(super) fn exclude(&mut self, address: &[u8]) {
        self.note(address, NEVER);
    }

    /// Everybody, and when.
    pub(super) fn all(&self) -> Vec<(Vec<u8>, i64)> {
        let mut all = Vec::new();
        let mut each = |key: &[u8], value: &[u8]| {
            all.extend(time(value).filter(|_| key != INTERVAL).map(|time| (key.to_vec(), time)));
            true
        };
        // one that is not there has nobody in it
        let _ = Reader::open(&self.path, Some(Kind::Hash)).and_then(|reader| reader.for_each(&mut each));
        all
    }

    /// Writes it down.
    pub(super) fn close(self) -> io::Result<()> {
        self.entries.commit(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_enough_for_a_while() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join(".vacation.db");
        let mut answered = Answered::open(&path).expect("none yet");
        assert!(!answered.is_recent(b"ann@b.example", 1_000_000));
        answered.note(b"ann@b.example", 1_000_000);
        answered.exclude(b"@dom.example");
        answered.exclude(b"bob@b.example");
        answered.close().expect("written");
        let mut answered = Answered::open(&path).expect("read");
        let recent = |answered: &Answered, sender: &str, now| answered.is_recent(sender.as_bytes(), now);
        assert!(recent(&answered, "ann@b.example", 1_000_000 + USUAL_INTERVAL - 1));
        assert!(!recent(&answered, "ann@b.example", 1_000_000 + USUAL_INTERVAL));
        for sender in ["x@dom.example", "bob@b.example"] {
            assert!(recent(&answered, sender, i64::MAX), "{sender}");
        }
        assert!(!recent(&answered, "x@sub.dom.example", 2_000_000));
        answered.set_interval(0);
        assert!(recent(&answered, "ann@b.example", i64::MAX));
        assert_eq!(answered.all().len(), 3);
        Answered::begin(&path, Some(86_400)).expect("written");
        let answered = Answered::open(&path).expect("read");
        assert!(answered.all().is_empty() && !recent(&answered, "bob@b.example", 1));
        assert_eq!(answered.entries.get(INTERVAL).and_then(time), Some(86_400));
    }
}
