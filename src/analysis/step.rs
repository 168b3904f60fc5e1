//! What rules have done, as a tree. All texts are printable, as sendmail prints them.

use super::sources::Place;
use crate::config::MailerId;
use serde::Serialize;

/// A command of the client, its reply, and what happened in between.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Exchange {
    /// What the client said; empty for the connection itself.
    pub command: String,
    /// The last line of the reply.
    pub reply: String,
    /// What was asked of the rules for it.
    pub stages: Vec<Stage>,
}

/// One question that the program has asked of the rules.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Stage {
    /// `check_rcpt`, or what is done with an address: `parse`, `rewrite`.
    pub what: String,
    /// What it was asked about.
    pub about: String,
    /// What came of it.
    pub outcome: String,
    /// The mailer of an address that was resolved.
    #[serde(skip)]
    pub mailer: Option<MailerId>,
    /// Why, if a rule has decided it.
    pub decision: Option<Decision>,
    /// What happened, in order.
    pub steps: Vec<Step>,
}

/// The rule that has decided.
#[derive(Clone, Debug, Serialize)]
pub struct Decision {
    /// As it is written.
    pub rule: String,
    /// Where.
    pub place: Place,
}

/// One thing that rules have done.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Step {
    /// A ruleset has run.
    Ruleset(Call),
    /// A rule has matched.
    Rule(RuleUse),
    /// A rule was tried and has not matched.
    Tried(RuleUse),
    /// A map was asked.
    Lookup(Lookup),
}

/// A ruleset from beginning to end.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// The workspace at its beginning.
    pub before: String,
    /// The workspace at its end.
    pub after: String,
    /// What it did.
    pub steps: Vec<Step>,
}

/// A rule.
#[derive(Clone, Debug, Serialize)]
pub struct RuleUse {
    /// As it is written.
    pub rule: String,
    /// Where.
    pub place: Place,
    /// The workspace that it met.
    pub before: String,
    /// What it made of that; `None` where nothing is known of it.
    pub after: Option<String>,
    /// What its right side has asked and called.
    pub steps: Vec<Step>,
}

/// A question to a map.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Lookup {
    /// The map.
    pub map: String,
    /// The key.
    pub key: String,
    /// What the rule got; `None`: nothing was found.
    pub value: Option<String>,
    /// Why the map could not be asked.
    pub problem: Option<String>,
    /// The line of the map's text that holds the key.
    pub source: Option<Place>,
}

impl Stage {
    /// Has a ruleset refused something?
    pub(super) fn is_refusal(&self) -> bool {
        is_refusal(&self.outcome)
    }

    /// Every look-up, in order.
    pub(super) fn lookups(&self) -> Vec<&Lookup> {
        let mut found = Vec::new();
        self.steps.iter().for_each(|step| step.put_lookups(&mut found));
        found
    }
}

/// Does a workspace begin with `$#error`?
pub(super) fn is_refusal(workspace: &str) -> bool {
    workspace.strip_prefix("$#").is_some_and(|rest| rest.trim_start().starts_with("error"))
}

impl Call {
    /// Has it neither changed nor asked anything?
    pub(super) fn is_idle(&self) -> bool {
        self.before == self.after && !self.steps.iter().any(Step::has_effect)
    }
}

impl RuleUse {
    /// Has it changed or asked anything?
    pub(super) fn has_effect(&self) -> bool {
        self.after.as_ref() != Some(&self.before) || self.steps.iter().any(Step::has_effect)
    }
}

impl Step {
    fn has_effect(&self) -> bool {
        match self {
            Self::Ruleset(call) => !call.is_idle(),
            Self::Rule(rule) => rule.has_effect(),
            Self::Tried(_) | Self::Lookup(_) => true,
        }
    }

    pub(super) fn put_lookups<'s>(&'s self, found: &mut Vec<&'s Lookup>) {
        let inner = match self {
            Self::Lookup(lookup) => return found.push(lookup),
            Self::Ruleset(call) => &call.steps,
            Self::Rule(rule) | Self::Tried(rule) => &rule.steps,
        };
        inner.iter().for_each(|step| step.put_lookups(found));
    }
}
