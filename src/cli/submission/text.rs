//! The message as it is meant, its kind and its size.

use super::Submission;
use crate::envelope::RecipientState;
use crate::logging::{Priority, RecipientLine, log_text, say};
use crate::message::{Collector, Header};
use crate::schema::{EnhancedStatus, Reply};
use crate::sys::clock;

impl Submission<'_> {
    /// The `From ` line before the message, unless option SaveFromLine makes it part of it.
    pub(super) fn separator<'m>(&self, message: &'m [u8]) -> &'m [u8] {
        if !message.starts_with(b"From ") || self.mta.site.config.options.save_from_line {
            return b"";
        }
        &message[..memchr::memchr(b'\n', message).map_or(message.len(), |end| end + 1)]
    }

    /// The message as it is meant: no `From ` line before it, nothing behind a lone dot.
    pub(super) fn trimmed(&self, message: &[u8]) -> Vec<u8> {
        let rest = &message[self.separator(message).len()..];
        let dots = self.mta.site.config.options.ignore_dots;
        let mut text = Vec::with_capacity(rest.len() + 1);
        for line in rest.split_inclusive(|byte| *byte == b'\n') {
            let plain = line.strip_suffix(b"\n").unwrap_or(line);
            let plain = plain.strip_suffix(b"\r").unwrap_or(plain);
            if plain == b"." && !dots {
                break;
            }
            // as in SMTP: who may end his message with a dot writes two for one
            let stuffed = !dots && plain.starts_with(b"..");
            text.extend_from_slice(&plain[usize::from(stuffed)..]);
            if line.ends_with(b"\n") {
                text.push(b'\n');
            }
        }
        text
    }

    /// The message for whoever reads along (`-X`), to its dot or its end.
    pub(super) fn show_message(&self, message: &[u8]) {
        let mut dialogue = self.mta.log.dialogue();
        for line in message.split_inclusive(|byte| *byte == b'\n') {
            dialogue.received(line);
            if line.trim_ascii_end() == b"." && !self.mta.site.config.options.ignore_dots {
                return;
            }
        }
        dialogue.ended();
    }

    /// MaxMessageSize: what is larger goes to nobody, and its header only comes back.
    pub(super) fn is_oversized(&self) -> bool {
        let most = self.mta.site.config.options.max_message_size;
        most > 0 && self.envelope.size > most.unsigned_abs()
    }

    /// Those who would still get the message are named in no report, unless it is too late for them anyway.
    pub(super) fn forget_pending(&mut self) {
        if self.is_late_at_once() {
            return;
        }
        let pending = self.envelope.recipients.iter_mut().filter(|one| one.state.is_pending());
        pending.for_each(|one| one.state = RecipientState::Removed);
    }

    /// Says so.
    pub(super) fn refuse_size(&mut self) {
        let most = self.mta.site.config.options.max_message_size;
        let measured = format!("message size ({}) exceeds maximum ({most})", self.envelope.size);
        self.mta.log.log(6, Priority::Notice, Some(self.envelope.id.as_bytes()), measured.as_bytes());
        let text = format!("Message exceeds maximum fixed size ({most})");
        say(text.as_bytes());
        self.envelope.note_reply(&Reply::new(552, Some(EnhancedStatus(5, 2, 3)), text));
    }

    /// MaxHeadersLength: of a header that is longer remains what is complete up to there, and nothing of the body.
    fn refuse_header(&mut self, most: u64) {
        let text = format!("headers too large ({most} max) from local during message collect");
        self.mta.log.always(Priority::Notice, Some(self.envelope.id.as_bytes()), text.as_bytes());
        let text = format!("Headers too large ({most} max)");
        self.envelope.note_reply(&Reply::new(552, Some(EnhancedStatus(5, 6, 0)), &*text));
        self.envelope.attempt.console.hold(text.as_bytes());
    }

    /// Timeout.queuereturn=0: the report says of whoever has not got the message that his time is over, whatever the reason.
    fn is_late_at_once(&self) -> bool {
        self.mta.site.config.options.timeout.queuereturn.of(self.envelope.timeout_class) <= 0
    }

    /// Nobody gets the message. As in sendmail, a report names those who had nothing else wrong with them only where nobody had.
    pub(super) fn fail_all(&mut self) {
        let id = self.envelope.id.clone();
        let (delay, priority) = (clock::now() - self.envelope.created, self.envelope.priority);
        let why = self.envelope.message.clone().unwrap_or_default();
        let is_late = self.is_late_at_once();
        let state = match self.envelope.recipients.iter().any(|one| one.state == RecipientState::Failed) {
            true => RecipientState::Removed,
            false => RecipientState::Failed,
        };
        for index in self.envelope.send_order() {
            let recipient = &mut self.envelope.recipients[index];
            if !recipient.state.is_pending() {
                continue;
            }
            // with -t nobody was named when it was refused
            if !self.invocation.from_headers {
                let to = log_text(&recipient.text);
                let to = vec![&to[..]];
                let line = RecipientLine { to, delay, priority, stat: &why, ..RecipientLine::default() };
                self.mta.log.log(8, Priority::Info, Some(id.as_bytes()), &line.to_line());
            }
            if !is_late {
                recipient.state = state.clone();
                recipient.status = Some(EnhancedStatus(5, 0, 0));
            }
        }
    }

    /// Header fields and body.
    pub(super) fn collect(&mut self, text: &[u8]) -> (Vec<Header>, Vec<u8>) {
        let options = &self.mta.site.config.options;
        let most = u64::try_from(options.max_headers_length).unwrap_or(0);
        let (mut body, mut collector) = (Vec::new(), Collector::with_from_line(options.save_from_line));
        let mut rest = text;
        while !collector.in_body() && !rest.is_empty() {
            let Some(end) = memchr::memchr(b'\n', rest) else {
                if most > 0 && collector.header_size() + rest.len() as u64 > most {
                    self.refuse_header(most);
                    return (collector.fields().to_vec(), Vec::new());
                }
                // sendmail never looks at a line of the header that has no end, nor at what it continues
                let folded = matches!(rest[0], b' ' | b'\t');
                let whole = collector.fields().len() - usize::from(folded && !collector.fields().is_empty());
                return (collector.fields()[..whole].to_vec(), body);
            };
            collector.push(&rest[..=end], &mut body);
            rest = &rest[end + 1..];
            if most > 0 && collector.header_size() > most {
                self.refuse_header(most);
                let whole = collector.fields().len().saturating_sub(1);
                return (collector.fields()[..whole].to_vec(), Vec::new());
            }
        }
        collector.push(rest, &mut body);
        (collector.finish(&mut body), body)
    }

    /// What SIZE= says of it: a separator line in front counts as well, with the one byte that its end is.
    pub(super) fn size_of(&self, message: &[u8], text: &[u8]) -> u64 {
        let separator = self.separator(message);
        (separator.len() - usize::from(separator.ends_with(b"\r\n")) + text.len()) as u64
    }
}
