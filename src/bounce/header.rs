//! The fields a report brings along; Received, Date and Message-Id are added as to any message.

use super::{DsnKind, DsnRequest, original};
use crate::config::HeaderCondition;
use crate::envelope::{Envelope, Recipient, RecipientFlags, RecipientState};
use crate::message::{Header, HeaderKind, Headers};

pub(super) fn fields(report: &DsnRequest<'_>, original: &Envelope, boundary: &[u8]) -> Headers {
    let (subject, submitted) = subject(report);
    // From is the site's default field, with the macros of `set_macros`; of names that may stand between blanks each is a receiver
    let named = report.receivers.iter().filter(|one| one.parent.is_none() && is_named(one));
    let kind = HeaderKind::RECIPIENT | HeaderKind::COMMAS;
    let mut fields: Vec<Header> =
        named.map(|one| field("To", &report.facts.without_route(&one.text), kind)).collect();
    if report.facts.mime {
        let kind: &[u8] = b"multipart/report; report-type=delivery-status;\n\tboundary=\"";
        let content = [kind, boundary, b"\""].concat();
        fields.push(field("MIME-Version", b"1.0", HeaderKind::empty()));
        fields.push(field("Content-Type", &content, HeaderKind::CONTENT_TYPE));
        if let Some(encoding) = original::encoding(original) {
            fields.push(field("Content-Transfer-Encoding", encoding, HeaderKind::TRANSFER_ENCODING));
        }
    }
    fields.push(field("Subject", subject.as_bytes(), HeaderKind::ENCODABLE));
    fields.push(field("Auto-Submitted", submitted.as_bytes(), HeaderKind::empty()));
    Headers(fields)
}

/// Whoever cannot get it is not named; where ruleset 5 has put another in his place, only that one cannot.
fn is_named(receiver: &Recipient) -> bool {
    receiver.flags.contains(RecipientFlags::REPLACED)
        || !matches!(receiver.state, RecipientState::Duplicate | RecipientState::Failed)
}

fn subject(report: &DsnRequest<'_>) -> (String, String) {
    let (subject, reason) = match report.kind {
        // that something is lost as well is told below
        DsnKind::FailureAndDelay => (report.facts.warning(report.deliver_by), "warning-timeout"),
        _ if report.to_postmaster => {
            ("Postmaster notify: see transcript for details".to_owned(), "postmaster-notification")
        }
        DsnKind::Failure => ("Returned mail: see transcript for details".to_owned(), "failure"),
        DsnKind::Success => ("Return receipt".to_owned(), "return-receipt"),
        DsnKind::Delay => (report.facts.warning(report.deliver_by), "warning-timeout"),
    };
    (subject, format!("auto-generated ({reason})"))
}

fn field(name: &str, value: &[u8], kind: HeaderKind) -> Header {
    Header {
        name: name.as_bytes().to_vec(),
        value: [b" ", value].concat(),
        condition: HeaderCondition::Always,
        kind: kind | HeaderKind::USER,
    }
}
