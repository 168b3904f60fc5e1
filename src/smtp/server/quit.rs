//! QUIT (RFC 5321, section 4.1.1.10).

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use super::verb_row::VerbRow;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("QUIT", |session, _| Box::pin(async { session.quit() })).when_refusing()
}

impl<A: Acceptor> Session<A> {
    fn quit(&mut self) -> Flow {
        let text = [&self.hostname[..], b" closing connection"].concat();
        self.log_undelivered(9, b"aborted by sender");
        self.say("221", Some("2.0.0"), &text);
        Flow::Close
    }
}
