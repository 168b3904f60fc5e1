//! Recipients whose mailer is not for now: flag e under HoldExpensive, flag % outside of selected runs.
//!
//! In: an envelope about to be delivered. Out: those recipients wait. Nothing is logged here.

use super::attempt::Deliverer;
use crate::envelope::{Envelope, RecipientState};

/// Leaves recipients to a later run of the queue. `true`: nobody else is left, and no attempt is made.
pub(super) fn hold(on: &Deliverer, envelope: &mut Envelope) -> bool {
    let on_demand = hold_on_demand(on, envelope);
    let expensive = hold_expensive(on, envelope);
    let first = !envelope.attempt.read_back && !envelope.attempt.recalled;
    let others = envelope.recipients.iter().any(|one| one.state == RecipientState::New);
    let all = first && (on_demand || expensive) && !others;
    if all {
        envelope.attempts = envelope.attempt.before.1;
        envelope.attempt.held_back = true;
    }
    all
}

/// Mail by a mailer with flag % waits until somebody asks for it: by ETRN (RFC 1985), `-qI`, `-qR` or `-qS`. Does anybody?
fn hold_on_demand(on: &Deliverer, envelope: &mut Envelope) -> bool {
    let asked_for = envelope.attempt.selected || envelope.attempt.recalled;
    !asked_for && set_aside(on, envelope, b'%', RecipientState::is_pending)
}

/// HoldExpensive: whoever is reached by a mailer with flag e waits for a run of the queue. Does anybody?
fn hold_expensive(on: &Deliverer, envelope: &mut Envelope) -> bool {
    let attempt = &envelope.attempt;
    let wanted = on.site.config.options.hold_expensive;
    let now = attempt.console.steps || attempt.read_back || attempt.recalled;
    wanted && !now && set_aside(on, envelope, b'e', |state| *state == RecipientState::New)
}

/// Those in this state whose mailer has the flag stay queued; were there any?
fn set_aside(
    on: &Deliverer,
    envelope: &mut Envelope,
    flag: u8,
    concerns: impl Fn(&RecipientState) -> bool,
) -> bool {
    let mut held = false;
    for recipient in envelope.recipients.iter_mut().filter(|one| concerns(&one.state)) {
        if recipient.mailer(&on.site.config).is_some_and(|mailer| mailer.has(flag)) {
            (recipient.state, held) = (RecipientState::Queued, true);
        }
    }
    held
}
