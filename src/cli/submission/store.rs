//! Into the queue, copies first, and what the log hears of it.

use super::Submission;
use crate::envelope::{Body, BodyType, Envelope, RecipientState};
use crate::logging::{Priority, SenderLine};
use crate::queue::{Lease, QueueError};
use crate::schema::DeliveryMode;

impl Submission<'_> {
    /// Copies first: they must not be lost when the message that they were made of is delivered.
    pub(super) async fn commit(
        &mut self,
        body: &[u8],
        copies: &mut [Envelope],
    ) -> Result<Option<Lease>, QueueError> {
        let queue = &self.mta.queue;
        for copy in copies.iter_mut() {
            copy.body = Body::from_memory(body);
        }
        queue.commit_all(self.envelope.location, copies.iter_mut().collect()).await?;
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

    pub(super) fn log_sender(&self) {
        let envelope = &self.envelope;
        let line = SenderLine {
            from: &envelope.sender.text,
            size: envelope.size,
            class: envelope.class,
            recipients: envelope.counted_recipients() + self.told,
            message_id: envelope.message_id.as_deref(),
            body_type: envelope.body_type.as_ref().map(BodyType::as_bytes),
            protocol: envelope.scope.get_named(&self.mta.site.config, b"r"),
            daemon: None,
            relay: &self.client.display,
        };
        self.mta.log.log(4, Priority::Info, Some(envelope.id.as_bytes()), &line.to_line());
    }

    /// On whose behalf mail goes to a domain that was not looked up is not known.
    pub(super) fn defer_lookups(&mut self) {
        let on_purpose = self.mta.site.config.options.delivery_mode == DeliveryMode::Defer;
        for recipient in self.envelope.recipients.iter_mut().filter(|one| one.state.is_pending()) {
            let queued = recipient.state == RecipientState::Queued;
            if recipient.text.contains(&b'@') && (queued || on_purpose) {
                recipient.control = None;
            }
        }
    }
}
