//! Looking through a queue directory.

use super::control_file::{ControlError, ControlFile};
use super::files;
use super::layout::Directory;
use crate::config::Names;
use crate::envelope::{MessageKey, QueueId, QueueLocation};
use crate::queue::entry::{Content, Entry, EntryKind};
use crate::queue::error::QueueError;
use crate::queue::select::Selection;
use crate::sys::{errno_text, lock};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// The prefix of control files of this kind.
pub(super) fn prefix(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Normal => "qf",
        EntryKind::Quarantined => "hf",
        EntryKind::Lost => "Qf",
    }
}

/// Shows the messages of one directory that `selection` takes, as the directory gives them.
pub(super) fn visit(
    names: &Names,
    directory: &Directory,
    location: QueueLocation,
    selection: &Selection,
    visitor: &mut dyn FnMut(Entry),
) -> Result<(), QueueError> {
    let fail = |source| QueueError::new("cannot read", &directory.qf, source);
    let prefix = prefix(selection.kind).as_bytes();
    for file in std::fs::read_dir(&directory.qf).map_err(fail)? {
        let name = file.map_err(fail)?.file_name();
        let id = name.as_bytes().strip_prefix(prefix).and_then(QueueId::new);
        let Some(id) = id.filter(|id| selection.takes_id(id)) else { continue };
        let entry = entry(names, directory, MessageKey { location, id }, selection.kind);
        if entry.envelope().map_or(!selection.reads(), |envelope| selection.takes(envelope)) {
            visitor(entry);
        }
    }
    Ok(())
}

fn entry(names: &Names, directory: &Directory, key: MessageKey, kind: EntryKind) -> Entry {
    let size = std::fs::symlink_metadata(directory.file("df", &key.id)).ok().map(|meta| meta.len());
    let path = directory.file(prefix(kind), &key.id);
    let mut entry = Entry { key, kind, content: Content::Gone, size, locked: false, modified: 0 };
    match files::open(&path).and_then(|mut file| read(names, &mut file, &mut entry)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => entry.content = Content::Gone,
        Err(error) => entry.content = Content::Unreadable(errno_text(&error).to_lowercase()),
    }
    entry
}

fn read(names: &Names, file: &mut File, entry: &mut Entry) -> io::Result<()> {
    // a shared lock does not disturb another reader; the file ends with this function
    entry.locked = !lock::take(file, lock::Kind::Shared)?;
    entry.modified = file.metadata()?.mtime();
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    entry.content = match ControlFile::parse(&text, names) {
        Ok(control) => Content::Read(Box::new(control.envelope)),
        Err(ControlError::Incomplete) => Content::Unfinished,
        // the one who runs it will put it aside; until then it is shown
        Err(ControlError::Bad(_)) => Content::Read(Box::default()),
    };
    Ok(())
}
