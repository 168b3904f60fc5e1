//! Replies of a session: the form sendmail gives them.

use super::acceptor::Acceptor;
use super::session::Session;
use crate::addr::{MAX_SHOWN, shorten};
use crate::logging::Priority;
use crate::schema::{EnhancedStatus, Reply};

impl<A: Acceptor> Session<A> {
    /// Queues a reply. It is sent when the input is used up.
    pub(super) fn say(&mut self, code: &str, enhanced: Option<&str>, text: &[u8]) {
        self.put_line(code.as_bytes(), enhanced.map(str::as_bytes), text, false);
    }

    /// Queues a refusal; `to` is the address that it concerns. Gives what was said after the codes.
    pub(super) fn error(&mut self, reply: &Reply, to: Option<&[u8]>) -> Vec<u8> {
        let mut reply = self.finished(reply, to);
        let text = reply.text.clone();
        let mut lines = text.split(|byte| *byte == b'\n').peekable();
        while let Some(line) = lines.next() {
            reply.text = line.to_vec();
            self.put(&reply, lines.peek().is_some());
        }
        text
    }

    /// Queues a line of a reply that is finished already. A refusal is what the queue shows of the message.
    pub(super) fn put(&mut self, reply: &Reply, more: bool) {
        if matches!(reply.code, 400..600) {
            self.transaction.envelope.note(&reply.text, reply.code >= 500);
        }
        let enhanced = reply.enhanced_text();
        let enhanced = enhanced.as_deref().map(str::as_bytes);
        self.put_line(format!("{:03}", reply.code).as_bytes(), enhanced, &reply.text, more);
    }

    /// The refusal of a command where a filter wants everything tried again later, told to the log.
    pub(super) fn put_off(
        &self,
        name: &str,
        argument: &[u8],
        code: u16,
        (class, subject, detail): (u16, u16, u16),
    ) -> Option<Reply> {
        if !self.put_off {
            return None;
        }
        let shown = &argument[..argument.len().min(100)];
        let command = [b"SMTP ", name.as_bytes(), b" command (", shown, b") from "].concat();
        let text = [&command[..], &self.client.display, b" tempfailed (due to previous checks)"].concat();
        self.log(9, Priority::Info, &text);
        Some(Reply::new(code, Some(EnhancedStatus(class, subject, detail)), "Please try again later"))
    }

    /// The reply as it is sent: with an enhanced status, the address before the text where sendmail
    /// puts it, softened by SoftBounce.
    pub(super) fn finished(&self, reply: &Reply, to: Option<&[u8]>) -> Reply {
        let mut reply = reply.clone().with_codes();
        if let Some(to) = to.filter(|_| matches!(reply.code, 50 | 250 | 252 | 450 | 550 | 553)) {
            reply.text = [&shorten(to, MAX_SHOWN)[..], b"... ", &reply.text].concat();
        }
        // what is said is of seven bits unless the client knows SMTPUTF8, and what the log and the queue have of it too
        if !self.wire.speaks_utf8() {
            reply.text.iter_mut().for_each(|byte| *byte &= 0x7f);
            // a NUL that this makes ends the text for each of them
            reply.text.truncate(memchr::memchr(0, &reply.text).unwrap_or(reply.text.len()));
        }
        if self.server.policy.soft_bounce && reply.is_permanent() {
            reply.code -= 100;
            reply.enhanced = reply.enhanced.map(|status| status.with_class(4));
        }
        reply
    }
}
