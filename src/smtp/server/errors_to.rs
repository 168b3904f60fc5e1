//! UseErrorsTo: whoever is to hear of errors is looked up when the message is there, as sendmail does.
//!
//! In: the fields of a message. Out: they count among the recipients of its log line, and nobody's name is in its Received field; the
//! message is refused for one whom nobody knows.

use super::acceptor::Acceptor;
use super::session::Session;
use crate::addr::MacroId;
use crate::message::{Header, HeaderKind};
use crate::schema::Reply;

impl<A: Acceptor> Session<A> {
    /// `Some`: one of them is refused for good.
    pub(super) async fn look_up_errors_to(&mut self, fields: &[Header]) -> Option<Reply> {
        if !self.server.site.config.options.use_errors_to {
            return None;
        }
        let mut refusal = None;
        let named = |field: &&Header| HeaderKind::of(&field.name).contains(HeaderKind::ERRORS_TO);
        for field in fields.iter().filter(named) {
            let envelope = &mut self.transaction.envelope;
            envelope.scope.unset(MacroId(b'u'));
            let found = Box::pin(self.acceptor.look_up(envelope, field.value.trim_ascii())).await;
            self.transaction.shown += found.addresses;
            if found.refusal.is_some() {
                (refusal, self.transaction.refused_as) = (found.refusal, found.message);
            }
        }
        refusal
    }
}
