//! The options that expansion reads.

use crate::config::Config;

/// Aliases within aliases that are followed (MaxAliasRecursion).
pub(super) fn max_recursion(config: &Config) -> usize {
    usize::try_from(config.options.max_alias_recursion).unwrap_or(0)
}

/// Whose rights aliases without an owner have: DefaultUser's uid.
pub(super) fn default_uid(config: &Config) -> u32 {
    config.default_user().uid
}
