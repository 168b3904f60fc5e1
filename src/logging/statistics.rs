//! StatusFile: how many messages and bytes came and went, by mailer, as sendmail counts them. mailstats reads it.
//!
//! In: events. Out: the numbers of a file that is there already, added to under its lock. Counts are kept in memory until
//! [`Statistics::write`]; a file that cannot be locked just now gets them later.

use crate::sys::{clock, lock};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Mailers that there is room for.
pub const MAX_MAILERS: usize = 25;
const MAGIC: i32 = 0x1B1DE;
const VERSION: i32 = 4;
/// Magic, version, start, size of the file, and the padding behind that.
const HEAD: usize = 24;
/// Bytes of a file.
const SIZE: usize = HEAD + 8 * (CONNECTIONS + KINDS * MAX_MAILERS);
const CONNECTIONS: usize = 3;
const KINDS: usize = 7;

/// What is counted of connections, in the file's order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Connection {
    /// A client's.
    From,
    /// To a server.
    To,
    /// A client's command, or all of them, refused by a rule.
    Refused,
}

/// What is counted of messages, by mailer, in the file's order; bytes are counted beside those that come and go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message {
    /// Taken; the mailer is the sender's.
    From,
    /// Delivered.
    To,
    /// Refused by a rule.
    Rejected,
    /// Taken and thrown away.
    Discarded,
    /// Taken and held.
    Quarantined,
}

impl Message {
    /// Its row of the file, and whether the next one counts kilobytes.
    const fn row(self) -> (usize, bool) {
        match self {
            Self::From => (0, true),
            Self::To => (2, true),
            Self::Rejected => (4, false),
            Self::Discarded => (5, false),
            Self::Quarantined => (6, false),
        }
    }
}

/// The numbers of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counts {
    /// Since when: seconds since the epoch.
    pub start: i64,
    connections: [i64; CONNECTIONS],
    messages: [[i64; MAX_MAILERS]; KINDS],
}

/// Why a file holds no numbers of ours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alien {
    /// It is something else.
    Magic,
    /// Another version's.
    Version(i32),
    /// It has another length.
    Size,
}

impl Counts {
    /// None, from now on.
    pub fn new(start: i64) -> Self {
        Self { start, connections: [0; CONNECTIONS], messages: [[0; MAX_MAILERS]; KINDS] }
    }

    /// Reads a file's bytes; an empty one begins now.
    ///
    /// # Errors
    /// It is no file of this kind.
    pub fn parse(bytes: &[u8], now: i64) -> Result<Self, Alien> {
        if bytes.is_empty() {
            return Ok(Self::new(now));
        }
        let half =
            |at: usize| bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(i32::from_ne_bytes);
        let whole =
            |at: usize| bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(i64::from_ne_bytes);
        match (half(0), half(4)) {
            (Some(MAGIC), Some(VERSION)) => {}
            (Some(MAGIC), version) => return Err(Alien::Version(version.unwrap_or(0))),
            _ => return Err(Alien::Magic),
        }
        if bytes.len() != SIZE {
            return Err(Alien::Size);
        }
        let mut counts = Self::new(whole(8).unwrap_or(now));
        for (index, count) in counts.all_mut().enumerate() {
            *count = whole(HEAD + 8 * index).unwrap_or(0);
        }
        Ok(counts)
    }

    fn bytes(&self) -> Vec<u8> {
        let size = i64::try_from(SIZE).unwrap_or(0);
        let head = [MAGIC.to_ne_bytes(), VERSION.to_ne_bytes()].concat();
        let numbers = [self.start, size].into_iter().chain(self.all().copied());
        head.into_iter().chain(numbers.flat_map(i64::to_ne_bytes)).collect()
    }

