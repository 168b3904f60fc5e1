//! The debugger of address test mode: a run is kept on a [`Tape`], and walked through both ways.
//!
//! In: the events of the engine and what was printed meanwhile, then commands. Out: text, in the order in which the rules
//! did their work. Since the run is over before anybody walks through it, a step back costs nothing, and no breakpoint
//! changes what rules do. Never here: a rule that runs, a matcher, a terminal.
//!
//! - `tape`: what has happened, in order; `breaks`: where to stop, by rule, ruleset, map or change of the workspace
//! - `walk`: from one place of the tape to another; `show`: what is seen there; `commands`: the words for both

mod breaks;
mod commands;
mod show;
mod tape;
#[cfg(test)]
mod tests;
mod walk;

pub use breaks::Breaks;
pub use commands::{Debugger, First, Shown, words};
pub use tape::Tape;
