//! Our side as a client: greeting, EHLO, one transaction after the other, QUIT.
//!
//! In: a connected stream and finished commands. Out: the server's answers, and the lines of the
//! dialogue that a report quotes. Never here: whom to connect to, what an answer means for a
//! recipient (`deliver`).

mod answer;
mod auth;
mod connection;
mod extensions;
mod timeouts;
mod transaction;

pub use answer::{Answer, ConnectionError};
pub use connection::{Protection, ServerConnection, Stream};
pub use extensions::Extensions;
pub use timeouts::CommandTimeouts;
pub use transaction::{Answers, Offer, Stage, transact};

#[cfg(test)]
mod tests;
