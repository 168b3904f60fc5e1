//! A message has arrived: its header and the fields that the site adds become the envelope's.

use super::parameters::{BodyType, EnvelopeFlags};
use super::recipient::{Recipient, RecipientFlags, RecipientState};
use super::state::Envelope;
use crate::config::{HeaderCondition, HeaderDecl};
use crate::message::{Header, HeaderFacts, HeaderKind, Headers};
use crate::rewrite::{Site, expand};
use crate::schema::NoRecipientAction;

/// The fields of a message that has just arrived, and those that the site adds to it, become the
/// envelope's; what they say about class, hops, identifier and priority too.
///
/// The site's come first, in the order of the H lines, then fields made by the server, then the
/// message's own. Macros that H lines use must be set; the message's Date and Full-Name set theirs here.
pub async fn receive(site: &Site, envelope: &mut Envelope, fields: Vec<Header>) {
    let mut own: Vec<Header> = fields.into_iter().map(known).collect();
    if site.config.options.rrt_implies_dsn {
        ask_for_receipts(envelope, &own);
    }
    if site.config.options.single_line_from_header {
        own.iter_mut().filter(|field| field.kind.contains(HeaderKind::SENDER)).for_each(unfold);
    }
    let made = std::mem::take(&mut envelope.headers.0);
    let facts = HeaderFacts::of(&site.config, &own);
    set_macros(site, envelope, &facts);
    let mut headers = defaults(site, envelope, &mut own, facts.resent);
    // Resent-Date is the day of the resending, so the message's own date is not known before
    define(site, envelope, &[(b"a", &facts.date), (b"msg_id", &facts.message_id)]);
    headers.extend(made);
    headers.extend(own);
    envelope.headers = Headers(headers);
    if envelope.session.commas {
        envelope.headers.separate_by_commas();
    }
    if !facts.has_recipients && !facts.has_bcc {
        add_recipient_field(site, envelope);
    }
    take_facts(site, envelope, &facts);
    declare_eight_bits(envelope);
}

/// Eighth bits in the header of a MIME message are as good as BODY=8BITMIME, and make what was said of it in small letters the same.
fn declare_eight_bits(envelope: &mut Envelope) {
    let eighth_bits = |field: &Header| field.kind.contains(HeaderKind::USER) && !field.value.is_ascii();
    let declared = envelope.headers.is_mime() || envelope.body_type == Some(BodyType::EIGHT_BIT_MIME);
    if declared && envelope.headers.0.iter().any(eighth_bits) {
        envelope.body_type = Some(BodyType::EIGHT_BIT_MIME);
    }
}

/// RrtImpliesDsn: Return-Receipt-To asks for what NOTIFY=SUCCESS asks for, of those for whom nothing else was said. What is
/// delivered is without it.
fn ask_for_receipts(envelope: &mut Envelope, own: &[Header]) {
    if !own.iter().any(|field| field.kind.contains(HeaderKind::RECEIPT_TO)) {
        return;
    }
    let silent = |one: &&mut Recipient| !one.flags.contains(RecipientFlags::HAS_NOTIFY);
    for recipient in envelope.recipients.iter_mut().filter(silent) {
        recipient.flags |=
            RecipientFlags::HAS_NOTIFY | RecipientFlags::SUCCESS | RecipientFlags::DEFAULT_NOTIFY;
    }
}

fn known(mut field: Header) -> Header {
    field.kind |= HeaderKind::of(&field.name) | HeaderKind::USER;
    field
}

/// The field in one line.
fn unfold(field: &mut Header) {
    field.value.iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
}

fn set_macros(site: &Site, envelope: &mut Envelope, facts: &HeaderFacts) {
    // fields made here show the sender as it is known here; each mailer's own form comes at delivery
    let sender = envelope.scope.get_named(&site.config, b"f").unwrap_or_default().to_vec();
    envelope.scope.set_named(&site.config, b"g", &sender);
    define(site, envelope, &[(b"x", &facts.full_name)]);
}

/// Those that have a value.
fn define(site: &Site, envelope: &mut Envelope, rows: &[(&[u8], &Option<Vec<u8>>)]) {
    for (name, value) in rows {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            envelope.scope.set_named(&site.config, name, value);
        }
    }
}

