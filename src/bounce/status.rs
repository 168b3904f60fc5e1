//! Part 2: what programs read (RFC 3464).

use super::text::parent;
use super::{DsnKind, DsnRequest};
use crate::addr::{without_brackets, without_quotes};
use crate::envelope::{Envelope, EnvelopeFlags, Recipient, RecipientFlags, RecipientState};
use crate::message;
use crate::schema::{Disposition, EnhancedStatus};
use std::borrow::Cow;

/// Action, and sendmail's remark on it, by the first flag that a successful recipient has.
const ACTIONS: &[(RecipientFlags, Disposition, &str)] = &[
    (RecipientFlags::DELIVERED, Disposition::Delivered, "to mailbox"),
    (RecipientFlags::DELIVERED_LIST, Disposition::Delivered, "to mailing list"),
    (RecipientFlags::RELAYED, Disposition::Relayed, "to non-DSN-aware mailer"),
    (RecipientFlags::BY_TRACE_RELAYED, Disposition::Relayed, "Deliver-By trace mode"),
    (RecipientFlags::BY_NOTIFY_RELAYED, Disposition::Relayed, "Deliver-By notify mode"),
    (RecipientFlags::EXPANDED, Disposition::Expanded, "to multi-recipient alias"),
];

pub(super) fn write(out: &mut Vec<u8>, report: &DsnRequest<'_>, original: &Envelope) {
    out.extend_from_slice(match original.flags.contains(EnvelopeFlags::SMTPUTF8) {
        // RFC 6533, section 6
        true => {
            b"Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n\n".as_slice()
        }
        false => b"Content-Type: message/delivery-status\n\n",
    });
    if let Some(envid) = &original.envid {
        line(out, "Original-Envelope-Id", &decode_xtext(envid));
    }
    line(out, "Reporting-MTA", &[b"dns; ", report.facts.host.as_slice()].concat());
    if let Some(client) = received_from(original) {
        line(out, "Received-From-MTA", &[&b"DNS; "[..], &client].concat());
    }
    line(out, "Arrival-Date", message::rfc5322(original.created, &report.facts.zone).as_bytes());
    if let Some(by) = original.deliver_by {
        let deadline = message::rfc5322(original.created + by.seconds, &report.facts.zone);
        line(out, "Deliver-By-Date", deadline.as_bytes());
    }
    for (recipient, kind) in groups(report, original) {
        out.push(b'\n');
        recipient_group(out, report, original, (recipient, kind));
    }
    out.push(b'\n');
}

/// Those it speaks of, in the order of the send queue; a failure or delay also tells of who wanted a receipt, and each report of lists, whether
/// anybody wanted to hear of them or not.
fn groups<'a>(report: &DsnRequest<'_>, original: &'a Envelope) -> Vec<(&'a Recipient, DsnKind)> {
    let of_kind = |kind| report.concerned(original, kind).into_iter().map(move |index| (index, kind));
    let kinds: &[DsnKind] = match report.kind {
        DsnKind::Failure => &[DsnKind::Failure, DsnKind::Success],
        DsnKind::FailureAndDelay => &[DsnKind::Failure, DsnKind::Delay, DsnKind::Success],
        DsnKind::Delay => &[DsnKind::Delay, DsnKind::Success],
        DsnKind::Success => &[DsnKind::Success],
    };
    let mut groups: Vec<(usize, DsnKind)> = kinds.iter().flat_map(|kind| of_kind(*kind)).collect();
    let order = original.send_order();
    // whose queue file asks for nothing: he alone makes no report
    let unasked = order.iter().filter(|index| is_unasked_failure(&original.recipients[**index]));
    groups.extend(unasked.map(|index| (*index, DsnKind::Failure)));
    let known: Vec<usize> = groups.iter().map(|(index, _)| *index).collect();
    let is_left = |index: &usize| is_list(&original.recipients[*index]) && !known.contains(index);
    groups.extend(order.iter().copied().filter(is_left).map(|index| (index, DsnKind::Success)));
    groups.sort_by_key(|(index, _)| order.iter().position(|at| at == index));
    groups.into_iter().map(|(index, kind)| (&original.recipients[index], kind)).collect()
}

