//! Header check rulesets (`HName: $>ruleset`): what they are shown of a field, and what they say.
//!
//! In: one field as it came, and the macros of the message. Out: a verdict. Never here: what becomes of a
//! message whose field was refused.

use super::header::{Header, HeaderKind};
use crate::addr::{is_space, quote_internal};
use crate::config::{Config, HeaderCheck};
use crate::rewrite::{Rewriter, Verdict};

/// Bytes of `${currHeader}` after which no more of the value is taken; its closing quote comes on top.
const MAX_CURRENT: usize = 253;

/// The check for fields of this name: of several the last, and that of `H*` where there is none.
pub fn check_for<'c>(config: &'c Config, name: &[u8]) -> Option<&'c HeaderCheck> {
    let by_name =
        |wanted: &[u8]| config.header_checks.iter().rfind(|check| check.name.eq_ignore_ascii_case(wanted));
    by_name(name).or_else(|| by_name(b"*"))
}

/// Runs the check of a field. `field.value` is everything behind the colon, line ends of folds included.
///
/// Rules see the value cut into tokens, and in macros: `${currHeader}` the value as one quoted token,
/// `${hdr_name}`, `${hdrlen}` its length, and `${addr_type}` (`h`, `h s`, `h r`).
pub async fn check_header(rewriter: &mut Rewriter<'_>, check: &HeaderCheck, field: &Header) -> Verdict {
    let config = &rewriter.site.config;
    let kind = HeaderKind::of(&field.name);
    let value = quote_internal(&field.value);
    let addr_type: &[u8] = match kind {
        _ if kind.contains(HeaderKind::SENDER) => b"h s",
        _ if kind.contains(HeaderKind::RECIPIENT) => b"h r",
        _ => b"h",
    };
    let (current, length) = (current_header(&value), value.len().to_string());
    let rows: [(&[u8], &[u8]); 4] = [
        (b"currHeader", &current),
        (b"hdr_name", &field.name),
        (b"hdrlen", length.as_bytes()),
        (b"addr_type", addr_type),
    ];
    for (name, value) in rows {
        rewriter.define_named(name, value);
    }
    let structured = kind.intersects(HeaderKind::SENDER.union(HeaderKind::RECIPIENT));
    let ruleset = config.rulesets.display_name(check.ruleset);
    rewriter.check_header(&ruleset, &value, check.keep_comments, structured).await
}

/// A value as one token in double quotes: blanks of all kinds are blanks, and backslashes stay as they are, even
/// before a quote.
fn current_header(value: &[u8]) -> Vec<u8> {
    let mut text = b"\"".to_vec();
    for byte in value {
        if text.len() >= MAX_CURRENT {
            break;
        }
        match byte {
            b'"' => text.extend_from_slice(b"\\\""),
            byte if is_space(byte) => text.push(b' '),
            byte => text.push(*byte),
        }
    }
    text.push(b'"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_one_quoted_token() {
        let rows: [(&[u8], &[u8]); 4] = [
            (b" I love you", b"\" I love you\""),
            (b" a\n\tb\x01c", b"\" a  b\x01c\""),
            (b" say \"hi\" \\", b"\" say \\\"hi\\\" \\\""),
            (b"a\\\"b", b"\"a\\\\\"b\""),
        ];
        for (value, token) in rows {
            assert_eq!(current_header(value), token, "{}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn long_values_are_cut() {
        let length =
            |bytes: usize, tail: &[u8]| current_header(&[&vec![b'y'; bytes][..], tail].concat()).len();
        assert_eq!([252, 253, 300].map(|bytes| length(bytes, b"")), [254, 254, 254]);
        assert_eq!([250, 251, 252].map(|bytes| length(bytes, b"\"q")), [254, 255, 254]);
    }
}
