//! Events of the engine, kept as a tree.
//!
//! In: events, in order. Out: [`Stage`]s. Where a rule's right side calls a ruleset or asks a map, what happens there
//! is a part of the rule's own step.

use super::destination::destination;
use super::sources::Sources;
use super::step::{Call, Decision, Lookup, RuleUse, Stage, Step};
use crate::config::Config;
use crate::engine::{
    AddressEvent, AddressView, Event, MapEvent, Observer, RuleRef, Tokens, Watch, put_tokens,
};
use crate::logging::{Quiet, Tracer};
use std::sync::Arc;

/// Keeps what it is shown.
pub(super) struct Recorder {
    config: Arc<Config>,
    sources: Sources,
    /// Also rules that do not match.
    all: bool,
    done: Vec<Stage>,
    stage: Option<Stage>,
    open: Vec<Open>,
    /// The workspace that a rule is held against.
    workspace: String,
    asked: Option<(Vec<u8>, Vec<u8>)>,
    /// Maps that cannot be opened.
    unopened: Vec<String>,
    quiet: Quiet,
}

/// What has begun and not ended.
enum Open {
    Ruleset(Call),
    Rule(RuleUse),
}

impl Recorder {
    pub(super) fn new(config: Arc<Config>, sources: Sources, all: bool) -> Self {
        Self {
            config,
            sources,
            all,
            done: Vec::new(),
            stage: None,
            open: Vec::new(),
            workspace: String::new(),
            asked: None,
            unopened: Vec::new(),
            quiet: Quiet,
        }
    }

    /// What has happened since this was asked last.
    pub(super) fn take(&mut self) -> Vec<Stage> {
        self.end_stage();
        std::mem::take(&mut self.done)
    }

    /// From now on it is about this.
    pub(super) fn begin(&mut self, what: &str, about: &[u8]) {
        self.end_stage();
        let about = self.printable([about]);
        self.stage = Some(Stage { what: what.to_owned(), about, ..Stage::default() });
    }

    fn end_stage(&mut self) {
        while !self.open.is_empty() {
            self.close();
        }
        let Some(mut stage) = self.stage.take() else { return };
        let results = stage.steps.iter().rev().filter_map(|step| match step {
            Step::Ruleset(call) => Some(&call.after),
            _ => None,
        });
        // an address is decided where its mailer is named; what follows is its form
        let triple = results.clone().find(|after| stage.what == "parse" && after.starts_with("$#"));
        let result = triple.or(results.clone().next()).cloned();
        // a ruleset that does not exist was not asked
        let Some(result) = result else { return };
        if stage.outcome.is_empty() {
            stage.outcome.clone_from(&result);
        }
        stage.decision = decision(&stage.steps, &result);
        self.done.push(stage);
    }

