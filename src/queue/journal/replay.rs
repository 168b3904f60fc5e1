//! What a journal still holds: messages that were accepted and are neither done nor in files.

use super::format::{BLOCK, Header, Record, SEGMENT, SEGMENTS, records, segment_of, segment_offset, turn_of};
use crate::envelope::QueueId;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// One message of a journal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Found {
    /// Its queue directory, as it was called then.
    pub(super) directory: Vec<u8>,
    /// Is it to be held?
    pub(super) held: bool,
    /// The text of its control file.
    pub(super) control: Vec<u8>,
    /// Its body.
    pub(super) body: Vec<u8>,
}

/// Reads all of it, also while another process writes: then without what is being written.
///
/// # Errors
/// It cannot be read, or is none that this version knows (`InvalidData`).
pub(super) fn read(file: &File) -> io::Result<BTreeMap<QueueId, Found>> {
    let mut block = vec![0; BLOCK];
    read_at(file, &mut block, 0)?;
    match Header::of(&block) {
        Header::Ours => {}
        Header::Unfinished => return Ok(BTreeMap::new()),
        Header::Foreign => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a journal of this version"));
        }
    }
    let mut turns = Vec::new();
    for segment in 0..SEGMENTS as usize {
        read_at(file, &mut block, segment_offset(segment))?;
        // a segment begins with a frame of one block
        turns.extend(turn_of(&block).filter(|turn| segment_of(*turn) == segment));
    }
    turns.sort_unstable();
    let (mut found, mut segment) = (BTreeMap::new(), vec![0; SEGMENT]);
    for turn in turns {
        read_at(file, &mut segment, segment_offset(segment_of(turn)))?;
        if turn_of(&segment) == Some(turn) {
            records(&segment).into_iter().for_each(|record| take(record, &mut found));
        }
    }
    Ok(found)
}

fn take(record: Record<'_>, found: &mut BTreeMap<QueueId, Found>) {
    match record {
        Record::Message(message) => {
            // no file could be called so: no message of ours
            let Some(id) = QueueId::new(message.id) else { return };
            let held = Found {
                directory: message.directory.to_vec(),
                held: message.held,
                control: message.control.to_vec(),
                body: message.body.to_vec(),
            };
            found.insert(id, held);
        }
        Record::Done(id) => {
            if let Some(id) = QueueId::new(id) {
                found.remove(&id);
            }
        }
    }
}

/// Fills the buffer; with zeros behind the end.
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    let mut at = 0;
    while at < buffer.len() {
        match file.read_at(&mut buffer[at..], offset + at as u64) {
            Ok(0) => break,
            Ok(count) => at += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    buffer[at..].fill(0);
    Ok(())
}
