//! What stands on a page of a btree file, and what is worked out of it when it is read.

use super::format::{Page, btree_item, damaged, page_type};
use super::heads::Heads;
use super::hints::Hints;
use std::io;

/// An item of a leaf, still where it lies.
pub(super) enum Item<'a> {
    Here(&'a [u8]),
    OffPage(u32, u32),
    DuplicateTree(u32),
}

/// A leaf's item; `None` if it is marked as deleted.
pub(super) fn leaf_item(page: &Page, index: usize) -> io::Result<Option<Item<'_>>> {
    let start = page.item(index)?;
    let kind = page.byte(start + 2)?;
    if kind & btree_item::DELETED != 0 {
        return Ok(None);
    }
    match kind {
        btree_item::DATA => Ok(Some(Item::Here(page.slice(start + 3, usize::from(page.u16(start)?))?))),
        btree_item::OVERFLOW => Ok(Some(Item::OffPage(page.u32(start + 4)?, page.u32(start + 8)?))),
        btree_item::DUPLICATES => Ok(Some(Item::DuplicateTree(page.u32(start + 4)?))),
        _ => Err(damaged("btree item type")),
    }
}

/// The beginnings of an inner page's keys; none where a key lies on other pages.
pub(super) fn heads(page: &Page) -> Heads {
    let entries = if page.kind() == page_type::BTREE_INTERNAL { page.entries().unwrap_or(0) } else { 0 };
    let key = |index: usize| {
        let start = page.item(index).ok()?;
        let here = page.byte(start + 2).ok()? & !btree_item::DELETED == btree_item::DATA;
        page.slice(start + 12, usize::from(page.u16(start).ok()?)).ok().filter(|_| here)
    };
    (1..entries).map(key).collect::<Option<Vec<_>>>().map_or_else(Heads::default, |keys| Heads::of(&keys))
}

/// A byte of each key's hash; empty for a page that cannot be searched by them.
pub(super) fn tags(page: &Page, hints: &Hints) -> Box<[u8]> {
    let pairs = if page.kind() == page_type::BTREE_LEAF { page.entries().unwrap_or(0) / 2 } else { 0 };
    let tag_of = |pair: usize| match leaf_item(page, 2 * pair) {
        Ok(Some(Item::Here(key))) => Some(hints.sought(key).tag()),
        // whatever tag: a deleted pair is never found
        Ok(None) => Some(0),
        _ => None,
    };
    let tags: Option<Vec<u8>> = (0..pairs).map(tag_of).collect();
    tags.unwrap_or_default().into()
}
