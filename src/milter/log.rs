//! What the log is told of filters: at Milter.LogLevel, which is LogLevel where nothing is said.

use crate::config::Config;
use crate::logging::{Logger, Priority};

/// The log as filters have it.
#[derive(Clone)]
pub struct FilterLog {
    logger: Logger,
    level: u8,
}

impl FilterLog {
    /// With the level of the configuration.
    pub fn new(config: &Config, logger: Logger) -> Self {
        let own = config.options.milter.log_level;
        let level = u8::try_from(own).unwrap_or(if own < 0 { logger.level() } else { u8::MAX });
        Self { logger, level }
    }

    /// Is a line of this level wanted?
    pub fn wants(&self, level: u8) -> bool {
        self.level > level
    }

    /// A line above this level.
    pub fn log(&self, level: u8, priority: Priority, id: &[u8], text: &[&[u8]]) {
        if self.wants(level) {
            self.logger.always(priority, Some(id), &text.concat());
        }
    }

    /// What happens.
    pub fn info(&self, level: u8, id: &[u8], text: &[&[u8]]) {
        self.log(level, Priority::Info, id, text);
    }

    /// What a filter does wrong.
    pub fn error(&self, level: u8, id: &[u8], text: &[&[u8]]) {
        self.log(level, Priority::Error, id, text);
    }
}
