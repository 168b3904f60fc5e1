//! The server's side of SMTP: one [`Session`] per client.
//!
//! In: any byte stream, what is known of the client ([`Peer`]), a [`Server`] (configuration, rules,
//! log), an [`Acceptor`]. Out: replies; envelopes handed to the acceptor, which makes them durable
//! before 250 is answered. Never here: sockets, queue files, delivery, threads.
//!
//! - [`verbs`]: commands as rows; one file per command beside it
//! - [`extensions`]: EHLO keywords as rows; [`features`]: who may use what
//! - [`policy`]: the options that matter here
//! - `session`: input, output and dispatch; `greeting`: from connect to 220
//! - `collect`: from DATA to the envelope

mod acceptor;
mod checks;
mod collect;
mod data;
mod etrn;
pub mod extensions;
pub mod features;
mod greeting;
mod helo;
mod help;
mod mail;
mod noop;
mod parameters;
mod peer;
pub mod policy;
mod quit;
mod rcpt;
mod rset;
mod session;
mod transaction;
mod unknown;
mod verb;
pub mod verbs;
mod vrfy;

#[cfg(test)]
mod tests;

pub use acceptor::{Acceptor, BodySink, QueueRun, Verified};
pub use peer::{Peer, Resolved};
pub use policy::{DaemonFacts, Policy};
pub use rcpt::final_recipient;
pub use session::{Server, Session};
