//! UseErrorsTo: whoever is to hear of errors is looked up when the message is there, as sendmail does.
//!
//! In: the fields of a message. Out: they count among the recipients of its log line, and nobody's name is in its Received field; the
//! message is refused for one whom nobody knows.

use super::acceptor::Acceptor;
use super::session::Session;
use crate::addr::MacroId;
use crate::message::{Header, errors_to};
use crate::schema::Reply;

impl<A: Acceptor> Session<A> {
    /// `Some`: one of them is refused for good.
    pub(super) async fn look_up_errors_to(&mut self, fields: &[Header]) -> Option<Reply> {
        if !self.server.site.config.options.use_errors_to {
            return None;
        }
        for name in errors_to(fields) {
            let envelope = &mut self.transaction.envelope;
            envelope.scope.unset(MacroId(b'u'));
            let replies = self.acceptor.expand(envelope, &name, true).await;
            if let Some(refusal) = replies.iter().find(|reply| reply.code / 100 == 5) {
                // whose name it is stands in the reply only
                let why = refusal.text.strip_prefix(&name[..]).and_then(|rest| rest.strip_prefix(b"... "));
                envelope.note(why.unwrap_or(&refusal.text), true);
                self.transaction.shown += 1;
                return Some(refusal.clone());
            }
            self.transaction.shown += replies.iter().filter(|reply| reply.code / 100 == 2).count();
        }
        None
    }
}
