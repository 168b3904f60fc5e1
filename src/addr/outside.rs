//! Text from outside: its bytes that are operators inside become letters.

use super::META_QUOTE;
use std::borrow::Cow;

/// Is this byte an operator of the internal alphabet, or its quote byte?
pub(super) fn is_internal(byte: &u8) -> bool {
    matches!(*byte, 0x80..=0x9f | META_QUOTE)
}

/// Has a text such a byte? That it is plain ASCII, the usual case, is told several bytes at a time.
pub(super) fn has_internal(text: &[u8]) -> bool {
    !text.is_ascii() && text.iter().any(is_internal)
}

/// A text from outside in the internal alphabet (sendmail's `quote_internal_chars`): the quote byte stands before
/// each byte that would be an operator there, so the scanner makes a letter of it.
pub fn quote_internal(text: &[u8]) -> Cow<'_, [u8]> {
    if !has_internal(text) {
        return Cow::Borrowed(text);
    }
    let mut quoted = Vec::with_capacity(text.len() + 8);
    for byte in text {
        quoted.extend(is_internal(byte).then_some(META_QUOTE));
        quoted.push(*byte);
    }
    Cow::Owned(quoted)
}

/// The text that [`quote_internal`] was given.
pub fn dequote_internal(mut text: Vec<u8>) -> Vec<u8> {
    if !text.contains(&META_QUOTE) {
        return text;
    }
    let mut quoted = false;
    text.retain(|byte| {
        quoted = *byte == META_QUOTE && !quoted;
        !quoted
    });
    text
}

#[cfg(test)]
mod tests {
    use super::super::{Operators, Table, TokenBuffer};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn quoting_is_undone(text: Vec<u8>) {
            prop_assert_eq!(dequote_internal(quote_internal(&text).into_owned()), text);
        }

        /// Whatever stands around them: no byte from outside begins a token as an operator does.
        #[test]
        fn quoted_text_holds_no_operator(text in proptest::collection::vec(
            prop_oneof![0x80u8..=0x9f, Just(META_QUOTE), Just(b'\\'), Just(b'"'), Just(b'('), Just(b')'), b'a'..=b'c', Just(b' '), Just(b'<')],
            0..12,
        )) {
            for table in [Table::Internal, Table::NoComment] {
                let mut buffer = TokenBuffer::default();
                buffer.scan(&Operators::default(), &quote_internal(&text), 0, table, true);
                for token in buffer.tokens() {
                    prop_assert!(!matches!(token[0], 0x80..=0x9f), "{:x?} in {:x?}", token, text);
                }
            }
            let mut buffer = TokenBuffer::default();
            buffer.scan(&Operators::default(), &text, 0, Table::External, true);
            buffer.quote_internal();
            for token in buffer.tokens() {
                prop_assert!(!matches!(token[0], 0x80..=0x9f), "{:x?} in {:x?}", token, text);
            }
        }
    }
}
