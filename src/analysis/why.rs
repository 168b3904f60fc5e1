//! Why something is refused, and which single change would allow it: each is tried, and asked what else it would open.

use super::asker::{Answer, Ask, Asker};
use super::corpus::Corpus;
use super::decided::{lookups, refused_by};
use super::diff::{Example, NamedText};
use super::explain::Explanation;
use super::poll::{Tell, answers};
use super::remedies::{Remedy, changed, remedies};
use super::side::{Entry, Loading, Side};
use super::step::Lookup;
use super::wish::Wish;
use serde::Serialize;
use std::io;

/// Why, and what would help.
#[derive(Clone, Default, Debug, Serialize)]
pub struct Why {
    /// The question that is answered otherwise than wished; `None`: all is as it is wished.
    pub question: Option<String>,
    /// The answer.
    pub answer: String,
    /// The rule that gave it, and its place, if a rule did.
    pub decided: Option<String>,
    /// What maps were asked on the way.
    pub lookups: Vec<Lookup>,
    /// Single changes that help, those that open least first.
    pub proposals: Vec<Proposal>,
    /// How many changes were tried.
    pub tried: usize,
    /// How many questions were asked to see what else each opens.
    pub asked: usize,
}

/// A change that helps.
#[derive(Clone, Debug, Serialize)]
pub struct Proposal {
    /// Where to make it.
    pub place: String,
    /// What to write there, or to take away.
    pub change: String,
    /// What is then answered.
    pub answer: String,
    /// How many other answers change, most of them from a no to a yes.
    pub opens: usize,
    /// Some of them.
    pub examples: Vec<Example>,
}

/// How many examples each proposal has.
const EXAMPLES: usize = 2;
/// Questions that each proposal is asked.
const QUESTIONS: usize = 4000;

/// How it is asked.
pub struct WhyAsking<'t> {
    /// How configurations are read.
    pub loading: &'t Loading,
    /// Threads.
    pub threads: usize,
    /// Is told what begins, and how many steps it has.
    pub begin: &'t dyn Fn(&str, u64),
    /// See [`Tell`].
    pub tell: Tell<'t>,
}

/// Finds out. The explanation is that of the session, where there is one.
///
/// # Errors
/// When the system has no threads left.
pub fn why(
    named: &NamedText,
    side: &Side,
    wish: &Wish,
    explanation: Option<&Explanation>,
    asking: &WhyAsking<'_>,
) -> io::Result<Why> {
    let asks = wish.asks();
    let now = asked(side, &asks)?;
    let unmet =
        |answers: &[Answer], side: &Side| answers.iter().position(|answer| !wish.is_met(side, answer));
    let Some(first) = unmet(&now, side) else {
        let answer = now.last().map(|answer| answer.text.to_string()).unwrap_or_default();
        return Ok(Why { answer, ..Why::default() });
    };
    let lookups = explanation.map(lookups).unwrap_or_default();
    let kinds: Vec<&str> = match wish {
        Wish::Written { .. } => vec!["form"],
        // an address that the rules refuse is refused as a recipient and on its way
        _ => asks
            .iter()
            .zip(&now)
            .filter(|(_, answer)| !wish.is_met(side, answer))
            .map(|row| row.0.kind())
            .collect(),
    };
    let found: Vec<Entry> = lookups.iter().filter_map(entry_of).collect();
    let tries = remedies(&kinds, wish, &named.file, &named.text, &found);
    let mut corpus = Corpus::common();
    corpus.add_site(&side.site);
    let questions = corpus.questions(&mailers(wish), QUESTIONS);
    let others: Vec<&Ask> = questions.asks.iter().filter(|ask| !asks.contains(ask)).collect();
    (asking.begin)("trying changes", tries.len() as u64);
    let before = answers(side, &others, asking.threads, &|_| {})?;
    let mut proposals = Vec::new();
    for remedy in &tries {
        (asking.tell)(1);
        let entries: &[Entry] =
            if let Remedy::Entry(entry) = remedy { std::slice::from_ref(entry) } else { &[] };
        // a change that cannot be read is none
        let Ok(changed) = asking.loading.side_with(&named.file, &changed(remedy, &named.text), entries)
        else {
            continue;
        };
        let then = asked(&changed, &asks)?;
        if unmet(&then, &changed).is_some() {
            continue;
        }
        let after = answers(&changed, &others, asking.threads, &|_| {})?;
        let answer = then[first].text.to_string();
        proposals.push(proposal(remedy, named, side, answer, &others, &before, &after));
    }
    proposals.sort_by_key(|proposal| proposal.opens);
    let (question, answer) = (Some(asks[first].to_string()), now[first].text.to_string());
    let decided = explanation.and_then(refused_by);
    let decided = decided.map(|decision| format!("{}  ({})", decision.rule, decision.place.words()));
    Ok(Why { question, answer, decided, lookups, proposals, tried: tries.len(), asked: others.len() })
}