    fn printable<'t>(&self, tokens: impl IntoIterator<Item = &'t [u8]>) -> String {
        let mut out = Vec::new();
        put_tokens(&self.config.names, tokens, false, &mut out);
        String::from_utf8_lossy(out.trim_ascii()).into_owned()
    }

    fn tokens(&self, tokens: Tokens<'_>) -> String {
        self.printable(tokens.iter())
    }

    fn rule(&mut self, rule: RuleRef) -> RuleUse {
        RuleUse {
            rule: self.sources.rule_text(rule.line),
            place: self.sources.place(rule.line),
            before: self.workspace.clone(),
            after: None,
            steps: Vec::new(),
        }
    }

    fn push(&mut self, step: Step) {
        let steps = match self.open.last_mut() {
            Some(Open::Ruleset(call)) => &mut call.steps,
            Some(Open::Rule(rule)) => &mut rule.steps,
            // rules that nobody has announced: those of an address on its way to a mailer
            None => &mut self.stage.get_or_insert_default().steps,
        };
        steps.push(step);
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::Ruleset(call)) => self.push(Step::Ruleset(call)),
            Some(Open::Rule(rule)) => self.push(Step::Rule(rule)),
            None => {}
        }
    }

    fn leave(&mut self, workspace: Tokens<'_>) {
        while matches!(self.open.last(), Some(Open::Rule(_))) {
            self.close();
        }
        let after = self.tokens(workspace);
        if let Some(Open::Ruleset(call)) = self.open.last_mut() {
            call.after = after;
        }
        self.close();
    }

    fn rewritten(&mut self, workspace: Tokens<'_>) {
        let after = self.tokens(workspace);
        if let Some(Open::Rule(rule)) = self.open.last_mut() {
            rule.after = Some(after);
            self.close();
        }
    }

    fn map(&mut self, event: &MapEvent<'_>) {
        match event {
            MapEvent::Lookup { map, key, .. } => self.asked = Some((map.to_vec(), key.to_vec())),
            MapEvent::Answer { value, status } => {
                let Some((map, key)) = self.asked.take() else { return };
                // it sets a macro, and knows nothing
                if map == b"macro" {
                    return;
                }
                let value = value.map(|value| self.printable([value]));
                let source =
                    value.is_some().then(|| self.sources.map_line(&self.config, &map, &key)).flatten();
                let [map, key] = [map, key].map(|text| self.printable([&text[..]]));
                let problem = status.is_temporary().then(|| "no answer for now".to_owned());
                self.push(Step::Lookup(Lookup { map, key, value, problem, source }));
            }
            MapEvent::Opened { map, opened: Err(why), .. } => {
                let map = self.printable([*map]);
                let why = if why.is_empty() {
                    String::new()
                } else {
                    format!(": {}", String::from_utf8_lossy(why))
                };
                let problem = Some(format!("cannot be opened{why}"));
                // it is tried again at each question, and said once
                if self.unopened.contains(&map) {
                    return;
                }
                self.unopened.push(map.clone());
                self.push(Step::Lookup(Lookup {
                    map,
                    key: String::new(),
                    value: None,
                    problem,
                    source: None,
                }));
            }
            _ => {}
        }
    }

    fn address(&mut self, event: AddressEvent<'_>) {
        match event {
            // one that does not exist is not asked
            AddressEvent::Check { ruleset, .. } if self.config.rulesets.find(ruleset).is_none() => {}
            AddressEvent::Check { ruleset, first, second, .. } => {
                let text = [first, if second.is_some() { b" $| " } else { b"" }, second.unwrap_or_default()];
                self.begin(&String::from_utf8_lossy(ruleset), &text.concat());
            }
            AddressEvent::Parse { text } => self.begin("parse", text),
            // asked for a recipient that has been accepted: no part of the check before it
            AddressEvent::LocalUser { text } => self.begin("ruleset 5", text),
            AddressEvent::Remote { text } => self.begin("rewrite", text),
            AddressEvent::Parsed { address, .. } => {
                let resolved = self.resolved(address);
                if let Some(stage) = self.last("parse") {
                    (stage.outcome, stage.mailer) = (resolved, Some(address.mailer));
                }
            }
            AddressEvent::RemoteName { name, .. } => {
                let name = self.printable([name]);
                if let Some(stage) = self.last("rewrite") {
                    stage.outcome = name;
                }
            }
            _ => {}
        }
    }

    /// The last stage of this kind: another may have begun within it (queuegroup).
    fn last(&mut self, what: &str) -> Option<&mut Stage> {
        self.stage.iter_mut().chain(self.done.iter_mut().rev()).find(|stage| stage.what == what)
    }

    fn resolved(&self, address: AddressView<'_>) -> String {
        let way = destination(&self.config, address.mailer, address.host, address.user);
        self.printable([&way[..]])
    }
}

impl Observer for Recorder {
    fn watches(&self) -> Watch {
        Watch::Steps
    }

    fn event(&mut self, event: &Event<'_>) {
        match *event {
            Event::Enter { name, workspace, .. } => {
                let (name, before) = (String::from_utf8_lossy(name).into_owned(), self.tokens(workspace));
                self.open.push(Open::Ruleset(Call { name, before, ..Call::default() }));
            }
            Event::Leave { workspace, .. } => self.leave(workspace),
            Event::Tried { attempt, .. } => self.workspace = self.tokens(attempt.workspace()),
            Event::Failed { rule } if self.all => {
                let rule = self.rule(rule);
                self.push(Step::Tried(rule));
            }
            Event::Matched { rule, .. } => {
                let rule = self.rule(rule);
                self.open.push(Open::Rule(rule));
            }
            Event::Rewritten { workspace } => self.rewritten(workspace),
            Event::Map(event) => self.map(event),
            Event::Address(event) => self.address(event),
            _ => {}
        }
    }

    fn tracer(&mut self) -> &mut dyn Tracer {
        &mut self.quiet
    }
}

/// The rule that made the result of a stage: the innermost of the last ones whose outcome that is.
fn decision(steps: &[Step], result: &str) -> Option<Decision> {
    steps.iter().rev().find_map(|step| match step {
        Step::Ruleset(call) if call.after == result => decision(&call.steps, result),
        Step::Rule(rule) if rule.after.as_deref() == Some(result) => {
            let inner = decision(&rule.steps, result);
            Some(inner.unwrap_or_else(|| Decision { rule: rule.rule.clone(), place: rule.place.clone() }))
        }
        _ => None,
    })
}
