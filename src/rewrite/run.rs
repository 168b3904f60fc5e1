//! Driving the machine: questions to the maps, answers back.

use super::Site;
use crate::addr::Token;
use crate::config::RulesetId;
use crate::engine::Scope;
use crate::logging::Tracer;
use crate::schema::Sysexit;

/// Runs one ruleset on a workspace. The status is 0, 75 (a map failed for now) or an error's.
pub async fn run(
    _site: &Site,
    _scope: &mut Scope,
    _tracer: &mut dyn Tracer,
    _ruleset: RulesetId,
    _tokens: Vec<Token>,
) -> (Vec<Token>, Sysexit) {
    todo!("engine lands before 20:45")
}

/// Expands the macros of a text in the internal alphabet (`$x` as 0x81 x, conditionals).
pub fn expand(_site: &Site, _scope: &Scope, _text: &[u8]) -> Vec<u8> {
    todo!("engine lands before 20:45")
}
