//! Delivery before the answer: what is only for mailboxes of this host needs no queue file.
//!
//! In: a message that has come in. Out: it is in every mailbox that it is for, synced, and may be answered 250; or it is in the
//! queue as any other, with what has come of the attempt settled behind the answer. Nothing else is delivered here: what
//! may take long or may fail (programs, other hosts, lists with owners) is queued first. Where the queue has a journal (option
//! QueueJournal) its one sync is the shorter wait: the message goes there, and to the mailboxes behind the answer and in no hurry;
//! but not a long one, which would be written twice for that.

use super::delivery::Pass;
use super::mta::{Mta, Phase, UnderWay};
use crate::bounce;
use crate::config::Mailer;
use crate::deliver::Connections;
use crate::envelope::{Envelope, Expanded};
use crate::logging::Quiet;
use crate::queue::Lease;
use crate::recipients::Expander;
use crate::schema::Reply;
use crate::sys::clock;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;

/// How long a client waits for the delivery; beyond that the message is queued and answered.
const PATIENCE: Duration = Duration::from_secs(2);

/// Octets of a body up to which a journal's one sync is cheaper than the mailbox's own: a longer one takes more time to be written
/// twice than to be synced once more (docs/performance.md).
const MAX_UNHURRIED: u64 = 32 * 1024;

/// A mailer that the keeper is itself, and that delivers to a mailbox.
fn is_mailbox(mailer: &Mailer) -> bool {
    matches!(mailer.path.as_slice(), b"[MAILDIR]" | b"[FILE]") && mailer.name != b"*file*"
}

/// What has come of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// It is in the mailboxes, or in the queue.
    Taken,
    /// Nothing: its recipient has a `.forward`.
    HasForward,
}

impl Mta {
    /// Is it worth trying? Nobody else than mailboxes of this host is named, though aliases may stand behind the names.
    ///
    /// Whatever SuperSafe says: what it asks for is that a message is on disk before its 250, and in a mailbox it is.
    pub(super) fn may_deliver_first(&self, envelope: &Envelope) -> bool {
        envelope.deliver_by.is_none() && !self.is(Phase::Stopping) && self.is_for_mailboxes(envelope)
    }

    fn is_for_mailboxes(&self, envelope: &Envelope) -> bool {
        envelope.pending().all(|recipient| recipient.mailer(&self.site.config).is_some_and(is_mailbox))
    }

    /// Delivers, and queues what is left.
    ///
    /// # Errors
    /// The reply to be given instead of 250: nothing of it is in the queue.
    pub(super) async fn deliver_first(self: &Arc<Self>, received: Envelope) -> Result<(), Reply> {
        if self.is_unhurried(&received) {
            return self.deliver_unhurried(received).await;
        }
        if self.may_leave_forward(&received)
            && Box::pin(self.try_first(&received, true)).await? == Tried::Taken
        {
            return Ok(());
        }
        Box::pin(self.try_first(&received, false)).await.map(drop)
    }

    /// Is it for the journal first? Not where the client waits for the delivery itself.
    fn is_unhurried(&self, received: &Envelope) -> bool {
        let body = &received.body;
        !received.attempt.interactive && body.size() <= MAX_UNHURRIED && self.queue.has_journal_for(body)
    }

    /// The journal first: everything else is behind the answer.
    async fn deliver_unhurried(self: &Arc<Self>, received: Envelope) -> Result<(), Reply> {
        let lease = self.commit(&received).await?;
        let (mta, under_way) = (self.clone(), self.begin());
        tokio::spawn(async move {
            let preparing = mta.prepare().await;
            if !mta.is(Phase::Stopping) {
                Box::pin(mta.go_on_unhurried(lease, received, preparing)).await;
            }
            drop(under_way);
        });
        Ok(())
    }

    async fn go_on_unhurried(
        self: &Arc<Self>,
        lease: Lease,
        received: Envelope,
        preparing: Option<OwnedSemaphorePermit>,
    ) {
        let (mut envelope, first) = self.look_up(&received, self.may_leave_forward(&received)).await;
        if !first {
            self.deliver(lease, envelope, preparing).await;
            return;
        }
        drop(preparing);
        envelope.attempt.unhurried = true;
        let mut connections = Connections::new(&self.site.config);
        let pass = self.attempt_alone(envelope, &mut connections).await;
        match pass.envelope.attempt.forward_unread {
            true => drop(self.deliver(lease, self.copy_of(&received), None).await),
            false => self.settle_behind(lease, pass).await,
        }
    }

    /// May the keeper look for a `.forward` when it delivers? Only if nothing can happen to a recipient before, and there is one alone: then
    /// nothing has happened where it finds one.
    fn may_leave_forward(&self, envelope: &Envelope) -> bool {
        let config = &self.site.config;
        envelope.recipients.len() == 1
            && envelope.attempt.expanded.is_none()
            && i64::from(envelope.hop_count) <= config.options.max_hop_count
            && config.rulesets.find(b"check_compat").is_none()
    }

