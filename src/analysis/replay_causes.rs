//! The changes that a replay has found, by what has caused them.

use super::asker::Ask;
use super::cause::{Causes, Change};
use super::decided::{explained, refused_by};
use super::diff::{Example, NamedText};
use super::hunks::{Edit, Hunks};
use super::question::Question;
use super::replay::{Outcome, Replay, ReplayGroup, Replayer, Row, Rows};
use super::side::Loading;
use std::collections::BTreeMap;
use std::io;

/// How many examples each group has.
const EXAMPLES: usize = 2;

/// What is shown as one: fate, whether it is a connection, kind of the question, words of the refusal.
type Alike<'r> = (Outcome, bool, &'r str, String);

impl Replayer<'_> {
    /// The end of the log: all that has changed. With a second configuration (its text, and the new one's) the cause
    /// is edits, else the rule that refuses.
    ///
    /// # Errors
    /// When the system has no threads left.
    pub fn finish(
        mut self,
        new: &NamedText,
        old: Option<&NamedText>,
        loading: &Loading,
    ) -> io::Result<Replay> {
        self.flush()?;
        let rows = std::mem::take(&mut self.rows);
        let mut groups = match old {
            Some(old) => self.by_edits(&rows, new, old, loading)?,
            None => self.by_rules(&rows, &new.file),
        };
        groups.sort_by_key(|group| (group.outcome, group.connections, std::cmp::Reverse(group.count)));
        Ok(Replay {
            new: new.file.clone(),
            against: old.map(|old| old.file.clone()),
            recipients: self.counts.0,
            connections: self.counts.1,
            groups,
        })
    }

    fn by_edits(
        &self,
        rows: &Rows,
        new: &NamedText,
        old: &NamedText,
        loading: &Loading,
    ) -> io::Result<Vec<ReplayGroup>> {
        let Some(side) = self.old.filter(|_| !rows.is_empty()) else { return Ok(Vec::new()) };
        let hunks = Hunks::new(&old.text, &new.text);
        let mut ordered: Vec<_> = rows.iter().collect();
        ordered.sort_by(|one, other| one.0.cmp(other.0));
        let changes: Vec<Change<'_>> =
            ordered.iter().map(|((_, _, ask), row)| Change { ask, new: row.new.clone() }).collect();
        let causes = Causes {
            hunks: &hunks,
            file: &old.file,
            old: side,
            new: self.new,
            loading,
            threads: self.threads,
            tell: self.tell,
            moved: std::path::Path::new(&old.file).parent() != std::path::Path::new(&new.file).parent(),
        };
        let mut groups = Vec::new();
        for (made, indices) in causes.find(&changes)? {
            let mut by_fate: BTreeMap<(Outcome, bool), Vec<(&Ask, &Row)>> = BTreeMap::new();
            for index in indices {
                let ((outcome, connections, ask), row) = ordered[index];
                by_fate.entry((*outcome, *connections)).or_default().push((ask, row));
            }
            let edits: Vec<Edit> = made.iter().map(|index| hunks.edit(*index)).collect();
            groups.extend(by_fate.into_iter().map(|(fate, rows)| group(fate, &rows, edits.clone(), None)));
        }
        Ok(groups)
    }

    fn by_rules(&self, rows: &Rows, file: &str) -> Vec<ReplayGroup> {
        let mut alike: BTreeMap<Alike<'_>, Vec<(&Ask, &Row)>> = BTreeMap::new();
        for ((outcome, connections, ask), row) in rows {
            // of a refusal that names the address, the rest counts
            let text = row.new.text.rsplit("... ").next().unwrap_or_default();
            let text = if *outcome == Outcome::Refused { text.to_owned() } else { String::new() };
            alike.entry((*outcome, *connections, ask.kind(), text)).or_default().push((ask, row));
        }
        let groups = alike.into_iter().map(|((outcome, connections, _, _), mut rows)| {
            rows.sort_by(|one, other| one.0.cmp(other.0));
            let refused = rows.first().filter(|_| outcome == Outcome::Refused);
            let rule = refused.and_then(|(ask, _)| self.rule(ask, file));
            group((outcome, connections), &rows, Vec::new(), rule)
        });
        groups.collect()
    }

    /// The rule that refuses, and where it comes from.
    fn rule(&self, ask: &Ask, file: &str) -> Option<String> {
        let explanation = explained(self.new, file, &question(ask)?).ok()?;
        let decision = refused_by(&explanation)?;
        Some(format!("{}  ({})", decision.rule, decision.place.words()))
    }
}

/// The session in which something is asked.
fn question(ask: &Ask) -> Option<Question> {
    let empty: &[u8] = b"";
    let (client, sender, recipient) = match ask {
        Ask::Connect(client) => (client, empty, empty),
        Ask::Mail(client, sender) => (client, &sender[..], empty),
        Ask::Rcpt(client, sender, recipient) => (client, &sender[..], &recipient[..]),
        Ask::Resolve(_) | Ask::Form(..) => return None,
    };
    let name = client.name.clone().unwrap_or_else(|| format!("[{}]", client.address));
    Some(Question {
        client: client.client(),
        helo: name.into_bytes(),
        from: sender.to_vec(),
        recipients: if recipient.is_empty() { Vec::new() } else { vec![recipient.to_vec()] },
        ..Question::default()
    })
}

fn group(
    (outcome, connections): (Outcome, bool),
    rows: &[(&Ask, &Row)],
    edits: Vec<Edit>,
    rule: Option<String>,
) -> ReplayGroup {
    let in_log = |taken: bool| if taken { "taken, as the log has it" } else { "refused, as the log has it" };
    let example = |(ask, row): &(&Ask, &Row)| {
        let accepted_before = row.old.as_ref().map_or(outcome == Outcome::Refused, |old| old.accepted);
        Example {
            question: ask.to_string(),
            old: row
                .old
                .as_ref()
                .map_or_else(|| in_log(accepted_before).to_owned(), |old| old.text.to_string()),
            new: row.new.text.to_string(),
            accepted_before,
            accepted: row.new.accepted,
        }
    };
    let examples = rows.iter().take(EXAMPLES).map(example).collect();
    let count = rows.iter().map(|(_, row)| row.count).sum();
    ReplayGroup { outcome, connections, count, edits, rule, examples }
}
