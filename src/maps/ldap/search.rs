//! What is asked of a directory, and one entry of its answer.

use lber::structure::{PL, StructureTag};
use ldap3::Scope;

/// One search.
pub(super) struct Search {
    pub base: String,
    pub scope: Scope,
    pub filter: String,
}

/// An entry: attributes and their values in the server's order.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub attributes: Vec<(Vec<u8>, Vec<Vec<u8>>)>,
}

fn children(tag: StructureTag) -> Option<Vec<StructureTag>> {
    match tag.payload {
        PL::C(tags) => Some(tags),
        PL::P(_) => None,
    }
}

fn bytes(tag: StructureTag) -> Option<Vec<u8>> {
    match tag.payload {
        PL::P(bytes) => Some(bytes),
        PL::C(_) => None,
    }
}

impl Entry {
    /// Reads a SearchResultEntry (RFC 4511, 4.5.2); a reference to another server is none.
    pub fn of(tag: StructureTag) -> Option<Self> {
        const SEARCH_RESULT_ENTRY: u64 = 4;
        if tag.id != SEARCH_RESULT_ENTRY {
            return None;
        }
        let mut entry = Self::default();
        for attribute in children(children(tag)?.into_iter().nth(1)?)? {
            let mut parts = children(attribute)?.into_iter();
            let name = bytes(parts.next()?)?;
            let values = children(parts.next()?)?.into_iter().filter_map(bytes).collect();
            entry.attributes.push((name, values));
        }
        Some(entry)
    }
}
