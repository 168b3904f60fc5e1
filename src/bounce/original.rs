//! Part 3: the original message, or its header only.

use super::{DsnKind, DsnRequest};
use crate::envelope::{Envelope, EnvelopeFlags};
use crate::message::HeaderKind;
use crate::message::mime::Unclosed;
use crate::schema::Reply;
use std::io::{self, BufRead};

/// Gives what could not be read of the original's sections.
pub(super) fn write(
    out: &mut Vec<u8>,
    report: &DsnRequest<'_>,
    original: &Envelope,
    body: &mut dyn BufRead,
) -> io::Result<Vec<Reply>> {
    let mut problems = Vec::new();
    let whole = returns_body(report, original);
    let encoding = encoding(original).filter(|_| report.facts.mime);
    let utf8 = original.flags.contains(EnvelopeFlags::SMTPUTF8);
    out.extend_from_slice(match (report.facts.mime, whole) {
        // RFC 6533, sections 4 and 5
        (true, true) if utf8 => b"Content-Type: message/global\n".as_slice(),
        (true, false) if utf8 => b"Content-Type: message/global-headers\n",
        (true, true) => b"Content-Type: message/rfc822\n",
        (true, false) => b"Content-Type: text/rfc822-headers\n",
        (false, true) => b"   ----- Original message follows -----\n",
        (false, false) => b"   ----- Message header follows -----\n",
    });
    if let Some(encoding) = encoding {
        out.extend_from_slice(&[b"Content-Transfer-Encoding: ", encoding, b"\n"].concat());
    }
    out.push(b'\n');
    let [with_sender, escape_from] = report.form();
    const SENDER: &[u8] = b"return-path:";
    let names_sender = |line: &&[u8]| {
        with_sender || !line.get(..SENDER.len()).is_some_and(|name| name.eq_ignore_ascii_case(SENDER))
    };
    report
        .header
        .split_inclusive(|byte| *byte == b'\n')
        .filter(names_sender)
        .for_each(|line| out.extend_from_slice(line));
    out.push(b'\n');
    if whole {
        let unclosed = report.facts.mime.then(|| Unclosed::new(&original.headers.0));
        problems = copy_body(out, body, unclosed, escape_from && (report.facts.mime || report.facts.queued))?;
    } else if !report.facts.mime {
        out.extend_from_slice(b"   ----- Message body suppressed -----\n");
    }
    Ok(problems)
}

/// How the message that comes back is encoded, where that is to be said: as itself, if it is binary.
pub(super) fn encoding(original: &Envelope) -> Option<&'static [u8]> {
    let mut fields = original.headers.0.iter();
    let field = fields.find(|field| field.kind.contains(HeaderKind::TRANSFER_ENCODING));
    match field.is_some_and(|field| field.value.trim_ascii().eq_ignore_ascii_case(b"binary")) {
        true => Some(b"binary"),
        false => original.flags.intersects(EIGHT_BIT).then_some(b"8bit"),
    }
}

/// Of a message that needs SMTPUTF8 the header may be of eight bits, and what is said about it too.
const EIGHT_BIT: EnvelopeFlags = EnvelopeFlags::EIGHT_BIT.union(EnvelopeFlags::SMTPUTF8);

/// Whose body comes back: that of a failure or delay, unless somebody asked for the header only.
pub(super) fn returns_body(report: &DsnRequest<'_>, original: &Envelope) -> bool {
    report.kind != DsnKind::Success && !report.header_only && !is_withheld(report, original)
}

/// Bulk mail, or somebody asked for the header only.
fn is_withheld(report: &DsnRequest<'_>, original: &Envelope) -> bool {
    original.class < 0
        || report.facts.no_body_return
        || original.flags.contains(EnvelopeFlags::NO_BODY_RETURN)
}

/// As a part of a report lines that begin with `From ` get a `>`, for a mailbox may hold it. Without MIME, where nothing is queued, the
/// report's own mailer sees to that. Multiparts that the message leaves open are ended: they lie in another one now, and what is in none of their
/// sections is of seven bits.
fn copy_body(
    out: &mut Vec<u8>,
    body: &mut dyn BufRead,
    mut unclosed: Option<Unclosed>,
    escape_from: bool,
) -> io::Result<Vec<Reply>> {
    let mime = unclosed.is_some();
    let mut line = Vec::new();
    while body.read_until(b'\n', &mut line)? > 0 {
        if let Some(unclosed) = &mut unclosed {
            out.extend(unclosed.before(&line));
            if unclosed.is_apart() {
                line.iter_mut().for_each(|byte| *byte &= 0x7f);
            }
        }
        if escape_from && line.starts_with(b"From ") {
            out.push(b'>');
        }
        out.append(&mut line);
    }
    let (missing, problems) = unclosed.map(Unclosed::at_end).unwrap_or_default();
    if !missing.is_empty() && out.last() != Some(&b'\n') {
        out.push(b'\n');
    }
    out.extend(missing);
    // the line before a boundary is empty, unless the last one has no end
    if mime {
        out.push(b'\n');
    }
    Ok(problems)
}
