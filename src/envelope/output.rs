//! The header of a message, or of a section of its body, as a mailer gets it.

use super::parameters::EnvelopeFlags;
use super::state::Envelope;
use crate::config::MailerId;
use crate::message::{self, EncodingField, Header, HeaderKind, Headers, OutputStyle};
use crate::rewrite::{Rewriter, Site};

/// These fields, the envelope's or a section's: LF lines, without a `From ` line before and the blank line after them. The rewriter's scope is the
/// envelope's with `$g`, `$f`, `$u` and `$h` of this delivery.
pub async fn put_headers(
    rewriter: &mut Rewriter<'_>,
    mailer: MailerId,
    envelope: &Envelope,
    headers: &Headers,
    encoding: EncodingField,
) -> Vec<u8> {
    let style = OutputStyle {
        mailer,
        delete_bcc: envelope.flags.contains(EnvelopeFlags::DELETE_BCC),
        encoding,
        sender_domain: sender_domain(rewriter.site, envelope),
    };
    let (heard, withheld) = (rewriter.site.config.options.rrt_implies_dsn, envelope.attempt.unreceipted);
    if !heard && !withheld {
        return message::put_headers(rewriter, headers, &style).await;
    }
    // the request has been heard (`receive`), or is none of the list's owner
    let asks = |field: &&Header| match heard {
        true => HeaderKind::of(&field.name).contains(HeaderKind::RECEIPT_TO),
        false => field.name.eq_ignore_ascii_case(b"return-receipt-to"),
    };
    let kept = Headers(headers.0.iter().filter(|field| !asks(field)).cloned().collect());
    message::put_headers(rewriter, &kept, &style).await
}

/// `@host` of the sender, if its mailer (F=C) wants it on header addresses that have none.
fn sender_domain<'a>(site: &Site, envelope: &'a Envelope) -> Option<&'a [u8]> {
    let address = envelope.sender.address.as_ref()?;
    site.config.mailers.get(usize::from(address.mailer.0)).filter(|mailer| mailer.has(b'C'))?;
    let text = envelope.sender.text.strip_suffix(b">").unwrap_or(&envelope.sender.text);
    let at = text.iter().rposition(|byte| *byte == b'@')?;
    Some(&text[at..])
}
