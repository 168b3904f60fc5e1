//! What the log says of a message that waits for a run of the queue.

use super::mta::Mta;
use crate::envelope::{Envelope, RecipientState};
use crate::logging::{Priority, RecipientLine, log_text};
use crate::sys::clock;

impl Mta {
    /// A `to=` line for everybody who has to wait.
    pub fn log_waiting(&self, envelope: &Envelope) {
        let config = &self.site.config;
        for index in envelope.send_order() {
            let recipient = &envelope.recipients[index];
            if !recipient.state.is_pending() {
                continue;
            }
            let mailer = recipient.mailer(config).map(|mailer| &mailer.name[..]);
            let mailer = mailer.or(recipient.refusal.as_ref().map(|refusal| &refusal.mailer[..]));
            // what could not be looked up
            let put_off = recipient.status.filter(|_| recipient.state == RecipientState::Queued);
            let status = put_off.map(|status| status.to_string());
            let to = log_text(&recipient.text);
            let held = envelope.quarantine.as_deref();
            let line = RecipientLine {
                to: vec![&to],
                delay: clock::now() - envelope.created,
                mailer,
                priority: envelope.priority,
                quarantine: held,
                dsn: status.as_deref().map(str::as_bytes),
                stat: if held.is_some() { b"quarantined" } else { b"queued" },
                ..RecipientLine::default()
            };
            self.log.log(8, Priority::Info, Some(envelope.id.as_bytes()), &line.to_line());
            if held.is_some() {
                envelope.attempt.console.step(&[&recipient.text, b"... quarantined"]);
            }
        }
    }

    /// A message that only waits, and whose recipients are expanded, becomes one envelope for each sender (lists have owners) and queue
    /// group. All who wait have their `to=` line; where somebody was looked up sendmail tells of them before it knows of the groups,
    /// but with FastSplit=0.
    pub async fn cut(&self, envelope: &mut Envelope) -> Vec<Envelope> {
        let looked = envelope.attempt.expanded.as_ref().is_some_and(|expanded| expanded.looked);
        let at_once = looked && self.site.config.options.fast_split != 0;
        let mut cut = self.deliverer.split_by_owner(envelope).await;
        if at_once {
            self.log_all_waiting(envelope, &cut);
        }
        let mut parts = self.deliverer.split_by_queue_group(envelope, looked);
        for copy in &mut cut {
            parts.extend(self.deliverer.split_by_queue_group(copy, looked));
        }
        cut.extend(parts);
        if !at_once {
            self.log_all_waiting(envelope, &cut);
        }
        cut
    }

    /// The same for what a command hands in: sendmail knows of the groups first, and looks for the owners in each part.
    pub async fn cut_handed_in(&self, envelope: &mut Envelope) -> Vec<Envelope> {
        let expanded = envelope.attempt.expanded.take().unwrap_or_default();
        let parts = self.deliverer.split_by_queue_group(envelope, false);
        envelope.attempt.expanded = Some(expanded.clone());
        let mut cut = self.deliverer.split_by_owner(envelope).await;
        for mut part in parts {
            let copies = self.deliverer.split_part_by_owner(&mut part, &expanded.owners).await;
            cut.push(part);
            cut.extend(copies);
        }
        self.log_all_waiting(envelope, &cut);
        cut
    }

    fn log_all_waiting(&self, envelope: &Envelope, cut: &[Envelope]) {
        std::iter::once(envelope).chain(cut).for_each(|one| self.log_waiting(one));
    }
}
