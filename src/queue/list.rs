//! Looking through a queue directory.

use super::control_file::{ControlError, ControlFile};
use super::directories::Directory;
use super::{Inner, QueueError, QueueOptions, Selection, SortOrder};
use crate::envelope::{QueueId, QueueLocation};
use crate::sys::{errno_text, lock};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// Which files are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum EntryKind {
    /// qf
    #[default]
    Normal,
    /// hf
    Quarantined,
    /// Qf
    Lost,
}

impl EntryKind {
    /// The prefix of such control files.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Normal => "qf",
            Self::Quarantined => "hf",
            Self::Lost => "Qf",
        }
    }
}

/// What is known of a message from its control file.
#[derive(Clone, Debug)]
pub enum Content {
    /// It was read.
    Read(Box<ControlFile>),
    /// It vanished: whoever worked on it is done.
    Gone,
    /// It is empty or unfinished.
    Unfinished,
    /// It cannot be read.
    Unreadable(String),
}

/// One message in the queue.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where.
    pub place: QueueLocation,
    /// Which.
    pub id: QueueId,
    /// What kind of control file.
    pub kind: EntryKind,
    /// What it says.
    pub content: Content,
    /// Size of the df in bytes; `None` when there is none.
    pub size: Option<u64>,
    /// Somebody works on it.
    pub locked: bool,
    /// Last change of the control file, seconds since the epoch.
    pub modified: i64,
}

impl Entry {
    /// The control file, if it could be read.
    pub fn control(&self) -> Option<&ControlFile> {
        match &self.content {
            Content::Read(control) => Some(control),
            _ => None,
        }
    }

    /// Its priority; 0 when unknown.
    pub fn priority(&self) -> i64 {
        self.control().map_or(0, |control| control.priority)
    }

    /// Is it too young for another attempt (MinQueueAge, MaxQueueAge)?
    pub fn is_too_young(&self, options: &QueueOptions, now: i64) -> bool {
        let Some(control) = self.control().filter(|control| control.attempts > 0) else { return false };
        let since = now - control.last_attempt;
        let growing = (control.last_attempt - control.created).min(options.max_age);
        // a clock that was set back must not hold mail for ever
        since >= 0 && (since < options.min_age || (options.max_age > 0 && since < growing))
    }

    /// Is it to be tried now?
    pub fn is_due(&self, options: &QueueOptions, now: i64) -> bool {
        let there = matches!(self.content, Content::Read(_)) || options.sort_order.is_blind();
        there && !self.locked && !self.is_too_young(options, now)
    }
}

/// The messages of one directory that `selection` takes, in no order.
pub(super) fn list(
    inner: &Inner,
    directory: &Directory,
    place: QueueLocation,
    selection: &Selection,
) -> Result<Vec<Entry>, QueueError> {
    let fail = |source| QueueError::new("cannot read", &directory.qf, source);
    let mut entries = Vec::new();
    for file in std::fs::read_dir(&directory.qf).map_err(fail)? {
        let name = file.map_err(fail)?.file_name();
        let Some(id) =
            name.as_bytes().strip_prefix(selection.kind.prefix().as_bytes()).and_then(QueueId::new)
        else {
            continue;
        };
        if !selection.takes_id(&id) {
            continue;
        }
        let entry = look(inner, directory, place, id, selection);
        if entry.control().map_or(!selection.reads(), |control| selection.takes(control)) {
            entries.push(entry);
        }
    }
    Ok(entries)
}

fn look(
    inner: &Inner,
    directory: &Directory,
    place: QueueLocation,
    id: QueueId,
    selection: &Selection,
) -> Entry {
    let kind = selection.kind;
    let size = std::fs::metadata(directory.file("df", &id)).ok().map(|meta| meta.len());
    let mut entry = Entry { place, kind, content: Content::Gone, size, locked: false, modified: 0, id };
    let path = directory.file(kind.prefix(), &entry.id);
    match File::open(&path).and_then(|mut file| read(inner, &mut file, &mut entry)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => entry.content = Content::Gone,
        Err(error) => entry.content = Content::Unreadable(errno_text(&error).to_lowercase()),
    }
    entry
}

fn read(inner: &Inner, file: &mut File, entry: &mut Entry) -> io::Result<()> {
    // a shared lock does not disturb another reader; the file ends with this function
    entry.locked = !lock::take(file, lock::Kind::Shared)?;
    entry.modified = file.metadata()?.mtime();
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    entry.content = match ControlFile::parse(&text, &inner.config.names) {
        Ok(control) => Content::Read(Box::new(control)),
        Err(ControlError::Incomplete) => Content::Unfinished,
        // the one who runs it will put it aside; until then it is shown
        Err(ControlError::Bad(_)) => Content::Read(Box::default()),
    };
    Ok(())
}

/// Puts entries in order; equal ones by age, then by name.
pub(super) fn sort(entries: &mut [Entry], order: SortOrder) {
    let created = |entry: &Entry| entry.control().map_or(0, |control| control.created);
    match order {
        SortOrder::Priority => {
            entries.sort_by_key(|entry| (entry.priority(), created(entry), entry.id.clone()))
        }
        SortOrder::Host => {
            entries.sort_by_key(|entry| (host(entry), entry.locked, entry.priority(), entry.id.clone()))
        }
        SortOrder::Filename => entries.sort_by_key(|entry| entry.id.clone()),
        SortOrder::Time => entries.sort_by_key(|entry| (created(entry), entry.id.clone())),
        SortOrder::Modification => entries.sort_by_key(|entry| (entry.modified, entry.id.clone())),
        SortOrder::None => {}
    }
}

/// The first recipient's host, its labels reversed so that one domain's hosts stand together.
fn host(entry: &Entry) -> Vec<u8> {
    let first = entry.control().and_then(|control| control.recipients.first());
    let text = first.map(|recipient| recipient.text.to_ascii_lowercase()).unwrap_or_default();
    let host = text.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
    host.iter().rev().copied().filter(|byte| *byte != b'>').collect()
}
