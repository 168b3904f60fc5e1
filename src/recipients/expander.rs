//! Whom expansion asks.

use crate::keeper::Keeper;
use crate::logging::Logger;
use crate::rewrite::Site;

/// What expansion needs to know and whom it asks.
#[derive(Clone, Copy)]
pub struct Expander<'a> {
    /// Rules, maps, options.
    pub site: &'a Site,
    /// Reads aliases and lists, knows users.
    pub keeper: &'a Keeper,
    /// Where `alias A => B` and the like go.
    pub logger: &'a Logger,
}
