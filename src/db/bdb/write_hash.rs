//! Laying out a hash file.
//!
//! The number of buckets is a power of two, so that no half-used group of buckets is left; keys of a
//! page are sorted, as version 9 wants them.

use super::format::{HASH_CHECK_KEY, HASH_DUPLICATES, HASH_MAGIC, at, hash, hash_item, page_type};
use super::heads::head;
use super::pages::{NewPage, PAGE_SIZE, Run, Sink, meta_page};
use super::records::Records;
use super::write_btree::write_value_tree;
use std::fs::File;
use std::io;

/// Longer keys and values lie on pages of their own.
const MAX_ON_PAGE: usize = PAGE_SIZE / 4;
/// Type, padding, page and length of such a reference.
const REFERENCE: usize = 12;

fn item_size(length: usize) -> usize {
    2 + if length > MAX_ON_PAGE { REFERENCE } else { 1 + length }
}

/// Buckets for pages that are at most so full on average: a few of them get a second page.
const FILL_PERCENT: usize = 92;

fn buckets_for(records: &Records) -> u32 {
    // every item has an offset of two bytes, which item_size counts
    let bytes: usize = records.iter().map(|(key, value)| item_size(key.len()) + item_size(value.len())).sum();
    let pages = bytes.div_ceil((PAGE_SIZE - at::ITEMS) * FILL_PERCENT / 100).max(2);
    u32::try_from(pages.next_power_of_two()).unwrap_or(1 << 31)
}

/// Indices of records, bucket by bucket: where each bucket begins, and the indices.
fn by_bucket(records: &Records, buckets: u32) -> (Vec<u32>, Vec<u32>) {
    let count = records.len() as u32;
    let mut starts = vec![0u32; buckets as usize + 1];
    for index in 0..count {
        starts[(records.hash(index) & (buckets - 1)) as usize + 1] += 1;
    }
    for bucket in 0..buckets as usize {
        starts[bucket + 1] += starts[bucket];
    }
    let mut free = starts.clone();
    let mut order = vec![0u32; count as usize];
    for index in 0..count {
        let place = &mut free[(records.hash(index) & (buckets - 1)) as usize];
        order[*place as usize] = index;
        *place += 1;
    }
    (starts, order)
}

pub(super) fn write(file: &File, records: &Records, duplicates: bool) -> io::Result<()> {
    let buckets = buckets_for(records);
    let mut sink = Sink::new(file, buckets + 1);
    let (starts, order) = by_bucket(records, buckets);
    let mut sorted: Vec<(u64, u32)> = Vec::new();
    for bucket in 0..buckets {
        let here = &order[starts[bucket as usize] as usize..starts[bucket as usize + 1] as usize];
        sorted.clear();
        sorted.extend(here.iter().map(|index| (head(records.key(*index)), *index)));
        sorted.sort_unstable_by(|(start, index), (other_start, other)| {
            let keys = || records.key(*index).cmp(records.key(*other));
            // values of one key keep the order of the input
            start.cmp(other_start).then_with(keys).then(index.cmp(other))
        });
        write_bucket(&mut sink, bucket, &sorted, records)?;
    }
    sink.flush()?;
    let last_page = sink.next_number() - 1;
    let flags = if duplicates { HASH_DUPLICATES } else { 0 };
    write_meta(file, &mut sink, buckets, last_page, records.len() as u32, flags)?;
    sink.flush()
}

/// An item on its way to a page: its type and its bytes.
enum Stored<'a> {
    Here(&'a [u8]),
    Made(Vec<u8>),
}

impl Stored<'_> {
    fn size(&self) -> usize {
        match self {
            Self::Here(bytes) => 1 + bytes.len(),
            Self::Made(item) => item.len(),
        }
    }

    fn push_to(&self, page: &mut NewPage) {
        match self {
            Self::Here(bytes) => page.push(&[&[hash_item::DATA], bytes]),
            Self::Made(item) => page.push(&[item]),
        }
    }
}

fn write_bucket(sink: &mut Sink<'_>, bucket: u32, pairs: &[(u64, u32)], records: &Records) -> io::Result<()> {
    let (mut number, mut previous, mut run) = (bucket + 1, 0, Run::Main);
    let mut page = NewPage::new(number, page_type::HASH, 0);
    for set in pairs.chunk_by(|(_, a), (_, b)| records.key(*a) == records.key(*b)) {
        let key = records.key(set[0].1);
        let value = match set {
            [(_, only)] => stored(sink, records.value(*only))?,
            set => Stored::Made(stored_set(sink, records, set)?),
        };
        if page.room() < item_size(key.len()) + value.size() + 2 {
            let next = sink.allocate();
            let full = std::mem::replace(&mut page, NewPage::new(next, page_type::HASH, 0));
            sink.put(run, number, &full.finish(previous, next))?;
            (previous, number, run) = (number, next, Run::Side);
        }
        stored(sink, key)?.push_to(&mut page);
        value.push_to(&mut page);
    }
    sink.put(run, number, &page.finish(previous, 0))
}

/// Several values of one key: each between its lengths, or in a tree of their own.
fn stored_set(sink: &mut Sink<'_>, records: &Records, set: &[(u64, u32)]) -> io::Result<Vec<u8>> {
    let size: usize = set.iter().map(|(_, index)| records.value(*index).len() + 4).sum();
    if size > MAX_ON_PAGE {
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

fn stored<'a>(sink: &mut Sink<'_>, bytes: &'a [u8]) -> io::Result<Stored<'a>> {
    if bytes.len() <= MAX_ON_PAGE {
        return Ok(Stored::Here(bytes));
    }
    let first = sink.overflow(bytes)?;
    let length = bytes.len() as u32;
    let item = [[hash_item::OFF_PAGE, 0, 0, 0], first.to_le_bytes(), length.to_le_bytes()].concat();
    Ok(Stored::Made(item))
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
