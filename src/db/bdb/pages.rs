//! Pages on their way to a file.

use super::format::{at, btree_item, page_type};
use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

/// Size of the pages we write: what sendmail's makemap gets on the usual file systems.
pub(super) const PAGE_SIZE: usize = 4096;

/// Bytes gathered before they are written.
const RUN: usize = 1 << 20;

/// A page being filled: item offsets grow upwards, items downwards.
pub(super) struct NewPage {
    pub bytes: Vec<u8>,
    entries: usize,
    free: usize,
}

impl NewPage {
    pub fn new(number: u32, kind: u8, level: u8) -> Self {
        let mut page = Self { bytes: vec![0; PAGE_SIZE], entries: 0, free: PAGE_SIZE };
        // "not logged": what libdb writes without a log
        page.put_u32(4, 1);
        page.put_u32(at::PGNO, number);
        page.bytes[at::LEVEL] = level;
        page.bytes[at::TYPE] = kind;
        page
    }

    pub fn put_u16(&mut self, at: usize, value: u16) {
        self.bytes[at..at + 2].copy_from_slice(&value.to_le_bytes());
    }

    pub fn put_u32(&mut self, at: usize, value: u32) {
        self.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    pub fn entries(&self) -> usize {
        self.entries
    }

    /// Room for items and their offsets.
    pub fn room(&self) -> usize {
        self.free - at::ITEMS - 2 * self.entries
    }

    /// Adds an item made of these parts. The caller has asked [`Self::room`].
    pub fn push(&mut self, parts: &[&[u8]]) {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        self.free -= length;
        let mut place = self.free;
        for part in parts {
            self.bytes[place..place + part.len()].copy_from_slice(part);
            place += part.len();
        }
        self.push_offset(self.free);
    }

    /// Adds another offset to an item that is there already (the shared key of duplicates).
    pub fn push_offset(&mut self, offset: usize) {
        let slot = at::ITEMS + 2 * self.entries;
        self.put_u16(slot, offset as u16);
        self.entries += 1;
    }

    pub fn last_offset(&self) -> usize {
        self.free
    }

    /// The finished bytes, linked with its neighbours (0: none).
    pub fn finish(mut self, previous: u32, next: u32) -> Vec<u8> {
        self.put_u32(at::PREV, previous);
        self.put_u32(at::NEXT, next);
        self.put_u16(at::ENTRIES, self.entries as u16);
        self.put_u16(at::FREE_OFFSET, self.free as u16);
        self.bytes
    }
}

/// A btree item: its bytes, padded to the alignment of items.
pub(super) fn btree_data(value: &[u8]) -> Vec<u8> {
    let mut item = Vec::with_capacity(value.len() + 6);
    item.extend_from_slice(&(value.len() as u16).to_le_bytes());
    item.push(btree_item::DATA);
    item.extend_from_slice(value);
    item.resize(item.len().next_multiple_of(4), 0);
    item
}

/// A btree item that lies elsewhere.
pub(super) fn btree_reference(kind: u8, page: u32, length: u32) -> Vec<u8> {
    let mut item = vec![0, 0, kind, 0];
    item.extend_from_slice(&page.to_le_bytes());
    item.extend_from_slice(&length.to_le_bytes());
    item
}

/// Where pages go: mostly one after another in a few runs, so that writes are large.
pub(super) struct Sink<'a> {
    file: &'a File,
    runs: [(u32, Vec<u8>); 2],
    next: u32,
}

/// Which run a page belongs to; a page may go to any place, runs only save system calls.
#[derive(Clone, Copy)]
pub(super) enum Run {
    Main = 0,
    Side = 1,
}

impl<'a> Sink<'a> {
    /// `first`: the first page number that [`Self::allocate`] gives out.
    pub fn new(file: &'a File, first: u32) -> Self {
        Self { file, runs: [(0, Vec::new()), (0, Vec::new())], next: first }
    }

    pub fn allocate(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// The number after the last page given out.
    pub fn next_number(&self) -> u32 {
        self.next
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn put(&mut self, run: Run, number: u32, page: &[u8]) -> io::Result<()> {
        let (start, gathered) = &mut self.runs[run as usize];
        let expected = *start + (gathered.len() / PAGE_SIZE) as u32;
        if number != expected || gathered.len() >= RUN {
            self.file.write_all_at(gathered, u64::from(*start) * PAGE_SIZE as u64)?;
            gathered.clear();
            *start = number;
        }
        gathered.extend_from_slice(page);
        Ok(())
    }

    /// # Errors
    /// When the file cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        for (start, gathered) in &mut self.runs {
            self.file.write_all_at(gathered, u64::from(*start) * PAGE_SIZE as u64)?;
            gathered.clear();
        }
        Ok(())
    }

    /// Writes a chain of overflow pages and says where it begins.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn overflow(&mut self, value: &[u8]) -> io::Result<u32> {
        let first = self.next;
        let mut previous = 0;
        let mut rest = value;
        loop {
            let number = self.allocate();
            let (here, after) = rest.split_at(rest.len().min(PAGE_SIZE - at::ITEMS));
            let mut page = NewPage::new(number, page_type::OVERFLOW, 0);
            page.bytes[at::ITEMS..at::ITEMS + here.len()].copy_from_slice(here);
            let next = if after.is_empty() { 0 } else { number + 1 };
            let mut bytes = page.finish(previous, next);
            // here the count is that of references, and the offset the number of bytes
            bytes[at::ENTRIES..at::ENTRIES + 2].copy_from_slice(&1u16.to_le_bytes());
            bytes[at::FREE_OFFSET..at::FREE_OFFSET + 2].copy_from_slice(&(here.len() as u16).to_le_bytes());
            self.put(Run::Side, number, &bytes)?;
            if after.is_empty() {
                return Ok(first);
            }
            (previous, rest) = (number, after);
        }
    }
}

/// The part of the first page that both kinds share.
pub(super) fn meta_page(
    file: &File,
    kind: u8,
    magic: u32,
    last_page: u32,
    flags: u32,
) -> io::Result<NewPage> {
    let mut page = NewPage::new(0, kind, 0);
    page.put_u32(at::MAGIC, magic);
    page.put_u32(at::VERSION, super::format::VERSION);
    page.put_u32(at::PAGE_SIZE, PAGE_SIZE as u32);
    page.bytes[at::ENCRYPTION] = 0;
    page.put_u32(at::LAST_PGNO, last_page);
    page.put_u32(at::FLAGS, flags);
    // a file's identity in libdb's caches: inode, device, time
    let metadata = file.metadata()?;
    page.put_u32(at::UID, metadata.ino() as u32);
    page.put_u32(at::UID + 4, metadata.dev() as u32);
    page.put_u32(at::UID + 8, metadata.mtime() as u32);
    page.put_u32(at::UID + 12, metadata.mtime_nsec() as u32);
    Ok(page)
}
