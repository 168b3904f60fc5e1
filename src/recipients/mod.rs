//! From addresses to mailboxes: aliases, `:include:`, `.forward`, files and programs (RFC 5321, 3.9: aliases
//! and lists).
//!
//! In: an envelope whose recipients are parsed or still text. Out: the same envelope with everyone
//! added whom aliases and lists name, duplicates marked, unknown users failed. The files themselves
//! are read by the keeper. Never here: delivery, the queue, SMTP.

mod alias_sources;
mod check;
mod expand;
mod expander;
mod failure;
mod known;
mod lists;
mod local;
mod options;

pub use check::Checked;
pub use expander::Expander;
pub use failure::lookup_timeout;
pub use lists::unbalanced;
