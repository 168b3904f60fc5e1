//! ETRN (RFC 1985): run the queue for a host that is there now.

use super::acceptor::{Acceptor, QueueRun};
use super::filter::FilterCall;
use super::session::{Flow, Session};
use super::verb_row::{Command, VerbRow};
use crate::addr::{MAX_SHOWN, shorten};
use crate::schema::{EnhancedStatus, Reply};

pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("ETRN", |session, command| Box::pin(session.etrn(command)))
        .issued_mail_command()
        .delayed_as("ETRN")
        .limit("ETRN", "ETRN", 8)
}

impl<A: Acceptor> Session<A> {
    async fn etrn(&mut self, command: Command<'_>) -> Flow {
        let Command { argument, line, .. } = command;
        let shown = shorten(line, MAX_SHOWN);
        if !self.features.etrn {
            self.log_request(&shown, true);
            let reply =
                Reply::new(502, Some(EnhancedStatus(5, 7, 0)), "Sorry, we do not allow this operation");
            self.error(&reply, None);
            return Flow::Continue;
        }
        if let Some(reply) = self.put_off("ETRN", argument, 451, (4, 3, 2)) {
            self.error(&reply, None);
            return Flow::Continue;
        }
        if argument.is_empty() {
            self.error(&Reply::new(500, Some(EnhancedStatus(5, 5, 2)), "Parameter required"), None);
            return Flow::Continue;
        }
        if let Some(reply) = self.ask(FilterCall::Request("ETRN", argument), None).await {
            self.log_request(&shown, true);
            self.error(&reply, None);
            return Flow::Continue;
        }
        // one that is obeyed as it is understood
        self.log_request(&[b"ETRN ", &shorten(argument, MAX_SHOWN)[..]].concat(), false);
        self.start_run(argument);
        Flow::Continue
    }

    fn start_run(&mut self, argument: &[u8]) {
        if let Some(group) = argument.strip_prefix(b"#") {
            if !self.acceptor.run_queue(QueueRun::Group(group.to_vec())) {
                let text = [b"Queue ", group, b" unknown"].concat();
                self.error(&Reply::new(459, Some(EnhancedStatus(4, 5, 4)), text), None);
                return;
            }
            let text = [b"Queuing for queue group ", group, b" started"].concat();
            return self.say("250", Some("2.0.0"), &text);
        }
        let host = argument.strip_prefix(b"@").unwrap_or(argument);
        self.acceptor.run_queue(QueueRun::Matching([b"@", host].concat()));
        let text = [b"Queuing for node ", argument, b" started"].concat();
        self.say("250", Some("2.0.0"), &text);
    }
}
