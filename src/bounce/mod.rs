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
};
use crate::message;
use crate::rewrite::Site;
use crate::schema::{Privacy, TimeoutClass};
use jiff::tz::TimeZone;
use std::borrow::Cow;
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
    /// DontPruneRoutes.
    pub keep_routes: bool,
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
            warn_after: options.timeout.queuewarn.of(class),
            return_after: options.timeout.queuereturn.of(class),
            mime: options.send_mime_errors,
            no_body_return: options.privacy_options.contains(Privacy::NO_BODY_RETURN),
            no_actual_recipient: options.privacy_options.contains(Privacy::NO_ACTUAL_RECIPIENT),
            error_header: config.expand(error_header),
            keep_routes: options.dont_prune_routes,
            types: config.mailers.iter().map(|mailer| mailer.types.clone()).collect(),
        }
    }

    /// What a delay is called: in the report's subject, the log and the queue file.
    pub fn warning(&self, deliver_by: Option<i64>) -> String {
        match deliver_by {
            Some(seconds) => format!("Warning: Delivery time ({seconds}s) exceeded"),
            None => {
                format!("Warning: could not send message for past {}", message::interval(self.warn_after))
            }
        }
    }

    /// What the end of Timeout.queuereturn, or of BY=, is called.
    pub fn expiry(&self, deliver_by: Option<i64>) -> String {
        match deliver_by {
            Some(seconds) => format!("delivery time expired {seconds}s"),
            None => format!("Cannot send message for {}", message::interval(self.return_after)),
        }
    }

    /// `@hub.example:ann@elsewhere.example` without the way there, in brackets or not (RFC 5321, 3.3).
    fn without_route<'a>(&self, address: &'a [u8]) -> Cow<'a, [u8]> {
        let inner = address.strip_prefix(b"<").unwrap_or(address);
        let colon = memchr::memchr(b':', inner).filter(|_| inner.starts_with(b"@") && !self.keep_routes);
        match colon {
            None => address.into(),
            Some(colon) if inner.len() == address.len() => inner[colon + 1..].into(),
            Some(colon) => [b"<", &inner[colon + 1..]].concat().into(),
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
    /// The seconds of BY=, if it is these that are over (RFC 2852), not Timeout.queuereturn or .queuewarn.
    pub deliver_by: Option<i64>,
    /// Who gets it, expanded.
    pub receivers: Vec<Recipient>,
    /// It goes to DoubleBounceAddress or PostmasterCopy, not to the sender.
    pub to_postmaster: bool,
    /// The body of the original is left out.
    pub header_only: bool,
}

impl DsnRequest<'_> {
    /// Those the report is about, in the order of the send queue. A receipt for a list of several ends at the list
    /// (RFC 3461, 5.2.7.3): what became of its members is not told.
    fn concerned(&self, original: &Envelope, kind: DsnKind) -> Vec<usize> {
        let list = |index: &usize| original.recipients[*index].flags.contains(RecipientFlags::EXPANDED);
        let named = RecipientFlags::DELIVERED_LIST | RecipientFlags::PRIMARY;
        let owned = |index: usize| original.recipients[index].flags.contains(named);
        let beyond = |index: usize| original.chain(index).any(|above| list(&above)) && !owned(index);
        let told = |index: &usize| {
            due::concerns(kind, &original.recipients[*index]) && (kind != DsnKind::Success || !beyond(*index))
        };
        original.send_order().into_iter().filter(told).collect()
    }
}

/// Builds one report; `body` is the original's, from its beginning.
///
/// # Errors
/// The original's body cannot be read; the report is to be made later.
pub fn build(report: &DsnRequest<'_>, original: &Envelope, body: &mut dyn BufRead) -> io::Result<Envelope> {
    let boundary = boundary(report);
    let headers = header::fields(report, original, &boundary);
    let body = report_body(report, original, body, &boundary)?;
    let eight_bit = original.flags.contains(EnvelopeFlags::EIGHT_BIT) || !body.is_ascii();
    let mut flags = EnvelopeFlags::RESPONSE;
    flags.set(EnvelopeFlags::EIGHT_BIT, eight_bit);
    // a report that brought the header only comes back so itself
    flags.set(EnvelopeFlags::NO_BODY_RETURN, !original::returns_body(report, original));
    Ok(Envelope {
        id: report.id.clone(),
        location: original.location,
        sender: Sender { text: b"<>".to_vec(), address: None },
        recipients: report.receivers.clone(),
        headers,
        body: Body::from_memory(body),
        created: report.now,
        timeout_class: TimeoutClass::Dsn,
        flags,
        attempt: AttemptState {
            generated: true,
            console: original.attempt.console.clone(),
            own_sender: original.attempt.own_sender,
            report: true,
            received_from: status::received_from(original),
            ..AttemptState::default()
        },
        size: announced_size(report, original),
        body_type: eight_bit.then_some(BodyType::EightBitMime),
        scope: Scope::default(),
        ..Envelope::default()
    })
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
    text::write(&mut out, report, original);
    separator(&mut out, b"");
    if report.facts.mime {
        status::write(&mut out, report, original);
    }
    separator(&mut out, b"");
    original::write(&mut out, report, original, body)?;
    separator(&mut out, b"--");
    out.push(b'\n');
    Ok(out)
}
