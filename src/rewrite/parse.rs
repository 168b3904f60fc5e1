//! From an address text to mailer, host and user.

use super::{Address, AddressKind, Parsed, Site};
use crate::engine::Scope;
use crate::logging::Tracer;

/// Resolves an address: rulesets 3 and 0, then 2, R= and 4 on the user.
pub async fn parseaddr(
    _site: &Site,
    _scope: &mut Scope,
    _tracer: &mut dyn Tracer,
    _text: &[u8],
    _kind: AddressKind,
) -> Parsed {
    todo!("engine lands before 20:45")
}

/// Ruleset 5 for a local user without alias: `None` when it changes nothing.
pub async fn localaddr(
    _site: &Site,
    _scope: &mut Scope,
    _tracer: &mut dyn Tracer,
    _address: &Address,
) -> Option<Parsed> {
    todo!("engine lands before 20:45")
}
