//! Commands that are none, or none any more.

use super::acceptor::Acceptor;
use super::session::{Flow, Session};
use super::verb_row::{Command, VerbRow};
use crate::addr::{MAX_SHOWN, shorten};
use crate::logging::Priority;
use crate::schema::{EnhancedStatus, Reply};

/// What is none of the other rows.
pub(super) const fn row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("", |session, command| Box::pin(session.unknown(command.line))).when_refusing()
}

/// Known, and refused as not implemented.
pub(super) const fn unimplemented_row<A: Acceptor>(word: &'static str) -> VerbRow<A> {
    VerbRow::new(word, |session, command| Box::pin(async move { session.unimplemented(command.line) }))
}

/// A command that old servers let strangers in by.
pub(super) const fn bogus_row<A: Acceptor>(word: &'static str) -> VerbRow<A> {
    VerbRow::new(word, |session, command| Box::pin(async move { session.bogus(command) }))
}

/// HTTP spoken to an SMTP port.
pub(super) const fn http_row<A: Acceptor>(word: &'static str) -> VerbRow<A> {
    VerbRow::new(word, |session, command| Box::pin(session.http(command.line))).when_refusing()
}

impl<A: Acceptor> Session<A> {
    pub(super) async fn unknown(&mut self, line: &[u8]) -> Flow {
        if self.usage.is_last_bad_command() {
            return self.count_bad_command();
        }
        if let Some(flow) = self.check_other(line, b"5").await {
            self.count_bad_command();
            return flow;
        }
        self.quote(500, "Command unrecognized", line);
        self.count_bad_command()
    }

    fn unimplemented(&mut self, line: &[u8]) -> Flow {
        self.quote(502, "Command not implemented", line);
        Flow::Continue
    }

    /// A command of an extension that is not offered.
    pub(super) fn unavailable(&mut self, code: u16, enhanced: EnhancedStatus, text: &str) -> Flow {
        self.error(&Reply::new(code, Some(enhanced), text), None);
        Flow::Continue
    }

    /// Somebody looks for holes that were closed decades ago.
    fn bogus(&mut self, command: Command<'_>) -> Flow {
        let word = command.word.to_ascii_lowercase();
        let (from, address) = (&self.client.display, self.client.address_text());
        let text = [b"\"", &word[..], b"\" command from ", from, b" (", &address, b")"].concat();
        self.log(0, Priority::Critical, &text);
        self.quote(500, "Command unrecognized", command.line);
        self.count_bad_command()
    }

    /// A web client, or a web proxy that somebody misuses: what follows would be read as commands.
    async fn http(&mut self, line: &[u8]) -> Flow {
        let first = self.usage.commands == 1;
        if !first && !self.features.refuse_http {
            return self.unknown(line).await;
        }
        // its line end is shown, as sendmail does
        let text = [&self.client.display[..], b": probable open proxy: command=", line, b"\r\n"].concat();
        self.server.log.always(Priority::Info, Some(self.transaction.envelope.id.as_bytes()), &text);
        let what: &[u8] = if first { b" Rejecting open proxy " } else { b" HTTP command " };
        let text = [&self.hostname[..], what, &self.client.display].concat();
        self.say("421", Some("4.7.0"), &text);
        Flow::Close
    }

    fn quote(&mut self, code: u16, what: &str, line: &[u8]) {
        let text = [what.as_bytes(), b": \"", &shorten(line, MAX_SHOWN), b"\""].concat();
        self.error(&Reply::new(code, Some(EnhancedStatus(5, 5, 1)), text), None);
    }
}
