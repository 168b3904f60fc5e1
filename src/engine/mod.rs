//! The interpreter of rewriting rules.
//!
//! In: a ruleset id, a workspace of tokens, [`Scope`]. Out: the rewritten workspace and a status.
//! The machine does no I/O and never waits: it asks ([`Step::Lookup`]) and is resumed.
//! Macro, arith, dequote and other state changes happen inside, in rule order. What happens is shown as [`Event`]s to
//! an [`Observer`], which cannot change it; [`Printer`] makes sendmail's traces of them.

mod ask;
mod build;
mod calls;
mod chain;
mod chains;
mod class_index;
mod compose;
mod counts;
mod decisions;
mod define;
mod event;
mod frame;
mod frame_events;
mod frames;
mod lookups;
mod machine;
mod map_names;
mod matcher;
mod pattern;
mod print;
mod printer;
mod program;
mod pure_lookup;
mod pure_maps;
mod reference_matcher;
mod replacement;
mod request;
mod rule;
mod scan;
mod scope;
mod search;
mod select;
mod symbols;
mod tally;
mod uses;
#[cfg(test)]
mod tests;

pub use crate::addr::{MAX_SHOWN, shorten};
pub use counts::Counts;
pub use define::{define, define_named, macset, undefine_named};
pub use event::{
    AddressEvent, AddressView, Attempt, Event, HostAnswer, HostEvent, MacroEvent, MapEvent, Observer,
    RuleRef, Tokens, Watch, Watcher,
};
pub use lookups::{ImmediateLookup, Maps};
pub use machine::{Context, Machine};
pub use map_names::{MapId, MapNames};
pub use matcher::Binding;
pub use print::{put_text, put_tokens};
pub use printer::Printer;
pub use program::Program;
pub use pure_maps::PureMap;
pub use request::LookupRequest;
pub use rule::call_name;
pub use scan::{ScanMode, complaints, scan, with_address};
pub use scope::Scope;
pub use uses::{MapUses, RuleUses, Uses};

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
