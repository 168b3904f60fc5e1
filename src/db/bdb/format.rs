//! The names of bytes and numbers in a database file.

use super::heads::Heads;
use std::io;
use std::ops::ControlFlow;

/// The access method of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Linear hashing.
    Hash,
    /// B+tree, keys in byte order.
    Btree,
}

pub(super) const HASH_MAGIC: u32 = 0x0006_1561;
pub(super) const BTREE_MAGIC: u32 = 0x0005_3162;
pub(super) const VERSION: u32 = 9;
/// Version 8 differs in what it may hold (unsorted hash pages), not in its layout.
pub(super) const OLDEST_READABLE: u32 = 8;

/// Page types (byte 25 of every page).
pub(super) mod page_type {
    pub(in super::super) const INVALID: u8 = 0;
    pub(in super::super) const HASH_UNSORTED: u8 = 2;
    pub(in super::super) const BTREE_INTERNAL: u8 = 3;
    pub(in super::super) const RECNO_INTERNAL: u8 = 4;
    pub(in super::super) const BTREE_LEAF: u8 = 5;
    pub(in super::super) const RECNO_LEAF: u8 = 6;
    pub(in super::super) const OVERFLOW: u8 = 7;
    pub(in super::super) const HASH_META: u8 = 8;
    pub(in super::super) const BTREE_META: u8 = 9;
    pub(in super::super) const DUPLICATE_LEAF: u8 = 12;
    pub(in super::super) const HASH: u8 = 13;
}

/// Item types on hash pages (first byte of an item).
pub(super) mod hash_item {
    pub(in super::super) const DATA: u8 = 1;
    pub(in super::super) const DUPLICATES: u8 = 2;
    pub(in super::super) const OFF_PAGE: u8 = 3;
    pub(in super::super) const OFF_PAGE_DUPLICATES: u8 = 4;
}

/// Item types on btree pages (third byte of an item); the high bit marks a deleted item.
pub(super) mod btree_item {
    pub(in super::super) const DATA: u8 = 1;
    pub(in super::super) const DUPLICATES: u8 = 2;
    pub(in super::super) const OVERFLOW: u8 = 3;
    pub(in super::super) const DELETED: u8 = 0x80;
}

/// Offsets that all pages share.
pub(super) mod at {
    pub(in super::super) const PGNO: usize = 8;
    pub(in super::super) const PREV: usize = 12;
    pub(in super::super) const NEXT: usize = 16;
    pub(in super::super) const ENTRIES: usize = 20;
    pub(in super::super) const FREE_OFFSET: usize = 22;
    pub(in super::super) const LEVEL: usize = 24;
    pub(in super::super) const TYPE: usize = 25;
    pub(in super::super) const ITEMS: usize = 26;
    // the first page
    pub(in super::super) const MAGIC: usize = 12;
    pub(in super::super) const VERSION: usize = 16;
    pub(in super::super) const PAGE_SIZE: usize = 20;
    pub(in super::super) const ENCRYPTION: usize = 24;
    pub(in super::super) const META_FLAGS: usize = 26;
    pub(in super::super) const LAST_PGNO: usize = 32;
    pub(in super::super) const FLAGS: usize = 48;
    pub(in super::super) const UID: usize = 52;
    // the first page of a hash
    pub(in super::super) const MAX_BUCKET: usize = 72;
    pub(in super::super) const HIGH_MASK: usize = 76;
    pub(in super::super) const LOW_MASK: usize = 80;
    pub(in super::super) const ELEMENTS: usize = 88;
    pub(in super::super) const HASH_CHECK: usize = 92;
    pub(in super::super) const SPARES: usize = 96;
    // the first page of a btree
    pub(in super::super) const MIN_KEY: usize = 76;
    pub(in super::super) const RECORD_PAD: usize = 84;
    pub(in super::super) const ROOT: usize = 88;
}

/// Flags word of a hash whose keys may have several values.
pub(super) const HASH_DUPLICATES: u32 = 1;
/// Flags word of a btree whose keys may have several values.
pub(super) const BTREE_DUPLICATES: u32 = 1;

/// Checksummed pages; sendmail never makes them.
pub(super) const META_CHECKSUM: u8 = 1;
/// A database in several files.
pub(super) const META_PARTITIONED: u8 = 2;

/// The hash of a key: multiply, then exclusive or.
pub(super) fn hash(key: &[u8]) -> u32 {
    key.iter().fold(0u32, |hash, byte| hash.wrapping_mul(16_777_619) ^ u32::from(*byte))
}

