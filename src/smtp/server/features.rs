//! What one client may use: configuration, daemon modifiers and ruleset `srv_features` together.

use super::policy::{DaemonFacts, Policy};
use crate::addr::Token;
use crate::schema::Privacy;
use crate::smtp::proto::{BareCharacter, Strictness};

/// The services offered to one client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Features {
    /// PIPELINING is offered.
    pub pipelining: bool,
    /// EXPN may be used.
    pub expn: bool,
    /// VERB may be used.
    pub verb: bool,
    /// DSN parameters may be used.
    pub dsn: bool,
    /// ETRN may be used.
    pub etrn: bool,
    /// Input behind EHLO and before its reply is accepted.
    pub early_input: bool,
    /// HTTP commands end the session always, not only as the first command.
    pub refuse_http: bool,
    /// MAIL needs AUTH first.
    pub require_auth: bool,
    /// Every transaction is put off.
    pub temporary_failure: bool,
    /// How message data are read.
    pub strictness: Strictness,
}

/// One letter of `srv_features`: lower case on, upper case off.
struct Letter {
    letter: u8,
    apply: fn(&mut Features, on: bool, variant: Option<u8>),
}

const LETTERS: &[Letter] = &[
    Letter { letter: b'b', apply: |features, on, _| features.verb = on },
    Letter { letter: b'd', apply: |features, on, _| features.dsn = on },
    Letter { letter: b'e', apply: |features, on, _| features.etrn = on },
    Letter { letter: b'f', apply: |features, on, _| features.early_input = !on },
    Letter { letter: b'g', apply: |features, on, variant| features.strictness.line_feed = bare(on, variant) },
    Letter { letter: b'h', apply: |features, on, _| features.refuse_http = on },
    Letter { letter: b'l', apply: |features, on, _| features.require_auth = on },
    Letter { letter: b'o', apply: |features, on, _| features.strictness.crlf_dot = on },
    Letter { letter: b'p', apply: |features, on, _| features.pipelining = on },
    Letter {
        letter: b'u',
        apply: |features, on, variant| features.strictness.carriage_return = bare(on, variant),
    },
    Letter { letter: b'x', apply: |features, on, _| features.expn = on },
    // known, and without effect before AUTH, TLS and SMTPUTF8 exist
    Letter { letter: b'a', apply: |_, _, _| () },
    Letter { letter: b'c', apply: |_, _, _| () },
    Letter { letter: b'i', apply: |_, _, _| () },
    Letter { letter: b'r', apply: |_, _, _| () },
    Letter { letter: b's', apply: |_, _, _| () },
    Letter { letter: b'v', apply: |_, _, _| () },
];

fn bare(on: bool, variant: Option<u8>) -> BareCharacter {
    match (on, variant) {
        (false, _) => BareCharacter::Allow,
        (true, Some(b'2')) => BareCharacter::Replace,
        (true, _) => BareCharacter::Refuse,
    }
}

impl Features {
    /// Without a ruleset's word.
    pub fn new(policy: &Policy, daemon: &DaemonFacts) -> Self {
        let privacy = policy.privacy;
        Self {
            pipelining: true,
            expn: !privacy.contains(Privacy::NO_EXPN),
            verb: !privacy.contains(Privacy::NO_VERB),
            dsn: !privacy.contains(Privacy::NO_RECEIPTS) && policy.send_mime_errors,
            etrn: !privacy.contains(Privacy::NO_ETRN) && !daemon.has(b'E'),
            early_input: false,
            refuse_http: false,
            require_auth: daemon.has(b'a'),
            temporary_failure: false,
            strictness: Strictness::default(),
        }
    }

    /// Applies the answer of `srv_features`; gives the letters it does not know.
    pub fn apply(&mut self, answer: &[Token]) -> Vec<u8> {
        let mut unknown = Vec::new();
        for token in answer {
            let bytes = token.as_bytes();
            if bytes.len() >= 4 && bytes[..4].eq_ignore_ascii_case(b"temp") {
                self.temporary_failure = true;
                continue;
            }
            let Some(first) = bytes.first() else { continue };
            match LETTERS.iter().find(|row| row.letter == first.to_ascii_lowercase()) {
                Some(row) => (row.apply)(self, first.is_ascii_lowercase(), bytes.get(1).copied()),
                None => unknown.push(*first),
            }
        }
        unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(words: &str) -> Features {
        let mut features = Features::new(&Policy::default(), &DaemonFacts::default());
        let tokens: Vec<Token> = words.split(' ').map(|word| Token::new(word.as_bytes())).collect();
        assert!(features.apply(&tokens).is_empty());
        features
    }

    #[test]
    fn upper_case_switches_off() {
        let features = applied("X D P");
        assert!(!features.expn && !features.dsn && !features.pipelining && features.etrn);
        assert!(applied("F").early_input);
        assert!(applied("tempfail").temporary_failure);
    }

    #[test]
    fn line_ends() {
        let replaced = applied("g2 u2").strictness;
        assert_eq!((replaced.line_feed, replaced.crlf_dot), (BareCharacter::Replace, true));
        let lax = applied("G U O").strictness;
        assert_eq!((lax.carriage_return, lax.crlf_dot), (BareCharacter::Allow, false));
    }
}
