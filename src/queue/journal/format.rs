//! The bytes of a journal: header, frames, records. Pure; knows no files. `docs/journal.md` describes the same for other
//! programs.
//!
//! A journal is a header of one block and segments of a fixed number of blocks, used in turn. A segment holds frames; a frame begins
//! on a block and is believed only if its checksum, which covers the number of the segment's turn and its own place, is
//! right. So what is left of an earlier turn, or of a write that the power cut, is never taken for a record.

use serde::{Deserialize, Serialize};

/// Bytes that are written in one piece: frames begin at multiples.
pub(super) const BLOCK: usize = 4096;
/// Blocks of a segment. Tests would take long to fill one.
pub(super) const SEGMENT_BLOCKS: u32 = if cfg!(test) { 128 } else { 1024 };
/// Segments of a journal.
pub(super) const SEGMENTS: u32 = 8;
/// Bytes of a segment.
pub(super) const SEGMENT: usize = SEGMENT_BLOCKS as usize * BLOCK;
/// Bytes of a frame before its records.
pub(super) const FRAME_HEAD: usize = 24;

const VERSION: u32 = 1;
const MAGIC: &[u8; 16] = b"canonify journal";
const FRAME: &[u8; 4] = b"cjfr";
/// What of a frame's head the checksum covers.
const COVERED: usize = 20;

/// What a journal says of messages.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) enum Record<'a> {
    /// A message was accepted.
    Message(#[serde(borrow)] Message<'a>),
    /// The message of this identifier is done, or is in files.
    Done(#[serde(with = "serde_bytes")] &'a [u8]),
}

/// An accepted message.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Message<'a> {
    /// Its identifier.
    #[serde(with = "serde_bytes")]
    pub(super) id: &'a [u8],
    /// The queue directory for which it is.
    #[serde(with = "serde_bytes")]
    pub(super) directory: &'a [u8],
    /// Is it to be held (hf)?
    pub(super) held: bool,
    /// The text of its control file.
    #[serde(with = "serde_bytes")]
    pub(super) control: &'a [u8],
    /// Its body.
    #[serde(with = "serde_bytes")]
    pub(super) body: &'a [u8],
}

/// Where a frame stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Place {
    /// The segment's turn, from 1 on.
    pub(super) turn: u64,
    /// The block within the segment.
    pub(super) block: u32,
}

impl Place {
    /// Where that is in the file.
    pub(super) fn offset(self) -> u64 {
        segment_offset(segment_of(self.turn)) + u64::from(self.block) * BLOCK as u64
    }
}

/// The number of the segment of a turn.
pub(super) fn segment_of(turn: u64) -> usize {
    (turn.wrapping_sub(1) % u64::from(SEGMENTS)) as usize
}

/// Where a segment begins in the file.
pub(super) fn segment_offset(segment: usize) -> u64 {
    (BLOCK + segment * SEGMENT) as u64
}

/// Blocks that so many bytes of records need.
pub(super) fn blocks(records: usize) -> u32 {
    u32::try_from((FRAME_HEAD + records).div_ceil(BLOCK)).unwrap_or(u32::MAX)
}

/// What a journal begins with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Header {
    /// One of ours.
    Ours,
    /// Its making was not finished: it never held anything.
    Unfinished,
    /// Something else, or another version's.
    Foreign,
}

impl Header {
    /// Looks at the first block.
    pub(super) fn of(block: &[u8]) -> Self {
        let ours = header();
        match block.get(..ours.len()) {
            Some(text) if text == ours => Self::Ours,
            _ if block.iter().all(|byte| *byte == 0) => Self::Unfinished,
            _ => Self::Foreign,
        }
    }
}

/// The first block.
pub(super) fn header() -> Vec<u8> {
    let mut block = MAGIC.to_vec();
    for number in [VERSION, BLOCK as u32, SEGMENT_BLOCKS, SEGMENTS] {
        block.extend_from_slice(&number.to_le_bytes());
    }
    let sum = crc32fast::hash(&block);
    block.extend_from_slice(&sum.to_le_bytes());
    block.resize(BLOCK, 0);
    block
}

