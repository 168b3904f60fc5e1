//! How long a message may stay.

use crate::config::Config;
use crate::envelope::{Envelope, TimeoutClass};
use crate::schema::ByPrecedence;

/// After how many seconds a message is returned.
pub(super) fn return_after(config: &Config, envelope: &Envelope) -> i64 {
    of_class(&config.options.timeout.queuereturn, envelope)
}

/// After how many seconds its sender is told that it takes longer; 0 means never.
pub(super) fn warn_after(config: &Config, envelope: &Envelope) -> i64 {
    of_class(&config.options.timeout.queuewarn, envelope)
}

fn of_class(times: &ByPrecedence, envelope: &Envelope) -> i64 {
    match envelope.timeout_class {
        TimeoutClass::Normal => times.normal,
        TimeoutClass::Urgent => times.urgent,
        TimeoutClass::NonUrgent => times.non_urgent,
        TimeoutClass::Dsn => times.dsn,
    }
}