/// Failed, and neither NOTIFY= nor what stands for it is known of him.
fn is_unasked_failure(recipient: &Recipient) -> bool {
    let wishes = RecipientFlags::HAS_NOTIFY | RecipientFlags::FAILURE;
    recipient.state == RecipientState::Failed && !recipient.flags.intersects(wishes)
}

fn recipient_group(
    out: &mut Vec<u8>,
    report: &DsnRequest<'_>,
    original: &Envelope,
    (recipient, kind): (&Recipient, DsnKind),
) {
    let first = first_of(original, recipient);
    let [mta, _, diagnostic] = report.facts.types_of(recipient);
    // RFC 3464, 2.3.1: a type and an address; a queue file may hold less, of which sendmail says nothing
    if let Some(orcpt) = first.orcpt.as_ref().filter(|orcpt| orcpt.contains(&b';')) {
        line(out, "Original-Recipient", &decode_xtext(orcpt));
    }
    let utf8 = original.flags.contains(EnvelopeFlags::SMTPUTF8);
    line(out, "Final-Recipient", &final_recipient(first, &report.facts.host, utf8));
    if !report.facts.no_actual_recipient {
        let actual = actual_recipient(report, original, recipient);
        if !actual.is_empty() {
            line(out, "X-Actual-Recipient", &actual);
        }
    }
    line(out, "Action", action(kind, recipient).as_bytes());
    line(out, "Status", status(report, recipient, kind).as_bytes());
    if let Some(host) = &recipient.remote_mta {
        let host = host.strip_suffix(b".").unwrap_or(host);
        line(out, "Remote-MTA", &[mta, b"; ", host].concat());
    }
    if let Some(reply) = &recipient.reply {
        line(out, "Diagnostic-Code", &[diagnostic, b"; ", &reply.to_line()].concat());
    }
    let tried = if recipient.tried == 0 { report.now } else { recipient.tried };
    line(out, "Last-Attempt-Date", message::rfc5322(tried, &report.facts.zone).as_bytes());
    // who was put off by name (its M line) is not of the queue as a whole, and sendmail does not say it of him
    if kind == DsnKind::Delay && recipient.message.is_none() {
        let until = message::rfc5322(
            original.created + report.facts.return_after.as_secs() as i64,
            &report.facts.zone,
        );
        line(out, "Will-Retry-Until", until.as_bytes());
    }
}

/// The recipient of the RCPT command behind any number of expansions.
fn first_of<'a>(original: &'a Envelope, recipient: &'a Recipient) -> &'a Recipient {
    let mut first = recipient;
    // as many steps as there are recipients: a circle of parents must not hang us
    for _ in 0..original.recipients.len() {
        match parent(original, first) {
            Some(next) => first = next,
            None => break,
        }
    }
    first
}

fn final_recipient(recipient: &Recipient, host: &[u8], utf8: bool) -> Vec<u8> {
    let known = recipient.final_recipient.clone().unwrap_or_else(|| recipient.known_to_queue(host));
    if known.is_ascii() || !utf8 {
        return known;
    }
    let address = known.iter().position(|byte| *byte == b';').map_or(&known[..], |at| &known[at + 1..]);
    [address_type(b"rfc822", address, utf8), b"; ", address.trim_ascii_start()].concat()
}

/// What the rules made of it, or said of it, and of what type it is. A local name gets our own host; of files and programs
/// the type is that of their diagnostics, for they are no mail addresses. Nothing of `<>`.
fn actual_recipient(report: &DsnRequest<'_>, original: &Envelope, recipient: &Recipient) -> Vec<u8> {
    // of a message that was never tried sendmail knows him as he was named
    let named = recipient.user_before.as_deref().filter(|_| original.attempt.untried);
    let known = named.or(recipient.address.as_ref().map(|address| &address.user[..]));
    let refused = recipient.refusal.as_ref().map(|refusal| &refusal.user[..]);
    let user = known.or(refused).unwrap_or(without_brackets(&recipient.text));
    if user.is_empty() {
        return Vec::new();
    }
    let [_, _, kind] = match recipient.address {
        // nobody has looked where it has to go
        None => [b"", b"", &report.facts.program_type[..]],
        Some(_) => report.facts.types_of(recipient),
    };
    // one that was refused before its mailer heard of it stands there as it was written
    let mailed = recipient.flags.contains(RecipientFlags::MAILED);
    if matches!(unquoted(user).first(), Some(b'|' | b'/')) && !kind.eq_ignore_ascii_case(b"smtp") {
        let user = if mailed { unquoted(user) } else { user };
        return [kind, b"; ", user].concat();
    }
    // sendmail knows him as his mailer was told of him
    let mailer = recipient.address.as_ref().map(|address| usize::from(address.mailer.0));
    let strips = mailer.and_then(|mailer| report.facts.strips.get(mailer)).is_some_and(|strips| *strips);
    let user: Cow<'_, [u8]> =
        if mailed && strips { without_quotes(user).collect::<Vec<u8>>().into() } else { user.into() };
    let user = &user[..];
    let utf8 = original.flags.contains(EnvelopeFlags::SMTPUTF8);
    let mut text = [address_type(b"rfc822", user, utf8), b"; ", user].concat();
    if !user.contains(&b'@') {
        text.extend_from_slice(&[b"@", report.facts.host.as_slice()].concat());
    }
    text
}

