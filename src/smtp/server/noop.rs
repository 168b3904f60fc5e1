//! NOOP (RFC 5321, section 4.1.1.9), and ruleset `check_other`, which sees commands that do nothing.

use super::acceptor::Acceptor;
use super::filter::FilterCall;
use super::session::{Flow, Session};
use super::verb_row::VerbRow;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("NOOP", |session, command| Box::pin(session.noop(command.line)))
        .when_refusing()
        .delayed_as("NOOP")
        .limit("NOOP/VERB", "NOOP", 0)
}

impl<A: Acceptor> Session<A> {
    async fn noop(&mut self, line: &[u8]) -> Flow {
        match self.check_other(line, b"2").await {
            Some(flow) => flow,
            None => {
                self.say("250", Some("2.0.0"), b"OK");
                Flow::Continue
            }
        }
    }

    /// The ruleset gets the command and the first digit of the reply to come; its own refusal is sent
    /// in that reply's place.
    pub(super) async fn check_other(&mut self, line: &[u8], digit: &'static [u8]) -> Option<Flow> {
        let reply = self.ask(FilterCall::Unknown(line, digit), None).await?;
        let reply = self.finished(&reply, None);
        self.error(&reply, None);
        Some(if reply.code == 421 { Flow::Close } else { Flow::Continue })
    }
}
