//! Walking a hash file.

use super::access::{PageRef, Reading, chain};
use super::btree;
use super::format::{EachPair, Page, damaged, hash, page_type, put_first, tag};
use super::hash_page::{Item, item};
use std::cmp::Ordering;
use std::io;
use std::ops::ControlFlow;

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
