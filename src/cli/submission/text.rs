//! The message as it is meant, its kind and its size.

use super::Submission;
use crate::envelope::{EnvelopeFlags, RecipientState};
use crate::logging::{Priority, RecipientLine, say};
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
    pub(super) fn refuse_size(&mut self) -> bool {
        let most = self.mta.site.config.options.max_message_size;
        if most <= 0 || self.envelope.size <= most.unsigned_abs() {
            return false;
        }
        let measured = format!("message size ({}) exceeds maximum ({most})", self.envelope.size);
        self.mta.log.log(4, Priority::Notice, Some(self.envelope.id.as_bytes()), measured.as_bytes());
        let text = format!("Message exceeds maximum fixed size ({most})");
        self.refuse_text(&Reply::new(552, Some(EnhancedStatus(5, 2, 3)), text));
        self.envelope.flags |= EnvelopeFlags::NO_BODY_RETURN;
        true
    }

    /// MaxHeadersLength: the same for a header of so many bytes, but all of it comes back.
    pub(super) fn refuse_header(&mut self, length: u64) -> bool {
        let most = u64::try_from(self.mta.site.config.options.max_headers_length).unwrap_or(0);
        if most == 0 || length <= most {
            return false;
        }
        self.refuse_text(&Reply::new(
            552,
            Some(EnhancedStatus(5, 6, 0)),
            format!("Headers too large ({most} max)"),
        ));
        true
    }

    /// Nobody gets the message, for this reason.
    fn refuse_text(&mut self, reply: &Reply) {
        say(&reply.text);
        let id = self.envelope.id.clone();
        let (delay, priority) = (clock::now() - self.envelope.created, self.envelope.priority);
        for index in self.envelope.send_order() {
            let recipient = &mut self.envelope.recipients[index];
            if recipient.state.is_pending() {
                let to = vec![&recipient.text[..]];
                let line =
                    RecipientLine { to, delay, priority, stat: &reply.text, ..RecipientLine::default() };
                self.mta.log.log(4, Priority::Info, Some(id.as_bytes()), &line.to_line());
                recipient.state = RecipientState::Failed;
                recipient.status = Some(EnhancedStatus(5, 0, 0));
            }
        }
        self.envelope.attempt.transcript.extend([&reply.to_line()[..], b"\n"].concat());
        self.envelope.note(&reply.text, true);
    }
}
