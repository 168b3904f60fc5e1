//! Part 3: the original message, or its header only.

use super::{DsnKind, DsnRequest};
use crate::config::HeaderCondition;
use crate::envelope::{Envelope, EnvelopeFlags};
use crate::message::{Header, HeaderKind};
use std::io::{self, BufRead};

pub(super) fn write(
    out: &mut Vec<u8>,
    report: &DsnRequest<'_>,
    original: &Envelope,
    body: &mut dyn BufRead,
) -> io::Result<()> {
    let whole = returns_body(report, original);
    out.extend_from_slice(match (report.facts.mime, whole) {
        (true, true) => b"Content-Type: message/rfc822\n\n".as_slice(),
        (true, false) => b"Content-Type: text/rfc822-headers\n\n",
        (false, true) => b"   ----- Original message follows -----\n\n",
        (false, false) => b"   ----- Message header follows -----\n\n",
    });
    let sender = original.sender.text.as_slice();
    let bracketed = if sender.starts_with(b"<") { sender.to_vec() } else { [b"<", sender, b">"].concat() };
    out.extend_from_slice(&[b"Return-Path: ", bracketed.as_slice(), b"\n"].concat());
    for header in original.headers.0.iter().filter(|header| shown(header)) {
        header.put(out);
    }
    out.push(b'\n');
    if whole {
        copy_body(out, body)?;
    } else if !report.facts.mime {
        out.extend_from_slice(b"   ----- Message body suppressed -----\n\n");
    }
    Ok(())
}

/// Whose body comes back: that of a failure or delay, unless somebody asked for the header only.
pub(super) fn returns_body(report: &DsnRequest<'_>, original: &Envelope) -> bool {
    report.kind != DsnKind::Success
        && original.class >= 0
        && !report.facts.no_body_return
        && !original.flags.contains(EnvelopeFlags::NO_BODY_RETURN)
}

/// Return-Path is written above; a default Full-Name is for mailers that ask for it.
fn shown(header: &Header) -> bool {
    let return_path = header.name.eq_ignore_ascii_case(b"return-path");
    let full_name = header.condition == HeaderCondition::MailerFlags(1 << b'x');
    !return_path && (!full_name || header.kind.contains(HeaderKind::USER))
}

/// Lines that begin with `From ` get a `>`: a mailbox may hold this report.
fn copy_body(out: &mut Vec<u8>, body: &mut dyn BufRead) -> io::Result<()> {
    let mut line = Vec::new();
    while body.read_until(b'\n', &mut line)? > 0 {
        if line.starts_with(b"From ") {
            out.push(b'>');
        }
        out.append(&mut line);
    }
    if out.last() != Some(&b'\n') {
        out.push(b'\n');
    }
    out.push(b'\n');
    Ok(())
}
