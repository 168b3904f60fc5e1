//! The options that expansion reads.

use crate::config::Config;

/// Aliases within aliases that are followed (MaxAliasRecursion).
pub(super) fn deepest(_config: &Config) -> usize {
    10
}

/// Whose rights aliases without an owner have: DefaultUser's uid.
pub(super) fn default_uid(_config: &Config) -> u32 {
    1
}

/// Most addresses in one .forward; 0 for no limit (MaxForwardEntries).
pub(super) fn forward_entries(_config: &Config) -> usize {
    0
}
