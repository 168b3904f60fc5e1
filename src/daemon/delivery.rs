//! From an envelope in the queue to its end: attempt, report, update or remove.

use super::Mta;
use crate::bounce::{self, Facts, Kind, Report};
use crate::deliver::{Checkpoint, Connections};
use crate::envelope::{Envelope, EnvelopeFlags, Recipient, RecipientFlags, RecipientState, receive};
use crate::logging::Priority;
use crate::queue::{Locked, Queue, QueueError};
use crate::schema::EnhancedStatus;
use crate::sys::clock;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Mutex;

impl Mta {
    /// Delivers in the background, as soon as there is room for one more delivery.
    pub fn spawn_delivery(self: &Arc<Self>, locked: Locked, envelope: Envelope) {
        let mta = self.clone();
        tokio::spawn(async move {
            let Ok(_permit) = mta.deliveries.clone().acquire_owned().await else { return };
            mta.deliver(locked, envelope).await;
        });
    }

    /// One attempt, to the end: reports included, which are delivered like any other message and
    /// over the same connections.
    pub async fn deliver(self: &Arc<Self>, locked: Locked, envelope: Envelope) {
        let mut connections = Connections::new(&self.site.config);
        self.deliver_over(locked, envelope, &mut connections).await;
        connections.close().await;
    }

    fn deliver_over<'a>(
        self: &'a Arc<Self>,
        locked: Locked,
        mut envelope: Envelope,
        connections: &'a mut Connections,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            envelope.last_attempt = clock::now();
            envelope.attempts += 1;
            let checkpoint = QueueCheckpoint { queue: &self.queue, locked: Mutex::new(locked) };
            let attempted = self.deliverer.attempt_over(&mut envelope, Some(&checkpoint), connections).await;
            self.end(envelope, Some(checkpoint.locked.into_inner()), connections).await;
            for copy in attempted.copies {
                self.end(copy, None, connections).await;
            }
        })
    }

    /// The end of a pass: who must be told is told, what is pending stays in the queue, the rest goes.
    /// Reports are durable before the message they are about may go.
    async fn end(
        self: &Arc<Self>,
        mut envelope: Envelope,
        locked: Option<Locked>,
        connections: &mut Connections,
    ) {
        let reports = match self.queue_reports(&mut envelope).await {
            Ok(reports) => reports,
            Err(error) => return self.keep_all(&envelope, locked, &error).await,
        };
        let lost = reports.unreportable && envelope.pending().next().is_none();
        let ended = match locked {
            Some(locked) if lost => self.queue.lose(locked, "savemail: nobody can be told").await,
            Some(mut locked) if envelope.pending().next().is_some() => {
                self.queue.update(&mut locked, &envelope).await
            }
            Some(locked) => self.queue.remove(locked).await,
            None if envelope.pending().next().is_some() => self.queue.commit(&envelope).await.map(drop),
            None => Ok(()),
        };
        if let Err(error) = ended {
            self.complain(Some(&envelope.id), &error);
        }
        for (locked, report) in reports.queued {
            self.deliver_over(locked, report, connections).await;
        }
    }

    /// Builds the reports that are due and puts them into the queue.
    async fn queue_reports(&self, envelope: &mut Envelope) -> Result<Reports, QueueError> {
        let mut reports = Reports::default();
        let now = clock::now();
        let expired = self.judge_age(envelope, now);
        let facts = Facts::of(&self.site, envelope);
        for kind in bounce::due(envelope) {
            if kind == Kind::Failure && self.is_double_bounce(envelope) {
                reports.unreportable = true;
                continue;
            }
            let id = self.queue.next_id();
            let request = Report { facts: &facts, kind, id, now, expired };
            let built = bounce::build(&request, envelope).map_err(|error| {
                QueueError::new("cannot read the body of", envelope.id.to_string(), error)
            })?;
            let Some(mut report) = built else {
                reports.unreportable |= kind == Kind::Failure;
                continue;
            };
            self.complete(&mut report, &facts).await;
            self.log_report(envelope, &report, kind);
            let locked = self.queue.commit(&report).await?;
            if kind == Kind::Delay {
                envelope.flags |= EnvelopeFlags::WARNED;
            }
            reports.queued.push((locked, report));
        }
        Ok(reports)
    }

    /// The default fields of a report, as any message gets them.
    async fn complete(&self, report: &mut Envelope, facts: &Facts) {
        crate::message::set_dates(&self.site.config, &mut report.scope, report.created);
        bounce::set_macros(&self.site, facts, report);
        let fields = std::mem::take(&mut report.headers.0);
        receive(&self.site, report, fields).await;
    }

    /// Is it a report that went to DoubleBounceAddress already? If that fails there is nobody left to
    /// tell, and another report would fail in the same way, for ever.
    fn is_double_bounce(&self, envelope: &Envelope) -> bool {
        let last_resort = &self.site.config.options.double_bounce_address;
        let primary = |one: &&Recipient| one.flags.contains(RecipientFlags::PRIMARY);
        let mut primary = envelope.recipients.iter().filter(primary).peekable();
        envelope.sender.is_null() && primary.peek().is_some() && primary.all(|one| &one.text == last_resort)
    }

    /// Too old: what is pending has failed. Old: the sender is told. `true` if it is too old.
    fn judge_age(&self, envelope: &mut Envelope, now: i64) -> bool {
        let times = &self.site.config.options.timeout;
        let age = now - envelope.created;
        let warn = times.queuewarn.of(envelope.timeout_class);
        if warn > 0 && age > warn {
            envelope.flags |= EnvelopeFlags::SEND_WARNING;
        }
        let limit = times.queuereturn.of(envelope.timeout_class);
        let expired = age > limit && envelope.pending().next().is_some() && envelope.quarantine.is_none();
        if expired {
            for recipient in envelope.recipients.iter_mut().filter(|one| one.state.is_pending()) {
                recipient.state = RecipientState::Failed;
                recipient.status = Some(EnhancedStatus(4, 4, 7));
            }
        }
        expired
    }

    /// A report could not be made durable: the message stays as it was, and is tried again.
    async fn keep_all(&self, envelope: &Envelope, locked: Option<Locked>, error: &QueueError) {
        self.complain(Some(&envelope.id), error);
        if locked.is_none()
            && let Err(error) = self.queue.commit(envelope).await
        {
            self.complain(Some(&envelope.id), &error);
        }
    }

    fn log_report(&self, envelope: &Envelope, report: &Envelope, kind: Kind) {
        let about: &[u8] = match kind {
            Kind::Delay => b"sender notify",
            Kind::Failure if envelope.is_response() => b"postmaster notify",
            Kind::Failure if envelope.flags.contains(EnvelopeFlags::WARNED) => b"sender notify",
            _ => b"DSN",
        };
        let text = [report.id.as_bytes(), b": ", about, b": ", &reason(envelope, kind)].concat();
        self.log.log(5, Priority::Info, Some(envelope.id.as_bytes()), &text);
    }
}

