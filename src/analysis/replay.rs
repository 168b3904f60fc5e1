//! What a log tells of, asked of another configuration: who would be refused now, who taken, what would go elsewhere.
//!
//! In: [`LogEvent`]s, as many as there are. Out: a [`Replay`]. Events are gathered, each question is asked once for
//! all of its kind, and forgotten but for what has changed and the last answers; so a log of any length takes a bounded space.

use super::asker::{Answer, Ask};
use super::corpus::CorpusClient;
use super::diff::Example;
use super::dns::KnownDomains;
use super::hunks::Edit;
use super::maillog::{LogEvent, LoggedRecipient};
use super::poll::{Tell, answers};
use super::side::Side;
use serde::Serialize;
use std::collections::{HashMap, HashSet};
use std::io;
use std::sync::Arc;

/// What has become of a recipient or a connection.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It would be refused now.
    Refused,
    /// It was refused, and would be taken.
    Taken,
    /// It would go elsewhere.
    Elsewhere,
    /// It was refused, and would be with other words.
    Reworded,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Refused, Self::Taken, Self::Elsewhere, Self::Reworded];

    /// What is said of so many.
    pub fn words(self) -> &'static str {
        match self {
            Self::Refused => "would be refused now",
            Self::Taken => "would be taken now, refused before",
            Self::Elsewhere => "would go elsewhere",
            Self::Reworded => "would be refused in other words",
        }
    }
}

/// What has become of all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Replay {
    /// The new configuration.
    pub new: String,
    /// The one that it is compared with; `None`: what the log says.
    pub against: Option<String>,
    /// Recipients in the log.
    pub recipients: u64,
    /// Connections in the log.
    pub connections: u64,
    /// By their causes, refusals first.
    pub groups: Vec<ReplayGroup>,
}

/// Recipients or connections with the same fate, for the same reason.
#[derive(Clone, Debug, Serialize)]
pub struct ReplayGroup {
    /// Their fate.
    pub outcome: Outcome,
    /// Are they connections?
    pub connections: bool,
    /// How many.
    pub count: u64,
    /// The edits that are the cause, where two configurations were asked.
    pub edits: Vec<Edit>,
    /// The rule that refuses them, with its place.
    pub rule: Option<String>,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// A changed question: both answers, and how many it concerns.
pub(super) struct Row {
    pub old: Option<Answer>,
    pub new: Answer,
    pub count: u64,
}

pub(super) type Rows = HashMap<(Outcome, bool, Ask), Row>;

/// How often something was taken, and refused.
#[derive(Clone, Copy, Default)]
struct Counts {
    taken: u64,
    refused: u64,
}

type Key = (Option<Arc<CorpusClient>>, Arc<[u8]>, Arc<[u8]>);

/// Different recipients that are gathered before they are asked about.
const BATCH: usize = 40_000;
/// Changed questions that are kept; further ones are counted with the last of their kind.
const MAX_ROWS: usize = 100_000;

/// Answers that are kept for what comes later in the log: of connections, senders and destinations, which logs repeat. When
/// there are so many, those before the last half are forgotten.
const MAX_ANSWERS: usize = 200_000;

/// Answers of one configuration.
#[derive(Default)]
struct Remembered {
    recent: HashMap<Ask, Answer>,
    older: HashMap<Ask, Answer>,
}

impl Remembered {
    /// The answer to a question that was asked before.
    fn get(&mut self, ask: &Ask) -> Option<Answer> {
        if let Some(known) = self.recent.get(ask) {
            return Some(known.clone());
        }
        let known = self.older.get(ask)?.clone();
        self.add(ask, &known);
        Some(known)
    }

    fn add(&mut self, ask: &Ask, answer: &Answer) {
        // a recipient is one of a client and a sender: hardly any comes again; and a domain that is refused may turn out to exist
        if matches!(ask, Ask::Rcpt(..)) || !answer.accepted {
            return;
        }
        if self.recent.len() >= MAX_ANSWERS / 2 {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(ask.clone(), answer.clone());
    }
}

/// Takes events and asks.
pub struct Replayer<'a> {
    /// The new configuration.
    pub new: &'a Side,
    /// The old one.
    pub old: Option<&'a Side>,
    /// Threads.
    pub threads: usize,
    /// See [`Tell`].
    pub tell: Tell<'a>,
    known: Arc<KnownDomains>,
    recipients: HashMap<Key, Counts>,
    connections: HashMap<Arc<CorpusClient>, Counts>,
    remembered: [Remembered; 2],
    pub(super) rows: Rows,
    /// Recipients and connections so far.
    pub(super) counts: (u64, u64),
}

impl<'a> Replayer<'a> {
    /// Domains of senders whose mail was taken are made `known`.
    pub fn new(
        new: &'a Side,
        old: Option<&'a Side>,
        threads: usize,
        tell: Tell<'a>,
        known: Arc<KnownDomains>,
    ) -> Self {
        Self {
            new,
            old,
            threads,
            tell,
            known,
            recipients: HashMap::new(),
            connections: HashMap::new(),
            remembered: Default::default(),
            rows: Rows::new(),
            counts: (0, 0),
        }
    }

