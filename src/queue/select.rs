//! Which messages: `-qI`, `-qR`, `-qS`, `-qQ` and `-qL`.

use super::entry::EntryKind;
use crate::envelope::{QueueId, StoredEnvelope};
use memchr::memmem;

/// What a substring is looked for in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field {
    /// `I`: the identifier; case matters.
    Id,
    /// `R`: any recipient.
    Recipient,
    /// `S`: the sender.
    Sender,
    /// `Q`: the quarantine reason.
    Quarantine,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Limit {
    field: Field,
    negated: bool,
    text: Vec<u8>,
}

/// A choice of messages. The default one takes every normal message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Which kind.
    pub kind: EntryKind,
    limits: Vec<Limit>,
}

impl Selection {
    /// Adds what follows `-q`: `Ipart`, `!Rpart`, `Ssender`, `Qreason`, `L`. `false` for anything else.
    pub fn add(&mut self, argument: &[u8]) -> bool {
        let (negated, rest) = match argument {
            [b'!', rest @ ..] => (true, rest),
            _ => (false, argument),
        };
        let Some((letter, text)) = rest.split_first() else { return false };
        match letter {
            b'L' => self.kind = EntryKind::Lost,
            b'Q' => {
                self.kind = EntryKind::Quarantined;
                if !text.is_empty() {
                    self.limit(Field::Quarantine, negated, text);
                }
            }
            b'I' => self.limit(Field::Id, negated, text),
            b'R' => self.limit(Field::Recipient, negated, text),
            b'S' => self.limit(Field::Sender, negated, text),
            _ => return false,
        }
        true
    }

    /// Adds one limit; limits of one field are alternatives, fields are joined by "and".
    pub fn limit(&mut self, field: Field, negated: bool, text: &[u8]) {
        self.limits.push(Limit { field, negated, text: text.to_vec() });
    }

    /// Must messages be read to decide?
    pub fn reads(&self) -> bool {
        self.limits.iter().any(|limit| limit.field != Field::Id)
    }

    /// May this identifier be wanted?
    pub fn takes_id(&self, id: &QueueId) -> bool {
        self.field(Field::Id, |text| memmem::find(id.as_bytes(), text).is_some())
    }

    /// Is this message wanted?
    pub fn takes(&self, envelope: &StoredEnvelope) -> bool {
        let contains = |value: &[u8], text: &[u8]| {
            memmem::find(&value.to_ascii_lowercase(), &text.to_ascii_lowercase()).is_some()
        };
        self.field(Field::Sender, |text| contains(&envelope.sender, text))
            && self.field(Field::Recipient, |text| {
                envelope.recipients.iter().any(|one| contains(&one.text, text))
            })
            && self.field(Field::Quarantine, |text| {
                contains(envelope.quarantine.as_deref().unwrap_or_default(), text)
            })
    }

    fn field(&self, field: Field, matches: impl Fn(&[u8]) -> bool) -> bool {
        let mut limits = self.limits.iter().filter(|limit| limit.field == field).peekable();
        limits.peek().is_none() || limits.any(|limit| matches(&limit.text) != limit.negated)
    }
}
