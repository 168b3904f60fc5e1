//! Header fields as a mailer gets them.

use super::address_list;
use super::field::put_field;
use super::header::{Header, HeaderKind, Headers};
use super::mime_limits::MimeLimits;
use crate::config::{HeaderCondition, Mailer, MailerId};
use crate::engine::Scope;
use crate::rewrite::{AddressKind, Rewriter, Site, expand};

/// What decides about header output besides the fields themselves.
#[derive(Clone, Copy, Debug)]
pub struct OutputStyle<'a> {
    /// Who gets it.
    pub mailer: MailerId,
    /// Bcc fields are dropped (else emptied).
    pub delete_bcc: bool,
    /// What becomes of Content-Transfer-Encoding.
    pub encoding: EncodingField,
    /// `@domain` for header addresses without one, where the sender's mailer has flag C.
    pub sender_domain: Option<&'a [u8]>,
}

/// Is the field Content-Transfer-Encoding written?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EncodingField {
    /// As it came.
    Kept,
    /// The body is converted, and its own encoding is told behind the header.
    Dropped,
}

/// The header for a mailer: LF line ends, no blank line after it. Addresses are rewritten for the
/// mailer and folded anew; all else is as it came, but for MIME fields that are too long. What the log is to be told
/// of odd ones is added to the rewriter's alerts. The rewriter's scope has the delivery's `$g` and `$u`.
pub async fn put_headers(rewriter: &mut Rewriter<'_>, headers: &Headers, style: &OutputStyle<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let site = rewriter.site;
    let limits = MimeLimits::new(&site.config);
    let old_style = headers.is_old_style(&site.config);
    let Some(mailer) = site.config.mailers.get(usize::from(style.mailer.0)) else { return out };
    for header in &headers.0 {
        let converted = style.encoding == EncodingField::Dropped
            && HeaderKind::of(&header.name).contains(HeaderKind::TRANSFER_ENCODING);
        if converted || !is_wanted(site, rewriter.scope, header, mailer) {
            continue;
        }
        let addresses = HeaderKind::SENDER.union(HeaderKind::RECIPIENT);
        let bound = header
            .kind
            .contains(HeaderKind::BIND_LATE)
            .then(|| Header { value: expand(site, rewriter.scope, &header.value), ..header.clone() });
        if bound.as_ref().is_some_and(|bound| bound.value.is_empty()) {
            continue;
        }
        let header = bound.as_ref().unwrap_or(header);
        if header.kind.contains(HeaderKind::BCC) {
            if !style.delete_bcc {
                put_field(&mut out, &header.name, b"");
            }
        } else if header.kind.intersects(addresses) {
            let value = addresses_value(rewriter, header, mailer, style, old_style).await;
            put_field(&mut out, &header.name, &value);
        } else if bound.is_some() {
            put_field(&mut out, &header.name, &header.value);
        } else {
            let value = limits.apply(&header.name, (&header.value).into(), &mut rewriter.alerts);
            put_field(&mut out, &header.name, &value);
        }
    }
    out
}

/// Is the field's condition met? Some fields are checked even if the message brought them: they
/// have no other reason to be passed on than a mailer that asks for them.
fn is_wanted(site: &Site, scope: &Scope, header: &Header, mailer: &Mailer) -> bool {
    if !header.kind.intersects(HeaderKind::CHECK.union(HeaderKind::ALWAYS_CHECK)) {
        return true;
    }
    match &header.condition {
        HeaderCondition::Always => false,
        HeaderCondition::MailerFlags(flags) => flags & mailer.flags != 0,
        HeaderCondition::Macro(id) => scope.get(&site.config, *id).is_some_and(|value| !value.is_empty()),
    }
}

/// A line end stays where it is a fold (RFC 5322, 2.2.3), and makes a field of its own nowhere.
fn keep_folds(text: &mut Vec<u8>) {
    let mut at = 0;
    while let Some(end) = memchr::memchr(b'\n', &text[at..]).map(|end| at + end) {
        match text.get(end + 1) {
            Some(b' ' | b'\t') => at = end + 1,
            _ => drop(text.remove(end)),
        }
    }
}

/// The value of a field that holds addresses.
async fn addresses_value(
    rewriter: &mut Rewriter<'_>,
    header: &Header,
    mailer: &Mailer,
    style: &OutputStyle<'_>,
    old_style: bool,
) -> Vec<u8> {
    let kind = match header.kind.contains(HeaderKind::SENDER) {
        true => AddressKind::HEADER_SENDER,
        false => AddressKind::HEADER_RECIPIENT,
    };
    let mut parts = address_list::split(header, old_style);
    for part in &mut parts {
        keep_folds(part);
        // a failing map leaves the text as it can be had: a header is no reason to keep mail back
        let (text, _) = rewriter.remote_name(part, style.mailer, kind, false, style.sender_domain).await;
        *part = text;
        keep_folds(part);
    }
    if parts.is_empty() {
        return address_list::without_addresses(&header.value);
    }
    // of an address without a mailbox (`ann@`) the rules leave nothing
    parts.retain(|part| !part.is_empty());
    let blanks = address_list::leading_blanks(&header.value);
    address_list::join(header.name.len(), &blanks, &parts, mailer.line_limit)
}