    /// One more event.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn event(&mut self, event: LogEvent) -> io::Result<()> {
        match event {
            LogEvent::Connection { client, taken } => {
                self.counts.1 += u64::from(taken);
                self.connections.entry(client).or_default().add(taken);
            }
            LogEvent::Recipient(LoggedRecipient { client, sender, recipient, taken }) => {
                self.counts.0 += 1;
                if taken && client.is_some() {
                    self.known.add_address(&sender);
                }
                self.recipients.entry((client, sender, recipient)).or_default().add(taken);
            }
        }
        match self.recipients.len() + self.connections.len() >= BATCH {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Asks about what has been gathered.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn flush(&mut self) -> io::Result<()> {
        let recipients = std::mem::take(&mut self.recipients);
        let connections = std::mem::take(&mut self.connections);
        let mut wanted: HashSet<Ask> = recipients.keys().flat_map(asks_of).collect();
        wanted.extend(connections.keys().map(|client| Ask::Connect(client.clone())));
        let [mut for_new, mut for_old] = std::mem::take(&mut self.remembered);
        let new = self.answered(self.new, &wanted, &mut for_new)?;
        let old = self.old.map(|side| self.answered(side, &wanted, &mut for_old)).transpose()?;
        self.remembered = [for_new, for_old];
        for (key, counts) in recipients {
            self.judge(&asks_of(&key), counts, &new, old.as_ref(), false);
        }
        for (client, counts) in connections {
            self.judge(&[Ask::Connect(client)], counts, &new, old.as_ref(), true);
        }
        Ok(())
    }

    fn answered<'q>(
        &self,
        side: &Side,
        asks: &'q HashSet<Ask>,
        remembered: &mut Remembered,
    ) -> io::Result<HashMap<&'q Ask, Answer>> {
        let mut known: HashMap<&Ask, Answer> = HashMap::with_capacity(asks.len());
        known.extend(asks.iter().filter_map(|ask| Some((ask, remembered.get(ask)?))));
        let unknown: Vec<&Ask> = asks.iter().filter(|ask| !known.contains_key(ask)).collect();
        let given = answers(side, &unknown, self.threads, self.tell)?;
        for (ask, answer) in unknown.into_iter().zip(given) {
            remembered.add(ask, &answer);
            known.insert(ask, answer);
        }
        Ok(known)
    }

    /// Compares what was with what would be.
    fn judge(
        &mut self,
        asks: &[Ask],
        counts: Counts,
        new: &HashMap<&Ask, Answer>,
        old: Option<&HashMap<&Ask, Answer>>,
        connections: bool,
    ) {
        let refusal =
            |answers: &HashMap<&Ask, Answer>| asks.iter().find(|ask| !answers[ask].accepted).cloned();
        let now = refusal(new);
        let Some(old) = old else {
            // without a second configuration the log is what it is compared with
            let (outcome, count) = match &now {
                Some(_) => (Outcome::Refused, counts.taken),
                None => (Outcome::Taken, counts.refused),
            };
            let ask = now.unwrap_or_else(|| asks[asks.len().saturating_sub(2).min(asks.len() - 1)].clone());
            let answer = new[&ask].clone();
            return self.add(outcome, connections, ask, None, answer, count);
        };
        let differs = || asks.iter().find(|ask| old[ask] != new[ask]).cloned();
        let found = match (refusal(old), now) {
            (None, Some(now)) => Some((Outcome::Refused, now)),
            (Some(before), None) => Some((Outcome::Taken, before)),
            (Some(before), Some(now)) if before == now && old[&now] == new[&now] => None,
            (Some(_), Some(_)) => differs().map(|ask| (Outcome::Reworded, ask)),
            (None, None) => differs().map(|ask| (Outcome::Elsewhere, ask)),
        };
        let Some((outcome, ask)) = found else { return };
        let (before, after) = (old[&ask].clone(), new[&ask].clone());
        self.add(outcome, connections, ask, Some(before), after, counts.taken + counts.refused);
    }

    fn add(
        &mut self,
        outcome: Outcome,
        connections: bool,
        ask: Ask,
        old: Option<Answer>,
        new: Answer,
        count: u64,
    ) {
        if count == 0 {
            return;
        }
        let key = (outcome, connections, ask);
        if self.rows.len() >= MAX_ROWS && !self.rows.contains_key(&key) {
            let like = |(key, row): &(&(Outcome, bool, Ask), &mut Row)| {
                key.0 == outcome && key.1 == connections && row.new.text == new.text
            };
            if let Some((_, row)) = self.rows.iter_mut().find(like) {
                row.count += count;
                return;
            }
        }
        self.rows.entry(key).or_insert(Row { old, new, count: 0 }).count += count;
    }
}

impl Counts {
    fn add(&mut self, taken: bool) {
        if taken { self.taken += 1 } else { self.refused += 1 }
    }
}

/// What a session asks for one recipient, in order; of what was handed in here no client is checked.
fn asks_of((client, sender, recipient): &Key) -> Vec<Ask> {
    let resolve = Ask::Resolve(recipient.clone());
    let Some(client) = client else { return vec![resolve] };
    vec![
        Ask::Connect(client.clone()),
        Ask::Mail(client.clone(), sender.clone()),
        Ask::Rcpt(client.clone(), sender.clone(), recipient.clone()),
        resolve,
    ]
}
