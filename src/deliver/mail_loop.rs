//! Messages that go round in circles.

use super::attempt::Deliverer;
use super::owners::forget_lists;
use crate::addr::seven_bits;
use crate::envelope::{Envelope, Recipient, RecipientState};
use crate::logging::Priority;
use crate::schema::{EnhancedStatus, Reply, Sysexit};

impl Deliverer {
    /// Has it more trace fields than MaxHopCount?
    pub fn has_come_round(&self, envelope: &Envelope) -> bool {
        i64::from(envelope.hop_count) > self.site.config.options.max_hop_count
    }

    /// For a message that is still being handed in: has it come round too often?
    pub fn fail_mail_loop(&self, envelope: &mut Envelope) -> bool {
        fail(self, envelope)
    }
}

/// Is it just received, and nobody left to be looked up: a message for other hosts only, or one whose recipients were all looked up
/// at RCPT (DeliveryMode interactive)? sendmail finds its hops too many where it ends its receipt, and leaves it to the next run of the
/// queue to return it.
fn is_left_to_a_run(envelope: &Envelope, looked: bool) -> bool {
    let attempt = &envelope.attempt;
    let received = !attempt.generated && !attempt.read_back && attempt.defaults.is_none();
    received && (!looked || attempt.interactive)
}

/// The same for a message that is to be delivered. `looked`: some user of this host was looked up.
pub(super) fn fail_at_delivery(on: &Deliverer, envelope: &mut Envelope, looked: bool) -> bool {
    let most = on.site.config.options.max_hop_count;
    if on.has_come_round(envelope) && is_left_to_a_run(envelope, looked) {
        let text = complaint(on, envelope, most, envelope.client().unwrap_or(b"localhost"));
        on.logger.syserr(Priority::Critical, Some(envelope.id.as_bytes()), &text);
        (envelope.last_attempt, envelope.attempts) = envelope.attempt.before;
        return true;
    }
    fail(on, envelope)
}

/// Fails everybody of a message with more trace fields than MaxHopCount, before anything is tried for it. Of whoever could not be had
/// this is told as well.
fn fail(on: &Deliverer, envelope: &mut Envelope) -> bool {
    let most = on.site.config.options.max_hop_count;
    if !on.has_come_round(envelope) || envelope.pending().next().is_none() {
        return false;
    }
    // a run of the queue has met no client
    let met = !envelope.attempt.read_back;
    let text = complaint(on, envelope, most, envelope.client().filter(|_| met).unwrap_or(b"localhost"));
    if made_anew(envelope) {
        forget_lists(envelope);
    }
    let fails = |one: &&mut Recipient| one.state.is_pending() || one.state == RecipientState::Failed;
    for recipient in envelope.recipients.iter_mut().filter(fails) {
        recipient.state = RecipientState::Failed;
        recipient.status = Some(EnhancedStatus(5, 4, 6));
        recipient.reply = Some(Reply::new(554, Some(EnhancedStatus(5, 4, 6)), "Too many hops"));
        recipient.tried = on.clock.now();
    }
    envelope.attempt.stopped = true;
    envelope.attempt.tells_postmaster = true;
    // whatever was wrong with an address
    envelope.attempt.exit = Sysexit::UNAVAILABLE;
    envelope.note_reply(&Reply::new(554, Some(EnhancedStatus(5, 4, 6)), text.clone()));
    let id = Some(envelope.id.as_bytes());
    on.logger.syserr(Priority::Critical, id, &text);
    true
}

/// Has sendmail made its send queue anew of those who are left, so that it knows no alias? So with a command, for several, of whom
/// nobody is refused.
fn made_anew(envelope: &Envelope) -> bool {
    let left = || envelope.recipients.iter().filter(|one| !one.state.is_left_out());
    let by_command = !envelope.attempt.read_back && envelope.attempt.defaults.is_some();
    by_command && left().count() > 1 && left().all(|one| one.state.is_pending())
}

/// `Too many hops 28 (25 max): from SENDER via HOST, to RECIPIENT`: the first of sendmail's queue, which has this host's users before
/// those of others, and whom the session refused among them.
fn complaint(on: &Deliverer, envelope: &Envelope, most: i64, via: &[u8]) -> Vec<u8> {
    let order: Vec<usize> = envelope
        .send_order()
        .into_iter()
        .filter(|index| {
            let one = &envelope.recipients[*index];
            !one.state.is_left_out()
                || (one.state == RecipientState::Expanded && one.parent.is_none() && !made_anew(envelope))
        })
        .collect();
    let is_here = |index: &&usize| {
        let mailer = envelope.recipients[**index].mailer(&on.site.config);
        mailer.is_some_and(|mailer| mailer.has(b'l'))
    };
    let mut here = order.iter().filter(is_here);
    let here = match envelope.attempt.read_back {
        true => here.max_by_key(|index| envelope.recipients[**index].sort_user()),
        false => order.first().filter(|first| envelope.recipients[**first].host().is_empty()).or(here.next()),
    };
    let text = |index: &usize| &envelope.recipients[*index].text;
    let refused = envelope.attempt.refused.first().map(|refused| &refused.text);
    let to = here.map(text).or(refused).or(order.first().map(text));
    let to = to.map_or(&b""[..], |text| text);
    let head = format!("Too many hops {} ({most} max): from ", envelope.hop_count);
    let text = [head.as_bytes(), &envelope.sender.text, b" via ", via, b", to ", to].concat();
    match on.site.config.options.utf8_addresses {
        true => text,
        false => seven_bits(&text).into_owned(),
    }
}
