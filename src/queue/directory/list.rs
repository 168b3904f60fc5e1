//! Looking through a queue directory.

use super::control_lines::read_line;
use super::control_reader::integer;
use super::files;
use super::layout::{self, Directory, Group};
use crate::envelope::{MAX_FILE_NAME, MessageKey, QueueId, QueueLocation};
use crate::queue::entry::{Content, Entry, Fact, Summary, is_asked_for};
use crate::queue::error::QueueError;
use crate::queue::fault::Fault;
use crate::queue::options::{QueueOptions, SortOrder};
use crate::queue::select::{EntryKind, Selection};
use crate::sys::{errno_text, lock};
use bstr::ByteSlice;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;

/// Shows the messages of one directory that `selection` takes, as the directory gives them. Behind MaxQueueRunSize of them no file
/// is opened: as with sendmail all that have a fitting name are counted. `visitor` says which ones count; `shown` is how many have
/// counted in directories before.
pub(super) fn visit(
    options: &QueueOptions,
    groups: &[Group],
    location: QueueLocation,
    selection: &Selection,
    shown: &mut usize,
    visitor: &mut dyn FnMut(Entry) -> bool,
) -> Result<Vec<Fault>, QueueError> {
    let missing = || QueueError::new("cannot find", "queue directory", io::ErrorKind::NotFound.into());
    let directory = layout::at(groups, location).ok_or_else(missing)?;
    let fail = |source| QueueError::new("cannot read", &directory.qf, source);
    let prefix = selection.kind.prefix().as_bytes();
    let (most, label) = (options.max_run_size, directory.label());
    let (mut unseen, mut faults) = (0, Vec::new());
    for file in std::fs::read_dir(&directory.qf).map_err(fail)? {
        let name = file.map_err(fail)?.file_name();
        let Some(id) = name.as_bytes().strip_prefix(prefix) else { continue };
        let name = name.to_string_lossy();
        if prefix.len() + id.len() > MAX_FILE_NAME {
            faults.push(Fault::TooLong(name.into_owned()));
            continue;
        }
        let Some(id) = QueueId::new(id).filter(|id| selection.takes_id(id)) else { continue };
        if most > 0 && *shown >= most {
            unseen += 1;
            continue;
        }
        match entry(groups, directory, MessageKey { location, id }, selection) {
            None => faults.push(Fault::NoFile { label: label.clone(), name: name.into_owned() }),
            Some(entry) => {
                if let Some(entry) = selected(entry, options.sort_order, selection) {
                    *shown += usize::from(visitor(entry));
                }
            }
        }
    }
    faults.extend((unseen > 0).then_some(Fault::Full { label, most, unseen }));
    Ok(faults)
}

/// The entry with what a run goes by, if the selection takes it.
pub(super) fn selected(mut entry: Entry, order: SortOrder, selection: &Selection) -> Option<Entry> {
    entry.summary = Summary::of(&entry.facts, order, selection)?;
    entry.forced = is_asked_for(&entry.key.id, &entry.facts, selection);
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
        forced: false,
    }
}

/// `None`: it is no file.
fn entry(groups: &[Group], directory: &Directory, key: MessageKey, selection: &Selection) -> Option<Entry> {
    let (kind, path) = (selection.kind, directory.file(selection.kind.prefix(), &key.id));
    let mut entry = described(key, kind, b"", None);
    let mut elsewhere = None;
    match files::open(&path).and_then(|mut file| read(&mut file, &mut entry)) {
        Ok(named) => elsewhere = named.and_then(|name| layout::named(groups, &name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => entry.content = Content::Gone,
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return None,
        Err(_) if std::fs::symlink_metadata(&path).is_ok_and(|about| about.is_dir()) => return None,
        // what a link points to is not read: it says nothing
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => {}
        Err(error) => entry.content = Content::Unreadable(errno_text(&error).to_lowercase()),
    }
    let there = elsewhere.and_then(|other| std::fs::metadata(other.file("df", &entry.key.id)).ok());
    match there.map_or_else(|| std::fs::metadata(directory.file("df", &entry.key.id)), Ok) {
        Ok(meta) => entry.size = Some(meta.len()),
        // nothing is asked for a file that says nothing
        Err(_) if std::fs::symlink_metadata(&path).is_ok_and(|about| about.is_file() && about.len() == 0) => {
        }
        Err(error) => {
            let shown = directory.shown("df", &entry.key.id);
            entry.body_fault = Some(format!("readqf: cannot open {shown}: {}", errno_text(&error)));
        }
    }
    Some(entry)
}

/// Gives the name of the queue directory that has the df, where another one is named.
fn read(file: &mut File, entry: &mut Entry) -> io::Result<Option<Vec<u8>>> {
    // a shared lock does not disturb another reader; the file ends with this function
    entry.locked = !lock::take(file, lock::Kind::Shared)?;
    entry.modified = file.metadata()?.mtime();
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    entry.facts = facts(&text);
    Ok(text.lines().find_map(|line| line.strip_prefix(b"d")).map(<[u8]>::to_vec))
}

/// What a control file says, whether it is whole or not.
fn facts(text: &[u8]) -> Vec<Fact> {
    let (mut facts, mut version, mut rest) = (Vec::new(), 0, text);
    while !rest.is_empty() {
        // what stands behind the end is shown, too, and nothing of what continues a line
        let (line, after) = read_line(rest).unwrap_or((rest, b""));
        rest = after;
        let Some((letter, value)) = line.lines().next().and_then(<[u8]>::split_first) else { continue };
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
