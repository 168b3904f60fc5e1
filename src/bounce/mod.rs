//! Reports: delivery failures, delays and receipts as multipart/report (RFC 3461, 3462, 3464).
//!
//! In: an envelope whose recipients have their results, and a reader of its body. Out: a new envelope
//! with the null sender. A pure function: no file is opened, nothing is looked up, no clock is asked;
//! the caller reads the options, gives identifier and time, and queues the result.
//!
//! Files in the order of the report: `due` (is one owed, and to whom), `header` (its fields),
//! `text` (part 1, for people), `status` (part 2, for programs), `original` (part 3, what was sent).

mod due;
mod header;
mod original;
mod status;
mod text;

#[cfg(test)]
mod tests;

pub use due::due;

use crate::engine::Scope;
use crate::envelope::{
    AttemptState, Body, BodyType, Envelope, EnvelopeFlags, QueueId, Recipient, RecipientFlags, Sender,
    final_recipient,
};
use crate::rewrite::Site;
use crate::schema::{Privacy, TimeoutClass};
use jiff::tz::TimeZone;
use std::io::{self, BufRead};

/// What a report is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DsnKind {
    /// Somebody cannot get it.
    Failure,
    /// It takes longer.
    Delay,
    /// It arrived.
    Success,
}

/// The site's share in a report, read from its options by the caller.
#[derive(Clone, Debug)]
pub struct DsnSettings {
    /// `$j`, the reporting host.
    pub host: Vec<u8>,
    /// `$n`, who reports come from (`MAILER-DAEMON`).
    pub daemon: Vec<u8>,
    /// The zone of the dates.
    pub zone: TimeZone,
    /// DoubleBounceAddress; empty: a report about a report is dropped.
    pub double_bounce: Vec<u8>,
    /// Timeout.queuewarn of the message's class, seconds.
    pub warn_after: i64,
    /// Timeout.queuereturn of the message's class, seconds.
    pub return_after: i64,
    /// SendMimeErrors.
    pub mime: bool,
    /// PrivacyOptions nobodyreturn.
    pub no_body_return: bool,
    /// PrivacyOptions noactualrecipient.
    pub no_actual_recipient: bool,
    /// ErrorHeader as text, macros expanded; may be empty.
    pub error_header: Vec<u8>,
    /// T= of each mailer, by its index: MTA, address and diagnostic types.
    pub types: Vec<[Vec<u8>; 3]>,
}

impl DsnSettings {
    /// Reads the site's share for reports about `original`. `error_header`: option ErrorHeader, or the
    /// content of the file that it names.
    pub fn of(site: &Site, original: &Envelope, error_header: &[u8]) -> Self {
        let (config, options) = (&*site.config, &site.config.options);
        let class = original.timeout_class;
        Self {
            host: config.expand(config.macro_value("j").unwrap_or(b"localhost")),
            daemon: config.expand(config.macro_value("n").unwrap_or(b"MAILER-DAEMON")),
            zone: config.zone().clone(),
            double_bounce: config.expand(&options.double_bounce_address),
            warn_after: options.timeout.queuewarn.of(class),
            return_after: options.timeout.queuereturn.of(class),
            mime: options.send_mime_errors,
            no_body_return: options.privacy_options.contains(Privacy::NO_BODY_RETURN),
            no_actual_recipient: options.privacy_options.contains(Privacy::NO_ACTUAL_RECIPIENT),
            error_header: config.expand(error_header),
            types: config.mailers.iter().map(|mailer| mailer.types.clone()).collect(),
        }
    }

    /// The type words of a recipient's mailer, sendmail's defaults without one.
    fn types_of(&self, recipient: &Recipient) -> [&[u8]; 3] {
        let known = recipient.address.as_ref().and_then(|address| self.types.get(address.mailer.0 as usize));
        let word = |index: usize, default: &'static [u8]| {
            known.map(|types| types[index].as_slice()).filter(|word| !word.is_empty()).unwrap_or(default)
        };
        [word(0, b"dns"), word(1, b"rfc822"), word(2, b"smtp")]
    }
}

/// What the caller supplies.
#[derive(Debug)]
pub struct DsnRequest<'a> {
    /// The site's share.
    pub facts: &'a DsnSettings,
    /// What it is about.
    pub kind: DsnKind,
    /// Identifier of the new envelope.
    pub id: QueueId,
    /// Now, seconds since the epoch.
    pub now: i64,
    /// A failure only because Timeout.queuereturn is over.
    pub expired: bool,
}

impl DsnRequest<'_> {
    /// Those the report is about, in the order of the send queue. A receipt for a list of several ends at the list
    /// (RFC 3461, 5.2.7.3): what became of its members is not told.
    fn concerned<'a>(&self, original: &'a Envelope, kind: DsnKind) -> Vec<&'a Recipient> {
        let list = |index: &usize| original.recipients[*index].flags.contains(RecipientFlags::EXPANDED);
        let named = RecipientFlags::DELIVERED_LIST | RecipientFlags::PRIMARY;
        let owned = |index: usize| original.recipients[index].flags.contains(named);
        let beyond = |index: usize| original.chain(index).any(|above| list(&above)) && !owned(index);
        let told = |index: &usize| {
            due::concerns(kind, &original.recipients[*index]) && (kind != DsnKind::Success || !beyond(*index))
        };
        original.send_order().into_iter().filter(told).map(|index| &original.recipients[index]).collect()
    }
}