/// The H lines' fields, expanded, without those that the message brought itself.
fn defaults(site: &Site, envelope: &Envelope, own: &mut Vec<Header>, resent: bool) -> Vec<Header> {
    let mut made = Vec::new();
    for line in &site.config.headers {
        let kind = HeaderKind::of(&line.name);
        let unwanted = kind.contains(HeaderKind::RESENT) && !resent;
        if unwanted || (!kind.contains(HeaderKind::FORCE) && yields(line, own)) {
            continue;
        }
        if kind.contains(HeaderKind::BIND_LATE) {
            made.push(Header::of_line(line, kind, line.value.clone()));
            continue;
        }
        let value = expand(site, &envelope.scope, &line.value);
        // what says nothing now may say something at delivery: `$g` is MAILER-DAEMON then for mailers of this host
        made.push(match value.trim_ascii().is_empty() {
            false => Header::of_line(line, kind, value),
            true => Header::of_line(line, kind | HeaderKind::BIND_LATE, line.value.clone()),
        });
    }
    made
}

/// Does the message bring this field? Then its own takes over the condition; an empty one goes.
fn yields(line: &HeaderDecl, own: &mut Vec<Header>) -> bool {
    own.retain(|field| !field.name.eq_ignore_ascii_case(&line.name) || !field.value.trim_ascii().is_empty());
    let mut found = false;
    for field in own.iter_mut().filter(|field| field.name.eq_ignore_ascii_case(&line.name)) {
        found = true;
        if field.condition == HeaderCondition::Always {
            field.condition = line.condition.clone();
        }
    }
    found
}

/// NoRecipientAction: what a message without any recipient field gets.
fn add_recipient_field(site: &Site, envelope: &mut Envelope) {
    // a field for each, the last one first
    let all = || everybody_named(envelope).iter().rev().map(|text| [b" ", &text[..]].concat()).collect();
    let (name, values): (&[u8], Vec<Vec<u8>>) = match site.config.options.no_recipient_action {
        NoRecipientAction::None => return,
        NoRecipientAction::AddTo => (b"To", all()),
        NoRecipientAction::AddApparentlyTo => (b"Apparently-To", all()),
        NoRecipientAction::AddBcc => (b"Bcc", vec![b"  ".to_vec()]),
        NoRecipientAction::AddToUndisclosed => (b"To", vec![b" undisclosed-recipients:;".to_vec()]),
    };
    let fields = values.iter().map(|value| known(Header::generated(name, value)));
    envelope.headers.0.extend(fields);
}

/// Whom the client has named, in the order in which they are sent to; also who was refused because nobody has that name.
fn everybody_named(envelope: &Envelope) -> Vec<&[u8]> {
    // who is there already, named or by way of a list, is not named again
    let first = |one: &&Recipient| one.parent.is_none() && one.state != RecipientState::Duplicate;
    let order = envelope.send_order();
    let mut named: Vec<&[u8]> = Vec::new();
    let mut unknown = envelope.attempt.refused.iter().filter(|one| one.unknown).collect::<Vec<_>>();
    unknown.sort_by_key(|one| &one.host);
    let mut unknown = unknown.into_iter().peekable();
    for index in order {
        let recipient = &envelope.recipients[index];
        let place = (recipient.host(), index);
        while let Some(before) = unknown.next_if(|one| (&one.host[..], one.behind) <= place) {
            named.push(&before.text);
        }
        named.extend(Some(recipient).filter(first).map(|one| &one.text[..]));
    }
    named.extend(unknown.map(|one| &one.text[..]));
    named
}

fn take_facts(site: &Site, envelope: &mut Envelope, facts: &HeaderFacts) {
    envelope.class = facts.class;
    // the generated Message-Id and Received count as well
    let whole = HeaderFacts::of(&site.config, &envelope.headers.0);
    if let Some(id) = &whole.message_id {
        envelope.scope.set_named(&site.config, b"msg_id", id);
    }
    (envelope.message_id, envelope.hop_count) = (whole.message_id, whole.hop_count);
    envelope.timeout_class = facts.timeout_class(envelope.attempt.report);
    envelope.flags.set(EnvelopeFlags::DELETE_BCC, facts.has_recipients);
    envelope.set_priority(&site.config.options);
}
