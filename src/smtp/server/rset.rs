//! RSET (RFC 5321, section 4.1.1.5): back to the state after EHLO.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use super::verb_row::VerbRow;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("RSET", |session, _| Box::pin(session.rset())).when_refusing()
}

impl<A: Acceptor> Session<A> {
    async fn rset(&mut self) -> Flow {
        self.abort_filters().await;
        // in the log the answer belongs to what ends
        self.say("250", Some("2.0.0"), b"Reset state");
        self.abort_transaction(10, "RSET");
        Flow::Continue
    }
}