/// Why there is a report, as the log says it.
fn reason(envelope: &Envelope, kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Success => b"Return receipt".to_vec(),
        Kind::Delay => b"Warning: could not send message".to_vec(),
        Kind::Failure => {
            let failed = envelope.recipients.iter().filter(|one| one.state == RecipientState::Failed);
            let mut said = failed.filter_map(|one| one.message.clone());
            let message = envelope.message.clone().or_else(|| said.next());
            let mut text = message.unwrap_or_else(|| b"Unable to deliver mail".to_vec());
            text.truncate(LONGEST_REASON);
            text
        }
    }
}

/// The longest reason in the log, in bytes.
const LONGEST_REASON: usize = 203;

/// The queue as an attempt sees it.
struct QueueCheckpoint<'a> {
    queue: &'a Queue,
    locked: Mutex<Locked>,
}

impl Checkpoint for QueueCheckpoint<'_> {
    fn write<'a>(&'a self, envelope: &'a Envelope) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let mut locked = self.locked.lock().await;
            // a failed checkpoint costs at worst a second copy after a crash
            let _ = self.queue.update(&mut locked, envelope).await;
        })
    }

    fn may_deliver(&self) -> bool {
        true
    }
}

#[derive(Default)]
struct Reports {
    queued: Vec<(Locked, Envelope)>,
    /// A failure that nobody can be told.
    unreportable: bool,
}
