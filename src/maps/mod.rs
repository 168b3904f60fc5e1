//! Maps: from a key to a value, through files, programs, servers and tables.
//!
//! In: K lines ([`crate::config::MapDecl`]) and look-ups ([`crate::engine::LookupRequest`]). Out:
//! [`crate::engine::Answer`]s; messages and trace lines go to the caller's
//! [`crate::logging::Tracer`]. Never here: rules, and any change of a map's content (that is
//! [`bdb::Writer`] and the `makemap` command).
//!
//! A temporary failure is an answer of its own (status 75) and never turns into "not found".
//!
//! `class` lists the classes as rows, `declare` and `flags` read K lines, `map` is what comes of one,
//! `store` finds and asks, `open` opens, `quick` does so for what lies in memory; one file per class does the rest.

pub mod bdb;

mod alias_text;
mod arpa;
mod class;
mod database;
mod declare;
mod environment;
mod dns;
mod files;
mod flags;
mod host;
mod ldap;
mod map;
mod open;
mod program;
mod quick;
mod regex;
mod sequence;
mod settings;
mod socket;
mod stab;
mod store;
mod syslog;
mod text;
mod user;
mod userdb;

pub use alias_text::{
    AliasLine, AliasPairs, AliasProblem, AliasRules, alias_lines, plain_aliases, split_list,
};
pub use class::{CLASSES, ClassRow};
pub use declare::{Declared, declare};
pub use environment::environment;
pub use store::{LookupContext, Store, TextAnswer};
