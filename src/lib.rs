//! canonify: a drop-in replacement for sendmail.
//!
//! The modules stand in the order in which a configuration, and then a message, meets them.
//! Values flow down this list; a module may import only from those above it
//! (`tests/it/borders.rs` keeps that).
//!
//! ```text
//! .mc → m4 → cf text → cf (AST) → config (Config) → engine + maps = rewrite
//!     → smtp → envelope → queue → recipients → deliver → bounce
//! ```

// ground floor
pub mod addr;
pub mod diag;
pub mod logging;
pub mod schema;
pub mod sys;

// configuration
pub mod cf;
pub mod config;
pub mod m4;

// rewriting
pub mod engine;
pub mod maps;
pub mod net;
pub mod rewrite;

// mail
pub mod bounce;
pub mod deliver;
pub mod envelope;
pub mod keeper;
pub mod message;
pub mod queue;
pub mod recipients;
pub mod smtp;

// top floor
pub mod cli;
pub mod daemon;
