//! Our side as a client: greeting, EHLO, one transaction after the other, QUIT.
//!
//! In: a connected stream and finished commands. Out: the peer's answers, and the lines of the
//! dialogue that a report quotes. Never here: whom to connect to, what an answer means for a
//! recipient (`deliver`).

mod answer;
mod extensions;
mod peer;
mod transaction;

pub use answer::{Answer, ConnectionError};
pub use extensions::Extensions;
pub use peer::{Peer, Stream};
pub use transaction::{Offer, Transaction, transact};

#[cfg(test)]
mod tests;
