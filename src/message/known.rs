//! Header fields that mean something to a mail system.

use super::header::HeaderKind;

const FROM: HeaderKind = HeaderKind::SENDER;
const RCPT: HeaderKind = HeaderKind::RECIPIENT;
const RESENT: HeaderKind = HeaderKind::RESENT;
const FORCE: HeaderKind = HeaderKind::FORCE;
const TRACE: HeaderKind = HeaderKind::TRACE.union(FORCE);
const CHECKED: HeaderKind = HeaderKind::ALWAYS_CHECK;

/// Name in lower case, and what such a field is.
const KNOWN: &[(&[u8], HeaderKind)] = &[
    (b"resent-sender", FROM.union(RESENT)),
    (b"resent-from", FROM.union(RESENT)),
    (b"resent-reply-to", FROM.union(RESENT)),
    (b"sender", FROM),
    (b"from", FROM),
    (b"reply-to", FROM),
    (b"disposition-notification-to", FROM),
    (b"errors-to", FROM.union(HeaderKind::ERRORS_TO)),
    (b"full-name", CHECKED),
    (b"return-receipt-to", HeaderKind::RECEIPT_TO),
    (b"delivery-receipt-to", HeaderKind::RECEIPT_TO),
    (b"to", RCPT),
    (b"cc", RCPT),
    (b"apparently-to", RCPT),
    (b"resent-to", RCPT.union(RESENT)),
    (b"resent-cc", RCPT.union(RESENT)),
    (b"bcc", RCPT.union(HeaderKind::BCC)),
    (b"resent-bcc", RCPT.union(HeaderKind::BCC).union(RESENT)),
    (b"resent-message-id", RESENT),
    (b"resent-date", RESENT),
    (b"message", HeaderKind::END),
    (b"text", HeaderKind::END),
    (b"received", TRACE),
    (b"x400-received", TRACE),
    (b"via", TRACE),
    (b"mail-from", TRACE),
    (b"comments", FORCE.union(HeaderKind::ENCODABLE)),
    (b"return-path", FORCE.union(CHECKED).union(HeaderKind::BIND_LATE)),
    (b"content-transfer-encoding", HeaderKind::TRANSFER_ENCODING),
    (b"content-type", HeaderKind::CONTENT_TYPE),
    (b"content-length", CHECKED),
    (b"subject", HeaderKind::ENCODABLE),
    (b"x-authentication-warning", FORCE),
];

impl HeaderKind {
    /// What a field of this name is.
    pub fn of(name: &[u8]) -> Self {
        let row = KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        row.map_or(Self::empty(), |(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case() {
        assert!(HeaderKind::of(b"RECEIVED").contains(HeaderKind::TRACE));
        assert_eq!(HeaderKind::of(b"X-Anything"), HeaderKind::empty());
    }
}