    /// As a delivery behind the answer would see it.
    fn copy_of(&self, received: &Envelope) -> Envelope {
        let mut envelope = received.clone();
        if envelope.session.looked_up && !envelope.attempt.interactive {
            envelope.reread(&self.site.config);
        }
        envelope
    }

    /// Whom it is for: does that leave nobody but mailboxes?
    async fn look_up(&self, received: &Envelope, leaves_forward: bool) -> (Envelope, bool) {
        let mut envelope = self.copy_of(received);
        let expander = Expander { site: &self.site, keeper: &self.keeper, logger: &self.log };
        let expanded = match envelope.attempt.expanded.take() {
            Some(expanded) => expanded,
            None if leaves_forward => expander.expand_leaving_forward(&mut envelope, clock::now()).await,
            None => expander.expand(&mut envelope, &mut Quiet, clock::now()).await,
        };
        let first = self.is_first(&envelope, &expanded);
        envelope.attempt.expanded = Some(expanded);
        (envelope, first)
    }

    async fn try_first(self: &Arc<Self>, received: &Envelope, leaves_forward: bool) -> Result<Tried, Reply> {
        let under_way = self.begin();
        let preparing = self.prepare().await;
        let (envelope, first) = self.look_up(received, leaves_forward).await;
        if !first {
            let lease = self.commit(received).await?;
            self.deliver_behind(lease, envelope, preparing, under_way);
            return Ok(Tried::Taken);
        }
        drop(preparing);
        let mta = self.clone();
        let mut pass = Box::pin(async move {
            let mut connections = Connections::new(&mta.site.config);
            mta.attempt_alone(envelope, &mut connections).await
        });
        match tokio::time::timeout(PATIENCE, &mut pass).await {
            Ok(pass) if pass.envelope.attempt.forward_unread => return Ok(Tried::HasForward),
            Ok(pass) if self.is_done(&pass) => self.forget_body(received),
            Ok(pass) => {
                let lease = self.commit(received).await?;
                let mta = self.clone();
                tokio::spawn(async move {
                    mta.settle_behind(lease, pass).await;
                    drop(under_way);
                });
            }
            Err(_) => self.go_on_behind(received, pass, under_way).await?,
        }
        Ok(Tried::Taken)
    }

    fn deliver_behind(
        self: &Arc<Self>,
        lease: Lease,
        envelope: Envelope,
        preparing: Option<OwnedSemaphorePermit>,
        under_way: UnderWay,
    ) {
        let mta = self.clone();
        tokio::spawn(async move {
            if !mta.is(Phase::Stopping) {
                mta.deliver(lease, envelope, preparing).await;
            }
            drop(under_way);
        });
    }

    /// The client has waited for long enough: the message is queued, and what has been begun goes on.
    async fn go_on_behind(
        self: &Arc<Self>,
        received: &Envelope,
        pass: impl Future<Output = Pass> + Send + 'static,
        under_way: UnderWay,
    ) -> Result<(), Reply> {
        let (lease, refused) = match self.commit(received).await {
            Ok(lease) => (Some(lease), Ok(())),
            Err(reply) => (None, Err(reply)),
        };
        let (mta, envelope) = (self.clone(), self.copy_of(received));
        tokio::spawn(async move {
            let pass = pass.await;
            match lease {
                Some(lease) if pass.envelope.attempt.forward_unread => {
                    mta.deliver_behind(lease, envelope, None, under_way);
                }
                Some(lease) => mta.settle_behind(lease, pass).await,
                None => {}
            }
        });
        refused
    }

    /// What was too long to be kept in memory has a df, which nobody needs any more.
    fn forget_body(&self, envelope: &Envelope) {
        if envelope.body.bytes().is_none()
            && let Err(error) = self.queue.discard(&envelope.key())
        {
            self.complain(Some(&envelope.id), &error);
        }
    }

    async fn commit(&self, envelope: &Envelope) -> Result<Lease, Reply> {
        self.queue.commit(envelope).await.map_err(|error| self.refuse(&envelope.id, &error))
    }

    /// Now that all are known: are there only mailboxes, and nobody who is told of another's errors?
    fn is_first(&self, envelope: &Envelope, expanded: &Expanded) -> bool {
        expanded.owners.iter().all(Option::is_none)
            && envelope.pending().next().is_some()
            && !self.comes_back_at_once(envelope)
            && self.is_for_mailboxes(envelope)
    }

    /// Everybody has it, and nobody is to be told anything.
    fn is_done(&self, pass: &Pass) -> bool {
        let Pass { envelope, attempted, .. } = pass;
        attempted.full.is_none()
            && attempted.parts.is_empty()
            && envelope.pending().next().is_none()
            && bounce::due(envelope, self.site.config.options.privacy_options).is_empty()
    }

    async fn settle_behind(self: &Arc<Self>, lease: Lease, pass: Pass) {
        let mut connections = self.deliverer.connections();
        self.settle(lease, pass, &mut connections, &mut |_| ()).await;
        connections.close().await;
    }
}
