//! When a filter is told something: the message's id for the log, and the values of macros.

use crate::engine::Scope;
use crate::rewrite::{Site, expand};

/// The message, or the connection, as it is now.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// Its queue identifier.
    pub id: &'a [u8],
    /// Macros of the configuration.
    pub site: &'a Site,
    /// Macros of the message.
    pub scope: &'a Scope,
}

impl Moment<'_> {
    /// Macros by name (`i`, `{rcpt_addr}`), without those that have no value.
    pub(super) fn values(&self, names: &[Vec<u8>]) -> Vec<(Vec<u8>, Vec<u8>)> {
        names.iter().filter_map(|name| self.value(name)).collect()
    }

    fn value(&self, name: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
        let bare = name.strip_prefix(b"{").and_then(|name| name.strip_suffix(b"}")).unwrap_or(name);
        let value = self.scope.get_named(&self.site.config, bare)?;
        Some((name.to_vec(), expand(self.site, self.scope, value)))
    }
}
