//! What somebody asks about when he asks why: client, sender, recipient and refusal, from a line of a log or a reply.

use super::corpus::CorpusClient;
use super::log_line::{field, identified, message};
use super::maillog::{bare, client_of};

/// As much as is known of a refusal.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct WhyCase {
    /// Who connected.
    pub client: Option<CorpusClient>,
    /// The sender.
    pub sender: Option<Vec<u8>>,
    /// The recipient.
    pub recipient: Option<Vec<u8>>,
    /// The words of the refusal.
    pub reply: Option<Vec<u8>>,
}

impl WhyCase {
    /// What is known here, and else what is known there.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            client: self.client.or(other.client),
            sender: self.sender.or(other.sender),
            recipient: self.recipient.or(other.recipient),
            reply: self.reply.or(other.reply),
        }
    }

    /// Was anything refused, or named?
    pub fn is_empty(&self) -> bool {
        self.recipient.is_none() && self.sender.is_none()
    }

    /// What a line of a log says, and which message it is about.
    pub fn of_line(line: &[u8]) -> Option<(Vec<u8>, Self)> {
        let text = message(line)?;
        let (id, rest) = identified(&text).unwrap_or((b"", &text));
        let known = |name: &str| field(rest, name).map(|value| bare(value).to_vec());
        let mut case = Self {
            client: field(rest, "relay").and_then(client_of),
            reply: field(rest, "reject").or_else(|| field(rest, "stat")).map(<[u8]>::to_vec),
            ..Self::default()
        };
        if let Some(ruleset) = field(rest, "ruleset") {
            match ruleset {
                b"check_mail" => case.sender = known("arg1"),
                _ => case.recipient = known("arg1"),
            }
        } else if rest.starts_with(b"from=") {
            case.sender = known("from");
        } else if rest.starts_with(b"to=") {
            // the relay is where it goes, not where it comes from
            case = Self { client: None, recipient: known("to"), ..case };
        } else if rest.starts_with(b"<") || is_reply(rest) {
            case = Self::of_reply(rest);
        } else {
            return None;
        }
        Some((id.to_vec(), case))
    }

    /// `550 5.7.1 <a@b.example>... Relaying denied`: the address that a reply is about, of a sender where it says so.
    pub fn of_reply(text: &[u8]) -> Self {
        let reply = Some(text.to_vec());
        let end = memchr::memmem::find(text, b"... ");
        let Some(end) = end else { return Self { reply, ..Self::default() } };
        let begin = text[..end].iter().rposition(|byte| *byte == b' ').map_or(0, |blank| blank + 1);
        let address = Some(bare(&text[begin..end]).to_vec());
        let about_sender = memchr::memmem::find(&text[end..], b"ender address").is_some()
            || memchr::memmem::find(&text[end..], b"Domain name required").is_some();
        match about_sender {
            true => Self { sender: address, reply, ..Self::default() },
            false => Self { recipient: address, reply, ..Self::default() },
        }
    }
}

/// Three digits and a blank.
pub fn is_reply(text: &[u8]) -> bool {
    matches!(text, [b'4' | b'5', two, three, b' ', ..] if two.is_ascii_digit() && three.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_and_lines() {
        let case = WhyCase::of_reply(b"550 5.7.1 <a@b.example>... Relaying denied");
        assert_eq!((case.sender, case.recipient), (None, Some(b"a@b.example".to_vec())));
        let case = WhyCase::of_reply(
            b"553 5.1.8 <a@b.example>... Domain of sender address a@b.example does not exist",
        );
        assert_eq!((case.sender, case.recipient), (Some(b"a@b.example".to_vec()), None));
        let line = b"Dec  1 07:00:00 h sendmail[1]: 00000000000001: ruleset=check_rcpt, arg1=<x@y.example>, relay=[192.0.2.3], reject=550 5.7.1 <x@y.example>... Relaying denied";
        let (id, case) = WhyCase::of_line(line).expect("a refusal");
        assert_eq!((&id[..], case.recipient.as_deref()), (&b"00000000000001"[..], Some(&b"x@y.example"[..])));
        assert_eq!(case.client.map(|client| client.to_string()), Some("192.0.2.3".into()));
        assert!(WhyCase::of_line(b"Dec  1 07:00:00 h sendmail[1]: starting daemon").is_none());
    }
}
