//! Laying out a hash file.
//!
//! The number of buckets is a power of two, so that no half-used group of buckets is left; keys of a
//! page are sorted, as version 9 wants them.

use super::format::{HASH_CHECK_KEY, HASH_DUPLICATES, HASH_MAGIC, at, hash, hash_item, page_type};
use super::pages::{NewPage, PAGE_SIZE, Run, Sink, meta_page};
use super::write_btree::write_value_tree;
use super::writer::Records;
use std::fs::File;
use std::io;

/// Longer keys and values lie on pages of their own.
const LARGEST_HERE: usize = PAGE_SIZE / 4;
/// Type, padding, page and length of such a reference.
const REFERENCE: usize = 12;

fn item_size(length: usize) -> usize {
    2 + if length > LARGEST_HERE { REFERENCE } else { 1 + length }
}

/// Buckets for pages that are at most three quarters full on average.
fn buckets_for(records: &Records) -> u32 {
    let bytes: usize = records.iter().map(|(key, value)| item_size(key.len()) + item_size(value.len())).sum();
    let pages = bytes.div_ceil((PAGE_SIZE - at::ITEMS) * 3 / 4).max(2);
    u32::try_from(pages.next_power_of_two()).unwrap_or(1 << 31)
}

pub(super) fn write(file: &File, records: &Records, duplicates: bool) -> io::Result<()> {
    let buckets = buckets_for(records);
    let mut sink = Sink::new(file, buckets + 1);
    let mut order: Vec<(u32, u32)> =
        (0..records.len() as u32).map(|index| (records.hash(index) & (buckets - 1), index)).collect();
    order.sort_unstable_by(|(bucket, index), (other_bucket, other)| {
        let keys = || records.key(*index).cmp(records.key(*other));
        // values of one key keep the order of the input
        bucket.cmp(other_bucket).then_with(keys).then(index.cmp(other))
    });
    let mut rest = order.as_slice();
    for bucket in 0..buckets {
        let here = rest.iter().take_while(|(own, _)| *own == bucket).count();
        write_bucket(&mut sink, bucket, &rest[..here], records)?;
        rest = &rest[here..];
    }
    sink.flush()?;
    let last_page = sink.next_number() - 1;
    let flags = if duplicates { HASH_DUPLICATES } else { 0 };
    write_meta(file, &mut sink, buckets, last_page, records.len() as u32, flags)?;
    sink.flush()
}

fn write_bucket(sink: &mut Sink<'_>, bucket: u32, pairs: &[(u32, u32)], records: &Records) -> io::Result<()> {
    let (mut number, mut previous, mut run) = (bucket + 1, 0, Run::Main);
    let mut page = NewPage::new(number, page_type::HASH, 0);
    for set in pairs.chunk_by(|(_, a), (_, b)| records.key(*a) == records.key(*b)) {
        let key = records.key(set[0].1);
        let value = match set {
            [(_, only)] => stored(sink, records.value(*only))?,
            set => stored_set(sink, records, set)?,
        };
        if page.room() < item_size(key.len()) + value.len() + 2 {
            let next = sink.allocate();
            let full = std::mem::replace(&mut page, NewPage::new(next, page_type::HASH, 0));
            sink.put(run, number, &full.finish(previous, next))?;
            (previous, number, run) = (number, next, Run::Side);
        }
        let key = stored(sink, key)?;
        page.push(&[&key]);
        page.push(&[&value]);
    }
    sink.put(run, number, &page.finish(previous, 0))
}

/// Several values of one key: each between its lengths, or in a tree of their own.
fn stored_set(sink: &mut Sink<'_>, records: &Records, set: &[(u32, u32)]) -> io::Result<Vec<u8>> {
    let size: usize = set.iter().map(|(_, index)| records.value(*index).len() + 4).sum();
    if size > LARGEST_HERE {
        let values: Vec<u32> = set.iter().map(|(_, index)| *index).collect();
        let root = write_value_tree(sink, records, &values)?;
        return Ok([[hash_item::OFF_PAGE_DUPLICATES, 0, 0, 0], root.to_le_bytes(), [0; 4]].concat());
    }
    let mut item = vec![hash_item::DUPLICATES];
    for (_, index) in set {
        let value = records.value(*index);
        let length = (value.len() as u16).to_le_bytes();
        item.extend_from_slice(&[&length, value, &length].concat());
    }
    Ok(item)
}

fn stored(sink: &mut Sink<'_>, bytes: &[u8]) -> io::Result<Vec<u8>> {
    if bytes.len() <= LARGEST_HERE {
        return Ok([&[hash_item::DATA], bytes].concat());
    }
    let first = sink.overflow(bytes)?;
    let length = bytes.len() as u32;
    Ok([[hash_item::OFF_PAGE, 0, 0, 0], first.to_le_bytes(), length.to_le_bytes()].concat())
}

fn write_meta(
    file: &File,
    sink: &mut Sink<'_>,
    buckets: u32,
    last_page: u32,
    elements: u32,
    flags: u32,
) -> io::Result<()> {
    let mut page = meta_page(file, page_type::HASH_META, HASH_MAGIC, last_page, flags)?;
    page.put_u32(at::MAX_BUCKET, buckets - 1);
    page.put_u32(at::HIGH_MASK, buckets - 1);
    page.put_u32(at::LOW_MASK, buckets / 2 - 1);
    page.put_u32(at::ELEMENTS, elements);
    page.put_u32(at::HASH_CHECK, hash(HASH_CHECK_KEY));
    // bucket b lies on page b + spare of its group; all groups follow each other from page 1
    for group in 0..=buckets.trailing_zeros() as usize {
        page.put_u32(at::SPARES + 4 * group, 1);
    }
    sink.put(Run::Main, 0, &page.bytes)
}
