//! From addresses to mailboxes: aliases, `:include:`, `.forward`, files and programs.
//!
//! In: an envelope whose recipients are parsed or still text. Out: the same envelope with everyone
//! added whom aliases and lists name, duplicates marked, unknown users failed. The files themselves
//! are read by the keeper. Never here: delivery, the queue, SMTP.

use crate::envelope::Envelope;
use crate::keeper::Keeper;
use crate::logging::{Logger, Tracer};
use crate::rewrite::{Address, Site};
use crate::schema::Reply;

/// What expansion needs to know and whom it asks.
#[derive(Clone, Copy)]
pub struct Expander<'a> {
    /// Rules, maps, options.
    pub site: &'a Site,
    /// Reads aliases and lists, knows users.
    pub keeper: &'a Keeper,
    /// Where `alias A => B` and the like go.
    pub logger: &'a Logger,
}

/// What a single address is, for RCPT, VRFY and `-bv`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Checked {
    /// A mailbox or another host: it can be delivered as it stands.
    Deliverable(Address),
    /// An alias with this value; nothing was expanded.
    Alias(Vec<u8>),
    /// Refused for good.
    Unknown(Reply),
    /// Cannot be said now: accept and queue.
    Later(Reply),
}

impl Expander<'_> {
    /// Is there such a recipient? Aliases are looked up, not followed.
    pub async fn check(
        &self,
        _scope: &mut crate::engine::Scope,
        _tracer: &mut dyn Tracer,
        address: &Address,
    ) -> Checked {
        Checked::Deliverable(address.clone())
    }

    /// Expands every recipient that is still to be delivered. Afterwards each has a state: `New` ones
    /// are final addresses for their mailers.
    pub async fn expand(&self, _envelope: &mut Envelope, _tracer: &mut dyn Tracer) {}
}
