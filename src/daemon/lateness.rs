//! What the time says of a message: is it too old, is its sender to hear that it waits, has its Deliver-By time passed?
//!
//! In: a message at the end of a pass. Out: what its reports have to say of its age; who was to get it and is not waited for any longer has
//! failed. Never here: the reports.

use super::mta::Mta;
use crate::envelope::{DeliverBy, Envelope, RecipientState};
use crate::schema::EnhancedStatus;
use crate::sys::clock;

/// What the time says of a message.
pub(super) struct Lateness {
    pub(super) now: i64,
    /// Timeout.queuereturn is over.
    pub(super) expired: bool,
    /// BY= with R was over before it was tried: seconds.
    pub(super) overdue: Option<i64>,
    /// BY= is over, and no warning says more: seconds.
    pub(super) exceeded: Option<i64>,
    /// Is there something to be said of its age?
    pub(super) is_told: bool,
}

impl Lateness {
    /// Nobody is waited for any longer.
    pub(super) fn gives_up(&self) -> bool {
        self.expired || self.overdue.is_some()
    }

    /// The Deliver-By time that a report speaks of.
    pub(super) fn deliver_by(&self, warns: bool) -> Option<i64> {
        if warns { self.exceeded } else { self.overdue }
    }
}

impl Mta {
    /// Whoever is not waited for any longer has failed.
    pub(super) fn lateness(&self, envelope: &mut Envelope) -> Lateness {
        let now = clock::now();
        // whoever cannot get it anyway is not late
        let late_for_some = envelope.attempt.overdue && envelope.pending().next().is_some();
        if late_for_some {
            fail_pending(envelope, EnhancedStatus(5, 4, 7));
        }
        let waits = envelope.pending().next().is_some();
        let expired = self.check_age(envelope, now);
        let exceeded = envelope.deliver_by.filter(|by| is_over(*by, envelope, now)).map(|by| by.seconds);
        // Timeout.queuewarn says more than BY=
        let warn = self.site.config.options.timeout.queuewarn.of(envelope.timeout_class);
        let warned = warn > 0 && now - envelope.created > warn;
        let overdue = exceeded.filter(|_| late_for_some);
        let is_told = expired || overdue.is_some() || waits && envelope.attempt.warning_due;
        Lateness { now, expired, overdue, exceeded: exceeded.filter(|_| !warned), is_told }
    }

    /// Too old: what is pending has failed (RFC 5321, 4.5.4.1: four or five days). Old: the sender is told
    /// (Timeout.queuereturn and Timeout.queuewarn). `true` if it is too old.
    fn check_age(&self, envelope: &mut Envelope, now: i64) -> bool {
        let times = &self.site.config.options.timeout;
        let age = now - envelope.created;
        let warn = times.queuewarn.of(envelope.timeout_class);
        let by_exceeded =
            envelope.deliver_by.is_some_and(|by| by.has(DeliverBy::NOTIFY) && is_over(by, envelope, now));
        if by_exceeded || warn > 0 && age > warn {
            envelope.attempt.warning_due = true;
        }
        let limit = times.queuereturn.of(envelope.timeout_class);
        let tried = envelope.quarantine.is_none() || envelope.attempt.read_back;
        // `now`: whoever cannot be reached at once is not waited for; what is dated in the future is not late
        let too_old = age > limit || limit <= 0 && age >= 0 || self.comes_back_at_once(envelope);
        let expired = too_old && envelope.pending().next().is_some() && tried;
        if expired {
            fail_pending(envelope, EnhancedStatus(4, 4, 7));
        }
        expired
    }
}

/// A time that was over when the message came has been told by whoever let it pass.
fn is_over(by: DeliverBy, envelope: &Envelope, now: i64) -> bool {
    by.seconds > 0 && now - envelope.created > by.seconds
}

/// Is it mail that is to come back when it takes too long (BY= with R), and has taken so long? It comes back before it is
/// tried once more. A report is tried.
pub(super) fn is_overdue(envelope: &Envelope) -> bool {
    let now = clock::now();
    !envelope.is_response()
        && envelope.deliver_by.is_some_and(|by| by.has(DeliverBy::RETURN) && is_over(by, envelope, now))
}

fn fail_pending(envelope: &mut Envelope, status: EnhancedStatus) {
    for recipient in envelope.recipients.iter_mut().filter(|one| one.state.is_pending()) {
        recipient.state = RecipientState::Failed;
        recipient.status = Some(status);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::EnvelopeFlags;

    /// BY= with R: mail comes back untried once its time is over, a report is tried.
    #[test]
    fn what_is_late_comes_back_but_for_reports() {
        let by = |flags| Some(DeliverBy { seconds: 600, flags });
        let none = EnvelopeFlags::empty();
        for (flags, waited, kind, overdue) in [
            (DeliverBy::RETURN, 3600, none, true),
            (DeliverBy::RETURN, 60, none, false),
            (DeliverBy::NOTIFY, 3600, none, false),
            (DeliverBy::RETURN, 3600, EnvelopeFlags::RESPONSE, false),
        ] {
            let created = clock::now() - waited;
            let envelope = Envelope { created, deliver_by: by(flags), flags: kind, ..Envelope::default() };
            assert_eq!(is_overdue(&envelope), overdue, "{flags} {waited} {kind:?}");
        }
    }
}
