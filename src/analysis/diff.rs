//! Two configurations asked the same questions: every answer that changes, by the edit that has changed it.

use super::asker::{Answer, Ask};
use super::cause::{Causes, Change};
use super::corpus::Corpus;
use super::hunks::{Edit, EditSet, Hunks};
use super::poll::{Tell, answers};
use super::questions::distinct_mailers;
use super::side::Loading;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

/// A text with its name.
#[derive(Clone, Debug)]
pub struct NamedText {
    /// The file.
    pub file: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// Why two configurations cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum DiffError {
    /// One of them cannot be read.
    #[error("{0}")]
    Unusable(String),
    /// The system has no more threads, descriptors or the like.
    #[error(transparent)]
    System(#[from] io::Error),
}

/// What has changed.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// The old configuration.
    pub old: String,
    /// The new one.
    pub new: String,
    /// Questions asked.
    pub asked: usize,
    /// Questions that the corpus has.
    pub of: usize,
    /// Answers that differ.
    pub changed: usize,
    /// By their cause; those with most changes first.
    pub groups: Vec<Group>,
}

/// Answers that change for the same reason.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// The edits that it takes, all of them; none: no line of the two texts, but something that they read.
    pub edits: Vec<Edit>,
    /// How many answers.
    pub changed: usize,
    /// Of them, by the kind of the question.
    pub kinds: BTreeMap<&'static str, usize>,
    /// Some of them, of different kinds where there are.
    pub examples: Vec<Example>,
}

/// A question and its two answers.
#[derive(Clone, Debug, Serialize)]
pub struct Example {
    /// What was asked.
    pub question: String,
    /// The old configuration's answer.
    pub old: String,
    /// The new one's.
    pub new: String,
    /// Was it a yes?
    pub accepted_before: bool,
    /// Is it one now?
    pub accepted: bool,
}

/// How many examples each group has.
const EXAMPLES: usize = 2;

/// How it is asked.
pub struct Asking<'t> {
    /// How configurations are read.
    pub loading: Loading,
    /// Names beyond those that the two sites know.
    pub corpus: Corpus,
    /// Most questions.
    pub limit: usize,
    /// Most names of each class, map and alias file.
    pub names: usize,
    /// Threads.
    pub threads: usize,
    /// Is told how far it is: of how many questions, and how many more are answered.
    pub begin: &'t dyn Fn(&str, u64),
    /// See [`Tell`].
    pub tell: Tell<'t>,
}

/// Compares.
///
/// # Errors
/// When a configuration cannot be read.
pub fn difference(old: &NamedText, new: &NamedText, asking: Asking<'_>) -> Result<Difference, DiffError> {
    let read = |named: &NamedText| asking.loading.side(&named.file, &named.text).map_err(DiffError::Unusable);
    let (old_side, new_side) = (read(old)?, read(new)?);
    let hunks = Hunks::new(&old.text, &new.text);
    let mut corpus = asking.corpus;
    corpus.add_some_of_site(&old_side.site, asking.names);
    corpus.add_some_of_site(&new_side.site, asking.names);
    // what the edits themselves name comes first, however much there is beside it
    let mut near = Corpus::default();
    near.add_text(&hunks.words());
    let mailers = distinct_mailers(&[&old_side.site.config, &new_side.site.config]);
    let questions = near.questions(&mailers, asking.limit).with(&corpus, &mailers, asking.limit);
    let asks: Vec<&Ask> = questions.asks.iter().collect();
    (asking.begin)("asking both configurations", 2 * asks.len() as u64);
    let before = answers(&old_side, &asks, asking.threads, asking.tell)?;
    let after = answers(&new_side, &asks, asking.threads, asking.tell)?;
    let (changes, befores) = changes(asks, before, after);
    (asking.begin)("looking for the causes", 0);
    let causes = Causes {
        hunks: &hunks,
        file: &old.file,
        old: &old_side,
        new: &new_side,
        loading: &asking.loading,
        threads: asking.threads,
        tell: asking.tell,
        moved: folder(&old.file) != folder(&new.file),
    };
    let found = if changes.is_empty() { BTreeMap::new() } else { causes.find(&changes)? };
    let mut groups: Vec<Group> =
        found.iter().map(|(made, indices)| group(&hunks, made, indices, &changes, &befores)).collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.changed));
    Ok(Difference {
        old: old.file.clone(),
        new: new.file.clone(),
        asked: questions.asks.len(),
        of: questions.of,
        changed: changes.len(),
        groups,
    })
}

fn folder(file: &str) -> &str {
    file.rfind('/').map_or("", |slash| &file[..slash])
}

/// Questions whose answers differ, and the old answers.
fn changes(asks: Vec<&Ask>, before: Vec<Answer>, after: Vec<Answer>) -> (Vec<Change<'_>>, Vec<Answer>) {
    let rows = asks.into_iter().zip(before).zip(after);
    let differing = rows.filter(|((_, before), after)| before != after);
    differing.map(|((ask, before), new)| (Change { ask, new }, before)).unzip()
}

fn group(
    hunks: &Hunks<'_>,
    made: &EditSet,
    indices: &[usize],
    changes: &[Change<'_>],
    befores: &[Answer],
) -> Group {
    let mut kinds = BTreeMap::new();
    let mut best: BTreeMap<(bool, &str), Vec<usize>> = BTreeMap::new();
    for index in indices {
        let kind = changes[*index].ask.kind();
        *kinds.entry(kind).or_insert(0) += 1;
        // what is accepted or refused matters most
        let same = befores[*index].accepted == changes[*index].new.accepted;
        best.entry((same, kind)).or_default().push(*index);
    }
    for rows in best.values_mut() {
        rows.sort_by_cached_key(|index| plainness(&changes[*index].ask.to_string()));
    }
    // one of each kind, and then one more
    let rows = best.values();
    let chosen = rows.clone().filter_map(|rows| rows.first()).chain(rows.filter_map(|rows| rows.get(1)));
    let example = |index: usize| Example {
        question: changes[index].ask.to_string(),
        old: befores[index].text.to_string(),
        new: changes[index].new.text.to_string(),
        accepted_before: befores[index].accepted,
        accepted: changes[index].new.accepted,
    };
    let examples = chosen.take(EXAMPLES).copied().map(example).collect();
    let edits = made.iter().map(|index| hunks.edit(*index)).collect();
    Group { edits, changed: indices.len(), kinds, examples }
}

/// Questions that are read at a glance come first.
fn plainness(question: &str) -> (bool, bool, usize) {
    (question.contains(['"', '%', '!', '+']), !question.contains("somebody@"), question.len())
}
