//! One attempt at delivering an envelope.
//!
//! In: an envelope, as it was accepted or as the queue gave it back. Out: the same envelope, every
//! recipient with its new state, reply and status; the `to=` lines are in the log. Never here: what
//! is to be reported (bounce), when to try again (daemon), the queue: identifiers and checkpoints are
//! handed in.
//!
//! No mail is lost here: whatever goes wrong inside is "delayed", and the queue's file stays as it is
//! until the caller updates or removes it.
//!
//! `driver` has the order of things and `attempt` what they share. `plan` says who is delivered together,
//! `mail_loop` ends circles, `owners` makes the envelopes of lists with an owner, `queue_groups` those of other queue groups. `local` hands over to
//! the keeper. For other hosts, `next_hop` finds them, `host_attempt` tries one after the other, unless `known_hosts` tell `calls`
//! that it is of no use (`host_status` is what they know):
//! `connect` (or one of the open `connections`, of those that others have `parked`), `transaction` (what is said: `commands`, `header`;
//! `sign` puts signatures before it),
//! `settle` (what was answered, read by `replies`). `recipient_rulesets` may stop one recipient before
//! that. Nobody delivers without a permit of `pools` (shared out by `permits`): a message that finds too many
//! before it is left as it is, and comes back when there is room. Each recipient comes to a `result`, which `record`
//! puts into the envelope and the log; `receipts` says who is told of one that is good.

mod attempt;
mod authenticate;
mod calls;
mod commands;
mod connect;
mod connect_failure;
mod connections;
mod conversion;
mod dial;
mod driver;
mod header;
mod held;
mod host_attempt;
mod host_names;
pub mod host_status;
mod known_hosts;
mod local;
mod mail_loop;
mod next_hop;
mod owners;
mod parked;
mod permits;
mod pipe;
mod plan;
mod pools;
mod queue_groups;
mod receipts;
mod recipient_rulesets;
mod record;
mod refused;
mod replies;
mod required_tls;
mod result;
mod settle;
mod sign;
mod starttls;
#[cfg(test)]
mod tests;
mod transaction;
mod unresolved;
mod utf8;

pub use attempt::{Checkpoint, Deliverer, NextId};
pub use connections::Connections;
pub use conversion::eight_bit_fields;
pub use driver::Attempted;
pub use permits::Recalled;
pub use pools::{Full, Pool, Pools};
