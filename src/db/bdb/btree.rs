//! Walking a btree file, and the small trees that hold many values of one key.

use super::access::{PageRef, Reading, chain};
use super::btree_page::{Item, leaf_item};
use super::format::{EachPair, Page, btree_item, damaged, page_type, put_first};
use super::hints::Sought;
use std::cmp::Ordering;
use std::io;
use std::ops::ControlFlow;

/// No tree of 2^32 pages is deeper.
const MAX_DEPTH: usize = 40;

fn compare_item(access: &mut Reading<'_>, item: &Item<'_>, key: &[u8]) -> io::Result<Ordering> {
    match item {
        Item::Here(bytes) => Ok((*bytes).cmp(key)),
        Item::OffPage(first, length) => Ok(chain(access, *first, *length)?.as_slice().cmp(key)),
        Item::DuplicateTree(_) => Err(damaged("key with several values")),
    }
}

/// The key of a leaf's pair, deleted or not: deleted items keep their place in the order.
fn compare_leaf(access: &mut Reading<'_>, page: &Page, index: usize, key: &[u8]) -> io::Result<Ordering> {
    let start = page.item(index)?;
    let item = match page.byte(start + 2)? & !btree_item::DELETED {
        btree_item::DATA => Item::Here(page.slice(start + 3, usize::from(page.u16(start)?))?),
        btree_item::OVERFLOW => Item::OffPage(page.u32(start + 4)?, page.u32(start + 8)?),
        _ => return Err(damaged("btree key type")),
    };
    compare_item(access, &item, key)
}

/// Compares the key in an internal entry.
fn compare_internal(access: &mut Reading<'_>, page: &Page, index: usize, key: &[u8]) -> io::Result<Ordering> {
    let start = page.item(index)?;
    let item = match page.byte(start + 2)? & !btree_item::DELETED {
        btree_item::DATA => Item::Here(page.slice(start + 12, usize::from(page.u16(start)?))?),
        btree_item::OVERFLOW => Item::OffPage(page.u32(start + 16)?, page.u32(start + 20)?),
        _ => return Err(damaged("btree entry type")),
    };
    compare_item(access, &item, key)
}

/// The entry of an inner page below which a key belongs.
fn child_of(access: &mut Reading<'_>, page: &Page, key: &[u8]) -> io::Result<usize> {
    // the first entry stands for everything below the second
    let (mut low, mut high) = match page.heads.between(key) {
        Some((low, high)) => (low, high),
        None => (0, page.entries()?),
    };
    while low + 1 < high {
        let middle = (low + high) / 2;
        match compare_internal(access, page, middle, key)? {
            Ordering::Greater => high = middle,
            _ => low = middle,
        }
    }
    Ok(low)
}

/// The leaf where a key belongs; without a key the leftmost one.
fn descend<'a>(access: &mut Reading<'a>, root: u32, key: Option<&[u8]>) -> io::Result<PageRef<'a>> {
    let mut number = root;
    for _ in 0..MAX_DEPTH {
        let page = access.page(number)?;
        match page.kind() {
            page_type::BTREE_LEAF | page_type::RECNO_LEAF | page_type::DUPLICATE_LEAF => return Ok(page),
            page_type::BTREE_INTERNAL => {
                let child = key.map_or(Ok(0), |key| child_of(access, &page, key))?;
                if page.entries()? == 0 {
                    return Err(damaged("empty inner page"));
                }
                number = page.u32(page.item(child)? + 4)?;
            }
            page_type::RECNO_INTERNAL if page.entries()? > 0 => number = page.u32(page.item(0)?)?,
            _ => return Err(damaged("page type in a btree")),
        }
    }
    Err(damaged("tree too deep"))
}

/// The page where a key's pair lies, and the index of the key there.
pub(super) fn find<'a>(access: &mut Reading<'a>, key: &[u8]) -> io::Result<Option<(PageRef<'a>, usize)>> {
    let hints = access.hints();
    let sought = hints.sought(key);
    if let Some((number, index)) = hints.guess(sought) {
        let (page, index) = (access.page(number)?, usize::from(index));
        if is_at(&page, index, key)? {
            return Ok(Some((page, index)));
        }
    }
    let found = find_in_tree(access, key, sought)?;
    if let Some((page, index)) = &found
        && is_at(page, *index, key)?
    {
        hints.found(sought, (page.number, *index as u16));
    }
    Ok(found)
}

