//! Who is told of a delivery that went well, or could not come in time: NOTIFY=SUCCESS (RFC 3461) and BY= (RFC 2852).

use super::attempt::Attempt;
use super::result::{DeliveryResult, TranscriptLine};
use crate::config::Mailer;
use crate::envelope::{DeliverBy, RecipientFlags};
use crate::schema::{Disposition, EnhancedStatus, Reply, Sysexit};
use crate::smtp::client::{Extensions, ServerConnection};

/// NOTIFY=NEVER.
pub(super) fn wants_none(flags: RecipientFlags) -> bool {
    let any = RecipientFlags::SUCCESS | RecipientFlags::FAILURE | RecipientFlags::DELAY;
    flags.contains(RecipientFlags::HAS_NOTIFY) && !flags.intersects(any)
}

/// What is told of a recipient that was delivered to, and the transcript's words. `mailbox`: it is one of this host,
/// else a server has it that can do this much.
fn receipt(
    flags: RecipientFlags,
    deliver_by: Option<DeliverBy>,
    extensions: &Extensions,
    mailbox: bool,
) -> Option<(RecipientFlags, &'static [u8])> {
    let by = deliver_by.filter(|_| !wants_none(flags));
    let asked = flags.contains(RecipientFlags::SUCCESS);
    if asked && mailbox {
        return Some((RecipientFlags::DELIVERED, b"... Successfully delivered"));
    }
    if !flags.contains(RecipientFlags::PRIMARY) {
        return None; // whoever it was sent to is told of
    }
    if asked && !extensions.dsn {
        return Some((RecipientFlags::RELAYED, b"... relayed; expect no further notifications"));
    }
    let by = by?;
    let may_notify = extensions.deliver_by.is_none() && by.has(DeliverBy::NOTIFY);
    let may_trace = (extensions.deliver_by.is_some() || mailbox) && by.has(DeliverBy::TRACE);
    match (may_notify, may_trace) {
        (true, _) => Some((RecipientFlags::BY_NOTIFY_RELAYED, b"... Deliver-by notify: relayed")),
        (_, true) => Some((RecipientFlags::BY_TRACE_RELAYED, b"... Deliver-By trace: relayed")),
        _ => None,
    }
}

impl Attempt<'_> {
    /// Notes what is to be told of members that have it.
    pub(super) fn note_receipts(&mut self, members: &[usize], extensions: &Extensions, mailbox: bool) {
        for index in members {
            // nobody waits for a file
            let file = self.mailer(*index).is_some_and(Mailer::is_file);
            let by = self.envelope.deliver_by.filter(|_| !file);
            let recipient = &mut self.envelope.recipients[*index];
            if let Some((flag, words)) = receipt(recipient.flags, by, extensions, mailbox) {
                recipient.flags |= flag;
                let line = [&recipient.text[..], words].concat();
                self.transcribe(&line);
            }
        }
    }

    /// Fails members whose mail is to come back when it is late, at a server that cannot promise to do that.
    pub(super) fn refuse_late(&mut self, members: &[usize], server: &ServerConnection) -> bool {
        let Some(late) = self.tell_late(&server.extensions) else { return false };
        let mut result = DeliveryResult::of_exit(Sysexit::UNAVAILABLE);
        if let Some(TranscriptLine::Bare(line)) = result.line.replace(TranscriptLine::Written) {
            self.transcribe(&line.to_line());
        }
        result.status = Some(late);
        result.quoted.clone_from(&server.last_complaint);
        // it is not that server, nor one tried before it, that says no
        for index in members {
            self.envelope.recipients[*index].remote_mta = None;
        }
        self.record(members, &result, Some(&server.relay()));
        true
    }

    /// What failed without a word of a server has, for sendmail, the status that it gave last: that of somebody whose mail came back
    /// because it could not be in time.
    pub(super) fn put_lateness(&self, result: &mut DeliveryResult) {
        if result.disposition == Disposition::Failed {
            result.status = self.late.or(result.status);
        }
    }

    /// Is the message to come back when it is late, at a server with these extensions? Then the transcript says why, and this is its
    /// status.
    pub(super) fn tell_late(&mut self, extensions: &Extensions) -> Option<EnhancedStatus> {
        let by = self.envelope.deliver_by.filter(|by| by.has(DeliverBy::RETURN))?;
        let left = by.seconds - (self.started - self.envelope.created);
        let why = match extensions.deliver_by {
            None => String::from("Server does not support Deliver By"),
            // a time that was over when it came is told of by whoever let it pass, and at a server without a limit it goes on
            Some(least) if by.seconds > 0 && (left <= 0 || left < least) => {
                format!("Message can't be delivered in time; {left} < {least}")
            }
            Some(_) => return None,
        };
        let late = EnhancedStatus(5, 4, 7);
        self.transcribe(&Reply::new(554, Some(late), why).to_line());
        self.late = Some(late);
        Some(late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_told_of_what() {
        let plain = Extensions::default();
        let modern = Extensions { dsn: true, ..plain };
        let timed = Extensions { deliver_by: Some(0), ..modern };
        let success = RecipientFlags::HAS_NOTIFY | RecipientFlags::SUCCESS;
        let never = RecipientFlags::HAS_NOTIFY;
        let by = |flags| Some(DeliverBy { seconds: 600, flags });
        let trace = DeliverBy::NOTIFY | DeliverBy::TRACE;
        let rows = [
            (success, None, plain, true, Some(RecipientFlags::DELIVERED)),
            (success, None, plain, false, Some(RecipientFlags::RELAYED)),
            (success, None, modern, false, None),
            (success, by(DeliverBy::NOTIFY), modern, false, Some(RecipientFlags::BY_NOTIFY_RELAYED)),
            (
                RecipientFlags::empty(),
                by(DeliverBy::NOTIFY),
                plain,
                true,
                Some(RecipientFlags::BY_NOTIFY_RELAYED),
            ),
            (RecipientFlags::empty(), by(DeliverBy::RETURN), plain, true, None),
            (
                RecipientFlags::empty(),
                by(DeliverBy::RETURN | DeliverBy::TRACE),
                plain,
                true,
                Some(RecipientFlags::BY_TRACE_RELAYED),
            ),
            (RecipientFlags::empty(), by(trace), timed, false, Some(RecipientFlags::BY_TRACE_RELAYED)),
            (never, by(trace), timed, false, None),
            (never, by(DeliverBy::NOTIFY), plain, true, None),
        ];
        for (flags, by, extensions, mailbox, expected) in rows {
            let primary = flags | RecipientFlags::PRIMARY;
            let told = receipt(primary, by, &extensions, mailbox).map(|(flag, _)| flag);
            assert_eq!(told, expected, "{flags:?} {by:?} {mailbox}");
            let member = receipt(flags, by, &extensions, mailbox).map(|(flag, _)| flag);
            assert_eq!(member, expected.filter(|told| *told == RecipientFlags::DELIVERED), "{flags:?}");
        }
    }
}