/// Of an address that is no ASCII the type is utf-8 (RFC 6533, section 3), in a message that needs SMTPUTF8.
fn address_type<'a>(usual: &'a [u8], address: &[u8], utf8: bool) -> &'a [u8] {
    if address.is_ascii() || !utf8 { usual } else { b"utf-8" }
}

fn is_list(recipient: &Recipient) -> bool {
    recipient.flags.contains(RecipientFlags::PRIMARY) && recipient.flags.intersects(RecipientFlags::LISTS)
}

fn action(kind: DsnKind, recipient: &Recipient) -> String {
    let known = ACTIONS.iter().find(|(flag, ..)| recipient.flags.contains(*flag));
    let (disposition, remark) = match kind {
        DsnKind::Failure => (Disposition::Failed, ""),
        DsnKind::Delay | DsnKind::FailureAndDelay => (Disposition::Delayed, ""),
        DsnKind::Success => {
            // with a list that has an owner this host's part is done
            let known = if recipient.flags.contains(RecipientFlags::OWNED) && is_list(recipient) {
                ACTIONS.iter().find(|(flag, ..)| *flag == RecipientFlags::DELIVERED_LIST)
            } else {
                known
            };
            known.map_or((Disposition::Relayed, ""), |(_, action, remark)| (*action, *remark))
        }
    };
    match remark {
        "" => disposition.action().to_owned(),
        remark => format!("{} ({remark})", disposition.action()),
    }
}

fn status(report: &DsnRequest<'_>, recipient: &Recipient, kind: DsnKind) -> String {
    let default = match kind {
        DsnKind::Failure if report.deliver_by.is_some() => EnhancedStatus(5, 4, 7),
        DsnKind::Failure if report.expired => EnhancedStatus(4, 4, 7),
        DsnKind::Failure => EnhancedStatus(5, 0, 0),
        DsnKind::Delay | DsnKind::FailureAndDelay => EnhancedStatus(4, 0, 0),
        DsnKind::Success => EnhancedStatus(2, 0, 0),
    };
    recipient.status.unwrap_or(default).to_string()
}

/// Whose message it is, or whose message a report made in the same pass is about.
pub(super) fn received_from(original: &Envelope) -> Option<Vec<u8>> {
    let known = || original.client().filter(|_| !original.attempt.read_back);
    original.attempt.received_from.clone().or_else(|| known().map(<[u8]>::to_vec))
}

fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(text)
}

fn line(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    // one field, one line: a reply's own line ends would begin a new field
    out.extend(value.iter().map(|byte| if *byte == b'\n' || *byte == b'\r' { b' ' } else { *byte }));
    out.push(b'\n');
}

/// RFC 3461 xtext; what is no valid escape stays as it is.
fn decode_xtext(text: &[u8]) -> Vec<u8> {
    let digit = |byte: u8| (byte as char).to_digit(16).filter(|_| !byte.is_ascii_lowercase());
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, tail @ ..] = rest {
        match (*first, tail) {
            (b'+', [high, low, tail @ ..]) if digit(*high).is_some() && digit(*low).is_some() => {
                out.push((digit(*high).unwrap_or(0) * 16 + digit(*low).unwrap_or(0)) as u8);
                rest = tail;
            }
            _ => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}
