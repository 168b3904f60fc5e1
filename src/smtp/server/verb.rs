//! VERB: deliver before answering, and say more.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use super::verb_row::VerbRow;
use crate::logging::Steps;
use crate::schema::{DeliveryMode, EnhancedStatus, Reply};

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("VERB", |session, _| Box::pin(async { session.verb() })).delayed_as("VERB").limit(
        "NOOP/VERB",
        "VERB",
        0,
    )
}

impl<A: Acceptor> Session<A> {
    fn verb(&mut self) -> Flow {
        if !(self.features.expn && self.features.verb) {
            self.error(&Reply::new(502, Some(EnhancedStatus(5, 7, 0)), "Verbose unavailable"), None);
            return Flow::Continue;
        }
        self.steps.get_or_insert_default();
        // what is named from now on is looked up, whatever DeliveryMode says
        let config = self.server.site.config.clone();
        self.scope.set_delivery_mode(&config, DeliveryMode::Interactive);
        self.transaction.envelope.scope.set_delivery_mode(&config, DeliveryMode::Interactive);
        self.say("250", Some("2.0.0"), b"Verbose mode");
        Flow::Continue
    }

    /// What has been done since the last reply.
    pub(super) fn tell_steps(&mut self) {
        for step in self.steps.as_ref().map(Steps::take).unwrap_or_default() {
            self.put_line(b"050", None, &step, false);
        }
    }
}
