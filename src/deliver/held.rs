//! Recipients whose mailer is not for now: flag e under HoldExpensive, flag % outside of selected runs.
//!
//! In: an envelope about to be delivered. Out: those recipients wait. Nothing is logged here.

use super::attempt::Deliverer;
use crate::envelope::{Envelope, RecipientState};

/// Leaves recipients to a later run of the queue. `true`: nobody else is left.
pub(super) fn hold(on: &Deliverer, envelope: &mut Envelope) -> bool {
    hold_on_demand(on, envelope);
    hold_expensive(on, envelope)
}

/// Mail by a mailer with flag % waits until somebody asks for it: by ETRN (RFC 1985), `-qI`, `-qR` or `-qS`.
fn hold_on_demand(on: &Deliverer, envelope: &mut Envelope) {
    if !envelope.attempt.selected && !envelope.attempt.recalled {
        set_aside(on, envelope, b'%', RecipientState::is_pending);
    }
}

/// HoldExpensive: whoever is reached by a mailer with flag e waits for a run of the queue.
fn hold_expensive(on: &Deliverer, envelope: &mut Envelope) -> bool {
    let attempt = &envelope.attempt;
    if !on.site.config.options.hold_expensive
        || attempt.console.steps
        || attempt.read_back
        || attempt.recalled
    {
        return false;
    }
    let held = set_aside(on, envelope, b'e', |state| *state == RecipientState::New);
    let others = envelope.recipients.iter().any(|one| one.state == RecipientState::New);
    if held && !others {
        envelope.attempts = envelope.attempt.before.1;
        envelope.attempt.held_back = true;
    }
    held && !others
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
