//! Which messages: `-qI`, `-qR`, `-qS`, `-qQ` and `-qL`.

use crate::envelope::{QueueId, QueueLocation};
use memchr::memmem;

/// Which messages are looked at.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum EntryKind {
    /// Waiting for delivery (qf).
    #[default]
    Normal,
    /// Held by a ruleset (hf).
    Quarantined,
    /// Put aside for a human (Qf).
    Lost,
}

impl EntryKind {
    /// The prefix of control files of this kind.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Normal => "qf",
            Self::Quarantined => "hf",
            Self::Lost => "Qf",
        }
    }
}

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

impl Limit {
    fn takes(&self, text: &[u8]) -> bool {
        let contains = match self.field {
            Field::Id => memmem::find(text, &self.text).is_some(),
            _ => memmem::find(&text.to_ascii_lowercase(), &self.text.to_ascii_lowercase()).is_some(),
        };
        contains != self.negated
    }
}

/// A choice of messages. The default one takes every normal message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Selection {
    /// Which kind.
    pub kind: EntryKind,
    /// Of which group only.
    pub group: Option<u16>,
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

    /// The same of one group only.
    pub fn in_group(mut self, group: Option<u16>) -> Self {
        self.group = group;
        self
    }

    /// May messages of this location be wanted?
    pub fn takes_location(&self, location: QueueLocation) -> bool {
        self.group.is_none_or(|group| group == location.group)
    }

    /// Adds one limit; limits of one field are alternatives, fields are joined by "and".
    pub fn limit(&mut self, field: Field, negated: bool, text: &[u8]) {
        self.limits.push(Limit { field, negated, text: text.to_vec() });
    }

    /// Does it say more than whose queue it is?
    pub fn is_limited(&self) -> bool {
        !self.limits.is_empty()
    }

    /// What must be looked at to decide, beside the identifier.
    pub fn fields(&self) -> impl Iterator<Item = Field> + '_ {
        let fields = [Field::Recipient, Field::Sender, Field::Quarantine];
        fields.into_iter().filter(|field| self.is_limited_by(*field))
    }

    /// Does it say something of this field?
    pub fn is_limited_by(&self, field: Field) -> bool {
        self.limits.iter().any(|limit| limit.field == field)
    }

    /// May this identifier be wanted?
    pub fn takes_id(&self, id: &QueueId) -> bool {
        !self.is_limited_by(Field::Id) || self.any(Field::Id, id.as_bytes())
    }

    /// Does one of the limits of this field take this text? Case matters in identifiers alone.
    pub fn any(&self, field: Field, text: &[u8]) -> bool {
        self.limits.iter().any(|limit| limit.field == field && limit.takes(text))
    }
}
