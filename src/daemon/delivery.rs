//! From an envelope in the queue to its end: attempt, report, update or remove.

use super::failures;
use super::lateness::is_overdue;
use super::lease::HeldMessage;
use super::mta::{Mta, Phase};
use super::reports::Reports;
use crate::config::Config;
use crate::deliver::{Attempted, Connections, Full};
use crate::envelope::{AttemptState, Envelope, MessageKey};
use crate::logging::{Errors, Priority, interval};
use crate::queue::{Lease, QueueError};
use crate::schema::{NOW, Sysexit};
use crate::sys::clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Takes a message that could not be sent.
pub type Unsent<'a> = dyn FnMut(Vec<u8>) + Send + 'a;

/// A message, and what one attempt at it has left.
pub(super) struct Pass {
    pub(super) envelope: Envelope,
    pub(super) attempted: Attempted,
    /// Leases of what was cut from it and is in the queue already, or why it could not be put there.
    pub(super) cut: Result<Vec<Lease>, QueueError>,
}

/// What an attempt leaves to the copies made for owners of lists.
#[derive(Default)]
struct Said {
    transcript: Vec<u8>,
    alerts: Vec<Vec<u8>>,
    reported: bool,
    exit: Sysexit,
}

impl Said {
    fn about(envelope: Envelope) -> Self {
        let AttemptState { transcript, alerts, reported, exit, .. } = envelope.attempt;
        Self { transcript, alerts, reported, exit }
    }
}

fn begin_attempt(config: &Config, envelope: &mut Envelope) {
    envelope.attempt.sorted = config.options.fast_split == 0;
    envelope.attempt.before = (envelope.last_attempt, envelope.attempts);
    envelope.last_attempt = clock::now();
    envelope.attempts = envelope.attempts.wrapping_add(1);
    envelope.attempt.unsplit &= !envelope.attempt.report;
}

impl Mta {
    /// Delivers in the background.
    pub fn spawn_delivery(self: &Arc<Self>, lease: Lease, envelope: Envelope) {
        let (mta, under_way) = (self.clone(), self.begin());
        tokio::spawn(async move {
            let preparing = mta.prepare().await;
            // what is not begun by now is in the queue
            if !mta.is(Phase::Stopping) {
                mta.deliver(lease, envelope, preparing).await;
            }
            drop(under_way);
        });
    }

    /// The same for whoever hands a message in: what cannot be delivered goes to `unsent` where ErrorMode says so.
    /// Without a lease nobody is left to whom it could be delivered. The exit status.
    pub async fn deliver_for_caller(
        self: &Arc<Self>,
        lease: Option<Lease>,
        mut envelope: Envelope,
        now: bool,
        unsent: &mut Unsent<'_>,
    ) -> Sysexit {
        let mut connections = Connections::new(&self.site.config);
        let nobody_yet = self.deliverer.waits_for_lookups(&envelope);
        if now && lease.is_some() && nobody_yet {
            self.tell_waiting(&envelope);
        }
        let status = match lease {
            Some(lease) if now => {
                self.deliver_over(self.hold(lease), envelope, &mut connections, unsent).await
            }
            lease => {
                envelope.attempt.untried = true;
                // of a message for nobody at all there is nothing to say
                let any = !envelope.recipients.is_empty();
                let over = lease.is_none() && now && any;
                if over {
                    begin_attempt(&self.site.config, &mut envelope);
                }
                match self.queue_reports(&mut envelope).await {
                    Ok(reports) => {
                        if over {
                            self.log_done(&envelope);
                        }
                        self.leave_untried(&envelope, lease, reports.unreportable).await;
                        self.send_reports(&envelope, reports, &mut connections, unsent).await;
                    }
                    Err(error) => self.complain(Some(&envelope.id), &error),
                }
                envelope.attempt.exit
            }
        };
        connections.close().await;
        status
    }

    /// A message that nobody is tried for now waits in the queue; what its sender has been told of altogether (Timeout.queuereturn=now) has
    /// nothing to wait for.
    async fn leave_untried(&self, envelope: &Envelope, lease: Option<Lease>, unreportable: bool) {
        let Some(mut lease) = lease else { return };
        let left = match envelope.pending().next() {
            None if unreportable => self.set_aside(envelope, lease).await,
            None => self.queue.remove(lease).await,
            // what was wrong with whoever was to be told stands in the queue as well
            Some(_) if envelope.attempt.reported => self.queue.update(&mut lease, envelope).await,
            Some(_) => Ok(()),
        };
        if let Err(error) = left {
            self.complain(Some(&envelope.id), &error);
        }
    }

