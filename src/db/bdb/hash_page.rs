//! What stands on a page of a hash file, where buckets lie, and what is worked out of a page when it is read.

use super::format::{Page, at, damaged, hash, hash_item, page_type, tag};
use std::io;

/// An item of a hash page, still where it lies.
pub(super) enum Item<'a> {
    Here(&'a [u8]),
    /// First page and length of a chain.
    OffPage(u32, u32),
    /// Several values: length, value, length, …
    Duplicates(&'a [u8]),
    /// Several values on pages of their own.
    DuplicateTree(u32),
}

pub(super) fn item(page: &Page, index: usize) -> io::Result<Item<'_>> {
    let start = page.item(index)?;
    let end = if index == 0 { page.bytes.len() } else { page.item(index - 1)? };
    let length = end.checked_sub(start).filter(|length| *length > 0).ok_or_else(|| damaged("item order"))?;
    let bytes = page.slice(start, length)?;
    match bytes[0] {
        hash_item::DATA => Ok(Item::Here(&bytes[1..])),
        hash_item::DUPLICATES => Ok(Item::Duplicates(&bytes[1..])),
        hash_item::OFF_PAGE => Ok(Item::OffPage(page.u32(start + 4)?, page.u32(start + 8)?)),
        hash_item::OFF_PAGE_DUPLICATES => Ok(Item::DuplicateTree(page.u32(start + 4)?)),
        _ => Err(damaged("hash item type")),
    }
}

/// How hashes become buckets, and buckets pages.
#[derive(Debug)]
pub(super) struct Buckets {
    /// The last bucket.
    pub last: u32,
    high_mask: u32,
    low_mask: u32,
    /// What is added to a bucket's number, for each group of buckets.
    spares: [u32; 32],
}

impl Buckets {
    /// From the first page of a hash file.
    ///
    /// # Errors
    /// When the page ends before.
    pub fn of(meta: &Page) -> io::Result<Self> {
        let mut spares = [0; 32];
        for (group, spare) in spares.iter_mut().enumerate() {
            *spare = meta.u32(at::SPARES + 4 * group)?;
        }
        let (high_mask, low_mask) = (meta.u32(at::HIGH_MASK)?, meta.u32(at::LOW_MASK)?);
        Ok(Self { last: meta.u32(at::MAX_BUCKET)?, high_mask, low_mask, spares })
    }

    /// The bucket of a hash.
    pub fn bucket(&self, hash: u32) -> u32 {
        let bucket = hash & self.high_mask;
        if bucket > self.last { hash & self.low_mask } else { bucket }
    }

    /// The first page of a bucket.
    ///
    /// # Errors
    /// When the file has no such page.
    pub fn page(&self, bucket: u32) -> io::Result<u32> {
        // groups of buckets double: the group of bucket b is the number of bits of b
        let group = 32 - bucket.leading_zeros();
        let spare = self.spares[group.min(31) as usize];
        bucket.checked_add(spare).ok_or_else(|| damaged("bucket page"))
    }
}

/// A byte of each key's hash; empty for a page that cannot be searched by them.
pub(super) fn tags(page: &Page) -> Box<[u8]> {
    let pairs = match page.kind() {
        page_type::HASH | page_type::HASH_UNSORTED => page.entries().unwrap_or(0) / 2,
        _ => 0,
    };
    let tag_of = |pair: usize| match item(page, 2 * pair) {
        Ok(Item::Here(key)) => Some(tag(hash(key))),
        _ => None,
    };
    let tags: Option<Vec<u8>> = (0..pairs).map(tag_of).collect();
    tags.unwrap_or_default().into()
}
