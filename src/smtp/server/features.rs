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
    /// STARTTLS may be asked for.
    pub starttls: bool,
    /// Is a client asked for its certificate? `None`: as TLSSrvOptions has it.
    pub ask_certificate: Option<bool>,
    /// Input behind EHLO and before its reply is accepted.
    pub early_input: bool,
    /// HTTP commands end the session always, not only as the first command.
    pub refuse_http: bool,
    /// AUTH may be used.
    pub auth: bool,
    /// Not by mechanisms that show the password to whoever listens.
    pub auth_protected: bool,
    /// MAIL needs AUTH first.
    pub require_auth: bool,
    /// XCLIENT may be used: the connection comes from a host of class `{xclient_hosts}`.
    pub xclient: bool,
    /// Every transaction is put off.
    pub temporary_failure: bool,
    /// How message data are read.
    pub strictness: Strictness,
}

/// One letter of `srv_features`: lower case on, upper case off.
struct Letter {
    letter: u8,
    /// A digit may follow.
    has_variant: bool,
    apply: fn(&mut Features, on: bool, variant: Option<u8>),
}

const fn letter(letter: u8, apply: fn(&mut Features, on: bool, variant: Option<u8>)) -> Letter {
    Letter { letter, has_variant: false, apply }
}

impl Letter {
    const fn with_variant(mut self) -> Self {
        self.has_variant = true;
        self
    }
}

const LETTERS: &[Letter] = &[
    letter(b'a', |features, on, _| features.auth = on),
    letter(b'b', |features, on, _| features.verb = on),
    letter(b'c', |features, on, _| features.auth_protected = on),
    letter(b'd', |features, on, _| features.dsn = on),
    letter(b'e', |features, on, _| features.etrn = on),
    letter(b'f', |features, on, _| features.early_input = !on),
    letter(b'g', |features, on, variant| features.strictness.line_feed = bare(on, variant)).with_variant(),
    letter(b'h', |features, on, _| features.refuse_http = on),
    letter(b'l', |features, on, _| features.require_auth = on),
    letter(b'o', |features, on, _| features.strictness.crlf_dot = on),
    letter(b'p', |features, on, _| features.pipelining = on),
    letter(b's', |features, on, _| features.starttls = on),
    letter(b'u', |features, on, variant| features.strictness.carriage_return = bare(on, variant))
        .with_variant(),
    letter(b'x', |features, on, _| features.expn = on),
    letter(b'v', |features, on, _| features.ask_certificate = Some(on)),
    // known, and without effect before SMTPUTF8 exists
    letter(b'i', |_, _, _| ()),
    letter(b'r', |_, _, _| ()),
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
            starttls: !daemon.has(b'S'),
            ask_certificate: None,
            early_input: false,
            refuse_http: false,
            auth: !daemon.has(b'A'),
            auth_protected: policy.auth_options.contains(&b'p'),
            require_auth: daemon.has(b'a'),
            xclient: false,
            temporary_failure: false,
            strictness: Strictness::default(),
        }
    }

    /// Applies the answer of `srv_features`; gives what it does not know: `feature Q`, `variant g3`.
    pub fn apply(&mut self, answer: &[Token]) -> Vec<Vec<u8>> {
        let mut unknown = Vec::new();
        for token in answer {
            let bytes = token.as_bytes();
            if bytes.len() >= 4 && bytes[..4].eq_ignore_ascii_case(b"temp") {
                self.temporary_failure = true;
                continue;
            }
            let Some(first) = bytes.first() else { continue };
            match LETTERS.iter().find(|row| row.letter == first.to_ascii_lowercase()) {
                Some(row) => {
                    let variant = bytes.get(1).copied();
                    (row.apply)(self, first.is_ascii_lowercase(), variant);
                    if row.has_variant && !matches!(variant, None | Some(b'2')) {
                        unknown.push([b"variant ", &bytes[..2]].concat());
                    }
                }
                None => unknown.push([b"feature ", &[*first][..]].concat()),
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

    #[test]
    fn what_is_not_known_is_told() {
        let mut features = Features::new(&Policy::default(), &DaemonFacts::default());
        let tokens = [b"g3", &b"u2"[..], b"Q", b"o"].map(Token::new);
        assert_eq!(features.apply(&tokens), [&b"variant g3"[..], b"feature Q"]);
        assert_eq!(features.strictness.line_feed, BareCharacter::Refuse);
    }
}