/// Mailers whose forms are asked about.
fn mailers(wish: &Wish) -> Vec<Vec<u8>> {
    match wish {
        Wish::Written { mailer, .. } => vec![mailer.to_vec()],
        _ => Vec::new(),
    }
}

/// An entry that was found on the way.
fn entry_of(lookup: &Lookup) -> Option<Entry> {
    let value = lookup.value.clone()?;
    Some(Entry { map: lookup.map.clone(), key: lookup.key.clone(), value })
}

fn asked(side: &Side, asks: &[Ask]) -> io::Result<Vec<Answer>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut asker = Asker::new(side);
    let mut answers = Vec::with_capacity(asks.len());
    runtime.block_on(async {
        for ask in asks {
            answers.push(asker.ask(ask).await);
        }
    });
    Ok(answers)
}

fn proposal(
    remedy: &Remedy,
    named: &NamedText,
    side: &Side,
    answer: String,
    others: &[&Ask],
    before: &[Answer],
    after: &[Answer],
) -> Proposal {
    let rows = others.iter().zip(before).zip(after);
    let mut opened: Vec<Example> = rows
        .filter(|((_, before), after)| before != after)
        .map(|((ask, before), after)| Example {
            question: ask.to_string(),
            old: before.text.to_string(),
            new: after.text.to_string(),
            accepted_before: before.accepted,
            accepted: after.accepted,
        })
        .collect();
    let opens = opened.len();
    // what was refused and no longer is matters most
    opened.sort_by_key(|example| (example.accepted_before || !example.accepted, example.question.len()));
    opened.truncate(EXAMPLES);
    let (place, change) = described(remedy, named, side);
    Proposal { place, change, answer, opens, examples: opened }
}

/// Where a change is made, and what it is.
fn described(remedy: &Remedy, named: &NamedText, side: &Side) -> (String, String) {
    match remedy {
        Remedy::Entry(entry) => {
            let files = side.site.maps.files();
            let file = files.iter().find(|(map, _)| map.eq_ignore_ascii_case(entry.map.as_bytes()));
            let file = file.map(|(_, file)| {
                String::from_utf8_lossy(file.strip_suffix(b".db").unwrap_or(file)).into_owned()
            });
            (file.unwrap_or_else(|| format!("map {}", entry.map)), format!("{}\t{}", entry.key, entry.value))
        }
        Remedy::Line(line) if named.file.ends_with(".mc") => {
            (format!("{}, before its mailers", named.file), line.clone())
        }
        Remedy::Line(line) => (format!("{}, at its end", named.file), line.clone()),
        Remedy::Without(index) => {
            let text = String::from_utf8_lossy(&named.text);
            let line = text.lines().nth(*index).unwrap_or_default().to_owned();
            (format!("{}:{}, without the line", named.file, index + 1), line)
        }
    }
}
