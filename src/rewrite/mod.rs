//! Rewriting with everything connected: the engine asks, the maps answer.
//!
//! In: address text, a [`Site`], the macros of the moment ([`Scope`]). Out: resolved addresses
//! ([`Parsed`]), rewritten addresses, verdicts of check rulesets. Never here: SMTP, queue, delivery.
//!
//! Everything above the wire speaks to the rules through this room.

mod address;
mod check;
mod parse;
mod remote;
mod run;
mod site;

pub use address::{Address, AddressKind, Parsed, Triple, Verdict};
pub use check::{rscap, rscheck};
pub use parse::{localaddr, parseaddr};
pub use remote::remotename;
pub use run::{expand, run};
pub use site::Site;
