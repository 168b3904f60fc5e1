//! Laying out a btree file, bottom up.

use super::format::{BTREE_DUPLICATES, BTREE_MAGIC, at, btree_item, page_type};
use super::pages::{NewPage, PAGE_SIZE, Run, Sink, btree_data, btree_reference, meta_page};
use super::records::Records;
use std::fs::File;
use std::io;

/// Longer keys and values lie on pages of their own: two pairs must always fit on a page.
const MAX_ON_PAGE: usize = (PAGE_SIZE - at::ITEMS) / 4 - 10;
/// More bytes of values of one key than this move to a tree of their own.
const MAX_SET: usize = PAGE_SIZE / 4;
/// The record length pad that libdb writes into every btree (a blank).
const PAD: u32 = 0x20;

/// The root's place is fixed. A level's first page is made for it and moves when a second one follows.
const ROOT: u32 = 1;

/// A page as its parent sees it.
struct Child {
    number: u32,
    /// Separates it from its left neighbour; empty for the leftmost.
    separator: Vec<u8>,
    /// Number of records below (recno trees only).
    records: u32,
}

pub(super) fn write(file: &File, records: &Records, duplicates: bool) -> io::Result<()> {
    let mut sink = Sink::new(file, ROOT + 1);
    let leaves = write_leaves(&mut sink, records)?;
    write_inner(&mut sink, leaves)?;
    sink.flush()?;
    let flags = if duplicates { BTREE_DUPLICATES } else { 0 };
    let mut page = meta_page(file, page_type::BTREE_META, BTREE_MAGIC, sink.next_number() - 1, flags)?;
    page.put_u32(at::MIN_KEY, 2);
    page.put_u32(at::RECORD_PAD, PAD);
    page.put_u32(at::ROOT, ROOT);
    sink.put(Run::Main, 0, &page.bytes)?;
    sink.flush()
}

/// The shortest text that is greater than `left` and not greater than `right`.
fn separator(left: &[u8], right: &[u8]) -> Vec<u8> {
    let common = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    right[..right.len().min(common + 1)].to_vec()
}

fn stored(sink: &mut Sink<'_>, bytes: &[u8]) -> io::Result<Vec<u8>> {
    if bytes.len() <= MAX_ON_PAGE {
        return Ok(btree_data(bytes));
    }
    Ok(btree_reference(btree_item::OVERFLOW, sink.overflow(bytes)?, bytes.len() as u32))
}

/// The values of one key as they go on a leaf.
fn stored_values(sink: &mut Sink<'_>, records: &Records, set: &[u32]) -> io::Result<Vec<Vec<u8>>> {
    let items: Vec<Vec<u8>> =
        set.iter().map(|index| stored(sink, records.value(*index))).collect::<io::Result<_>>()?;
    let size: usize = items.iter().map(|item| item.len() + 4).sum();
    if items.len() == 1 || size <= MAX_SET {
        return Ok(items);
    }
    let root = write_values(sink, &items)?;
    Ok(vec![btree_reference(btree_item::DUPLICATES, root, 0)])
}

fn write_leaves(sink: &mut Sink<'_>, records: &Records) -> io::Result<Vec<Child>> {
    let mut order: Vec<u32> = (0..records.len() as u32).collect();
    // stable: values of one key keep the order of the input
    order.sort_by(|a, b| records.key(*a).cmp(records.key(*b)));
    let mut number = ROOT;
    let mut page = NewPage::new(number, page_type::BTREE_LEAF, 1);
    let mut children = vec![Child { number, separator: Vec::new(), records: 0 }];
    let (mut previous, mut last_key): (u32, &[u8]) = (0, &[]);
    for set in order.chunk_by(|a, b| records.key(*a) == records.key(*b)) {
        let key = records.key(set[0]);
        let stored_key = stored(sink, key)?;
        let values = stored_values(sink, records, set)?;
        let size: usize = stored_key.len() + values.iter().map(|value| value.len() + 4).sum::<usize>();
        if page.room() < size {
            number = leave_root(sink, &mut page, &mut children, number);
            let next = sink.allocate();
            let full = std::mem::replace(&mut page, NewPage::new(next, page_type::BTREE_LEAF, 1));
            sink.put(Run::Main, number, &full.finish(previous, next))?;
            (previous, number) = (number, next);
            children.push(Child { number, separator: separator(last_key, key), records: 0 });
        }
        push_set(&mut page, &stored_key, &values);
        last_key = key;
    }
    sink.put(Run::Main, number, &page.finish(previous, 0))?;
    Ok(children)
}

fn push_set(page: &mut NewPage, key: &[u8], values: &[Vec<u8>]) {
    let mut key_offset = None;
    for value in values {
        match key_offset {
            None => {
                page.push(&[key]);
                key_offset = Some(page.last_offset());
            }
            Some(offset) => page.push_offset(offset),
        }
        page.push(&[value]);
    }
}

