//! Rules, compiled once.

use crate::config::Config;

/// All rulesets of a configuration in the form that the machine runs.
#[derive(Clone, Debug, Default)]
pub struct Program {}

impl Program {
    /// Compiles the rules.
    pub fn compile(_config: &Config) -> Self {
        Self::default()
    }
}