/// Adds a frame with these records, filled up to whole blocks.
pub(super) fn put_frame(bytes: &mut Vec<u8>, place: Place, records: &[u8]) {
    let start = bytes.len();
    bytes.extend_from_slice(FRAME);
    bytes.extend_from_slice(&u32::try_from(records.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(&place.turn.to_le_bytes());
    bytes.extend_from_slice(&place.block.to_le_bytes());
    let sum = checksum(&bytes[start..], records);
    bytes.extend_from_slice(&sum.to_le_bytes());
    bytes.extend_from_slice(records);
    bytes.resize(start + blocks(records.len()) as usize * BLOCK, 0);
}

fn checksum(head: &[u8], records: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(head);
    hasher.update(records);
    hasher.finalize()
}

/// Adds a record to those of a frame.
pub(super) fn put(records: &mut Vec<u8>, record: &Record<'_>) {
    // plain data into memory: nothing of it can fail
    *records = postcard::to_extend(record, std::mem::take(records)).unwrap_or_default();
}

/// The turn of a segment, which its first frame says; `None` where that is not whole.
pub(super) fn turn_of(segment: &[u8]) -> Option<u64> {
    let turn = u64::from_le_bytes(segment.get(8..16)?.try_into().ok()?);
    records_at(segment, Place { turn, block: 0 }).map(|_| turn)
}

/// The records of all whole frames of a segment, up to the first that is not.
pub(super) fn records(segment: &[u8]) -> Vec<Record<'_>> {
    let Some(turn) = turn_of(segment) else { return Vec::new() };
    let (mut place, mut found) = (Place { turn, block: 0 }, Vec::new());
    while let Some(mut rest) = records_at(segment, place) {
        place.block += blocks(rest.len());
        while !rest.is_empty() {
            let Ok((record, after)) = postcard::take_from_bytes(rest) else { break };
            found.push(record);
            rest = after;
        }
    }
    found
}

/// The records of the frame at this place, if that is whole.
fn records_at(segment: &[u8], place: Place) -> Option<&[u8]> {
    let frame = segment.get(place.block as usize * BLOCK..)?;
    let (head, rest) = frame.split_at_checked(FRAME_HEAD)?;
    let number =
        |at: usize| head.get(at..at + 4).and_then(|text| text.try_into().ok()).map(u32::from_le_bytes);
    let records = rest.get(..number(4)? as usize)?;
    let fits = head.starts_with(FRAME)
        && head.get(8..16)? == place.turn.to_le_bytes()
        && number(16)? == place.block
        && number(COVERED)? == checksum(&head[..COVERED], records);
    fits.then_some(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn message<'a>(id: &'a [u8], body: &'a [u8]) -> Record<'a> {
        Record::Message(Message { id, directory: b"/q", held: false, control: b"V8\n.\n", body })
    }

    fn length(record: &Record<'_>) -> usize {
        let mut records = Vec::new();
        put(&mut records, record);
        records.len()
    }

    /// A segment with one record a frame.
    fn segment(turn: u64, of: &[Record<'_>]) -> Vec<u8> {
        let mut segment = Vec::new();
        for record in of {
            let block = u32::try_from(segment.len() / BLOCK).expect("small");
            let mut records = Vec::new();
            put(&mut records, record);
            put_frame(&mut segment, Place { turn, block }, &records);
        }
        segment
    }

    #[test]
    fn what_is_written_is_read() {
        let body = vec![b'x'; 10_000];
        let wanted = [message(b"a", b"body\n"), message(b"b", &body), Record::Done(b"a")];
        let segment = segment(7, &wanted);
        assert_eq!((turn_of(&segment), records(&segment)), (Some(7), wanted.to_vec()));
        assert_eq!(segment.len(), (1 + 3 + 1) * BLOCK);
    }

    #[test]
    fn a_cut_at_any_byte_leaves_whole_frames_alone() {
        let body = vec![b'x'; BLOCK];
        let wanted = [message(b"a", b"body\n"), message(b"b", &body), Record::Done(b"a")];
        let whole = segment(7, &wanted);
        let ends =
            [(0, 0), (1, 1), (3, 2)].map(|(block, of)| block * BLOCK + FRAME_HEAD + length(&wanted[of]));
        for cut in 0..=whole.len() {
            let expected = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(records(&whole[..cut]), wanted[..expected], "cut at {cut}");
            // the rest is of another turn, or never written
            let mut torn = segment(2, &[message(b"z", &[b'y'; 5 * BLOCK])]);
            torn.resize(whole.len(), 0);
            torn[..cut].copy_from_slice(&whole[..cut]);
            let found = records(&torn);
            // what is behind the cut may happen to be what stood there
            assert!(found.len() >= expected && found == wanted[..found.len()], "cut at {cut}");
        }
    }

    #[test]
    fn a_header_says_whose_it_is() {
        assert_eq!(Header::of(&header()), Header::Ours);
        assert_eq!(Header::of(&[0; BLOCK]), Header::Unfinished);
        let mut newer = header();
        newer[16] = 2;
        assert_eq!(Header::of(&newer), Header::Foreign);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_bad(mut bytes in proptest::collection::vec(any::<u8>(), 0..3 * BLOCK), turn in any::<u64>()) {
            drop(records(&bytes));
            // behind a head that is believed
            if bytes.len() < 2 * BLOCK {
                let inside = std::mem::take(&mut bytes);
                put_frame(&mut bytes, Place { turn, block: 0 }, &inside);
                prop_assert_eq!(turn_of(&bytes), Some(turn));
                drop(records(&bytes));
            }
        }

        #[test]
        fn a_changed_byte_is_noticed(at in any::<proptest::sample::Index>(), by in 1..=255u8) {
            let record = message(b"a", b"body\n");
            let mut bytes = segment(3, std::slice::from_ref(&record));
            bytes[at.index(FRAME_HEAD + length(&record))] ^= by;
            prop_assert!(records(&bytes).is_empty());
        }
    }
}
