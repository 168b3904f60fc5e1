//! Rewriting with everything connected: the engine asks, the maps answer.
//!
//! In: address text, a [`Site`], the macros of the moment ([`Scope`]). Out: resolved addresses
//! ([`Parsed`]), rewritten addresses, verdicts of check rulesets. Never here: SMTP, queue, delivery.
//!
//! Everything above the wire speaks to the rules through a [`Rewriter`].

mod address;
mod aliases;
mod build;
mod check;
mod error;
mod machines;
mod parse;
mod remote;
mod rewriter;
mod run;
mod site;
mod syntax;

pub use address::{Address, AddressKind, Parsed, Triple, Verdict, ruleset_source};
pub use aliases::{Alias, AliasCount, read_aliases};
pub use error::{error_reply, error_status};
pub use rewriter::Rewriter;
pub use run::expand;
pub use site::Site;
pub use syntax::{invalid_text, invalid_user, is_about_control_bytes};
