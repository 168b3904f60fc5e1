//! Walking a hash file.

use super::access::{PageRef, Reading};
use super::btree;
use super::format::{EachPair, Page, at, damaged, hash, hash_item, page_type, put_first, tag};
use std::cmp::Ordering;
use std::io;
use std::ops::ControlFlow;

/// An item of a hash page, still where it lies.
enum Item<'a> {
    Here(&'a [u8]),
    /// First page and length of a chain.
    OffPage(u32, u32),
    /// Several values: length, value, length, …
    Duplicates(&'a [u8]),
    /// Several values on pages of their own.
    DuplicateTree(u32),
}

fn item(page: &Page, index: usize) -> io::Result<Item<'_>> {
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
    last: u32,
    high_mask: u32,
    low_mask: u32,
    /// What is added to a bucket's number, for each group of buckets.
    spares: [u32; 32],
}

impl Buckets {
    /// From the first page of a hash file.
    pub fn of(meta: &Page) -> io::Result<Self> {
        let mut spares = [0; 32];
        for (group, spare) in spares.iter_mut().enumerate() {
            *spare = meta.u32(at::SPARES + 4 * group)?;
        }
        let (high_mask, low_mask) = (meta.u32(at::HIGH_MASK)?, meta.u32(at::LOW_MASK)?);
        Ok(Self { last: meta.u32(at::MAX_BUCKET)?, high_mask, low_mask, spares })
    }

    fn bucket(&self, hash: u32) -> u32 {
        let bucket = hash & self.high_mask;
        if bucket > self.last { hash & self.low_mask } else { bucket }
    }

    /// The first page of a bucket.
    fn page(&self, bucket: u32) -> io::Result<u32> {
        // groups of buckets double: the group of bucket b is the number of bits of b
        let group = 32 - bucket.leading_zeros();
        let spare = self.spares[group.min(31) as usize];
        bucket.checked_add(spare).ok_or_else(|| damaged("bucket page"))
    }
}

/// The page where a key's pair lies, and the index of the key there.
pub(super) fn find<'a>(access: &mut Reading<'a>, key: &[u8]) -> io::Result<Option<(PageRef<'a>, usize)>> {
    let buckets = &access.meta().buckets;
    let hash = hash(key);
    let mut number = buckets.page(buckets.bucket(hash))?;
    let mut left = access.meta().last_page;
    loop {
        let page = access.page(number)?;
        if let Some(index) = find_on(access, &page, key, hash)? {
            return Ok(Some((page, index)));
        }
        number = page.next()?;
        if number == 0 {
            return Ok(None);
        }
        left = left.checked_sub(1).ok_or_else(|| damaged("circle of pages"))?;
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

/// The index of a key on a page.
fn find_on(access: &mut Reading<'_>, page: &Page, key: &[u8], hash: u32) -> io::Result<Option<usize>> {
    if !page.tags.is_empty() {
        for pair in memchr::memchr_iter(tag(hash), &page.tags) {
            if matches!(item(page, 2 * pair)?, Item::Here(here) if here == key) {
                return Ok(Some(2 * pair));
            }
        }
        return Ok(None);
    }
    let pairs = page.entries()? / 2;
    match page.kind() {
        page_type::INVALID => Ok(None),
        page_type::HASH => {
            let (mut low, mut high) = (0, pairs);
            while low < high {
                let middle = (low + high) / 2;
                match compare(access, page, 2 * middle, key)? {
                    Ordering::Equal => return Ok(Some(2 * middle)),
                    Ordering::Less => low = middle + 1,
                    Ordering::Greater => high = middle,
                }
            }
            Ok(None)
        }
        page_type::HASH_UNSORTED => {
            for pair in 0..pairs {
                if compare(access, page, 2 * pair, key)? == Ordering::Equal {
                    return Ok(Some(2 * pair));
                }
            }
            Ok(None)
        }
        _ => Err(damaged("page type in a hash")),
    }
}

fn compare(access: &mut Reading<'_>, page: &Page, index: usize, key: &[u8]) -> io::Result<Ordering> {
    match item(page, index)? {
        Item::Here(bytes) => Ok(bytes.cmp(key)),
        Item::OffPage(first, length) => Ok(chain(access, first, length)?.as_slice().cmp(key)),
        _ => Err(damaged("key with several values")),
    }
}

/// The bytes of a chain of overflow pages.
pub(super) fn chain(access: &mut Reading<'_>, first: u32, length: u32) -> io::Result<Vec<u8>> {
    let length = length as usize;
    let mut bytes = Vec::new();
    let mut number = first;
    let mut left = access.meta().last_page;
    while number != 0 && bytes.len() < length {
        let page = access.page(number)?;
        if page.kind() != page_type::OVERFLOW {
            return Err(damaged("overflow page type"));
        }
        bytes.extend_from_slice(page.slice(at::ITEMS, usize::from(page.u16(at::FREE_OFFSET)?))?);
        number = page.next()?;
        left = left.checked_sub(1).ok_or_else(|| damaged("circle of pages"))?;
    }
    if bytes.len() < length {
        return Err(damaged("overflow chain too short"));
    }
    bytes.truncate(length);
    Ok(bytes)
}

/// Puts the first value of the key at this index behind what `out` holds.
pub(super) fn first_value(
    access: &mut Reading<'_>,
    page: &Page,
    key_index: usize,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let index = key_index + 1;
    if let Item::Here(bytes) = item(page, index)? {
        out.extend_from_slice(bytes);
        return Ok(());
    }
    if put_first(out, |each| values(access, page, index, each))? {
        Ok(())
    } else {
        Err(damaged("key without a value"))
    }
}

/// Calls `each` with every value of a key.
fn values(
    access: &mut Reading<'_>,
    page: &Page,
    index: usize,
    each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    match item(page, index)? {
        Item::Here(bytes) => Ok(each(bytes)),
        Item::OffPage(first, length) => Ok(each(&chain(access, first, length)?)),
        Item::DuplicateTree(root) => btree::duplicates(access, root, each),
        Item::Duplicates(mut bytes) => {
            while bytes.len() >= 2 {
                let length = [bytes[0], bytes[1]];
                let length =
                    if page.swapped { u16::from_be_bytes(length) } else { u16::from_le_bytes(length) }
                        as usize;
                let value = bytes.get(2..2 + length).ok_or_else(|| damaged("duplicate length"))?;
                if each(value).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                bytes = bytes.get(4 + length..).ok_or_else(|| damaged("duplicate length"))?;
            }
            Ok(ControlFlow::Continue(()))
        }
    }
}

/// Calls `each` with every pair, bucket by bucket.
pub(super) fn for_each(access: &mut Reading<'_>, each: &mut EachPair<'_>) -> io::Result<()> {
    let buckets = &access.meta().buckets;
    let mut left = access.meta().last_page;
    for bucket in 0..=buckets.last {
        let mut number = buckets.page(bucket)?;
        while number != 0 {
            left = left.checked_sub(1).ok_or_else(|| damaged("circle of pages"))?;
            let page = access.page(number)?;
            for pair in 0..page.entries()? / 2 {
                let key = match item(&page, 2 * pair)? {
                    Item::Here(bytes) => bytes.to_vec(),
                    Item::OffPage(first, length) => chain(access, first, length)?,
                    _ => return Err(damaged("key with several values")),
                };
                if values(access, &page, 2 * pair + 1, &mut |value| each(&key, value))?.is_break() {
                    return Ok(());
                }
            }
            number = page.next()?;
        }
    }
    Ok(())
}
