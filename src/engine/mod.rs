//! The interpreter of rewriting rules.
//!
//! In: a ruleset id, a workspace of tokens, [`Scope`]. Out: the rewritten workspace and a status.
//! The machine does no I/O and never waits: it asks ([`Step::Lookup`]) and is resumed.
//! Macro, arith, dequote and other state changes happen inside, in rule order.

mod ask;
mod build;
mod calls;
mod class_index;
mod define;
mod frames;
mod lookups;
mod machine;
mod matcher;
mod print;
mod program;
mod pure_maps;
mod request;
mod scan;
mod scope;
mod select;
mod symbols;
#[cfg(test)]
mod tests;
mod trace;
mod walk;

pub use calls::call_name;
pub use define::{define, define_named, macset, trace_name, undefine_named};
pub use lookups::{MapId, Maps, Quick};
pub use machine::{Context, Counts, Machine};
pub use print::{put_text, put_tokens};
pub use program::Program;
pub use pure_maps::PureMap;
pub use request::{LookupRequest, lookup_head};
pub use scan::{MAX_SHOWN, ScanMode, scan, shorten, with_address};
pub use scope::Scope;

use crate::schema::Sysexit;

/// What the machine wants next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Look up what `Machine::request` says and call `Machine::resume`.
    Lookup,
    /// The ruleset has ended with this status; the workspace is what it returns.
    Done(Sysexit),
}

/// What a map said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The value, flags (-a, -m, %n) applied; `None` when there is none.
    pub value: Option<Vec<u8>>,
    /// 0 for found; 68 and the like for not found; 75 for a temporary failure.
    pub status: Sysexit,
}
