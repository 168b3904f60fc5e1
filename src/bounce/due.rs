//! Is a report owed, and about whom?

use super::{DsnKind, DsnRequest};
use crate::envelope::{Envelope, EnvelopeFlags, Recipient, RecipientFlags, RecipientState};
use crate::schema::Privacy;

/// What there is to report of a recipient that was delivered or relayed.
const REPORTABLE: RecipientFlags = RecipientFlags::DELIVERED
    .union(RecipientFlags::LISTS)
    .union(RecipientFlags::RELAYED)
    .union(RecipientFlags::BY_TRACE_RELAYED)
    .union(RecipientFlags::BY_NOTIFY_RELAYED);

/// Reported without being asked for: BY= of MAIL implies it (RFC 2852).
const DELIVER_BY: RecipientFlags = RecipientFlags::BY_TRACE_RELAYED.union(RecipientFlags::BY_NOTIFY_RELAYED);

/// The reports that are due for `envelope` at the end of a pass, in the order of their sending.
/// Empty when nobody is to be told. A receipt waits for nobody, but is not sent beside a failure
/// or delay of the same pass, and never where PrivacyOptions says noreceipts.
pub fn due(envelope: &Envelope, privacy: Privacy) -> Vec<DsnKind> {
    let any = |kind| envelope.recipients.iter().any(|recipient| concerns(kind, recipient));
    // sendmail tells no command that a list has gone to its owner, but beside a failure
    let handed_over = |one: &Recipient| {
        envelope.attempt.defaults.is_some() && one.flags.contains(RecipientFlags::DELIVERED_LIST)
    };
    let mut received = envelope.recipients.iter().filter(|one| concerns(DsnKind::Success, one));
    let mut kinds = Vec::new();
    let delayed = envelope.attempt.warning_due && may_warn(envelope) && any(DsnKind::Delay);
    match (any(DsnKind::Failure), delayed) {
        (true, true) => kinds.push(DsnKind::FailureAndDelay),
        (true, false) => kinds.push(DsnKind::Failure),
        (false, true) => kinds.push(DsnKind::Delay),
        (false, false) => {}
    }
    let receipts = !privacy.contains(Privacy::NO_RECEIPTS) && !envelope.sender.is_null();
    if kinds.is_empty() && receipts && received.any(|one| !handed_over(one)) {
        kinds.push(DsnKind::Success);
    }
    kinds
}

/// Delays are of no interest to programs: lists' owners, request addresses, other reports, bulk mail. sendmail knows the names of
/// owners and request addresses as programs and aliases write them, without brackets and (`-request`) without a host.
fn may_warn(envelope: &Envelope) -> bool {
    let sender = envelope.sender.text.to_ascii_lowercase();
    envelope.class >= 0
        && !envelope.is_response()
        && !envelope.sender.is_null()
        && !envelope.flags.contains(EnvelopeFlags::WARNED)
        && !sender.starts_with(b"owner-")
        && !sender.ends_with(b"-request")
}

impl DsnRequest<'_> {
    /// Those the report is about, in the order of the send queue. A receipt for a list of several ends at the list
    /// (RFC 3461, 5.2.7.3): what became of its members is not told.
    pub(super) fn concerned(&self, original: &Envelope, kind: DsnKind) -> Vec<usize> {
        let told = |index: &usize| {
            let recipient = &original.recipients[*index];
            let stands = kind != DsnKind::Success || recipient.flags.contains(RecipientFlags::PRIMARY);
            stands && concerns(kind, recipient)
        };
        original.send_order().into_iter().filter(told).collect()
    }
}

/// Does a report of this kind speak of this recipient?
fn concerns(kind: DsnKind, recipient: &Recipient) -> bool {
    // without NOTIFY= these are set as well; a queue file may say otherwise
    let asked = |flag| recipient.flags.contains(flag);
    match kind {
        DsnKind::Failure => recipient.state == RecipientState::Failed && asked(RecipientFlags::FAILURE),
        DsnKind::Delay => recipient.state.is_pending() && asked(RecipientFlags::DELAY),
        DsnKind::FailureAndDelay => {
            concerns(DsnKind::Failure, recipient) || concerns(DsnKind::Delay, recipient)
        }
        DsnKind::Success => {
            (asked(RecipientFlags::SUCCESS) && recipient.flags.intersects(REPORTABLE))
                || recipient.flags.intersects(DELIVER_BY)
        }
    }
}
