//! Questions put to a site, as it would be asked in earnest.

use super::answer::Answer;
use super::syntax::{Query, Test};
use crate::analysis::explain::{Explanation, explain, explain_ruleset};
use crate::analysis::recorder::Recorder;
use crate::analysis::sources::Sources;
use crate::analysis::step::{Exchange, Stage};
use crate::engine::{Scope, Watcher};
use crate::keeper::Keeper;
use crate::logging::Quiet;
use crate::maps::{LookupContext, TextAnswer};
use crate::rewrite::{AddressKind, Parsed, Rewriter, Site};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The answer and the way there.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What the site says.
    pub answer: Answer,
    /// A session, where it took one.
    pub explanation: Option<Explanation>,
    /// What rules did, where there was none.
    pub stages: Vec<Stage>,
}

impl Asked {
    /// Is there a way to show?
    pub(super) fn is_explained(&self) -> bool {
        self.explanation.is_some() || !self.stages.is_empty()
    }
}

/// Asks one question.
///
/// # Errors
/// When a session breaks down.
pub async fn ask(site: &Arc<Site>, keeper: &Keeper, sources: Sources, test: &Test) -> io::Result<Asked> {
    match &test.query {
        Query::Recipient(_) | Query::Sender(_) | Query::Message(_) => {
            session(site, keeper, sources, test).await
        }
        Query::Map { map, key } => Ok(plain(look_up(site, map.as_bytes(), key.as_bytes()).await)),
        Query::Class { class, word } => Ok(plain(member(site, class, word))),
        Query::Rulesets { sets, text } => Ok(rulesets(site, sources, test, sets, text).await),
        Query::Resolve(address) => {
            let watched = Watched::new(site, sources, test);
            Ok(watched.resolve(address.as_bytes()).await)
        }
        Query::Form { kind, address } => {
            let watched = Watched::new(site, sources, test);
            let mailer = test.settings.mailer.as_deref().unwrap_or_default();
            Ok(watched.form(mailer, *kind, address.as_bytes()).await)
        }
    }
}

fn plain(answer: Answer) -> Asked {
    Asked { answer, explanation: None, stages: Vec::new() }
}

async fn session(site: &Arc<Site>, keeper: &Keeper, sources: Sources, test: &Test) -> io::Result<Asked> {
    let mut question = test.settings.question();
    let until = match &test.query {
        Query::Sender(sender) => {
            question.from = sender.clone().into_bytes();
            question.headers.clear();
            "MAIL FROM:"
        }
        Query::Message(recipient) => {
            question.recipients.push(recipient.clone().into_bytes());
            if question.headers.is_empty() {
                question.headers.push(b"Subject: test".to_vec());
            }
            "the message"
        }
        Query::Recipient(recipient) => {
            question.recipients.push(recipient.clone().into_bytes());
            question.headers.clear();
            "RCPT TO:"
        }
        _ => "",
    };
    let explanation = explain(site, keeper, sources, &question, false).await?;
    let answer = answer_at(&explanation.exchanges, until);
    Ok(Asked { answer, explanation: Some(explanation), stages: Vec::new() })
}

/// The first refusal on the way there, or the reply there.
fn answer_at(exchanges: &[Exchange], until: &str) -> Answer {
    let last = exchanges.iter().position(|one| one.command.starts_with(until)).unwrap_or(exchanges.len() - 1);
    let refused = exchanges[..last].iter().find(|one| !one.reply.starts_with(['2', '3']));
    match refused.unwrap_or(&exchanges[last]).reply.as_str() {
        "" => Answer::None("the connection is closed".into()),
        reply => Answer::Reply(reply.to_owned()),
    }
}

