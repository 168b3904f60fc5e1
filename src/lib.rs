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
pub mod schema;
pub mod diag;
pub mod addr;
pub mod sys;
pub mod logging;
pub mod db;
pub mod sasl;

// configuration
pub mod m4;
pub mod cf;
pub mod config;

// rewriting
pub mod engine;
pub mod net;
pub mod maps;
pub mod rewrite;

// mail
pub mod message;
pub mod envelope;
pub mod keeper;
pub mod tls;
pub mod mail_auth;
pub mod greylist;
pub mod tls_policy;
pub mod queue;
pub mod recipients;
pub mod milter;
pub mod smtp;
pub mod deliver;
pub mod bounce;

// top floor
pub mod analysis;
pub mod supervisor;
pub mod daemon;
pub mod cli;
