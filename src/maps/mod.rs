//! Maps: from a key to a value, through files, programs, servers and tables.
//!
//! In: K lines ([`crate::config::MapDecl`]) and look-ups ([`crate::engine::LookupRequest`]). Out:
//! [`crate::engine::Answer`]s; what happens is shown to the caller's
//! [`crate::engine::Observer`], messages to its tracer. Never here: rules, and any change of a map's content (that is
//! [`crate::db::bdb::Writer`] and the `makemap` command).
//!
//! A temporary failure is an answer of its own (status 75) and never turns into "not found".
//!
//! `registry` lists the classes as rows, `class` says what a class is; `declare` and `flags` read K lines, `map` is
//! what comes of one, `slot` opens it, `store` finds and asks, `quick` does so in the midst of a rule. A new class
//! is one file of its own and one row.

mod alias_rules;
mod arpa;
#[cfg(test)]
mod canned;
mod class;
mod database;
mod declare;
mod environment;
mod dns;
mod engine_maps;
mod files;
mod flags;
mod host;
mod ldap;
mod map;
mod null;
mod program;
mod program_runner;
mod query;
mod quick;
mod regex;
mod registry;
mod sequence;
mod settings;
mod slot;
mod socket;
mod stab;
mod store;
mod syslog;
#[cfg(test)]
mod tests;
mod text;
mod unsupported;
mod user;
mod userdb;

pub use alias_rules::{AliasPairs, AliasRules};
pub use environment::environment;
pub use program_runner::{Directly, Helpers, NotRun, ProgramAnswer, ProgramRunner};
pub use query::LookupContext;
pub use store::{Store, TextAnswer};
