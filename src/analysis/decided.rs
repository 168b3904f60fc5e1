//! Which rule has refused something: the session is held once more, and watched.

use super::explain::{Explanation, explain};
use super::question::Question;
use super::side::Side;
use super::sources::Sources;
use super::step::{Decision, Exchange, Lookup, Stage};
use std::io;

/// A session held on a runtime of its own.
///
/// # Errors
/// When it breaks down.
pub fn explained(side: &Side, file: &str, question: &Question) -> io::Result<Explanation> {
    let sources = Sources::new(file.as_bytes(), &side.cf, side.origins.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(explain(&side.site, &side.keeper, sources, question, false))
}

/// The rule behind the first refusal, of a connection that is told of it later too; `None` where no rule has refused
/// it: the recipient does not exist.
pub fn refused_by(explanation: &Explanation) -> Option<&Decision> {
    let stages = &refusing(explanation)?.stages;
    stages.iter().rev().find(|stage| stage.is_refusal())?.decision.as_ref()
}

/// What maps were asked when something was refused, each once.
pub fn lookups(explanation: &Explanation) -> Vec<Lookup> {
    let mut found: Vec<Lookup> = Vec::new();
    let stages = refusing(explanation).map(|exchange| &exchange.stages[..]).unwrap_or_default();
    for lookup in stages.iter().flat_map(Stage::lookups) {
        if !found.contains(lookup) {
            found.push(lookup.clone());
        }
    }
    found
}

/// The exchange in which a rule has refused something, or else the one whose reply is a refusal.
fn refusing(explanation: &Explanation) -> Option<&Exchange> {
    let refused =
        explanation.exchanges.iter().position(|exchange| !exchange.reply.starts_with(['2', '3']))?;
    let by_rule = |exchange: &&Exchange| exchange.stages.iter().any(Stage::is_refusal);
    explanation.exchanges[..=refused].iter().rfind(by_rule).or(explanation.exchanges.get(refused))
}
