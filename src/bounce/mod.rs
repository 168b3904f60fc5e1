//! Reports: delivery failures, delays and receipts as multipart/report (RFC 3461, 3462, 3464).
//!
//! In: an envelope whose recipients have their results, and a reader of its body. Out: a new envelope
//! with the null sender. A pure function: no file is opened, nothing is looked up, no clock is asked;
//! the caller reads the options, gives identifier and time, and queues the result.
//!
//! `request` is what the caller asks for. Files in the order of the report: `due` (is one owed, and to whom), `header` (its fields),
//! `text` (part 1, for people), `status` (part 2, for programs), `original` (part 3, what was sent).

mod due;
mod header;
mod original;
mod request;
mod status;
mod text;

#[cfg(test)]
mod tests;

pub use due::due;
pub use request::{DsnKind, DsnRequest, DsnSettings};

use crate::engine::Scope;
use crate::envelope::{AttemptState, Body, BodyType, Envelope, EnvelopeFlags, Recipient, Sender};
use crate::rewrite::Site;
use crate::schema::{Reply, TimeoutClass};
use std::io::{self, BufRead};

/// Builds one report; `body` is the original's, from its beginning.
///
/// # Errors
/// The original's body cannot be read; the report is to be made later.
pub fn build(report: &DsnRequest<'_>, original: &Envelope, body: &mut dyn BufRead) -> io::Result<Envelope> {
    let boundary = boundary(report);
    let headers = header::fields(report, original, &boundary);
    let (body, problems) = report_body(report, original, body, &boundary)?;
    let mut flags = EnvelopeFlags::RESPONSE;
    // a report that brought the header only comes back so itself
    flags.set(EnvelopeFlags::NO_BODY_RETURN, !original::returns_body(report, original));
    let plain = report.receivers.iter().all(|one| one.text.is_ascii());
    flags.set(EnvelopeFlags::SMTPUTF8, !plain && original.flags.contains(EnvelopeFlags::SMTPUTF8));
    let defaults = &original.attempt.defaults;
    let given = defaults.as_ref().map_or(EnvelopeFlags::empty(), |defaults| defaults.flags);
    if given.contains(EnvelopeFlags::RETURN_GIVEN) {
        flags |= given;
    }
    let mut built = Envelope {
        id: report.id.clone(),
        sender: Sender { text: b"<>".to_vec(), address: None },
        recipients: report.receivers.clone(),
        headers,
        body: Body::from_memory(body),
        created: report.now,
        timeout_class: TimeoutClass::Dsn,
        envid: defaults.as_ref().and_then(|defaults| defaults.envid.clone()),
        flags,
        attempt: AttemptState {
            generated: true,
            console: original.attempt.console.clone(),
            own_sender: original.attempt.own_sender,
            report: true,
            of_daemon: true,
            of_report: original.attempt.report,
            unsplit: true,
            defaults: defaults.clone(),
            received_from: status::received_from(original),
            ..AttemptState::default()
        },
        size: announced_size(report, original),
        body_type: body_type(report, original),
        scope: Scope::default(),
        ..Envelope::default()
    };
    // what cannot be read of the original is said of the report
    problems.iter().for_each(|problem| built.note_reply(problem));
    Ok(built)
}

/// It names its eighth bits to the next host, and never has them converted: those that a server said, those of an original that has
/// just come in, and those of another report. sendmail looks at no byte of what it quotes, and knows this of the first report only that it
/// makes of a message.
fn body_type(report: &DsnRequest<'_>, original: &Envelope) -> Option<BodyType> {
    let attempt = &original.attempt;
    let came = !attempt.read_back && !attempt.parts_read && original::encoding(original) == Some(b"8bit");
    let said = |one: &Recipient| one.reply.as_ref().is_some_and(|reply| !reply.text.is_ascii());
    let first = report.facts.mime && !attempt.reported && (came || original.recipients.iter().any(said));
    let inherited = attempt.report && original.body_type == Some(BodyType::EIGHT_BIT_MIME);
    // whatever a command makes is what its -B says
    let given = attempt.defaults.as_ref().and_then(|defaults| defaults.body_type);
    (first || inherited).then_some(BodyType::EIGHT_BIT_MIME).or(given)
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
) -> io::Result<(Vec<u8>, Vec<Reply>)> {
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
    let problems = original::write(&mut out, report, original, body)?;
    separator(&mut out, b"--");
    out.push(b'\n');
    Ok((out, problems))
}
