//! What the header of a section says about it: its type, its boundary, its encoding.

use crate::addr::{Operators, Scan, Table, Token, cataddr, prescan, without_quotes};
use crate::config::Config;
use crate::engine::complaints;
use crate::message::mime_limits::MimeLimits;
use crate::message::{Header, HeaderKind};
use crate::schema::Reply;
use std::borrow::Cow;
use std::sync::LazyLock;

/// Content-Type and Content-Transfer-Encoding, taken apart (RFC 2045, 5.1 and 6.1).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Content {
    /// `text` of `text/plain`.
    pub(super) kind: Vec<u8>,
    /// `plain`
    pub(super) subtype: Vec<u8>,
    /// The parameter `boundary`, without its quotes.
    pub(super) boundary: Option<Vec<u8>>,
    /// The field as it is written again, and the word that is looked up.
    pub(super) encoding: Option<Vec<u8>>,
}

/// Bytes that are tokens of their own (RFC 2045, 5.1).
static SPECIALS: LazyLock<Operators> = LazyLock::new(|| Operators::new(b"@:\\/[]?="));

/// What separates the parts of a multipart that does not say what does.
pub(super) const NO_BOUNDARY: &[u8] = b"---";

/// Most parameters of a field that are looked at.
const MAX_PARAMETERS: usize = 20;

impl Content {
    /// What these fields say; a list of words is joined as addresses are. A section without a type is text, or a message in a digest (RFC 2046, 5.1.5).
    pub fn of(config: &Config, fields: &[Header], in_digest: bool) -> Self {
        let value = |kind| value(fields, kind);
        let mut content = match field(fields, HeaderKind::CONTENT_TYPE) {
            Some(field) => Self::of_type(as_written(config, &field.value).trim_ascii()),
            None if in_digest => Self::named(b"message", b"rfc822"),
            None => Self::named(b"text", b"plain"),
        };
        let encoding = value(HeaderKind::TRANSFER_ENCODING);
        content.encoding = encoding
            .map(tokens)
            .filter(|words| !words.is_empty())
            .map(|words| cataddr(&config.operators, &words, Some(config.options.blank_sub), false));
        content
    }

    /// Is it a text whose encoding can be taken away? It is if two fields are written just so.
    pub fn is_encoded_text(fields: &[Header]) -> bool {
        value(fields, HeaderKind::CONTENT_TYPE).is_some_and(is_plain_text)
            && value(fields, HeaderKind::TRANSFER_ENCODING).is_some_and(can_be_taken_away)
    }

    /// The boundary of a multipart with these fields; of one that names none, sendmail's own.
    pub(super) fn boundary_of(fields: &[Header]) -> Option<Vec<u8>> {
        let content = Self::of_type(value(fields, HeaderKind::CONTENT_TYPE)?);
        let named = content.is_multipart().then_some(content.boundary)?;
        Some(named.unwrap_or_else(|| NO_BOUNDARY.to_vec()))
    }

    /// Is it a section that is a message?
    pub(super) fn is_message(fields: &[Header]) -> bool {
        value(fields, HeaderKind::CONTENT_TYPE)
            .is_some_and(|kind| Self::of_type(kind).name().eq_ignore_ascii_case(b"message/rfc822"))
    }

    /// What cannot be read of the two fields, in the words that sendmail has for it.
    pub fn problems(fields: &[Header]) -> Vec<Reply> {
        let values =
            [HeaderKind::CONTENT_TYPE, HeaderKind::TRANSFER_ENCODING].map(|kind| value(fields, kind));
        let of = |value| complaints(value, &scan(value).problems).collect::<Vec<_>>();
        values.into_iter().flatten().flat_map(of).collect()
    }

    fn of_type(value: &[u8]) -> Self {
        let tokens = tokens(value);
        let is = |at: usize, text: &[u8]| tokens.get(at).is_some_and(|token: &Token| **token == *text);
        let subtype = tokens.get(2).filter(|_| is(1, b"/"));
        Self {
            // no type has such a name
            kind: tokens.first().map_or(&b"-none-"[..], |token| token).to_vec(),
            subtype: subtype.map_or(&b"-none-"[..], |token| token).to_vec(),
            boundary: parameter(&tokens, b"boundary"),
            ..Self::default()
        }
    }

    fn named(kind: &[u8], subtype: &[u8]) -> Self {
        Self { kind: kind.to_vec(), subtype: subtype.to_vec(), ..Self::default() }
    }

    pub(super) fn is_multipart(&self) -> bool {
        self.kind.eq_ignore_ascii_case(b"multipart")
    }

    /// `text/plain`, as classes have it.
    pub(super) fn name(&self) -> Vec<u8> {
        let short = |text: &[u8]| text[..text.len().min(100)].to_vec();
        [short(&self.kind), short(&self.subtype)].join(&b'/')
    }
}

/// A type that is too long is what a reader finds, with as much of its boundary as is written; the blank behind the colon counts.
fn as_written<'v>(config: &Config, value: &'v [u8]) -> Cow<'v, [u8]> {
    MimeLimits::new(config).apply(b"Content-Type", value.into(), &mut Vec::new())
}

fn is_plain_text(value: &[u8]) -> bool {
    let name = value.split(|byte| matches!(byte, b' ' | b';')).next();
    name.is_some_and(|name| name.eq_ignore_ascii_case(b"text/plain"))
}

fn can_be_taken_away(encoding: &[u8]) -> bool {
    [&b"quoted-printable"[..], b"base64"].iter().any(|name| encoding.eq_ignore_ascii_case(name))
}

fn field(fields: &[Header], kind: HeaderKind) -> Option<&Header> {
    fields.iter().find(|field| HeaderKind::of(&field.name).contains(kind))
}

fn value(fields: &[Header], kind: HeaderKind) -> Option<&[u8]> {
    field(fields, kind).map(|field| field.value.trim_ascii())
}

fn scan(value: &[u8]) -> Scan {
    let flat: Vec<u8> = value.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
    prescan(&SPECIALS, &flat, 0, Table::External, false)
}

fn tokens(value: &[u8]) -> Vec<Token> {
    scan(value).tokens
}

/// The value of the first parameter of this name: one token.
fn parameter(tokens: &[Token], name: &[u8]) -> Option<Vec<u8>> {
    let parameters = tokens.split(|token| **token == *b";").skip(1).filter(|words| !words.is_empty());
    let found = parameters.take(MAX_PARAMETERS).find(|words| words[0].eq_ignore_ascii_case(name))?;
    let value = found.get(2).filter(|_| *found[1] == *b"=")?;
    Some(without_quotes(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LoadOptions, SystemEnv, load};

    /// MaxMimeHeaderLength: the boundary is the one that stands in the field as it goes out.
    #[test]
    fn a_boundary_is_as_long_as_it_is_written() {
        let cf = b"V10\nC{checkMIMEHeaders}Content-Type\nO MaxMimeHeaderLength=40/30\n";
        let config = load(b"cf", cf, &mut SystemEnv::default(), &LoadOptions::default()).config;
        let value = b" multipart/report;\n\tboundary=\"0123456789abcdef\"";
        let field = Header::generated(b"Content-Type", value);
        let written = MimeLimits::new(&config).apply(b"Content-Type", value[..].into(), &mut Vec::new());
        let boundary = Content::of(&config, &[field], false).boundary.expect("a boundary");
        let quoted = [b"\"", &boundary[..], b"\""].concat();
        assert!(boundary.len() < 16 && written.ends_with(&quoted), "{boundary:?}");
    }
}
