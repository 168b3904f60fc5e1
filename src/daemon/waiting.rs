//! What the log says of a message that waits for a run of the queue.

use super::mta::Mta;
use crate::envelope::Envelope;
use crate::logging::{Priority, RecipientLine, log_text};
use crate::sys::clock;

impl Mta {
    /// A `to=` line for everybody who has to wait.
    pub fn log_waiting(&self, envelope: &Envelope, dsn: Option<&[u8]>) {
        let config = &self.site.config;
        for index in envelope.send_order() {
            let recipient = &envelope.recipients[index];
            if !recipient.state.is_pending() {
                continue;
            }
            let mailer = recipient.mailer(config);
            let to = log_text(&recipient.text);
            let held = envelope.quarantine.as_deref();
            let line = RecipientLine {
                to: vec![&to],
                delay: clock::now() - envelope.created,
                mailer: mailer.map(|mailer| &mailer.name[..]),
                priority: envelope.priority,
                quarantine: held,
                dsn,
                stat: if held.is_some() { b"quarantined" } else { b"queued" },
                ..RecipientLine::default()
            };
            self.log.log(8, Priority::Info, Some(envelope.id.as_bytes()), &line.to_line());
        }
    }
}
