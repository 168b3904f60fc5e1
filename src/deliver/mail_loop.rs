//! Messages that go round in circles.

use super::attempt::Deliverer;
use crate::envelope::{Envelope, RecipientState};
use crate::logging::Priority;
use crate::schema::{EnhancedStatus, Reply, Sysexit};

impl Deliverer {
    /// For a message that is still being handed in: has it come round too often?
    pub fn fail_mail_loop(&self, envelope: &mut Envelope) -> bool {
        fail_mail_loop(self, envelope)
    }
}

/// Fails everybody of a message with more trace fields than MaxHopCount, before anything is tried for it.
pub(super) fn fail_mail_loop(on: &Deliverer, envelope: &mut Envelope) -> bool {
    let most = on.site.config.options.max_hop_count;
    if i64::from(envelope.hop_count) <= most || envelope.pending().next().is_none() {
        return false;
    }
    let text = complaint(envelope, most);
    for recipient in envelope.recipients.iter_mut().filter(|one| one.state.is_pending()) {
        recipient.state = RecipientState::Failed;
        recipient.status = Some(EnhancedStatus(5, 4, 6));
        recipient.reply = Some(Reply::new(554, Some(EnhancedStatus(5, 4, 6)), "Too many hops"));
        recipient.tried = on.clock.now();
    }
    envelope.attempt.fail_with(Sysexit::UNAVAILABLE);
    envelope
        .attempt
        .transcript
        .extend(Reply::new(554, Some(EnhancedStatus(5, 4, 6)), text.clone()).to_line());
    envelope.attempt.transcript.push(b'\n');
    let id = Some(envelope.id.as_bytes());
    on.logger.log(0, Priority::Critical, id, &[b"SYSERR(root): ", &text[..]].concat());
    envelope.note(&text, true);
    true
}

/// `Too many hops 28 (25 max): from SENDER via HOST, to RECIPIENT`
fn complaint(envelope: &Envelope, most: i64) -> Vec<u8> {
    let via = envelope.client().unwrap_or(b"localhost");
    let expanded = |index: &usize| envelope.recipients[*index].state == RecipientState::Expanded;
    let first = envelope.send_order().into_iter().find(|index| !expanded(index));
    let to = first.map_or(&b""[..], |first| &envelope.recipients[first].text);
    let head = format!("Too many hops {} ({most} max): from ", envelope.hop_count);
    [head.as_bytes(), &envelope.sender.text, b" via ", via, b", to ", to].concat()
}
