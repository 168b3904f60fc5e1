//! What is wrong with a configuration and all that belongs to it: rules, names, tables, aliases, files.
//!
//! In: a [`Subject`]. Out: [`Finding`]s, each with a code that stays. Never here: what the .mc itself says (the m4 room
//! looks at that, [`coded`] gives its findings a code), and no file is written but by [`mend`].
//!
//! - `codes`: the kinds of mistakes; `finding`: one of them; `fix`: what mends it; `sarif`, `json`: for programs; `page`: for a browser
//! - `rules` on `pattern`: rules that never run or never end; `names`: classes and macros
//! - `tables` with `table`, `values`: the texts of maps; `aliases`; `files`: permissions, ports; `certificates` and their keys

mod aliases;
mod certificates;
mod codes;
mod files;
mod finding;
mod fix;
mod names;
mod page;
mod pattern;
mod rules;
mod sarif;
mod subject;
mod table;
mod tables;
mod values;

pub use codes::{CODES, Code};
pub use finding::{Edit, Finding, coded};
pub use fix::mend;
pub use page::page;
pub use sarif::{json, sarif};
pub use subject::Subject;

/// All findings, in no order.
pub fn findings(subject: &Subject<'_>) -> Vec<Finding> {
    let checks =
        [rules::check, names::check, tables::check, aliases::check, files::check, certificates::check];
    checks.iter().flat_map(|check| check(subject)).collect()
}
