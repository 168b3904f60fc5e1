//! Files that hold keys and values: Berkeley DB databases, alias files, and option AliasFile that names them.
//!
//! In: a path, a text. Out: values, pairs in file order, the parts of a list. What maps, the keeper and the
//! tools read alike is read here, by one reader each. Never here: whether a file may be trusted
//! ([`crate::sys::safe`]), what an alias means.

pub mod bdb;

mod alias_spec;
mod alias_text;

pub use alias_spec::{AliasSpec, alias_spec_parts, database_of, included_file, unquote};
pub use alias_text::{AliasLine, AliasProblem, alias_lines, plain_aliases, split_list};
