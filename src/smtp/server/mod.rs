//! The server's side of SMTP: one [`Session`] per client.
//!
//! In: any byte stream, what is known of the client ([`Client`]), a [`Server`] (configuration, rules,
//! log), an [`Acceptor`]. Out: replies; envelopes handed to the acceptor, which makes them durable
//! before 250 is answered. Never here: sockets, queue files, delivery, threads.
//!
//! - `verbs`: commands as rows (`verb_row`); each stands in a file of its own, with its code
//! - [`extensions`]: EHLO keywords as rows; [`features`]: who may use what
//! - [`policy`]: the options that matter here
//! - [`wire`]: bytes, lines, time-outs; `session`: what a session is; `greeting`: from connect to 220;
//!   `dispatch`: from a line to its command; `dialogue_log`: both in the log; `usage`: who asks for too much; `budget`: memory
//! - [`security`]: how far a client is to be trusted
//! - [`filter`]: who may refuse or change a message; `rulesets`: the check rulesets as the first of them;
//!   `filtering`: when they are asked, and what follows; `arrived`: a message while they change it
//! - `mail_authentication`: SPF, DKIM, DMARC and ARC, before the rulesets; `greylisting` behind them; `mail_filters`: milters as the last of them; `mail_filter_message`: what they ask for at the end of a message
//! - `transaction`: how far a message has got; `collect`: from DATA or BDAT to the envelope, by way of `collecting`; `accounting`: from one
//!   message to the next

mod acceptor;
mod accounting;
mod arrived;
mod auth;
mod bdat;
mod budget;
mod collect;
mod collecting;
mod data;
mod dialogue_log;
mod dispatch;
mod errors_to;
mod etrn;
pub mod extensions;
pub mod features;
pub mod filter;
mod filtering;
mod greeting;
mod greylisting;
mod helo;
mod help;
mod mail_authentication;
mod mail_filter_message;
mod mail_filters;
mod mail;
mod noop;
mod parameters;
mod client;
pub mod policy;
mod quit;
mod rcpt;
mod replies;
mod rset;
mod rulesets;
pub mod security;
mod session;
mod starttls;
mod transaction;
mod unknown;
mod usage;
mod verb;
mod verb_row;
mod verbs;
mod vrfy;
mod xclient;
pub mod wire;

#[cfg(test)]
mod auth_tests;
#[cfg(test)]
mod filter_tests;
#[cfg(test)]
mod limit_tests;
#[cfg(test)]
mod test_verb;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

pub use acceptor::{Acceptor, BodySink, Closing, LookedUp, MemorySink, QueueRun, Verified};
pub use client::{Client, Resolved};
pub use dispatch::TOO_MANY_CONNECTIONS;
pub use help::help_lines;
pub use policy::{DaemonFacts, Policy};
pub use session::{Server, Session};
