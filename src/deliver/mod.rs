//! One attempt at delivering an envelope.
//!
//! In: an envelope, as it was accepted or as the queue gave it back. Out: the same envelope, every
//! recipient with its new state, reply and status; the `to=` lines are in the log. Never here: what
//! is to be reported (bounce), when to try again (daemon), the queue: identifiers and checkpoints are handed in.
//!
//! No mail is lost here: whatever goes wrong inside is "later", and the queue's file stays as it is
//! until the caller updates or removes it.
//!
//! `plan` says who is delivered together, `local` hands over to the keeper, `esmtp` to other hosts
//! (`hosts`: which; `connections`: those still open), `fate` says what came of it, `copies` makes the
//! envelopes of lists with an owner, `hops` ends circles.

mod apply;
mod attempt;
mod connections;
mod copies;
mod esmtp;
mod fate;
mod header;
mod hops;
mod hosts;
mod local;
mod outcome;
mod plan;
#[cfg(test)]
mod tests;

pub use connections::Connections;

use crate::envelope::{Envelope, QueueId};
use crate::keeper::Keeper;
use crate::logging::Logger;
use crate::rewrite::Site;
use crate::sys::clock::Clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Delivers for one site. Cloning shares what is known of hosts.
#[derive(Clone)]
pub struct Deliverer {
    site: Arc<Site>,
    keeper: Keeper,
    next_id: NextId,
    logger: Logger,
    clock: Clock,
}

/// Gives out identifiers for the copies that lists with an owner need.
pub type NextId = Arc<dyn Fn() -> QueueId + Send + Sync>;

/// Where an attempt writes down how far it has come, and learns that the message is no longer its own.
pub trait Checkpoint: Send + Sync {
    /// Writes the state of the recipients down. A failed checkpoint costs at worst a second copy after a crash,
    /// so there is nothing to tell.
    fn write<'a>(&'a self, envelope: &'a Envelope) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

    /// May the next delivery still be made?
    fn may_deliver(&self) -> bool;
}

/// What one attempt left.
#[derive(Debug, Default)]
pub struct Attempted {
    /// Copies made for lists with an owner, already attempted, with identifiers of their own but not
    /// in the queue. Each is ended like the original: report, then queue what is pending or drop.
    pub copies: Vec<Envelope>,
}

impl Deliverer {
    /// Shares the parts of a running site.
    pub fn new(site: Arc<Site>, keeper: Keeper, next_id: NextId, logger: Logger) -> Self {
        Self { site, keeper, next_id, logger, clock: Clock::System }
    }

    /// Expands recipients and delivers what is `New` or `Queued`. The state goes to
    /// `checkpoint` every CheckpointInterval deliveries. Afterwards: `envelope.pending()` is what stays queued,
    /// and `bounce::due` says what is to be reported.
    pub async fn attempt(&self, envelope: &mut Envelope, checkpoint: Option<&dyn Checkpoint>) -> Attempted {
        let mut connections = Connections::new(&self.site.config);
        let attempted = self.attempt_over(envelope, checkpoint, &mut connections).await;
        connections.close().await;
        attempted
    }

    /// The same over connections that stay open for the next message: a message and its reports, or
    /// one run of the queue. The caller closes them.
    pub async fn attempt_over(
        &self,
        envelope: &mut Envelope,
        checkpoint: Option<&dyn Checkpoint>,
        connections: &mut Connections,
    ) -> Attempted {
        Box::pin(attempt::run(self, envelope, checkpoint, connections)).await
    }
}
