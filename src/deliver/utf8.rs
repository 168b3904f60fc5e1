//! SMTPUTF8 (RFC 6531) at the next hop: which messages need it, and what becomes of them at a server without it.

use super::attempt::Attempt;
use super::result::{DeliveryResult, TranscriptLine};
use crate::envelope::EnvelopeFlags;
use crate::schema::{EnhancedStatus, Reply, Sysexit};
use crate::smtp::client::Extensions;

/// What of a message is no ASCII.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Utf8Part {
    /// The sender, or a recipient.
    Address,
    /// A header field.
    Header,
}

impl Utf8Part {
    /// RFC 6531, section 4.4, and the reply that says so.
    fn reply(self) -> Reply {
        let (detail, what) = match self {
            Self::Address => (7, "address"),
            Self::Header => (9, "header"),
        };
        let text = format!("Server does not support SMTPUTF8, which the {what} needs");
        Reply::new(553, Some(EnhancedStatus(5, 6, detail)), text)
    }
}

impl Attempt<'_> {
    /// Why these recipients' copy needs SMTPUTF8. A message that was not said to need it goes out as it always did, whatever its header
    /// holds.
    pub(super) fn needs_utf8(&self, members: &[usize]) -> Option<Utf8Part> {
        let envelope = &*self.envelope;
        if !envelope.flags.contains(EnvelopeFlags::SMTPUTF8) {
            return None;
        }
        let recipient = |index: &usize| envelope.recipients[*index].address.as_ref();
        let mut users = members.iter().filter_map(recipient).map(|address| &address.user);
        if !envelope.sender.text.is_ascii() || users.any(|user| !user.is_ascii()) {
            return Some(Utf8Part::Address);
        }
        let plain = envelope.headers.0.iter().all(|field| field.value.is_ascii());
        (!plain).then_some(Utf8Part::Header)
    }

    /// Fails members whose mail a server without SMTPUTF8 cannot be given: nothing may be changed that would make it plain.
    pub(super) fn refuse_utf8(&mut self, members: &[usize], extensions: &Extensions, relay: &[u8]) -> bool {
        let Some(part) = self.needs_utf8(members).filter(|_| !extensions.utf8) else { return false };
        let reply = part.reply();
        self.transcribe(&reply.to_line());
        let mut result = DeliveryResult::of_exit(Sysexit::DATAERR);
        result.line = Some(TranscriptLine::Written);
        result.status = reply.enhanced;
        result.dsn = reply.enhanced.unwrap_or(result.dsn);
        result.text = reply.text;
        self.record(members, &result, Some(relay));
        true
    }
}
