//! Into the queue, copies first, and what the log hears of it.

use super::Submission;
use crate::envelope::{Body, BodyType, Envelope, Recipient, RecipientState};
use crate::logging::{Priority, RecipientLine, SenderLine, log_text};
use crate::queue::{Lease, QueueError};
use crate::sys::clock;

impl Submission<'_> {
    /// Copies first: they must not be lost when the message that they were made of is delivered.
    pub(super) async fn commit(
        &mut self,
        body: &[u8],
        copies: &[Envelope],
    ) -> Result<Option<Lease>, QueueError> {
        let queue = &self.mta.queue;
        let location = queue.location(0);
        for copy in copies.iter().filter(|copy| copy.pending().next().is_some()) {
            let mut copy = Envelope { location, ..copy.clone() };
            copy.body = self.stored_body(&copy, body).await?;
            queue.commit(&copy).await?;
        }
        self.envelope.location = location;
        if self.envelope.pending().next().is_none() {
            self.envelope.body = Body::from_memory(body);
            return Ok(None);
        }
        self.envelope.body = self.stored_body(&self.envelope, body).await?;
        queue.commit(&self.envelope).await.map(Some)
    }

    async fn stored_body(&self, envelope: &Envelope, body: &[u8]) -> Result<Body, QueueError> {
        let mut sink = self.mta.queue.create_body(&envelope.key())?;
        sink.write(body)?;
        sink.finish().await
    }

    /// A `to=` line for everybody who has to wait for a queue run.
    pub(super) fn log_queued(&self, envelope: &Envelope) {
        let config = &self.mta.site.config;
        for index in envelope.send_order() {
            let recipient = &envelope.recipients[index];
            if !recipient.state.is_pending() {
                continue;
            }
            let mailer =
                recipient.address.as_ref().and_then(|one| config.mailers.get(usize::from(one.mailer.0)));
            let to = log_text(&recipient.text);
            let line = RecipientLine {
                to: vec![&to],
                delay: clock::now() - envelope.created,
                mailer: mailer.map(|mailer| &mailer.name[..]),
                priority: envelope.priority,
                stat: b"queued",
                ..RecipientLine::default()
            };
            self.mta.log.log(4, Priority::Info, Some(envelope.id.as_bytes()), &line.to_line());
        }
    }

    pub(super) fn log_sender(&self) {
        let envelope = &self.envelope;
        let line = SenderLine {
            from: &envelope.sender.text,
            size: envelope.size,
            class: envelope.class,
            recipients: envelope.counted_recipients(),
            message_id: envelope.message_id.as_deref(),
            body_type: envelope.body_type.as_ref().map(BodyType::as_bytes),
            protocol: envelope.scope.get_named(&self.mta.site.config, b"r"),
            daemon: None,
            relay: &self.client.display,
        };
        self.mta.log.log(4, Priority::Info, Some(envelope.id.as_bytes()), &line.to_line());
    }

    /// What was not looked up on purpose (DeliveryMode d) is nothing to tell.
    pub(super) fn defer_lookups(&mut self) {
        let queued = |one: &&mut Recipient| one.state == RecipientState::Queued;
        let mut deferred = false;
        for recipient in self.envelope.recipients.iter_mut().filter(queued) {
            (recipient.message, recipient.control, deferred) = (None, None, true);
        }
        if deferred && self.envelope.attempt.exit.is_ok() {
            self.envelope.message = None;
        }
    }
}
