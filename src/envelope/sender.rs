//! Who sends: the address resolved, `$f` and the macros that rules see.

use super::parameters::EnvelopeFlags;
use super::state::Envelope;
use crate::logging::Tracer;
use crate::rewrite::{AddressKind, Parsed, Rewriter, Site};

/// Bytes of a sender that is none in the log.
pub const SHOWN_OF_SENDER: usize = 83;

/// Makes `text` the sender of an envelope. The result tells what is wrong with it; the sender is
/// set only if it could be parsed.
pub async fn set_sender(
    site: &Site,
    envelope: &mut Envelope,
    tracer: &mut dyn Tracer,
    text: &[u8],
) -> Parsed {
    set_sender_until(site, envelope, tracer, text, 0).await
}

/// [`set_sender`] of what stands before a delimiter outside quotes; a complaint shows the whole text.
pub async fn set_sender_until(
    site: &Site,
    envelope: &mut Envelope,
    tracer: &mut dyn Tracer,
    text: &[u8],
    delimiter: u8,
) -> Parsed {
    let config = &site.config;
    let mut rewriter = Rewriter::new(site, &mut envelope.scope, tracer);
    let parsed = rewriter.parse_until(text, delimiter, AddressKind::SENDER).await;
    // what a client says that is no address leaves the sender as it was
    let refused = delimiter != 0 && !parsed.problems.is_empty();
    let Some(address) = parsed.address.as_ref().filter(|_| !refused) else { return parsed };
    let text = match delimiter {
        0 => text,
        _ => text[..parsed.rest.min(text.len())].trim_ascii(),
    };
    envelope.sender.text = text.to_vec();
    // a report that the queue gives back may have any name (flag r)
    let response = envelope.sender.is_null() || envelope.attempt.report;
    envelope.flags.set(EnvelopeFlags::RESPONSE, response);
    let scope = &mut envelope.scope;
    let from = Rewriter::new(site, scope, tracer).sender_name(text, None).await;
    for name in [b"f", b"g"] {
        scope.set_named(config, name, &from);
    }
    let mailer = config.mailers.get(usize::from(address.mailer.0)).map_or(&[][..], |mailer| &mailer.name);
    let host = address.host.as_deref().unwrap_or_default();
    let rows: &[(&[u8], &[u8])] = &[
        (b"mail_mailer", mailer),
        (b"mail_host", host),
        (b"mail_addr", &address.user),
        (b"mail_from", text),
    ];
    for (name, value) in rows {
        scope.set_named(config, name, value);
    }
    envelope.sender.address = parsed.address.clone();
    parsed
}
