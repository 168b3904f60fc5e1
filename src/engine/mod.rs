//! The interpreter of rewriting rules.
//!
//! In: a ruleset id, a workspace of tokens, [`Scope`]. Out: the rewritten workspace and a status.
//! The machine does no I/O and never waits: it asks ([`Step::Lookup`]) and is resumed.
//! Macro, arith, dequote and other state changes happen inside, in rule order.

mod build;
mod define;
mod lookups;
mod machine;
mod matcher;
mod print;
mod program;
mod pure_maps;
mod scan;
mod scope;
#[cfg(test)]
mod tests;
mod trace;

pub use build::call_name;
pub use define::{define, define_named, macset, trace_name, undefine_named};
pub use lookups::{MapId, Maps, Quick};
pub use machine::{Context, Machine};
pub use print::{put_text, put_tokens};
pub use program::Program;
pub use pure_maps::PureMap;
pub use scan::{ScanMode, scan, shorten, with_address};
pub use scope::Scope;

use crate::addr::Token;
use crate::schema::Sysexit;

/// What the machine wants next.
#[derive(Debug)]
pub enum Step {
    /// Look this up and call `Machine::resume`.
    Lookup(LookupRequest),
    /// The ruleset has ended; take the workspace with `Machine::into_workspace`.
    Done(Sysexit),
}

/// A look-up in a map, `$( map key $@ arg … $)` or `$[ name $]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LookupRequest {
    /// The map's name (`host` for `$[ … $]`).
    pub map: Vec<u8>,
    /// The key as text, double quotes still in it (the map's flags decide about them).
    pub key: Vec<Token>,
    /// The arguments as tokens; %1 is the first.
    pub args: Vec<Vec<Token>>,
}

/// What a map said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The value, flags (-a, -m, %n) applied; `None` when there is none.
    pub value: Option<Vec<u8>>,
    /// 0 for found; 68 and the like for not found; 75 for a temporary failure.
    pub status: Sysexit,
}