    fn all(&self) -> impl Iterator<Item = &i64> {
        self.connections.iter().chain(self.messages.iter().flatten())
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut i64> {
        self.connections.iter_mut().chain(self.messages.iter_mut().flatten())
    }

    /// Connections of a kind.
    pub fn connections(&self, kind: Connection) -> i64 {
        self.connections[kind as usize]
    }

    /// Messages of a kind and a mailer, and their kilobytes.
    pub fn messages(&self, kind: Message, mailer: usize) -> (i64, i64) {
        let (row, with_bytes) = kind.row();
        let of = |row: usize| self.messages[row].get(mailer).copied().unwrap_or(0);
        (of(row), if with_bytes { of(row + 1) } else { 0 })
    }

    fn add_message(&mut self, kind: Message, mailer: usize, bytes: u64) {
        let (row, with_bytes) = kind.row();
        if mailer >= MAX_MAILERS {
            return;
        }
        self.messages[row][mailer] += 1;
        if with_bytes {
            self.messages[row + 1][mailer] += i64::try_from(bytes.div_ceil(1024)).unwrap_or(0);
        }
    }
}

/// A file, and what is to be added to it.
pub struct Statistics {
    file: File,
    waiting: Mutex<Option<Counts>>,
}

impl Statistics {
    /// Opens a file that is there; it is made by whoever wants the numbers.
    ///
    /// # Errors
    /// It is not there, may not be written, or is no plain file with one name.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
        let about = file.metadata()?;
        match about.is_file() && about.nlink() == 1 {
            true => Ok(Self { file, waiting: Mutex::default() }),
            false => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn add(&self, change: impl FnOnce(&mut Counts)) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        change(waiting.get_or_insert_with(|| Counts::new(0)));
    }

    /// Another connection.
    pub(super) fn connection(&self, kind: Connection) {
        self.add(|counts| counts.connections[kind as usize] += 1);
    }

    /// Another message.
    pub(super) fn message(&self, kind: Message, mailer: usize, bytes: u64) {
        self.add(|counts| counts.add_message(kind, mailer, bytes));
    }

    /// Adds what waits to the file. Numbers of another kind of file stay as they are, and so does it.
    pub(super) fn write(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(new) = waiting.as_ref() else { return };
        if !lock::take(&self.file, lock::Kind::Exclusive).unwrap_or(false) {
            return;
        }
        // what cannot be written now is written with what comes
        if self.merge(new).is_ok() {
            *waiting = None;
        }
        let _ = lock::release(&self.file);
    }

    fn merge(&self, new: &Counts) -> io::Result<()> {
        let length = usize::try_from(self.file.metadata()?.len()).unwrap_or(usize::MAX).min(SIZE + 1);
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, 0)?;
        let Ok(mut counts) = Counts::parse(&bytes, clock::now()) else { return Ok(()) };
        counts.all_mut().zip(new.all()).for_each(|(count, new)| *count += new);
        self.file.write_all_at(&counts.bytes(), 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_begun_and_added_to() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        for _ in 0..2 {
            let statistics = Statistics::open(file.path()).expect("our file");
            statistics.connection(Connection::From);
            statistics.message(Message::From, 3, 1025);
            statistics.message(Message::Rejected, 24, 0);
            statistics.message(Message::To, 25, 1);
            statistics.write();
        }
        let bytes = std::fs::read(file.path()).expect("our file");
        assert_eq!(bytes.len(), 1448);
        let counts = Counts::parse(&bytes, 0).expect("numbers");
        assert_eq!(counts.connections(Connection::From), 2);
        assert_eq!(counts.messages(Message::From, 3), (2, 4));
        assert_eq!(counts.messages(Message::Rejected, 24), (2, 0));
        assert!(counts.start > 0);
    }

    #[test]
    fn another_file_stays_as_it_is() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "something else").expect("our file");
        let statistics = Statistics::open(file.path()).expect("our file");
        statistics.connection(Connection::To);
        statistics.write();
        assert_eq!(std::fs::read(file.path()).expect("our file"), b"something else");
        assert_eq!(Counts::parse(b"something else", 0), Err(Alien::Magic));
    }
}
