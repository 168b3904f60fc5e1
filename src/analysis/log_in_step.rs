//! A step of a log-in that is only tried.

use serde::Serialize;

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct LogInStep {
    /// What it is about.
    pub step: String,
    /// Is it as it should be?
    pub good: bool,
    /// What was found; what helps.
    pub text: String,
}

impl LogInStep {
    /// It is as it should be.
    pub fn good(step: impl Into<String>, text: impl Into<String>) -> Self {
        Self { step: step.into(), good: true, text: text.into() }
    }

    /// It is not.
    pub fn bad(step: impl Into<String>, text: impl Into<String>) -> Self {
        Self { good: false, ..Self::good(step, text) }
    }

    /// As it should be, or what is wrong.
    pub fn of(step: impl Into<String>, found: Result<impl Into<String>, impl Into<String>>) -> Self {
        match found {
            Ok(text) => Self::good(step, text),
            Err(text) => Self::bad(step, text),
        }
    }

    /// By a judgement.
    pub fn judged(good: bool, step: &str, text: String) -> Self {
        Self { good, ..Self::good(step, text) }
    }
}
