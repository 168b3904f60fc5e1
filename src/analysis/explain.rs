//! A question asked, and its answer with the way there.

use super::question::Question;
use super::recorder::Recorder;
use super::session;
use super::sources::Sources;
use super::step::{Exchange, Stage};
use crate::addr::{Table, op};
use crate::config::{MailerId, RulesetId};
use crate::engine::{ScanMode, Scope, Watcher, scan};
use crate::keeper::Keeper;
use crate::logging::Quiet;
use crate::rewrite::{AddressKind, Rewriter, Site};
use bstr::ByteSlice;
use serde::Serialize;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The answer to a [`Question`].
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// Who asks: client, greeting, sender.
    pub question: String,
    /// What each recipient is answered.
    pub answers: Vec<RecipientAnswer>,
    /// The session.
    pub exchanges: Vec<Exchange>,
}

/// What became of one recipient.
#[derive(Clone, Debug, Serialize)]
pub struct RecipientAnswer {
    /// As asked.
    pub recipient: String,
    /// What the client is told.
    pub reply: String,
    /// Is it taken?
    pub accepted: bool,
    /// Where its mail goes: `mailer local, user joe`.
    pub resolved: Option<String>,
    /// How addresses look on that way.
    pub forms: Option<Forms>,
}

/// Addresses as the recipient's mailer writes them.
#[derive(Clone, Debug, Serialize)]
pub struct Forms {
    /// The sender, in the envelope.
    pub envelope_sender: String,
    /// The sender, in From:.
    pub header_sender: String,
    /// The recipient, in the envelope.
    pub envelope_recipient: String,
    /// The recipient, in To:.
    pub header_recipient: String,
    /// How they came about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<Stage>,
}

/// Asks. With `all`, rules that were tried and did not match are kept as well.
///
/// # Errors
/// When the session breaks down.
pub async fn explain(
    site: &Arc<Site>,
    keeper: &Keeper,
    sources: Sources,
    question: &Question,
    all: bool,
) -> io::Result<Explanation> {
    let recorder = Arc::new(Mutex::new(Recorder::new(site.config.clone(), sources, all)));
    let exchanges = session::hold(site, keeper, question, &recorder).await?;
    let replies = exchanges.iter().filter(|one| one.command.starts_with("RCPT TO:"));
    let mut answers = Vec::new();
    for (recipient, exchange) in question.recipients.iter().zip(replies) {
        answers.push(
            answer(site, question, recipient, refused_before(&exchanges).unwrap_or(exchange), &recorder)
                .await,
        );
    }
    Ok(Explanation { question: described(question), answers, exchanges })
}

/// What is refused at MAIL or before is the answer to every recipient.
fn refused_before(exchanges: &[Exchange]) -> Option<&Exchange> {
    let before = exchanges.iter().take_while(|one| !one.command.starts_with("RCPT TO:"));
    before.into_iter().find(|one| is_refusal(&one.reply))
}

fn is_refusal(reply: &str) -> bool {
    !reply.starts_with(['2', '3'])
}

fn described(question: &Question) -> String {
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    format!(
        "client {}, EHLO {}, MAIL FROM:<{}>",
        shown(&question.client.display),
        shown(&question.helo),
        shown(&question.from)
    )
}

async fn answer(
    site: &Site,
    question: &Question,
    recipient: &[u8],
    exchange: &Exchange,
    recorder: &Arc<Mutex<Recorder>>,
) -> RecipientAnswer {
    let accepted = !is_refusal(&exchange.reply);
    // the last resolution of the exchange is the one that counts
    let resolved = exchange.stages.iter().rev().find(|stage| stage.what == "parse").filter(|_| accepted);
    let forms = match resolved.and_then(|stage| stage.mailer) {
        Some(mailer) => Some(forms(site, question, recipient, mailer, recorder).await),
        None => None,
    };
    RecipientAnswer {
        recipient: String::from_utf8_lossy(recipient).into_owned(),
        reply: if exchange.reply.is_empty() {
            "the connection is closed".into()
        } else {
            exchange.reply.clone()
        },
        accepted,
        resolved: resolved.map(|stage| stage.outcome.clone()),
        forms,
    }
}

async fn forms(
    site: &Site,
    question: &Question,
    recipient: &[u8],
    mailer: MailerId,
    recorder: &Arc<Mutex<Recorder>>,
) -> Forms {
    let mut scope = Scope::default();
    question.client.set_macros(&site.config, &mut scope);
    scope.watch(Watcher::new(recorder.clone()));
    let mut name = async |text: &[u8], kind| {
        let (name, _) = Rewriter::quiet(site, &mut scope).remote_name(text, mailer, kind, false, None).await;
        String::from_utf8_lossy(&name).into_owned()
    };
    let mut forms = Forms {
        envelope_sender: name(&question.from, AddressKind::SENDER).await,
        header_sender: name(&question.from, AddressKind::HEADER_SENDER).await,
        envelope_recipient: name(recipient, AddressKind::RECIPIENT).await,
        header_recipient: name(recipient, AddressKind::HEADER_RECIPIENT).await,
        stages: Vec::new(),
    };
    forms.stages = recorder.lock().unwrap_or_else(PoisonError::into_inner).take();
    forms
}

/// Asks one ruleset, or several after each other, about a text, as test mode does.
pub async fn explain_ruleset(
    site: &Arc<Site>,
    sources: Sources,
    question: &Question,
    rulesets: &[RulesetId],
    text: &[u8],
    all: bool,
) -> Vec<Stage> {
    let recorder = Arc::new(Mutex::new(Recorder::new(site.config.clone(), sources, all)));
    let mut scope = Scope::default();
    question.client.set_macros(&site.config, &mut scope);
    for (name, value) in &question.macros {
        scope.set_named(&site.config, name.as_bytes(), value);
    }
    scope.watch(Watcher::new(recorder.clone()));
    recorder.lock().unwrap_or_else(PoisonError::into_inner).begin("ruleset", text);
    let mut rewriter = Rewriter::quiet(site, &mut scope);
    // two arguments are written as in test mode
    let text = text.replace(b"$|", [op::COND_ELSE]);
    let mode = ScanMode::whole(Table::NoComment);
    let mut tokens = scan(&site.program.operators, &text, mode, &mut Quiet).tokens;
    for ruleset in rulesets {
        tokens = rewriter.run(*ruleset, tokens).await.0;
    }
    recorder.lock().unwrap_or_else(PoisonError::into_inner).take()
}
