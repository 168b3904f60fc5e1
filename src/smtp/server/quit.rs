//! QUIT.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use super::verbs::VerbRow;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("QUIT", |session, _| Box::pin(async { session.quit() })).when_refusing()
}

impl<A: Acceptor> Session<A> {
    fn quit(&mut self) -> Flow {
        let text = [&self.hostname[..], b" closing connection"].concat();
        self.say("221", Some("2.0.0"), &text);
        Flow::Close
    }
}