    /// One attempt, to the end: reports included, which are delivered like any other message and
    /// over the same connections. The exit status. `preparing` is given back when it is known whom the message is for.
    pub async fn deliver(
        self: &Arc<Self>,
        lease: Lease,
        envelope: Envelope,
        preparing: Option<OwnedSemaphorePermit>,
    ) -> Sysexit {
        let mut connections = self.deliverer.connections();
        let held = self.hold(lease).preparing(preparing);
        let status = self.deliver_over(held, envelope, &mut connections, &mut |_| ()).await;
        connections.close().await;
        status
    }

    pub(super) fn deliver_over<'a>(
        self: &'a Arc<Self>,
        held: HeldMessage<'a>,
        mut envelope: Envelope,
        connections: &'a mut Connections,
        unsent: &'a mut Unsent<'_>,
    ) -> Pin<Box<dyn Future<Output = Sysexit> + Send + 'a>> {
        Box::pin(async move {
            begin_attempt(&self.site.config, &mut envelope);
            // whoever sent it hears first that it came round too often
            if !self.deliverer.has_come_round(&envelope) && self.gives_up(&mut envelope) {
                envelope.attempts = envelope.attempt.before.1;
            }
            let attempted = tokio::select! {
                attempted = self.deliverer.attempt_over(&mut envelope, Some(&held), connections) => attempted,
                // whoever has the message now delivers and reports
                error = held.keep_lease() => {
                    self.complain(Some(&envelope.id), &error);
                    return Sysexit::TEMPFAIL;
                }
            };
            let (lease, cut) = held.into_leases();
            self.settle(lease, Pass { envelope, attempted, cut }, connections, unsent).await
        })
    }

    /// Is its time over before it is tried (BY= with R, Timeout.queuereturn=now)? Then the recipients
    /// are looked up, so that the report says who does not get it.
    fn gives_up(&self, envelope: &mut Envelope) -> bool {
        envelope.attempt.overdue = is_overdue(envelope);
        envelope.attempt.given_up = self.comes_back_at_once(envelope) || envelope.attempt.overdue;
        envelope.attempt.given_up
    }

    /// Does it come back untried (Timeout.queuereturn=now)?
    pub(super) fn comes_back_at_once(&self, envelope: &Envelope) -> bool {
        let limit = self.site.config.options.timeout.queuereturn.of(envelope.timeout_class);
        limit == NOW && !envelope.attempt.report
    }

    /// The attempt alone, of a message that is not in the queue.
    pub(super) async fn attempt_alone(&self, mut envelope: Envelope, connections: &mut Connections) -> Pass {
        begin_attempt(&self.site.config, &mut envelope);
        let attempted = self.deliverer.attempt_over(&mut envelope, None, connections).await;
        Pass { envelope, attempted, cut: Ok(Vec::new()) }
    }

    /// Reports on a message that failed before anybody was tried, and removes it.
    pub(super) async fn return_untried(self: &Arc<Self>, lease: Lease, envelope: Envelope) {
        let mut connections = self.deliverer.connections();
        self.drop_envelope(envelope, Some(lease), &mut connections, &mut |_| ()).await;
        connections.close().await;
    }

    /// What follows an attempt: copies, reports, and what is in the queue after it. The exit status.
    pub(super) fn settle<'a>(
        self: &'a Arc<Self>,
        lease: Lease,
        pass: Pass,
        connections: &'a mut Connections,
        unsent: &'a mut Unsent<'_>,
    ) -> Pin<Box<dyn Future<Output = Sysexit> + Send + 'a>> {
        Box::pin(async move {
            let Pass { envelope, attempted, cut } = pass;
            let mut cut = match cut {
                Ok(cut) => cut,
                Err(error) => {
                    self.complain(Some(&envelope.id), &error);
                    return Sysexit::TEMPFAIL;
                }
            };
            let mut status = envelope.attempt.exit;
            let console = &envelope.attempt.console;
            let aloud = self.queue.is_aloud() && !console.steps && console.errors != Errors::Said;
            if attempted.is_untouched(&envelope) {
                if aloud {
                    failures::tell(&envelope.attempt.transcript);
                }
                drop(lease);
                self.recall_later(envelope.key(), attempted.full);
                return status;
            }
            let (lease, key) = (Some(lease), envelope.key());
            // a message that was delivered before its answer has not been in the queue, nor what was cut from it
            let (mut copies, mut parts) = (attempted.copies, attempted.parts);
            let unkept = |one: &&mut Envelope| !cut.iter().any(|lease| lease.key().id == one.id);
            let unkept: Vec<_> = copies.iter_mut().chain(&mut parts).filter(unkept).collect();
            match self.queue.commit_all(envelope.location, unkept).await {
                Ok(kept) => cut.extend(kept),
                Err(error) => {
                    self.keep_all(&envelope, lease, &error).await;
                    return status;
                }
            }
            let looked = attempted.looked;
            let at_once = envelope.attempt.interactive;
            let waits = envelope.attempt.held_back && !envelope.attempt.generated && !looked;
            if waits {
                self.log_waiting(&envelope);
            }
            let mut said = self.drop_envelope(envelope, lease, connections, unsent).await;
            // what was wrong with whoever was to be told as well
            if aloud {
                failures::tell(&said.transcript);
                status = if status.is_ok() { said.exit } else { status };
            }
            self.recall_later(key, attempted.full);
            // FastSplit says how many envelopes of one message a command delivers
            let more = match !looked && at_once {
                true => usize::try_from(self.site.config.options.fast_split - 1).unwrap_or(0),
                false => 0,
            };
            let rest = parts.split_off(more.min(parts.len()));
            self.leave_parts(&rest, looked);
            // copies for owners go on where the message, or the copy before, has ended
            let shared = copies.len();
            for (number, mut copy) in copies.into_iter().chain(parts).enumerate() {
                let lease = cut.iter().position(|lease| lease.key().id == copy.id);
                let lease = lease.map(|index| cut.swap_remove(index));
                if number < shared {
                    let Said { transcript, alerts, reported, exit } = std::mem::take(&mut said);
                    (copy.attempt.transcript, copy.attempt.reported) = (transcript, reported);
                    copy.attempt.alerts = alerts;
                    copy.attempt.exit = if exit.is_ok() { copy.attempt.exit } else { exit };
                }
                let known = copy.attempt.transcript.len();
                let (copied, next) = Box::pin(self.deliver_copy(copy, lease, connections, unsent)).await;
                if aloud {
                    failures::tell(next.transcript.get(known..).unwrap_or_default());
                }
                said = if number < shared { next } else { said };
                status = if status.is_ok() { copied } else { status };
            }
            status
        })
    }

    /// A copy for a list with an owner, to its end: the exit status and what was said. One that nobody is left to get is only
    /// reported.
    async fn deliver_copy(
        self: &Arc<Self>,
        mut copy: Envelope,
        lease: Option<Lease>,
        connections: &mut Connections,
        unsent: &mut Unsent<'_>,
    ) -> (Sysexit, Said) {
        let mut status = copy.attempt.exit;
        let Some(lease) = lease else {
            return (status, self.drop_envelope(copy, None, connections, unsent).await);
        };
        let held = self.hold(lease);
        let attempted = tokio::select! {
            attempted = self.deliverer.attempt_copy(&mut copy, Some(&held), connections) => attempted,
            error = held.keep_lease() => {
                self.complain(Some(&copy.id), &error);
                return (Sysexit::TEMPFAIL, Said::about(copy));
            }
        };
        let (lease, cut) = held.into_leases();
        if let Err(error) = cut {
            self.complain(Some(&copy.id), &error);
            return (Sysexit::TEMPFAIL, Said::about(copy));
        }
        let key = copy.key();
        status = if status.is_ok() { copy.attempt.exit } else { status };
        let said = self.drop_envelope(copy, Some(lease), connections, unsent).await;
        self.recall_later(key, attempted.full);
        self.leave_parts(&attempted.parts, true);
        (status, said)
    }

    pub(super) fn hold(&self, lease: Lease) -> HeldMessage<'_> {
        HeldMessage::new(&self.queue, lease, self.phase())
    }

    /// Nobody has it open any more; it comes back when there is room for it.
    fn recall_later(&self, key: MessageKey, full: Option<Full>) {
        if let Some(full) = full {
            self.deliverer.pools.recall_later(&full, key);
        }
    }

    /// What belongs to other queue groups waits for their runs. Where somebody was looked up sendmail says nothing of it.
    fn leave_parts(&self, parts: &[Envelope], looked: bool) {
        parts
            .iter()
            .filter(|part| !looked && part.attempt.interactive)
            .for_each(|part| self.tell_waiting(part));
    }

    /// Nobody is tried: the log and whoever reads steps hear of it.
    fn tell_waiting(&self, envelope: &Envelope) {
        self.log_waiting(envelope);
        for recipient in envelope.pending() {
            envelope.attempt.console.step(&[&recipient.text, b"... queued"]);
        }
    }

    /// The end of a pass: who must be told is told, what is pending stays in the queue, the rest goes.
    /// Reports are durable before the message they are about may go. What was said of it is left.
    async fn drop_envelope(
        self: &Arc<Self>,
        mut envelope: Envelope,
        lease: Option<Lease>,
        connections: &mut Connections,
        unsent: &mut Unsent<'_>,
    ) -> Said {
        let reports = match self.queue_reports(&mut envelope).await {
            Ok(reports) => reports,
            Err(error) => {
                self.keep_all(&envelope, lease, &error).await;
                return Said::about(envelope);
            }
        };
        let pending = envelope.pending().next().is_some();
        let ended = match lease {
            Some(mut lease) if pending => self.queue.update(&mut lease, &envelope).await,
            Some(lease) if reports.unreportable => self.set_aside(&envelope, lease).await,
            Some(lease) => self.queue.remove(lease).await,
            None if pending => self.queue.commit(&envelope).await.map(drop),
            None => Ok(()),
        };
        match ended {
            Err(error) => self.complain(Some(&envelope.id), &error),
            Ok(()) if !pending && !envelope.attempt.stopped && !envelope.attempt.handed_over => {
                self.log_done(&envelope)
            }
            Ok(()) => {}
        }
        let of_reports = self.send_reports(&envelope, reports, connections, unsent).await;
        if envelope.attempt.exit.is_ok() && self.queue.is_aloud() {
            envelope.attempt.exit = of_reports;
        }
        Said::about(envelope)
    }

    /// Nobody can be told that it was not delivered: a human has to.
    async fn set_aside(&self, envelope: &Envelope, lease: Lease) -> Result<(), QueueError> {
        let set_aside = self.queue.set_aside(lease, "savemail panic").await;
        let text = b"savemail: cannot save rejected email anywhere";
        self.log.syserr(Priority::Critical, Some(envelope.id.as_bytes()), text);
        envelope.attempt.console.failure(text);
        set_aside
    }

    /// sendmail says nothing of a message that no attempt was made for.
    fn log_done(&self, envelope: &Envelope) {
        if envelope.attempts == 0 {
            return;
        }
        let (delay, tries) = (interval(clock::now() - envelope.created), envelope.attempts);
        let text = format!("done; delay={delay}, ntries={tries}");
        self.log.log(9, Priority::Info, Some(envelope.id.as_bytes()), text.as_bytes());
    }

    /// What is told of an envelope goes out at once.
    async fn send_reports(
        self: &Arc<Self>,
        envelope: &Envelope,
        reports: Reports,
        connections: &mut Connections,
        unsent: &mut Unsent<'_>,
    ) -> Sysexit {
        if reports.unsent {
            match Box::pin(self.deliverer.as_file(envelope)).await {
                Ok(text) => unsent(text),
                Err(error) => self.complain(
                    Some(&envelope.id),
                    &QueueError::new("cannot read the body of", envelope.id.to_string(), error),
                ),
            }
        }
        let mut status = Sysexit::OK;
        for (lease, report) in reports.queued {
            let of_report = self.deliver_over(self.hold(lease), report, connections, unsent).await;
            status = if status.is_ok() { of_report } else { status };
        }
        status
    }

    /// A report could not be made durable: the message stays as it was, and is tried again.
    async fn keep_all(&self, envelope: &Envelope, lease: Option<Lease>, error: &QueueError) {
        self.complain(Some(&envelope.id), error);
        if lease.is_none()
            && let Err(error) = self.queue.commit(envelope).await
        {
            self.complain(Some(&envelope.id), &error);
        }
    }
}
