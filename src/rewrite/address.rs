//! Addresses that the rules have resolved.

use crate::config::MailerId;
use crate::schema::{Reply, Sysexit};

/// An address with its mailer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Address {
    /// As given, blanks around it removed (sendmail's q_paddr).
    pub text: Vec<u8>,
    /// What follows `$:`, after rulesets 2, R= and 4.
    pub user: Vec<u8>,
    /// What follows `$@`; `None` without one.
    pub host: Option<Vec<u8>>,
    /// Who delivers.
    pub mailer: MailerId,
    /// The user began with `@` and the mailer has flag @: ruleset 5 is not to be asked.
    pub skip_ruleset5: bool,
    /// So many names ruleset 5 has put in the place of others to come here (MaxAliasRecursion counts them).
    pub replaced: u8,
    /// What ruleset queuegroup chose, if there is one.
    pub queue_group: Option<Vec<u8>>,
}

/// What an address is parsed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressKind {
    /// From a header line (else from the envelope).
    pub header: bool,
    /// A sender (else a recipient).
    pub sender: bool,
}

impl AddressKind {
    /// RCPT and command-line recipients.
    pub const RECIPIENT: Self = Self { header: false, sender: false };
    /// MAIL and -f.
    pub const SENDER: Self = Self { header: false, sender: true };
    /// To:, Cc: and their like.
    pub const HEADER_RECIPIENT: Self = Self { header: true, sender: false };
    /// From:, Reply-To: and their like.
    pub const HEADER_SENDER: Self = Self { header: true, sender: true };

    /// The number that traces show.
    pub(super) fn bits(self) -> u8 {
        u8::from(self.sender) | u8::from(self.header) << 1
    }

    /// The value of `${addr_type}`.
    pub fn addr_type(self) -> &'static [u8] {
        match (self.header, self.sender) {
            (false, false) => b"e r",
            (false, true) => b"e s",
            (true, false) => b"h r",
            (true, true) => b"h s",
        }
    }
}

/// Result of `parseaddr`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Parsed {
    /// The resolved address. `None` when it is bad: then `problems` says why. Also `None` when the
    /// answer is temporary.
    pub address: Option<Address>,
    /// What must be answered, in order. May hold complaints about an address that is usable.
    pub problems: Vec<Reply>,
    /// Rules or maps failed for now: keep the address and try again.
    pub temporary: bool,
    /// Which map could not answer for now.
    pub deferral: Option<Vec<u8>>,
    /// Refused for good: by `$#error`, or because its parts make no address.
    pub bad: bool,
    /// The status of `$#error`; else 75 when temporary, or 0.
    pub status: Sysexit,
    /// The triple as the rules gave it, also for `$#error` (mailer `*error*`): what `/parse` shows.
    pub triple: Option<Triple>,
    /// Where in the text the address ended (the delimiter's index, or the length).
    pub rest: usize,
}

/// `$#mailer $@host $:user` as text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Triple {
    /// The mailer's name; `*error*` for errors.
    pub mailer: Vec<u8>,
    /// Host, if there is one.
    pub host: Option<Vec<u8>>,
    /// User, or the error text.
    pub user: Vec<u8>,
}

/// What a check ruleset decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Anything but the others; also a ruleset that does not exist.
    Accept,
    /// `$#error`
    Reject {
        /// What a peer is answered; a code of 421 asks to close the connection.
        reply: Reply,
        /// What a mailer would have exited with: whether mail fails or waits where nobody is answered.
        status: Sysexit,
    },
    /// `$#discard`: accept it and throw it away.
    Discard,
    /// `$#error $@ quarantine $: reason`
    Quarantine(Vec<u8>),
}

impl Verdict {
    /// `SOURCE, relay=…, reject=…`; `None`: nothing is logged of what is accepted.
    pub fn log_line(&self, source: &[u8], relay: &[u8]) -> Option<Vec<u8>> {
        let outcome = match self {
            Self::Accept => return None,
            Self::Reject { reply, .. } => [b"reject=", &reply.to_line()[..]].concat(),
            Self::Discard => b"discard".to_vec(),
            Self::Quarantine(reason) => [b"quarantine=", &reason[..]].concat(),
        };
        Some([source, b", relay=", relay, b", ", &outcome].concat())
    }
}

/// A call of a check ruleset as the log shows it: `ruleset=check_rcpt, arg1=…, arg2=…`
pub fn ruleset_source(ruleset: &[u8], first: &[u8], second: Option<&[u8]>) -> Vec<u8> {
    let mut source = [b"ruleset=", ruleset, b", arg1=", first].concat();
    if let Some(second) = second {
        source.extend_from_slice(b", arg2=");
        source.extend_from_slice(second);
    }
    source
}