/// Gives a page that was made for the root's place a place of its own.
fn leave_root(sink: &mut Sink<'_>, page: &mut NewPage, level: &mut [Child], number: u32) -> u32 {
    if number != ROOT {
        return number;
    }
    let number = sink.allocate();
    page.put_u32(at::PGNO, number);
    level[0].number = number;
    number
}

/// Builds inner pages over `children` until one is left: the root.
fn write_inner(sink: &mut Sink<'_>, mut children: Vec<Child>) -> io::Result<()> {
    let mut level = 1;
    while children.len() > 1 {
        level += 1;
        let mut parents: Vec<Child> = Vec::new();
        let mut page: Option<NewPage> = None;
        for child in children {
            let key = if parents.is_empty() && page.is_none() { Vec::new() } else { child.separator };
            let entry = inner_entry(sink, child.number, &key)?;
            match &mut page {
                Some(page) if page.room() >= entry.len() + 2 => page.push(&[&entry]),
                _ => {
                    let number = match &mut page {
                        None => ROOT,
                        Some(full) => {
                            let own = parents.last().map_or(ROOT, |own| own.number);
                            leave_root(sink, full, &mut parents, own);
                            sink.allocate()
                        }
                    };
                    finish_inner(sink, page.take(), &parents)?;
                    let mut fresh = NewPage::new(number, page_type::BTREE_INTERNAL, level);
                    fresh.push(&[&entry]);
                    page = Some(fresh);
                    parents.push(Child { number, separator: key, records: 0 });
                }
            }
        }
        finish_inner(sink, page, &parents)?;
        children = parents;
    }
    Ok(())
}

fn finish_inner(sink: &mut Sink<'_>, page: Option<NewPage>, parents: &[Child]) -> io::Result<()> {
    match (page, parents.last()) {
        // inner pages of a btree are not chained
        (Some(page), Some(own)) => sink.put(Run::Main, own.number, &page.finish(0, 0)),
        _ => Ok(()),
    }
}

fn inner_entry(sink: &mut Sink<'_>, number: u32, key: &[u8]) -> io::Result<Vec<u8>> {
    let (kind, bytes) = if key.len() <= MAX_ON_PAGE {
        (btree_item::DATA, key.to_vec())
    } else {
        let first = sink.overflow(key)?;
        (btree_item::OVERFLOW, btree_reference(btree_item::OVERFLOW, first, key.len() as u32))
    };
    let mut entry = Vec::with_capacity(12 + bytes.len() + 3);
    entry.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
    entry.extend_from_slice(&[kind, 0]);
    entry.extend_from_slice(&number.to_le_bytes());
    entry.extend_from_slice(&0u32.to_le_bytes());
    entry.extend_from_slice(&bytes);
    entry.resize(entry.len().next_multiple_of(4), 0);
    Ok(entry)
}

/// The same for a hash file.
pub(super) fn write_value_tree(sink: &mut Sink<'_>, records: &Records, set: &[u32]) -> io::Result<u32> {
    let items: Vec<Vec<u8>> =
        set.iter().map(|index| stored(sink, records.value(*index))).collect::<io::Result<_>>()?;
    write_values(sink, &items)
}

/// The tree of values of one key, in the order of input; its root.
fn write_values(sink: &mut Sink<'_>, items: &[Vec<u8>]) -> io::Result<u32> {
    let mut number = sink.allocate();
    let mut page = NewPage::new(number, page_type::RECNO_LEAF, 1);
    let mut children: Vec<Child> = Vec::new();
    let mut previous = 0;
    for item in items {
        if page.room() < item.len() + 2 {
            let next = sink.allocate();
            let full = std::mem::replace(&mut page, NewPage::new(next, page_type::RECNO_LEAF, 1));
            children.push(Child { number, separator: Vec::new(), records: full.entries() as u32 });
            sink.put(Run::Side, number, &full.finish(previous, next))?;
            (previous, number) = (number, next);
        }
        page.push(&[item]);
    }
    children.push(Child { number, separator: Vec::new(), records: page.entries() as u32 });
    sink.put(Run::Side, number, &page.finish(previous, 0))?;
    let mut level = 1;
    while children.len() > 1 {
        level += 1;
        children = write_value_level(sink, &children, level)?;
    }
    Ok(children[0].number)
}

fn write_value_level(sink: &mut Sink<'_>, children: &[Child], level: u8) -> io::Result<Vec<Child>> {
    const ENTRY: usize = 8;
    let fit = (PAGE_SIZE - at::ITEMS) / (ENTRY + 2);
    let is_root = children.len() <= fit;
    let mut parents = Vec::new();
    for group in children.chunks(fit) {
        let number = sink.allocate();
        let mut page = NewPage::new(number, page_type::RECNO_INTERNAL, level);
        for child in group {
            page.push(&[&child.number.to_le_bytes(), &child.records.to_le_bytes()]);
        }
        let records = group.iter().map(|child| child.records).sum();
        // the root of such a tree counts its records where other pages have their left neighbour
        let previous = if is_root { records } else { 0 };
        sink.put(Run::Side, number, &page.finish(previous, 0))?;
        parents.push(Child { number, separator: Vec::new(), records });
    }
    Ok(parents)
}