/// Builds one report; `body` is the original's, from its beginning. `Ok(None)` when there is nobody to get it (a report about a report without
/// DoubleBounceAddress): the caller then drops the message.
///
/// # Errors
/// The original's body cannot be read; the report is to be made later.
pub fn build(
    report: &DsnRequest<'_>,
    original: &Envelope,
    body: &mut dyn BufRead,
) -> io::Result<Option<Envelope>> {
    let to_postmaster = original.is_response() || original.sender.is_null();
    let receiver = match to_postmaster {
        false => original.sender.text.clone(),
        true => report.facts.double_bounce.clone(),
    };
    if receiver.is_empty() {
        return Ok(None);
    }
    let boundary = boundary(report);
    let mut receivers = vec![receiver];
    if original.attempt.tell_postmaster && report.kind == DsnKind::Failure && !to_postmaster {
        receivers.push(b"postmaster".to_vec());
    }
    let headers = header::fields(report, original, &receivers, to_postmaster, &boundary);
    let body = report_body(report, original, body, to_postmaster, &boundary)?;
    let recipient = |text: Vec<u8>| Recipient {
        final_recipient: Some(final_recipient(&text, &report.facts.host)),
        text,
        flags: RecipientFlags::PRIMARY | RecipientFlags::FAILURE,
        ..Recipient::default()
    };
    let eight_bit = original.flags.contains(EnvelopeFlags::EIGHT_BIT);
    Ok(Some(Envelope {
        id: report.id.clone(),
        location: original.location,
        sender: Sender { text: b"<>".to_vec(), address: None },
        recipients: receivers.into_iter().map(recipient).collect(),
        headers,
        body: Body::from_memory(body),
        created: report.now,
        timeout_class: TimeoutClass::Dsn,
        flags: EnvelopeFlags::RESPONSE | original.flags & EnvelopeFlags::NO_BODY_RETURN,
        attempt: AttemptState {
            generated: true,
            console: original.attempt.console.clone(),
            own_sender: original.attempt.own_sender,
            received_from: status::received_from(original),
            ..AttemptState::default()
        },
        size: announced_size(report, original),
        body_type: eight_bit.then_some(BodyType::EightBitMime),
        scope: Scope::default(),
        ..Envelope::default()
    }))
}

/// What SIZE= and the priority say: the original and what is said about it, roughly; 0 where the
/// body does not come back.
fn announced_size(report: &DsnRequest<'_>, original: &Envelope) -> u64 {
    const OUR_SHARE: u64 = 1024;
    if original::returns_body(report, original) { original.size + OUR_SHARE } else { 0 }
}

/// Sets the macros by which the default header fields of a report are written.
pub fn set_macros(site: &Site, facts: &DsnSettings, original: &Envelope, report: &mut Envelope) {
    let config = &site.config;
    // no protocol brought it, and it belongs to the listener that the original came by
    report.scope.set_named(config, b"r", b"");
    if let Some(flags) = original.scope.get_named(config, b"daemon_flags") {
        report.scope.set_named(config, b"daemon_flags", flags);
    }
    for name in [&b"s"[..], b"_"] {
        report.scope.set_named(config, name, b"localhost");
    }
    report.scope.set_named(config, b"x", b"Mail Delivery Subsystem");
    report.scope.set_named(config, b"i", report.id.as_bytes());
    report.scope.set_named(config, b"f", &facts.daemon);
    report.scope.set_named(config, b"g", &facts.daemon);
    report.scope.set_named(config, b"x", b"Mail Delivery Subsystem");
}

/// `QID.EPOCH/HOST`: never in the original, since the identifier is new.
fn boundary(report: &DsnRequest<'_>) -> Vec<u8> {
    let mut boundary = format!("{}.{}/", report.id, report.now).into_bytes();
    boundary.extend_from_slice(&report.facts.host);
    boundary
}

fn report_body(
    report: &DsnRequest<'_>,
    original: &Envelope,
    body: &mut dyn BufRead,
    to_postmaster: bool,
    boundary: &[u8],
) -> io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(4096 + original.body.size() as usize);
    let separator = |out: &mut Vec<u8>, end: &[u8]| {
        if report.facts.mime {
            out.extend_from_slice(&[b"--", boundary, end, b"\n"].concat());
        }
    };
    if report.facts.mime {
        out.extend_from_slice(b"This is a MIME-encapsulated message\n\n");
    }
    separator(&mut out, b"");
    text::write(&mut out, report, original, to_postmaster);
    separator(&mut out, b"");
    if report.facts.mime {
        status::write(&mut out, report, original);
    }
    // a report that failed in the pass that made it does not come back itself
    if !original.attempt.generated {
        separator(&mut out, b"");
        original::write(&mut out, report, original, body)?;
    } else if report.facts.mime {
        out.push(b'\n');
    }
    separator(&mut out, b"--");
    out.push(b'\n');
    Ok(out)
}
