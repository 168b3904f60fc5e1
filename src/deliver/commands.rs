//! MAIL and RCPT with the parameters that a server knows.

use super::attempt::Attempt;
use super::receipts;
use crate::addr::{without_brackets, without_quotes};
use crate::config::Mailer;
use crate::envelope::{BodyType, DeliverBy, EnvelopeFlags, Recipient, RecipientFlags};
use crate::smtp::client::{Extensions, ServerConnection};

/// `MAIL From:<…>` with SIZE, SMTPUTF8 (`utf8`), BODY, ENVID, RET, AUTH, BY, REQUIRETLS as far as the server knows them.
pub(super) fn mail_command(
    attempt: &Attempt<'_>,
    sender: &[u8],
    body_type: Option<BodyType>,
    utf8: bool,
    server: &ServerConnection,
) -> Vec<u8> {
    let (envelope, options) = (&*attempt.envelope, &attempt.on.site.config.options);
    let extensions = &server.extensions;
    let mut line = [b"MAIL From:<", without_brackets(sender), b">"].concat();
    if extensions.size.is_some() && envelope.size > 0 {
        line.extend(format!(" SIZE={}", envelope.size).into_bytes());
    }
    if utf8 {
        line.extend_from_slice(b" SMTPUTF8");
    }
    if let Some(kind) = body_type {
        line.extend([b" BODY=", kind.as_bytes()].concat());
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
    // who has submitted it is passed on among hosts that know each other (RFC 4954, section 5)
    let known = server.authenticated || !options.auth_options.contains(&b'A');
    if let Some(author) = envelope.auth.as_ref().filter(|_| known && !server.mechanisms.is_empty()) {
        line.extend([b" AUTH=", &author[..]].concat());
    }
    if let (Some(by), Some(_)) = (envelope.deliver_by, extensions.deliver_by) {
        let left = by.seconds - (attempt.started - envelope.created);
        let mode = if by.has(DeliverBy::RETURN) { 'R' } else { 'N' };
        let trace = if by.has(DeliverBy::TRACE) { "T" } else { "" };
        line.extend(format!(" BY={left};{mode}{trace}").into_bytes());
    }
    // who must not get it has been passed over before
    if envelope.flags.contains(EnvelopeFlags::REQUIRE_TLS) && extensions.require_tls {
        line.extend_from_slice(b" REQUIRETLS");
    }
    line
}

/// `RCPT To:<…>` with NOTIFY and ORCPT for servers that report themselves.
pub(super) fn rcpt_command(
    recipient: &Recipient,
    deliver_by: Option<DeliverBy>,
    mailer: &Mailer,
    extensions: &Extensions,
) -> Vec<u8> {
    let user = recipient.address.as_ref().map_or(&b""[..], |address| &address.user);
    let mut line = b"RCPT To:<".to_vec();
    match mailer.has(b's') {
        true => line.extend(without_quotes(without_brackets(user))),
        false => line.extend_from_slice(without_brackets(user)),
    }
    line.push(b'>');
    let primary = recipient.flags.contains(RecipientFlags::PRIMARY);
    if !extensions.dsn {
        return line;
    }
    let flags = notify(recipient.flags, deliver_by, extensions);
    if primary && flags.contains(RecipientFlags::HAS_NOTIFY) {
        let words = [
            (RecipientFlags::SUCCESS, "SUCCESS"),
            (RecipientFlags::FAILURE, "FAILURE"),
            (RecipientFlags::DELAY, "DELAY"),
        ];
        let asked: Vec<&str> =
            words.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, word)| *word).collect();
        let list = if asked.is_empty() { String::from("NEVER") } else { asked.join(",") };
        line.extend(format!(" NOTIFY={list}").into_bytes());
    }
    if let Some(orcpt) = &recipient.orcpt {
        line.extend([b" ORCPT=", &ascii_orcpt(orcpt)[..]].concat());
    }
    line
}

/// ORCPT= for any server: characters of an address of type utf-8 as `\x{FC}` (RFC 6533, section 3).
fn ascii_orcpt(orcpt: &[u8]) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(orcpt) else { return orcpt.to_vec() };
    let coded = text.chars().map(|character| match character.is_ascii() {
        true => character.to_string(),
        false => format!("\\x{{{:X}}}", u32::from(character)),
    });
    coded.collect::<String>().into_bytes()
}

/// What a server that reports itself has been asked for counts from then on: sendmail keeps it once it has said RCPT.
pub(super) fn settle_notify(
    recipient: &mut Recipient,
    deliver_by: Option<DeliverBy>,
    extensions: &Extensions,
) {
    if extensions.dsn {
        recipient.flags = notify(recipient.flags, deliver_by, extensions);
    }
}

/// What NOTIFY= asks for. A server that knows nothing of BY= is to tell of a delay itself (RFC 2852, 4.3).
fn notify(flags: RecipientFlags, deliver_by: Option<DeliverBy>, extensions: &Extensions) -> RecipientFlags {
    let alone = extensions.deliver_by.is_none() && !receipts::wants_none(flags);
    match deliver_by.filter(|by| alone && by.has(DeliverBy::NOTIFY)) {
        Some(_) if flags.contains(RecipientFlags::HAS_NOTIFY) => flags | RecipientFlags::DELAY,
        Some(_) => flags | RecipientFlags::HAS_NOTIFY | RecipientFlags::FAILURE | RecipientFlags::DELAY,
        None => flags,
    }
}

#[cfg(test)]
mod tests {
    use super::ascii_orcpt;

    #[test]
    fn an_original_recipient_is_ascii() {
        assert_eq!(ascii_orcpt("utf-8;J\u{fc}rgen+2B@x".as_bytes()), b"utf-8;J\\x{FC}rgen+2B@x");
        assert_eq!(ascii_orcpt(b"rfc822;a+2Bb@x"), b"rfc822;a+2Bb@x");
    }
}
