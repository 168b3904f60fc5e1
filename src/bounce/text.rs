//! Part 1: what people read.

use super::{DsnKind, DsnRequest};
use crate::addr::{MAX_SHOWN, shorten};
use crate::envelope::{Envelope, Recipient, RecipientFlags};
use crate::message;
use crate::schema::{Reply, Sysexit};

const WARNING_BOX: &str = "\
\x20   **********************************************
\x20   **      THIS IS A WARNING MESSAGE ONLY      **
\x20   **  YOU DO NOT NEED TO RESEND YOUR MESSAGE  **
\x20   **********************************************

";

/// What became of a recipient, in a receipt, by the first flag it has.
const SUCCESSES: &[(RecipientFlags, &str)] = &[
    (RecipientFlags::DELIVERED, "successfully delivered to mailbox"),
    (RecipientFlags::DELIVERED_LIST, "successfully delivered to mailing list"),
    (RecipientFlags::RELAYED, "relayed to non-DSN-aware mailer"),
    (RecipientFlags::BY_NOTIFY_RELAYED, "Deliver-By notify: relayed"),
    (RecipientFlags::BY_TRACE_RELAYED, "Deliver-By trace: relayed"),
    (RecipientFlags::EXPANDED, "expanded by alias"),
];

pub(super) fn write(out: &mut Vec<u8>, report: &DsnRequest<'_>, original: &Envelope) {
    if report.facts.mime {
        out.push(b'\n');
    }
    if report.only_warns {
        out.extend_from_slice(WARNING_BOX.as_bytes());
    }
    let received = message::rfc5322(original.created, &report.facts.zone);
    out.extend_from_slice(format!("The original message was received at {received}\n").as_bytes());
    out.extend_from_slice(&[b"from ", peer(original), b"\n"].concat());
    if report.to_postmaster {
        out.extend_from_slice(format!("with id {}\n", original.id).as_bytes());
    }
    out.push(b'\n');
    let introduced = match report.kind {
        DsnKind::Success => false,
        DsnKind::Delay => !original.attempt.told_to_several,
        DsnKind::Failure | DsnKind::FailureAndDelay => true,
    };
    if introduced && !report.facts.error_header.is_empty() {
        out.extend_from_slice(report.facts.error_header.trim_ascii_end());
        out.extend_from_slice(b"\n\n");
    }
    if report.kind.tells_failures() {
        failures(out, report, original);
    }
    // of other delays the box and the transcript say it all
    if report.kind.warns() && report.deliver_by.is_some() {
        delays(out, report, original);
    }
    successes(out, report, original);
    transcript(out, report, original);
}

/// `$_`: the client as Received shows it.
pub(super) fn peer(original: &Envelope) -> &[u8] {
    original.scope.value(b'_').unwrap_or(b"localhost")
}

/// What a program's exit code says, or the server's own words.
fn reason(reply: &Reply) -> Vec<u8> {
    let code = std::str::from_utf8(&reply.text).ok().and_then(|text| text.parse().ok());
    match code.and_then(|code| Sysexit(code).text()) {
        Some(text) if reply.code == 0 => text.into(),
        _ => reply.to_line(),
    }
}

fn failures(out: &mut Vec<u8>, report: &DsnRequest<'_>, original: &Envelope) {
    let concerned = report.concerned(original, DsnKind::Failure);
    if concerned.is_empty() {
        return;
    }
    out.extend_from_slice(b"   ----- The following addresses had permanent fatal errors -----\n");
    for index in concerned {
        let recipient = &original.recipients[index];
        out.extend_from_slice(&shown(&recipient.text));
        out.push(b'\n');
        if let Some(reply) = &recipient.reply {
            out.extend_from_slice(&[b"    (reason: ", &shown(&reason(reply))[..], b")\n"].concat());
        }
        expanded_from(out, original, recipient);
    }
    out.push(b'\n');
}

fn delays(out: &mut Vec<u8>, report: &DsnRequest<'_>, original: &Envelope) {
    out.extend_from_slice(b"   ----- The following addresses had transient non-fatal errors -----\n");
    for index in report.concerned(original, DsnKind::Delay) {
        let recipient = &original.recipients[index];
        out.extend_from_slice(&[&shown(&recipient.text)[..], b"\n"].concat());
        expanded_from(out, original, recipient);
    }
    out.push(b'\n');
}

/// The address that its sender wrote, where an alias, a list or ruleset 5 has put another in its place.
fn expanded_from(out: &mut Vec<u8>, original: &Envelope, recipient: &Recipient) {
    let replaced = recipient.flags.contains(RecipientFlags::REPLACED).then_some(recipient);
    let from = replaced.or(parent(original, recipient)).map(|one| &one.text).or(recipient.named_by.as_ref());
    if let Some(from) = from {
        out.extend_from_slice(&[b"    (expanded from: ", &shown(from)[..], b")\n"].concat());
    }
}

fn successes(out: &mut Vec<u8>, report: &DsnRequest<'_>, original: &Envelope) {
    let concerned = report.concerned(original, DsnKind::Success);
    if concerned.is_empty() {
        return;
    }
    out.extend_from_slice(b"   ----- The following addresses had successful delivery notifications -----\n");
    for index in concerned {
        let recipient = &original.recipients[index];
        let row = SUCCESSES.iter().find(|(flag, _)| recipient.flags.contains(*flag));
        let how = row.map_or("relayed", |(_, how)| how);
        out.extend_from_slice(&[&shown(&recipient.text)[..], b"  (", how.as_bytes(), b")\n"].concat());
        expanded_from(out, original, recipient);
    }
    out.push(b'\n');
}

fn transcript(out: &mut Vec<u8>, report: &DsnRequest<'_>, original: &Envelope) {
    let mut said = original.attempt.transcript.clone();
    if report.facts.soft_bounce {
        said = softened(&said);
    }
    if !said.is_empty() {
        out.extend_from_slice(b"   ----- Transcript of session follows -----\n");
        out.extend_from_slice(&said);
    }
    out.push(b'\n');
}

/// Our own replies (those of servers stand behind `<<<`) with 4 for 5, code and status.
fn softened(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    let mut start = 0;
    while start < text.len() {
        let line = &text[start..];
        let is_reply = line.len() > 4 && line[0] == b'5' && line[1..3].iter().all(u8::is_ascii_digit);
        let has_status = is_reply && line.get(4..6) == Some(b"5.");
        let next = memchr::memchr(b'\n', line).map_or(text.len(), |end| start + end + 1);
        if is_reply {
            text[start] = b'4';
        }
        if has_status {
            text[start + 4] = b'4';
        }
        start = next;
    }
    text
}

/// The address whose expansion this one comes from.
pub(super) fn parent<'a>(original: &'a Envelope, recipient: &Recipient) -> Option<&'a Recipient> {
    original.recipients.get(recipient.parent?)
}

/// Addresses and reasons are not shown at any length.
fn shown(text: &[u8]) -> Vec<u8> {
    shorten(text, MAX_SHOWN)
}

#[cfg(test)]
mod tests {
    use super::softened;

    #[test]
    fn only_our_own_replies_are_softened() {
        let said = "550 5.1.1 a@b... User unknown\n<<< 550 5.7.1 no\n554-5.0.0 more\n5 lines\nends 550\n552 too much";
        let text = String::from_utf8(softened(said.as_bytes())).unwrap();
        insta::assert_snapshot!(text, @r"
        450 4.1.1 a@b... User unknown
        <<< 550 5.7.1 no
        454-4.0.0 more
        5 lines
        ends 550
        452 too much
        ");
    }
}
