//! Check rulesets: may this go on?

use super::{Site, Verdict};
use crate::addr::Token;
use crate::engine::Scope;
use crate::logging::Tracer;

/// Runs a check ruleset on `first`, or on `first $| second`. A ruleset that does not exist accepts.
pub async fn rscheck(
    _site: &Site,
    _scope: &mut Scope,
    _tracer: &mut dyn Tracer,
    _ruleset: &[u8],
    _first: &[u8],
    _second: Option<&[u8]>,
) -> Verdict {
    todo!("engine lands before 20:45")
}

/// Runs a ruleset that answers with tokens after `$#` (srv_features, greet_pause, queuegroup …).
/// `None`: no such ruleset, a text that cannot be scanned, or an answer without `$#`.
pub async fn rscap(
    _site: &Site,
    _scope: &mut Scope,
    _tracer: &mut dyn Tracer,
    _ruleset: &[u8],
    _first: &[u8],
    _second: Option<&[u8]>,
) -> Option<Vec<Token>> {
    todo!("engine lands before 20:45")
}
