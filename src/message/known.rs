//! Header fields that mean something to a mail system.

use super::header::HeaderKind;

const FROM: HeaderKind = HeaderKind::SENDER;
const RCPT: HeaderKind = HeaderKind::RECIPIENT;
const RESENT: HeaderKind = HeaderKind::RESENT;
const FORCE: HeaderKind = HeaderKind::FORCE;
const TRACE: HeaderKind = HeaderKind::TRACE.union(FORCE);
const CHECKED: HeaderKind = HeaderKind::ALWAYS_CHECK;

/// Name in lower case, and what such a field is; short names first.
const KNOWN: &[(&[u8], HeaderKind)] = &[
    (b"to", RCPT),
    (b"cc", RCPT),
    (b"bcc", RCPT.union(HeaderKind::BCC)),
    (b"via", TRACE),
    (b"from", FROM),
    (b"text", HeaderKind::END),
    (b"sender", FROM),
    (b"message", HeaderKind::END),
    (b"subject", HeaderKind::ENCODABLE),
    (b"reply-to", FROM),
    (b"received", TRACE),
    (b"comments", FORCE.union(HeaderKind::ENCODABLE)),
    (b"errors-to", FROM.union(HeaderKind::ERRORS_TO)),
    (b"full-name", CHECKED),
    (b"resent-to", RCPT.union(RESENT)),
    (b"resent-cc", RCPT.union(RESENT)),
    (b"mail-from", TRACE),
    (b"resent-bcc", RCPT.union(HeaderKind::BCC).union(RESENT)),
    (b"resent-from", FROM.union(RESENT)),
    (b"resent-date", RESENT),
    (b"return-path", FORCE.union(CHECKED).union(HeaderKind::BIND_LATE)),
    (b"content-type", HeaderKind::CONTENT_TYPE),
    (b"resent-sender", FROM.union(RESENT)),
    (b"apparently-to", RCPT),
    (b"x400-received", TRACE),
    (b"content-length", CHECKED),
    (b"resent-reply-to", FROM.union(RESENT)),
    (b"return-receipt-to", HeaderKind::RECEIPT_TO),
    (b"resent-message-id", RESENT),
    (b"delivery-receipt-to", HeaderKind::RECEIPT_TO),
    (b"x-authentication-warning", FORCE),
    (b"content-transfer-encoding", HeaderKind::TRANSFER_ENCODING),
    (b"disposition-notification-to", FROM),
];

/// Where the names of each length begin in the table, and where those behind them do.
static OF_LENGTH: [(usize, usize); LONGEST + 1] = {
    let mut rows = [(0, 0); LONGEST + 1];
    let (mut length, mut at) = (0, 0);
    while length <= LONGEST {
        rows[length].0 = at;
        while at < KNOWN.len() && KNOWN[at].0.len() == length {
            at += 1;
        }
        rows[length].1 = at;
        length += 1;
    }
    rows
};

/// Bytes of the longest name.
const LONGEST: usize = KNOWN[KNOWN.len() - 1].0.len();

impl HeaderKind {
    /// What a field of this name is.
    pub fn of(name: &[u8]) -> Self {
        let Some(&rows) = OF_LENGTH.get(name.len()) else { return Self::empty() };
        let initial = name.first().map(u8::to_ascii_lowercase);
        let mut of_this_length = KNOWN[rows.0..rows.1].iter();
        let row = of_this_length
            .find(|(known, _)| known.first() == initial.as_ref() && known.eq_ignore_ascii_case(name));
        row.map_or(Self::empty(), |(_, kind)| *kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_found() {
        assert!(KNOWN.is_sorted_by_key(|(name, _)| name.len()));
        for (name, kind) in KNOWN {
            assert_eq!(HeaderKind::of(name), *kind);
        }
    }

    #[test]
    fn names_are_compared_without_case() {
        assert!(HeaderKind::of(b"RECEIVED").contains(HeaderKind::TRACE));
        assert_eq!(HeaderKind::of(b"X-Anything"), HeaderKind::empty());
    }
}
