//! The queue: messages that wait, safe against a crash at any moment.
//!
//! In: envelopes. Out: envelopes again, after any number of restarts; listings for `mailq`.
//! Never here: delivery, reports, the decision what to do next.
//!
//! A message exists from the moment it is durable ([`Queue::commit`]) until it is taken out
//! ([`Queue::remove`]). Whoever works on it holds its [`Lease`].
//!
//! - `facade`: [`Queue`], what the rest of the program calls
//! - `store`: [`QueueStore`], what a back end must do; `suite` is its test
//! - `directory`: qf and df files, as sendmail has them; `journal`: what is before them where QueueJournal is set; `memory`: a store for tests
//! - `entry`, `order`, `select`: messages as listings and runs see them, `fault` what they come upon beside them; `view`: what
//!   `mailq` prints
//! - `ids`: identifiers in sendmail's form; `options`: what the configuration says

mod directory;
mod entry;
mod error;
mod facade;
mod fault;
mod ids;
mod journal;
mod memory;
mod options;
mod order;
mod select;
mod store;
mod view;

#[cfg(test)]
mod scenes;
#[cfg(test)]
mod suite;
#[cfg(test)]
mod tests;

pub use directory::{
    Adoption, ControlError, ControlFile, DirectoryStore, QueueDirectories, STATUS_SOCKET, lengths,
};
pub use entry::{Content, Entry, Fact, Summary};
pub use error::{Distrust, QueueError};
pub use facade::Queue;
pub use fault::Fault;
pub use ids::lone_id;
pub use journal::JournalStore;
pub use memory::MemoryStore;
pub use options::{GroupOptions, QueueOptions, SortOrder};
pub use order::{Due, FirstFew, OrderKey, RunProgress};
pub use select::{EntryKind, Field, Selection};
pub use store::{BodySink, Lease, Loaded, Operation, QueueStore, Requarantined};
pub use view::{Complaint, Listing, View};