async fn look_up(site: &Site, map: &[u8], key: &[u8]) -> Answer {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let mut observer = Quiet;
    if let Some(map) = site.program.pure_map(map) {
        let answer =
            map.lookup(&site.config, &mut Scope::default(), key, &[], &mut Vec::new(), &mut observer);
        return Answer::Text(answer.value.as_deref().map(text));
    }
    let mut context =
        LookupContext { deferred: false, once: true, observer: &mut observer, aliases: Some(site) };
    match site.maps.lookup_text(map, key, &mut context).await {
        TextAnswer::Unknown => Answer::None(format!("there is no map {}", text(map))),
        TextAnswer::NotOpen => Answer::None(format!("the map {} cannot be opened", text(map))),
        TextAnswer::Answer(answer) if answer.status.is_temporary() => {
            Answer::None("no answer for now".into())
        }
        TextAnswer::Answer(answer) => Answer::Text(answer.value.as_deref().map(text)),
    }
}

fn member(site: &Site, class: &str, word: &str) -> Answer {
    let id = site.config.names.get(class.trim_matches(['{', '}']).as_bytes());
    let class = id.and_then(|id| site.config.classes.get(id));
    Answer::Member(class.is_some_and(|class| class.contains(word.as_bytes())))
}

async fn rulesets(site: &Arc<Site>, sources: Sources, test: &Test, sets: &str, text: &str) -> Asked {
    let mut ids = Vec::new();
    for name in sets.split(',') {
        match site.config.rulesets.find(name.as_bytes()) {
            Some(id) => ids.push(id),
            None => return plain(Answer::None(format!("there is no ruleset {name}"))),
        }
    }
    let question = test.settings.question();
    let stages = explain_ruleset(site, sources, &question, &ids, text.as_bytes(), false).await;
    let answer = stages.last().map_or_else(
        || Answer::None("the text has no tokens".into()),
        |stage| Answer::Text(Some(stage.outcome.clone())),
    );
    Asked { answer, explanation: None, stages }
}

/// Rules that are asked without a session, and what they do.
struct Watched<'a> {
    site: &'a Site,
    scope: Scope,
    recorder: Arc<Mutex<Recorder>>,
}

impl<'a> Watched<'a> {
    fn new(site: &'a Site, sources: Sources, test: &Test) -> Self {
        let recorder = Arc::new(Mutex::new(Recorder::new(site.config.clone(), sources, false)));
        let mut scope = Scope::default();
        let question = test.settings.question();
        question.client.set_macros(&site.config, &mut scope);
        for (name, value) in &question.macros {
            scope.set_named(&site.config, name.as_bytes(), value);
        }
        scope.watch(Watcher::new(recorder.clone()));
        Self { site, scope, recorder }
    }

    fn asked(self, answer: Answer) -> Asked {
        let stages = self.recorder.lock().unwrap_or_else(PoisonError::into_inner).take();
        Asked { answer, explanation: None, stages }
    }

    async fn resolve(mut self, address: &[u8]) -> Asked {
        let site = self.site;
        let parsed = Rewriter::quiet(site, &mut self.scope).parse(address, AddressKind::RECIPIENT).await;
        self.asked(resolved(&parsed))
    }

    async fn form(mut self, mailer: &str, kind: AddressKind, address: &[u8]) -> Asked {
        let site = self.site;
        let Some(id) = site.config.mailer(mailer.as_bytes()) else {
            return self.asked(Answer::None(format!("there is no mailer {mailer}")));
        };
        let mut rewriter = Rewriter::quiet(site, &mut self.scope);
        let (name, status) = rewriter.remote_name(address, id, kind, false, None).await;
        self.asked(match status.is_temporary() {
            true => Answer::None("no answer for now: a map has failed".into()),
            false => Answer::Text(Some(String::from_utf8_lossy(&name).into_owned())),
        })
    }
}

fn resolved(parsed: &Parsed) -> Answer {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if parsed.temporary {
        return Answer::None("no answer for now: rules or maps have failed".into());
    }
    match (&parsed.triple, parsed.problems.first()) {
        (Some(triple), _) => Answer::Triple([
            text(&triple.mailer).trim_matches('*').to_owned(),
            text(triple.host.as_deref().unwrap_or_default()),
            text(&triple.user),
        ]),
        (None, Some(problem)) => Answer::None(text(&problem.to_line())),
        (None, None) => Answer::None("the address has no tokens".into()),
    }
}
