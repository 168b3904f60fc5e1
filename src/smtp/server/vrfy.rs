//! VRFY and EXPN (RFC 5321, section 3.5).

use super::acceptor::Acceptor;
use super::filter::FilterCall;
use super::session::{Flow, Session};
use super::usage::Pace;
use super::verb_row::{Command, VerbRow};
use crate::addr::{MAX_SHOWN, shorten};
use crate::logging::{Console, Priority, log_text};
use crate::schema::{EnhancedStatus, Privacy, Reply};
use crate::smtp::proto::split_address;
use tokio::time::Instant;

/// So many are answered at once.
const MAX_AT_ONCE: u32 = 6;

pub(super) const fn vrfy_row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("VRFY", |session, command| Box::pin(session.vrfy(command, false)))
        .issued_mail_command()
        .delayed_as("VRFY")
}

pub(super) const fn expn_row<A: Acceptor>() -> VerbRow<A> {
    VerbRow::new("EXPN", |session, command| Box::pin(session.vrfy(command, true)))
        .issued_mail_command()
        .delayed_as("EXPN")
}

impl<A: Acceptor> Session<A> {
    async fn vrfy(&mut self, command: Command<'_>, expand: bool) -> Flow {
        let Command { argument, line, .. } = command;
        let shown = shorten(line, MAX_SHOWN);
        let name = if expand { "EXPN" } else { "VRFY" };
        let (begun, pace) = (Instant::now(), self.pace("VRFY/EXPN", name, MAX_AT_ONCE));
        if pace == Pace::Never {
            return self.too_many("commands");
        }
        // no 4yz is a reply to these commands (RFC 821)
        if let Some(reply) = self.put_off(name, argument, 550, (5, 7, 1)) {
            self.error(&reply, None);
            return Flow::Continue;
        }
        if let Some(reply) = self.may_not_verify(expand) {
            self.log_request(&shown, true);
            self.error(&reply, None);
            return Flow::Continue;
        }
        let (argument, utf8) = self.without_parameter(argument);
        if argument.is_empty() {
            self.log_request(&shown, false);
            self.error(&Reply::new(501, Some(EnhancedStatus(5, 5, 2)), "Argument required"), None);
            return Flow::Continue;
        }
        if let Some(reply) = self.ask(FilterCall::Request(name, argument), None).await {
            self.log_request(&shown, true);
            self.error(&reply, None);
            return Flow::Continue;
        }
        self.log_request(&shown, false);
        // after VERB each step has its line
        if let Some(steps) = self.steps.as_ref().filter(|_| expand) {
            self.transaction.envelope.attempt.console = Console::of_client(steps.clone());
        }
        let (replies, found) = self.acceptor.expand(&mut self.transaction.envelope, argument, expand).await;
        self.tell_steps();
        self.transaction.shown += found;
        if self.transaction.has_begun() {
            self.count_recipients(false);
        }
        // a guess that is wrong is answered no sooner than one that is right
        if let Pace::After(pause) = pace
            && self.pause(pause.saturating_sub(begun.elapsed())).await == Flow::Close
        {
            return Flow::Close;
        }
        self.put_found_in(replies, name, utf8);
        Flow::Continue
    }

    /// The address, and whether SMTPUTF8 stands behind it (RFC 6531, section 3.7.4.2).
    fn without_parameter<'t>(&self, argument: &'t [u8]) -> (&'t [u8], bool) {
        let (address, words) = split_address(argument);
        match self.server.policy.utf8 && words.trim_ascii_end().eq_ignore_ascii_case(b"SMTPUTF8") {
            true => (address, true),
            false => (argument, false),
        }
    }

    /// What is found, in UTF-8 only for those who have said that they understand it.
    fn put_found_in(&mut self, replies: Vec<Reply>, name: &str, utf8: bool) {
        let before = self.wire.speaks_utf8();
        if self.server.policy.utf8 && !utf8 && !replies.iter().all(|reply| reply.text.is_ascii()) {
            let text = "The reply needs UTF-8: ask with SMTPUTF8";
            let reply = Reply::new(252, Some(EnhancedStatus(2, 6, 8)), text);
            return self.put_found(vec![reply], name);
        }
        self.wire.allow_utf8(utf8 || before);
        self.put_found(replies, name);
        self.wire.allow_utf8(before);
    }

    fn may_not_verify(&self, expand: bool) -> Option<Reply> {
        let privacy = self.server.policy.privacy;
        let need = if expand { Privacy::NEED_EXPN_HELO } else { Privacy::NEED_VRFY_HELO };
        if expand && !self.features.expn {
            return Some(Reply::new(
                502,
                Some(EnhancedStatus(5, 7, 0)),
                "Sorry, we do not allow this operation",
            ));
        }
        if !expand && privacy.contains(Privacy::NO_VRFY) {
            let text = "Cannot VRFY user; try RCPT to attempt delivery (or try finger)";
            return Some(Reply::new(252, Some(EnhancedStatus(2, 5, 2)), text));
        }
        (self.helo.is_none() && privacy.contains(need))
            .then(|| Reply::new(503, None, "I demand that you introduce yourself first"))
    }

    fn put_found(&mut self, replies: Vec<Reply>, name: &str) {
        if replies.is_empty() {
            self.error(&Reply::new(554, Some(EnhancedStatus(5, 5, 2)), format!("Nothing to {name}")), None);
            return;
        }
        let last = replies.len() - 1;
        for (index, reply) in replies.iter().enumerate() {
            let reply = self.finished(reply, None);
            self.put(&reply, index < last);
        }
    }

    /// A command that asks for something is in the log, as it came or as it is understood.
    pub(super) fn log_request(&self, shown: &[u8], rejected: bool) {
        let suffix: &[u8] = if rejected { b" [rejected]" } else { b"" };
        let text = [&self.client.display[..], b": ", &log_text(shown), suffix].concat();
        self.log(5, Priority::Info, &text);
    }
}
