//! Berkeley DB 5.3 files: hash (version 9) and btree (version 9), read and written without libdb.
//!
//! In: a path. Out: values, or pairs in file order; new files appear by rename, whole or not at all.
//! Never here: the meaning of keys (trailing NULs, folding), and panics: a damaged file is an error.
//!
//! `format` names the bytes, `access` reads pages (cache, locks, replaced files), `hash_page` and `btree_page`
//! say what stands on one, `hash` and `btree` go from page to page, `hints` and `heads` spare them steps; `writer` collects pairs (`records`), `pages`, `write_hash` and
//! `write_btree` lay them out.

mod access;
mod btree;
mod btree_page;
mod format;
mod hash;
mod hash_page;
mod heads;
mod hints;
mod pages;
mod reader;
mod records;
mod write_btree;
mod write_hash;
mod writer;

pub use format::Kind;
pub use reader::Reader;
pub use writer::Writer;
