//! The text of a cf as logical lines, and the small grammars that stand in them.
//!
//! In: bytes, and a table of names ([`NameTable`]). Out: logical lines in the internal alphabet, the
//! parts of K, M, Q, X and O lines, the shape of rules, and findings; never a `Result` for a whole
//! file: one bad line does not hide the next.
//! Never here: meaning. Macros are not expanded, nothing is looked up, no option is known.

mod blocks;
mod dollars;
mod fields;
mod grammars;
mod lines;
mod m4_text;
mod names;
mod rules;
mod statement;

pub use blocks::Blocks;
pub use dollars::translate;
pub use fields::{Equate, PortItem, equates, port_items};
pub use lines::{LogicalLine, logical_lines};
pub use m4_text::m4_hint;
pub use names::{MAX_NAME, NameProblem, NameTable, ParsedName, parse_name};
pub use rules::{Finding, Found, LookupShape, MAX_WILDCARDS, left_side, right_side};
pub use statement::{Ast, Line, Statement, parse, print, statement};