/// What a hash file stores to prove that its reader hashes alike.
pub(super) const HASH_CHECK_KEY: &[u8] = b"%$sniglet^&\0";

/// The error for whatever a sound file does not hold.
pub(super) fn damaged(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("damaged database file: {what}"))
}

/// Takes pairs until it breaks off.
pub(super) type EachPair<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Puts the first value that `walk` shows behind what `out` holds; `false` if there is none.
pub(super) fn put_first(
    out: &mut Vec<u8>,
    walk: impl FnOnce(&mut dyn FnMut(&[u8]) -> ControlFlow<()>) -> io::Result<ControlFlow<()>>,
) -> io::Result<bool> {
    let mut found = false;
    let _ = walk(&mut |value| {
        out.extend_from_slice(value);
        found = true;
        ControlFlow::Break(())
    })?;
    Ok(found)
}

/// One page, and the order of its bytes.
#[derive(Debug)]
pub(super) struct Page {
    /// Its place in the file.
    pub number: u32,
    /// One of [`page_type`]: of the first byte that is looked at, none need come to the cache.
    kind: u8,
    pub bytes: Box<[u8]>,
    /// Written by a machine of the other byte order.
    pub swapped: bool,
    /// Where the items begin: beside those of other pages, while the page's own list is a line of memory of its
    /// own that nothing else has just touched. Empty for a page that is walked over once.
    pub starts: Box<[u16]>,
    /// One byte of each key's hash, where all keys of a hash page or leaf lie on it; else empty.
    pub tags: Box<[u8]>,
    /// Of an inner page of a btree.
    pub heads: Heads,
}

/// The byte of a hash that does not choose the bucket.
pub(super) fn tag(hash: u32) -> u8 {
    (hash >> 24) as u8
}

impl Page {
    pub fn new(number: u32, bytes: Box<[u8]>, swapped: bool) -> Self {
        let kind = bytes.get(at::TYPE).copied().unwrap_or(page_type::INVALID);
        Self {
            number,
            kind,
            bytes,
            swapped,
            starts: Box::default(),
            tags: Box::default(),
            heads: Heads::default(),
        }
    }

    /// # Errors
    /// When the page ends before.
    pub fn u16(&self, at: usize) -> io::Result<u16> {
        let bytes = self.bytes.get(at..at + 2).ok_or_else(|| damaged("offset outside of its page"))?;
        let value = u16::from_le_bytes([bytes[0], bytes[1]]);
        Ok(if self.swapped { value.swap_bytes() } else { value })
    }

    /// # Errors
    /// When the page ends before.
    pub fn u32(&self, at: usize) -> io::Result<u32> {
        let bytes = self.bytes.get(at..at + 4).ok_or_else(|| damaged("offset outside of its page"))?;
        let value = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(if self.swapped { value.swap_bytes() } else { value })
    }

    /// # Errors
    /// When the page ends before.
    pub fn byte(&self, at: usize) -> io::Result<u8> {
        self.bytes.get(at).copied().ok_or_else(|| damaged("offset outside of its page"))
    }

    /// # Errors
    /// When the page ends before.
    pub fn slice(&self, at: usize, length: usize) -> io::Result<&[u8]> {
        let end = at.checked_add(length).ok_or_else(|| damaged("item length"))?;
        self.bytes.get(at..end).ok_or_else(|| damaged("item outside of its page"))
    }

    pub fn kind(&self) -> u8 {
        self.kind
    }

    /// # Errors
    /// When the page ends before.
    pub fn entries(&self) -> io::Result<usize> {
        Ok(usize::from(self.u16(at::ENTRIES)?))
    }

    /// # Errors
    /// When the page ends before.
    pub fn next(&self) -> io::Result<u32> {
        self.u32(at::NEXT)
    }

    /// Gathers [`starts`](Self::starts).
    pub fn gather(&mut self) {
        let start = |index: usize| self.u16(at::ITEMS + 2 * index);
        let starts: io::Result<Box<[u16]>> = (0..self.entries().unwrap_or(0)).map(start).collect();
        // a page that is too short for its entries says so where they are asked for
        self.starts = starts.unwrap_or_default();
    }

    /// Where item `index` begins.
    ///
    /// # Errors
    /// When the page ends before.
    pub fn item(&self, index: usize) -> io::Result<usize> {
        if let Some(start) = self.starts.get(index) {
            return Ok(usize::from(*start));
        }
        Ok(usize::from(self.u16(at::ITEMS + 2 * index)?))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_hash_is_the_one_that_files_prove() {
        assert_eq!(super::hash(super::HASH_CHECK_KEY), 0x5e68_8dd1);
    }
}
