//! One message as a listing or a run sees it, without the right to work on it.

use super::options::{QueueOptions, SortOrder};
use super::select::{EntryKind, Field, Selection};
use crate::envelope::{EnvelopeFlags, MessageKey, QueueId, StoredEnvelope};

/// Could its state be looked at?
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// It was read, be it whole or not; its body was not.
    Read,
    /// It vanished: whoever worked on it is done.
    Gone,
    /// It cannot be read.
    Unreadable(String),
}

/// One thing that a message says of itself. A damaged one may say it in any order, twice or never; sendmail shows what
/// is there, and so a listing does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fact {
    /// T
    Created(i64),
    /// K
    LastAttempt(i64),
    /// N
    Attempts(i64),
    /// P
    Priority(i64),
    /// F with `w`.
    Warned,
    /// M
    Message(Vec<u8>),
    /// q
    Quarantine(Vec<u8>),
    /// B
    BodyType(Vec<u8>),
    /// S
    Sender(Vec<u8>),
    /// C
    Control(Vec<u8>),
    /// R, and where behind its flags the address begins, if there is one.
    Recipient(Vec<u8>, Option<usize>),
}

impl Fact {
    /// What a whole message says, in sendmail's order.
    pub fn all_of(envelope: &StoredEnvelope) -> Vec<Self> {
        let mut facts = vec![
            Self::Created(envelope.created),
            Self::LastAttempt(envelope.last_attempt),
            Self::Attempts(envelope.attempts.into()),
        ];
        facts.extend(envelope.priority.map(Self::Priority));
        facts.extend(envelope.body_type.map(|kind| Self::BodyType(kind.as_bytes().to_vec())));
        facts.extend(envelope.message.clone().map(Self::Message));
        facts.extend(envelope.flags.contains(EnvelopeFlags::WARNED).then_some(Self::Warned));
        facts.extend(envelope.quarantine.clone().map(Self::Quarantine));
        facts.push(Self::Sender(envelope.sender.clone()));
        for recipient in &envelope.recipients {
            facts.extend(recipient.message.clone().map(Self::Message));
            facts.push(Self::Recipient(recipient.text.clone(), Some(0)));
        }
        facts
    }
}

/// That of a message that does not say its priority.
pub(super) const UNSAID_PRIORITY: i64 = i32::MAX as i64;

/// What a run has to know of a message before it reads all of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// `None`: not said, or not looked for.
    pub priority: Option<i64>,
    /// The same.
    pub created: Option<i64>,
    /// The same.
    pub last_attempt: Option<i64>,
    /// The same.
    pub attempts: Option<i64>,
    /// Of the first recipient that has one, in small letters.
    pub host: Option<Vec<u8>>,
}

impl Summary {
    /// Looks at as much as the order and the selection ask for, as sendmail does: `None` when the message is none of
    /// those selected, or has been seen to be held where those that wait are looked for.
    pub fn of(facts: &[Fact], order: SortOrder, selection: &Selection) -> Option<Self> {
        let mut summary = Self::default();
        let mut open: Vec<Field> = selection.fields().collect();
        for fact in facts {
            let known = order.is_blind() || (summary.priority.is_some() && summary.created.is_some());
            if known && open.is_empty() && (order != SortOrder::Host || summary.host.is_some()) {
                break;
            }
            if matches!(fact, Fact::Quarantine(_)) && selection.kind == EntryKind::Normal {
                return None;
            }
            summary.add(fact);
            if let Some((field, text)) = fact.selectable()
                && selection.any(field, text)
            {
                open.retain(|one| *one != field);
            }
        }
        open.is_empty().then_some(summary)
    }

    fn add(&mut self, fact: &Fact) {
        match fact {
            Fact::Priority(value) => self.priority = Some(*value),
            Fact::Created(value) => self.created = Some(*value),
            Fact::LastAttempt(value) => self.last_attempt = self.last_attempt.max(Some(*value)),
            Fact::Attempts(value) => self.attempts = Some(*value),
            Fact::Recipient(line, _) if self.host.is_none() => {
                let at = line.iter().rposition(|byte| *byte == b'@');
                self.host = at.map(|at| line[at + 1..].to_ascii_lowercase());
            }
            _ => {}
        }
    }

    /// The priority as listings and the load have it: that of an order which looks into no file is 0.
    pub fn priority_in(&self, order: SortOrder) -> i64 {
        self.priority.unwrap_or(if order.is_blind() { 0 } else { UNSAID_PRIORITY })
    }

    /// Is it too young for another attempt (MinQueueAge, MaxQueueAge)?
    pub fn is_too_young(&self, options: &QueueOptions, now: i64) -> bool {
        let Some(last_attempt) = self.last_attempt else { return false };
        self.attempts != Some(0) && options.is_too_young(self.created.unwrap_or(0), last_attempt, now)
    }
}

impl Fact {
    /// What of it a selection may be about.
    fn selectable(&self) -> Option<(Field, &[u8])> {
        match self {
            Self::Sender(text) => Some((Field::Sender, text)),
            Self::Recipient(line, at) => Some((Field::Recipient, &line[at.unwrap_or(line.len())..])),
            Self::Quarantine(text) => Some((Field::Quarantine, text)),
            _ => None,
        }
    }
}

/// Is it asked for by what it is, so that its age does not matter to a run? Then each limited field has something that is asked for.
pub(super) fn is_asked_for(id: &QueueId, facts: &[Fact], selection: &Selection) -> bool {
    let asked = |field| {
        let mut texts = facts.iter().filter_map(Fact::selectable).filter(|(of, _)| *of == field);
        texts.any(|(_, text)| selection.any(field, text))
    };
    selection.is_limited() && selection.takes_id(id) && selection.fields().all(asked)
}

/// One message in the queue.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Which, and where.
    pub key: MessageKey,
    /// Of which kind.
    pub kind: EntryKind,
    /// Could it be read?
    pub content: Content,
    /// All that it says.
    pub facts: Vec<Fact>,
    /// What of that a run goes by.
    pub summary: Summary,
    /// Size of the body in bytes; `None` when there is none.
    pub size: Option<u64>,
    /// Why there is none.
    pub body_fault: Option<String>,
    /// Somebody works on it.
    pub locked: bool,
    /// Last change of its state, seconds since the epoch.
    pub modified: i64,
    /// It is asked for by what it is ([`is_asked_for`]).
    pub forced: bool,
}

impl Entry {
    /// How the file is called that holds its state, in a queue of files.
    pub fn file_name(&self) -> String {
        format!("{}{}", self.kind.prefix(), self.key.id)
    }

    /// Is it too young for another attempt?
    pub fn is_too_young(&self, options: &QueueOptions, now: i64) -> bool {
        self.summary.is_too_young(options, now)
    }

    /// Is it to be tried now?
    pub fn is_due(&self, options: &QueueOptions, now: i64) -> bool {
        self.content == Content::Read && !self.locked && !self.waits(options, now)
    }

    /// Does a run leave it alone since it is too young?
    pub fn waits(&self, options: &QueueOptions, now: i64) -> bool {
        !self.forced && self.is_too_young(options, now)
    }
}
