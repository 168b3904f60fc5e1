//! MAIL and RCPT with the parameters that a server knows.

use super::attempt::Attempt;
use crate::envelope::{EnvelopeFlags, Recipient, RecipientFlags};
use crate::smtp::client::Extensions;

/// `MAIL From:<…>` with SIZE, BODY, ENVID, RET, BY as far as the server knows them.
pub(super) fn mail_command(attempt: &Attempt<'_>, sender: &[u8], extensions: &Extensions) -> Vec<u8> {
    let envelope = &*attempt.envelope;
    let bare = sender.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(sender);
    let mut line = [b"MAIL From:<", bare, b">"].concat();
    if extensions.size.is_some() && envelope.size > 0 {
        line.extend(format!(" SIZE={}", envelope.size).into_bytes());
    }
    // it says what the parts of a MIME message are (RFC 6152): without MIME there is nothing to say
    let mime = envelope.headers.0.iter().any(|field| field.name.eq_ignore_ascii_case(b"mime-version"));
    let eight_bit = (mime && envelope.flags.contains(EnvelopeFlags::EIGHT_BIT)).then_some(&b"8BITMIME"[..]);
    let kind = envelope.body_type.map(|kind| kind.as_bytes()).or(eight_bit);
    if let Some(kind) = kind.filter(|_| extensions.eight_bit) {
        line.extend([b" BODY=", kind].concat());
    }
    if extensions.dsn {
        if let Some(envid) = &envelope.envid {
            line.extend([b" ENVID=", &envid[..]].concat());
        }
        if envelope.flags.contains(EnvelopeFlags::RETURN_GIVEN) {
            let headers = envelope.flags.contains(EnvelopeFlags::NO_BODY_RETURN);
            line.extend_from_slice(if headers { b" RET=HDRS" } else { b" RET=FULL" });
        }
    }
    if let (Some(by), Some(_)) = (envelope.deliver_by, extensions.deliver_by) {
        let left = by.seconds - (attempt.started - envelope.created);
        let mode = if by.flags & 0x02 != 0 { 'R' } else { 'N' };
        let trace = if by.flags & 0x10 != 0 { "T" } else { "" };
        line.extend(format!(" BY={left};{mode}{trace}").into_bytes());
    }
    line
}

/// `RCPT To:<…>` with NOTIFY and ORCPT for servers that report themselves.
pub(super) fn rcpt_command(recipient: &Recipient, extensions: &Extensions) -> Vec<u8> {
    let user = recipient.address.as_ref().map_or(&b""[..], |address| &address.user);
    let bare = user.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">")).unwrap_or(user);
    let mut line = [b"RCPT To:<", bare, b">"].concat();
    let primary = recipient.flags.contains(RecipientFlags::PRIMARY);
    if !extensions.dsn || !primary {
        return line;
    }
    if recipient.flags.contains(RecipientFlags::HAS_NOTIFY) {
        let words = [
            (RecipientFlags::SUCCESS, "SUCCESS"),
            (RecipientFlags::FAILURE, "FAILURE"),
            (RecipientFlags::DELAY, "DELAY"),
        ];
        let asked: Vec<&str> =
            words.iter().filter(|(flag, _)| recipient.flags.contains(*flag)).map(|(_, word)| *word).collect();
        let list = if asked.is_empty() { String::from("NEVER") } else { asked.join(",") };
        line.extend(format!(" NOTIFY={list}").into_bytes());
    }
    if let Some(orcpt) = &recipient.orcpt {
        line.extend([b" ORCPT=", &orcpt[..]].concat());
    }
    line
}
