//! Looking through a queue directory.

use super::control_lines::{is_end, read_line};
use super::control_reader::integer;
use super::files;
use super::layout::Directory;
use crate::addr::one_line;
use crate::envelope::{MessageKey, QueueId, QueueLocation};
use crate::queue::entry::{Content, Entry, Fact, Summary};
use crate::queue::error::QueueError;
use crate::queue::options::SortOrder;
use crate::queue::select::{EntryKind, Selection};
use crate::sys::{errno_text, lock};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// Shows the messages of one directory that `selection` takes, as the directory gives them.
pub(super) fn visit(
    order: SortOrder,
    directory: &Directory,
    location: QueueLocation,
    selection: &Selection,
    visitor: &mut dyn FnMut(Entry),
) -> Result<(), QueueError> {
    let fail = |source| QueueError::new("cannot read", &directory.qf, source);
    let prefix = selection.kind.prefix().as_bytes();
    for file in std::fs::read_dir(&directory.qf).map_err(fail)? {
        let name = file.map_err(fail)?.file_name();
        let id = name.as_bytes().strip_prefix(prefix).and_then(QueueId::new);
        let Some(id) = id.filter(|id| selection.takes_id(id)) else { continue };
        let entry = entry(directory, MessageKey { location, id }, selection);
        selected(entry, order, selection).into_iter().for_each(&mut *visitor);
    }
    Ok(())
}

/// The entry with what a run goes by, if the selection takes it.
pub(super) fn selected(mut entry: Entry, order: SortOrder, selection: &Selection) -> Option<Entry> {
    match Summary::of(&entry.facts, order, selection) {
        Some(summary) => entry.summary = summary,
        None if entry.content == Content::NoFile => {}
        None => return None,
    }
    Some(entry)
}

/// A message that has this control file.
pub(super) fn described(key: MessageKey, kind: EntryKind, control: &[u8], size: Option<u64>) -> Entry {
    Entry {
        key,
        kind,
        content: Content::Read,
        facts: facts(control),
        summary: Summary::default(),
        size,
        body_fault: None,
        locked: false,
        modified: 0,
    }
}

fn entry(directory: &Directory, key: MessageKey, selection: &Selection) -> Entry {
    let (kind, path) = (selection.kind, directory.file(selection.kind.prefix(), &key.id));
    let mut entry = described(key, kind, b"", None);
    match files::open(&path).and_then(|mut file| read(&mut file, &mut entry)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => entry.content = Content::Gone,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => entry.content = Content::NoFile,
        // what a link points to is not read: it says nothing
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => {}
        Err(error) => entry.content = Content::Unreadable(errno_text(&error).to_lowercase()),
    }
    match std::fs::metadata(directory.file("df", &entry.key.id)) {
        Ok(meta) => entry.size = Some(meta.len()),
        Err(error) => {
            let shown = directory.shown("df", &entry.key.id);
            entry.body_fault = Some(format!("readqf: cannot open {shown}: {}", errno_text(&error)));
        }
    }
    entry
}

fn read(file: &mut File, entry: &mut Entry) -> io::Result<()> {
    // a shared lock does not disturb another reader; the file ends with this function
    entry.locked = !lock::take(file, lock::Kind::Shared)?;
    entry.modified = file.metadata()?.mtime();
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    entry.facts = facts(&text);
    Ok(())
}

/// What a control file says up to its end mark, whether it is whole or not.
fn facts(text: &[u8]) -> Vec<Fact> {
    let (mut facts, mut version, mut rest) = (Vec::new(), 0, text);
    while !rest.is_empty() {
        let (line, after) = read_line(rest).unwrap_or((rest, b""));
        if is_end(line) {
            break;
        }
        rest = after;
        let line = one_line(line);
        let Some((letter, value)) = line.split_first() else { continue };
        match letter {
            b'V' => version = integer(value),
            _ => facts.extend(fact(*letter, value, version)),
        }
    }
    facts
}

fn fact(letter: u8, value: &[u8], version: i64) -> Option<Fact> {
    Some(match letter {
        b'T' => Fact::Created(integer(value)),
        b'K' => Fact::LastAttempt(integer(value)),
        b'N' => Fact::Attempts(integer(value)),
        b'P' => Fact::Priority(integer(value)),
        b'F' if value.contains(&b'w') => Fact::Warned,
        b'M' => Fact::Message(value.to_vec()),
        b'q' => Fact::Quarantine(value.to_vec()),
        b'B' => Fact::BodyType(value.to_vec()),
        b'S' => Fact::Sender(value.to_vec()),
        b'C' => Fact::Control(value.to_vec()),
        b'R' => Fact::Recipient(value.to_vec(), address_start(value, version)),
        _ => return None,
    })
}

/// Behind the flags, which files without a V line do not have.
fn address_start(value: &[u8], version: i64) -> Option<usize> {
    match version {
        ..=0 => Some(0),
        _ => value.iter().position(|byte| *byte == b':').map(|colon| colon + 1),
    }
}
