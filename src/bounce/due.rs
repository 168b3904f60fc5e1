//! Is a report owed, and about whom?

use super::{DsnKind, DsnRequest};
use crate::addr::without_brackets;
use crate::envelope::{Envelope, EnvelopeFlags, Recipient, RecipientFlags, RecipientState};
use crate::schema::Privacy;

/// What there is to report of a recipient that was delivered or relayed.
const REPORTABLE: RecipientFlags = RecipientFlags::DELIVERED
    .union(RecipientFlags::DELIVERED_LIST)
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
    let mut kinds = Vec::new();
    if any(DsnKind::Failure) {
        kinds.push(DsnKind::Failure);
    }
    if envelope.attempt.warning_due && may_warn(envelope) && any(DsnKind::Delay) {
        kinds.push(DsnKind::Delay);
    }
    let receipts = !privacy.contains(Privacy::NO_RECEIPTS) && !envelope.sender.is_null();
    if kinds.is_empty() && receipts && any(DsnKind::Success) {
        kinds.push(DsnKind::Success);
    }
    kinds
}

/// Delays are of no interest to programs: lists' owners, request addresses, other reports, bulk mail.
fn may_warn(envelope: &Envelope) -> bool {
    let bare = without_brackets(envelope.sender.text.trim_ascii());
    let local = bare.rsplitn(2, |byte| *byte == b'@').last().unwrap_or(bare).to_ascii_lowercase();
    envelope.class >= 0
        && !envelope.is_response()
        && !envelope.sender.is_null()
        && !envelope.flags.contains(EnvelopeFlags::WARNED)
        && !local.starts_with(b"owner-")
        && !local.ends_with(b"-request")
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
    let asked = |flag| match recipient.flags.contains(RecipientFlags::HAS_NOTIFY) {
        true => recipient.flags.contains(flag),
        false => RecipientFlags::DEFAULT_NOTIFY.contains(flag),
    };
    match kind {
        DsnKind::Failure => recipient.state == RecipientState::Failed && asked(RecipientFlags::FAILURE),
        DsnKind::Delay => recipient.state.is_pending() && asked(RecipientFlags::DELAY),
        DsnKind::Success => {
            (asked(RecipientFlags::SUCCESS) && recipient.flags.intersects(REPORTABLE))
                || recipient.flags.intersects(DELIVER_BY)
        }
    }
}