fn find_in_tree<'a>(
    access: &mut Reading<'a>,
    key: &[u8],
    sought: Sought,
) -> io::Result<Option<(PageRef<'a>, usize)>> {
    let page = descend(access, access.meta().root, Some(key))?;
    if !page.tags.is_empty() {
        for pair in memchr::memchr_iter(sought.tag(), &page.tags) {
            if is_at(&page, 2 * pair, key)? && leaf_item(&page, 2 * pair + 1)?.is_some() {
                return Ok(Some((page, 2 * pair)));
            }
        }
        return Ok(None);
    }
    let pairs = page.entries()? / 2;
    let (mut low, mut high) = (0, pairs);
    while low < high {
        let middle = (low + high) / 2;
        match compare_leaf(access, &page, 2 * middle, key)? {
            Ordering::Less => low = middle + 1,
            _ => high = middle,
        }
    }
    for pair in low..pairs {
        if compare_leaf(access, &page, 2 * pair, key)? != Ordering::Equal {
            break;
        }
        if leaf_item(&page, 2 * pair + 1)?.is_some() {
            return Ok(Some((page, 2 * pair)));
        }
    }
    Ok(None)
}

/// Is this key on the page itself, at this index?
pub(super) fn is_at(page: &Page, index: usize, key: &[u8]) -> io::Result<bool> {
    Ok(matches!(leaf_item(page, index)?, Some(Item::Here(here)) if here == key))
}

/// Puts the first value of the key at this index behind what `out` holds.
pub(super) fn first_value(
    access: &mut Reading<'_>,
    page: &Page,
    key_index: usize,
    out: &mut Vec<u8>,
) -> io::Result<()> {
    let item = leaf_item(page, key_index + 1)?.ok_or_else(|| damaged("deleted value"))?;
    if put_item(access, &item, out)? { Ok(()) } else { Err(damaged("key without a value")) }
}

fn put_item(access: &mut Reading<'_>, item: &Item<'_>, out: &mut Vec<u8>) -> io::Result<bool> {
    if let Item::Here(bytes) = item {
        out.extend_from_slice(bytes);
        return Ok(true);
    }
    put_first(out, |each| values(access, item, each))
}

fn values(
    access: &mut Reading<'_>,
    item: &Item<'_>,
    each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    match item {
        Item::Here(bytes) => Ok(each(bytes)),
        Item::OffPage(first, length) => Ok(each(&chain(access, *first, *length)?)),
        Item::DuplicateTree(root) => duplicates(access, *root, each),
    }
}

/// Calls `each` with every value in a tree of values.
pub(super) fn duplicates(
    access: &mut Reading<'_>,
    root: u32,
    each: &mut dyn FnMut(&[u8]) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let mut page = descend(access, root, None)?;
    let mut left = access.meta().last_page;
    loop {
        for index in 0..page.entries()? {
            match leaf_item(&page, index)? {
                None => {}
                Some(Item::DuplicateTree(_)) => return Err(damaged("values within values")),
                Some(item) if values(access, &item, each)?.is_break() => return Ok(ControlFlow::Break(())),
                Some(_) => {}
            }
        }
        match page.next()? {
            0 => return Ok(ControlFlow::Continue(())),
            number => page = access.page(number)?,
        }
        left = left.checked_sub(1).ok_or_else(|| damaged("circle of pages"))?;
    }
}

/// Calls `each` with every pair in the order of keys.
pub(super) fn for_each(access: &mut Reading<'_>, each: &mut EachPair<'_>) -> io::Result<()> {
    let mut page = descend(access, access.meta().root, None)?;
    let mut left = access.meta().last_page;
    let mut stored_key = Vec::new();
    loop {
        if page.kind() != page_type::BTREE_LEAF {
            return Err(damaged("page type among leaves"));
        }
        for pair in 0..page.entries()? / 2 {
            let (Some(key), Some(item)) = (leaf_item(&page, 2 * pair)?, leaf_item(&page, 2 * pair + 1)?)
            else {
                continue;
            };
            stored_key.clear();
            if !put_item(access, &key, &mut stored_key)? {
                return Err(damaged("key type"));
            }
            if values(access, &item, &mut |value| each(&stored_key, value))?.is_break() {
                return Ok(());
            }
        }
        match page.next()? {
            0 => return Ok(()),
            number => page = access.page(number)?,
        }
        left = left.checked_sub(1).ok_or_else(|| damaged("circle of pages"))?;
    }
}
