//! A verb for tests: what one takes is this file and its row in [`super::verbs`].

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use super::verb_row::VerbRow;

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("XECHO", |session, command| Box::pin(session.echo(command.argument))).issued_mail_command()
}

impl<A: Acceptor> Session<A> {
    async fn echo(&mut self, argument: &[u8]) -> Flow {
        self.say("250", Some("2.0.0"), argument);
        Flow::Continue
    }
}
